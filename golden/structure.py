"""What two video files are, beside each other: container, streams, colour labels, keyframes, times.

`facts` are what `facts_child` prints. A row that matters to players or to the eye makes a check fail where it is other;
sizes and bit rates are only noted: another encoder setting changes them and no picture.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

from golden.model import Difference, Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.store import Json

_PRIMARIES = {1: "BT.709", 2: "not labelled", 5: "BT.601 (625)", 6: "BT.601 (525)", 9: "BT.2020", 12: "P3"}
_TRANSFER = {1: "BT.709", 2: "not labelled", 6: "BT.601", 13: "sRGB", 14: "BT.2020", 16: "PQ", 18: "HLG"}
_MATRIX = {0: "RGB", 1: "BT.709", 2: "not labelled", 5: "BT.601", 6: "BT.601", 9: "BT.2020"}
_RANGE = {0: "not labelled", 1: "limited", 2: "full"}
_AAC_FRAME_S = Fraction(1024, 44_100)
_RATES = {"file size", "picture bit rate", "sound bit rate"}
_CONTAINERS = {"mov": "MP4 or MOV", "matroska": "MKV or WebM", "mpegts": "MPEG-TS"}
_ABSENT = "nothing"
"""What a row holds where a file has no such thing; a missing sound or another container has a row of its own."""
_OF_TIMELINE = {"frames", "picture length", "size", "frame rate", "title", "sound length"}
"""Rows that follow from the timeline: left to it where the timelines differ."""


def compare_structure(before: Json, after: Json, *, same_timeline: bool = True) -> tuple[list[Row], list[Difference]]:
    """All rows, and a difference for each that is other."""
    rows = [row for row in _rows(before, after) if same_timeline or row.name not in _OF_TIMELINE]
    return rows, [
        Difference(_words(row), "file", "structure", None, None, _track(row), fails=row.state == "other")
        for row in rows
        if row.state == "other" or (row.state == "noted" and row.name not in _RATES and not _absent(row))
    ]


def _absent(row: Row) -> bool:
    return _ABSENT in {row.before, row.after}


def _track(row: Row) -> str | None:
    return "mix" if row.name.startswith("sound") or row.name in {"sample rate", "channels"} else None


def _words(row: Row) -> str:
    if row.name == "index (moov)":
        return f"moov {row.after} instead of {row.before}"
    if row.name == "keyframe interval":
        ratio = Fraction(int(row.after.split()[0]), max(1, int(row.before.split()[0])))
        more = {Fraction(2): " doubled", Fraction(1, 2): " halved"}.get(ratio, "")
        return f"keyframe interval{more}: {row.after} instead of {row.before}"
    if row.name == "frame times":
        return f"frame times {row.after} instead of {row.before}"
    return f"{row.name} {row.after} instead of {row.before}"


def _rows(before: Json, after: Json) -> Iterator[Row]:
    a, b = _flat(before), _flat(after)
    for name in [*a, *(name for name in b if name not in a)]:
        was, now = a.get(name, _ABSENT), b.get(name, _ABSENT)
        yield Row(name, was, now, _state(name, was, now))


def _state(name: str, was: str, now: str) -> Literal["same", "other", "noted"]:
    if was == now:
        return "same"
    if name in {*_RATES, "level", "profile"} or _ABSENT in {was, now}:
        return "noted"
    if name in {"picture length", "sound length", "sound start"}:
        # encoders disagree by a frame about padding; a lag is told by the samples themselves
        apart = abs(float(was.split(maxsplit=1)[0]) - float(now.split(maxsplit=1)[0]))
        return "noted" if apart <= float(_AAC_FRAME_S) else "other"
    if name == "keyframe interval":
        short, long = sorted(int(value.split()[0]) for value in (was, now))
        return "other" if long >= 1.5 * short else "noted"
    return "other"


def _flat(facts: Json) -> dict[str, str]:
    """Row name → value in words, in the order of a table."""
    found: dict[str, str] = {}
    boxes = [str(name) for name in cast("list[object]", facts.get("boxes") or [])]
    if "container" in facts:  # not in goldens recorded before this row
        found["container"] = _CONTAINERS.get(str(facts["container"]), str(facts["container"]))
        found["file's end"] = "whole" if facts["whole"] is True else "cut off"
    if "moov" in boxes and "mdat" in boxes:
        found["index (moov)"] = "first" if boxes.index("moov") < boxes.index("mdat") else "at the end"
    found |= _video(cast("Json | None", facts.get("video")))
    found |= _audio(cast("Json | None", facts.get("audio")))
    found["title"] = str(facts.get("title") or "none")
    found["file size"] = f"{int(str(facts.get('bytes', 0))) / 1e6:.2f} MB"
    return found


def _video(facts: Json | None) -> dict[str, str]:
    if facts is None:
        return {"picture": "none"}
    duration = Fraction(str(facts["duration"]))
    level = int(str(facts["level"]))
    rate = Fraction(str(facts["rate"]))
    return {
        "picture codec": str(facts["codec"]),
        "profile": str(facts["profile"]),
        "level": f"{level // 10}.{level % 10}" if level else "none",
        "pixel format": str(facts["pixel_format"]),
        "size": f"{facts['width']}x{facts['height']}",
        "pixel aspect": str(facts["aspect"]),
        **({"rotation": f"{facts['rotation']}°"} if "rotation" in facts else {}),
        "frame rate": f"{float(rate):.6g}",
        "frames": str(facts["packets"]),
        "frame times": "even" if facts["even_times"] is True else "uneven",
        "keyframe interval": f"{facts['keyframe_gap']} frames",
        "range label": _label(_RANGE, facts["range"]),
        "matrix label": _label(_MATRIX, facts["matrix"]),
        "primaries label": _label(_PRIMARIES, facts["primaries"]),
        "transfer label": _label(_TRANSFER, facts["transfer"]),
        "picture start": f"{float(Fraction(str(facts['start']))):.4f} s",
        "picture length": f"{float(duration):.3f} s",
        "picture bit rate": _bit_rate(facts),
    }


def _audio(facts: Json | None) -> dict[str, str]:
    if facts is None:
        return {"sound codec": "none"}
    return {
        "sound codec": f"{facts['codec']} {facts['profile']}".removesuffix(" None"),
        "sample rate": f"{float(str(facts['sample_rate'])) / 1000:g} kHz",
        "channels": str(facts["channels"]),
        "sound start": f"{float(Fraction(str(facts['start']))):.4f} s",
        "sound length": f"{float(Fraction(str(facts['duration']))):.3f} s",
        "sound bit rate": _bit_rate(facts),
    }


def _label(names: dict[int, str], value: object) -> str:
    number = int(str(value))
    return names.get(number, str(number))


def _bit_rate(facts: Json) -> str:
    seconds = Fraction(str(facts["duration"]))
    return f"{float(int(str(facts['payload'])) * 8 / seconds) / 1000:.0f} kbit/s" if seconds > 0 else "0 kbit/s"
