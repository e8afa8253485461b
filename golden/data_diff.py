"""Recorded and today's plan, job and encoder settings → what is other, in words; consequences of hashes left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from golden import versions
from golden.model import Difference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.store import Json
    from renderer.timeline.canonical import JSONValue

_HASH = re.compile(r"[0-9a-f]{32,64}")
_MOST_NAMED = 6
_OPTIONS = {"preset": "x264 preset", "g": "keyframe interval", "b:a": "sound bit rate", "vcodec": "video codec"}


def encoder_differences(before: Json, after: Json) -> list[Difference]:
    """Every encoder option that is other. Frames and samples before the encoder don't depend on them."""
    found = []
    for part in ("video", "sound"):
        was, now = (versions.settings_of(side.get(part) or []) for side in (before, after))
        for name in [*was, *(name for name in now if name not in was)]:
            if was.get(name) != now.get(name) and name not in {"s", "framerate", "video_track_timescale"}:
                what = f"{_OPTIONS.get(name, f'{part} encoder option -{name}')} {now.get(name, 'unset')} instead of"
                found.append(Difference(f"{what} {was.get(name, 'unset')}", "encoder", "encoder", fails=False))
    return found


def tool_differences(before: Json, after: Json) -> list[Difference]:
    """Programs and libraries of other versions, our own code by its hash."""
    names = {
        "ffmpeg": "FFmpeg",
        "av": "PyAV",
        "pillow": "Pillow",
        "pillow-heif": "pillow-heif",
        "storyreel": "storyreel",
        "encoder build": "encoder",
    }
    found = []
    for name, value in after.items():
        if before.get(name) == value:
            continue
        if name in names:
            what = f"{names[name]} {value} instead of {before.get(name)}"
        else:
            what = f"{name} changed ({str(before.get(name))[:8]} → {str(value)[:8]})"
        found.append(Difference(what, "tools", "tools", fails=False))
    return found


def document_differences(name: str, before: Json, after: Json, *, explained: bool) -> list[Difference]:
    """Places where a recorded document is other. `explained`: timeline or settings changed, so this follows."""
    places = list(_places(before, after, ""))
    if not places:
        return []
    shown = "; ".join(places[:_MOST_NAMED])
    more = f"; and {len(places) - _MOST_NAMED} more places" if len(places) > _MOST_NAMED else ""
    return [Difference(f"{shown}{more}", name, "data", fails=not explained)]


def _places(before: JSONValue, after: JSONValue, place: str) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted({*before, *after}):
            yield from _places(before.get(key), after.get(key), f"{place}.{key}" if place else key)
    elif isinstance(before, list) and isinstance(after, list):
        if len(before) != len(after):
            yield f"{place}: {len(after)} entries instead of {len(before)}"
        else:
            for index, (was, now) in enumerate(zip(before, after, strict=True)):
                yield from _places(was, now, f"{place}[{index}]")
    elif _plain(before) != _plain(after):
        yield f"{place}: {_short(after)} instead of {_short(before)}"


def _plain(value: JSONValue) -> JSONValue:
    """Hashes follow from what is compared elsewhere."""
    return _HASH.sub("#", value) if isinstance(value, str) else value


def _short(value: JSONValue) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
