"""What makes a segment: everything its bytes depend on, and nothing else, as a small JSON document.

Times count from the segment's start and layers from the lowest one that can be seen, so that a segment is found again
after an earlier image was made longer, renamed or taken out. The document's hash is the segment's name in the cache,
and the difference of two documents says why one was rendered again.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

from renderer.ffmpeg_process import find_ffmpeg
from renderer.sound.pcm_store import DECODER_VERSION
from renderer.timeline.canonical import JSONValue, canonical_json, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.timebase import FrameRange
    from renderer.timeline.model import Layer, Timeline

Ingredients = dict[str, JSONValue]

ENTRY_FORMAT = 2
"""Raised when what is kept beside an entry changes: older entries are then not found."""

_PROJECT = Path(__file__).resolve().parents[2]
_PICTURE_CODE = ("renderer/picture", "renderer/timeline/geometry.py")
_SOUND_CODE = ("renderer/sound",)


def segment_ingredients(timeline: Timeline, frames: FrameRange, argv: Sequence[str]) -> Ingredients:
    """What the packets of `frames` are made from; `argv` is the encoder's list."""
    return {
        "entry": ENTRY_FORMAT,
        "layers": [_layer(layer, frames) for layer in _visible(timeline, frames)],
        "frames": len(frames),
        "size": [timeline.width, timeline.height],
        "encoder": _settings(argv),
        "ffmpeg": find_ffmpeg().version,
        "picture code": _code_sha256(_PICTURE_CODE),
        "pillow": importlib.metadata.version("pillow"),
    }


def sound_ingredients(timeline: Timeline, argv: Sequence[str]) -> Ingredients:
    """What the audio packets are made from: content hashes stand for files, whatever they are called."""
    sound = cast("dict[str, JSONValue]", encoded(timeline.sound))
    for track in cast("list[dict[str, dict[str, JSONValue]]]", sound["tracks"]):
        del track["source"]["path"]
    return {
        "entry": ENTRY_FORMAT,
        "sound": sound,
        "encoder": _settings(argv),
        "ffmpeg": find_ffmpeg().version,
        "sound code": _code_sha256(_SOUND_CODE),
        "decoder": DECODER_VERSION,
    }


def ingredients_key(ingredients: Ingredients) -> str:
    """The name of what is made from these: 64 hex digits."""
    return hashlib.sha256(canonical_json(ingredients).encode()).hexdigest()


def _visible(timeline: Timeline, frames: FrameRange) -> list[Layer]:
    """The layers that can show in `frames`, without those that an opaque one covers all the time."""
    seen: list[Layer] = []
    for layer in reversed(timeline.layers):
        if layer.range.intersects(frames):
            seen.append(layer)
            if _hides_below(layer, frames, timeline):
                break
    return list(reversed(seen))


def _hides_below(layer: Layer, frames: FrameRange, timeline: Timeline) -> bool:
    solid = layer.range.start + layer.fade_in <= frames.start and layer.range.end >= frames.end
    if not solid or layer.opacity < 100:
        return False
    if layer.color is not None or layer.fit == "blur":
        return True
    if layer.source is None or layer.source.alpha:
        return False
    # A rectangle that moves in straight lines covers the frame all the way if it does so at both ends.
    ends = [layer.rect] if layer.motion is None else [layer.motion.start, layer.motion.end]
    return all(rect is not None and rect.covers(timeline.width, timeline.height) for rect in ends)


def _layer(layer: Layer, frames: FrameRange) -> JSONValue:
    document = cast("dict[str, JSONValue]", encoded(layer))
    for name in ("id", "z"):
        del document[name]
    shown = [max(layer.range.start, frames.start) - frames.start, min(layer.range.end, frames.end) - frames.start]
    document["range"] = cast("JSONValue", shown)
    fading = layer.range.start + layer.fade_in > frames.start
    document["fade_in"] = [layer.range.start - frames.start, layer.fade_in] if fading else 0
    if layer.source is not None:
        del cast("dict[str, JSONValue]", document["source"])["path"]
    if layer.motion is not None:
        over = layer.motion.over
        motion = cast("dict[str, JSONValue]", document["motion"])
        motion["over"] = [over.start - frames.start, over.end - frames.start]
    return document


def _settings(argv: Sequence[str]) -> JSONValue:
    """The argument list without the program's place on this machine and without the target."""
    return [word for word in argv[1:] if not word.startswith("file:")]


@functools.cache
def _code_sha256(places: tuple[str, ...]) -> str:
    """Hash of our own code: a changed kernel never meets a frame of the old one."""
    digest = hashlib.sha256()
    for place in places:
        path = _PROJECT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(_PROJECT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
