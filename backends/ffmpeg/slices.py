"""What makes a segment: everything its bytes depend on, and nothing else (`renderer/ingredients.py`).

Times count from the segment's start and layers from the lowest one that can be seen, so that a segment is found again
after an earlier image was made longer, renamed or taken out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from renderer.ingredients import (
    Ingredients,
    code_sha256,
    encoded_picture_ingredients,
    encoder_settings,
    layer_ingredients,
    mix_ingredients,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.timebase import FrameRange
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Layer, Timeline

ENTRY_FORMAT = 3
"""Raised when what is kept beside an entry changes: older entries are then not found."""


_ENCODER_CODE = ("backends/ffmpeg/x264.py", "backends/ffmpeg/encode.py")


def segment_ingredients(timeline: Timeline, frames: FrameRange, argv: Sequence[str], build: str) -> Ingredients:
    """What the packets of `frames` are made from; `argv` is the encoder's list and `build` names its build."""
    return {
        "entry": ENTRY_FORMAT,
        "encoder code": code_sha256(_ENCODER_CODE),
        **picture_slice(timeline, frames),
        **encoded_picture_ingredients(argv, build),
    }


def picture_slice(timeline: Timeline, frames: FrameRange) -> Ingredients:
    """What is seen in `frames`: the part of a timeline that their pixels before the encoder are made from."""
    return {
        "layers": [_layer(layer, frames) for layer in visible_layers(timeline, frames)],
        "frames": len(frames),
        "size": [timeline.width, timeline.height],
    }


def sound_ingredients(timeline: Timeline, argv: Sequence[str]) -> Ingredients:
    """What the audio packets are made from."""
    return {"entry": ENTRY_FORMAT, "encoder": encoder_settings(argv), **mix_ingredients(timeline.sound)}


def visible_layers(timeline: Timeline, frames: FrameRange) -> list[Layer]:
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
    if not solid or layer.fade_out or layer.opacity < 100 or layer.opacity_end not in {None, 100}:
        return False
    if layer.color is not None or layer.fit == "blur":
        return True
    if layer.clip is None and (layer.source is None or layer.source.alpha):
        return False
    # A rectangle that moves in straight lines covers the frame all the way if it does so at both ends.
    ends = [layer.rect] if layer.motion is None else [layer.motion.start, layer.motion.end]
    return all(rect is not None and rect.covers(timeline.width, timeline.height) for rect in ends)


def _layer(layer: Layer, frames: FrameRange) -> JSONValue:
    document = layer_ingredients(layer)
    shown = [max(layer.range.start, frames.start) - frames.start, min(layer.range.end, frames.end) - frames.start]
    document["range"] = cast("JSONValue", shown)
    fading = layer.range.start + layer.fade_in > frames.start
    document["fade_in"] = [layer.range.start - frames.start, layer.fade_in] if fading else 0
    if layer.fade_out and layer.range.end - layer.fade_out < frames.end:
        document["fade_out"] = [layer.range.end - frames.start, layer.fade_out]
    if layer.clip is not None:
        document["clip starts"] = layer.range.start - frames.start
    if layer.motion is not None:
        over = layer.motion.over
        motion = cast("Ingredients", document["motion"])
        motion["over"] = [over.start - frames.start, over.end - frames.start]
    return document
