"""Parts of a timeline as timelines of their own: what a slide, a still clip or the bed under the overlays shows."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.timebase import FrameRange, nominal_rate
from renderer.timeline.model import Layer, Rect, Sound, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterable

LONGEST_CLIP_SIDE = 4096
"""The largest width of H.264 the service's tables name; larger pictures are scaled up by the service."""
_SILENCE = Sound(0)


def slide(timeline: Timeline, layer: Layer | None) -> Timeline:
    """One frame: the background, and on it `layer` at rest as its first frame shows it, wholly faded in."""
    layers = [one for one in timeline.layers if one.kind == "background"]
    if layer is not None and layer.kind != "background":
        layers.append(layer)
    return dataclasses.replace(_held(timeline, layers, 1), rate=Fraction(1))


def logo(timeline: Timeline, layer: Layer) -> Timeline:
    """One frame of a logo alone, opaque where it is, in a frame of the size of its box."""
    size = logo_size(layer)
    alone = dataclasses.replace(layer, rect=_filling(size), opacity=100)
    return dataclasses.replace(_held(timeline, [alone], 1), rate=Fraction(1), width=size[0], height=size[1])


def logo_size(layer: Layer) -> tuple[int, int]:
    """Width and height of a logo's PNG, which is its box."""
    if layer.rect is None:
        raise ValueError(f"layer {layer.id} has no place")
    return max(1, round(layer.rect.width)), max(1, round(layer.rect.height))


def bed(timeline: Timeline) -> Timeline:
    """The programme without images and without what lies above them during the content."""
    covered = {layer.id for layer in timeline.layers if layer.kind == "image"} | {
        layer.id for layer in corner_logos(timeline)
    }
    kept = tuple(layer for layer in timeline.layers if layer.id not in covered)
    return dataclasses.replace(timeline, layers=kept, sound=_SILENCE, id="", title="")


def corner_logos(timeline: Timeline) -> list[Layer]:
    """Logos that are seen together with an image, or with another logo below them."""
    others = [layer for layer in timeline.layers if layer.kind != "background"]
    return [
        layer
        for layer in others
        if layer.kind == "logo" and any(below.z < layer.z and below.range.intersects(layer.range) for below in others)
    ]


def clip(timeline: Timeline, layer: Layer, size: tuple[int, int]) -> Timeline:
    """A second of the whole picture of `layer`, filling a frame of its own of `size`, width and height."""
    picture = dataclasses.replace(layer, fit="contain" if layer.fit == "blur" else layer.fit, rect=_filling(size))
    return dataclasses.replace(_held(timeline, [picture], nominal_rate(timeline.rate)), width=size[0], height=size[1])


def backdrop(timeline: Timeline, layer: Layer) -> Timeline:
    """A second of what lies behind a picture with fit `blur`."""
    beside = Rect(Fraction(timeline.width), Fraction(0), Fraction(2), Fraction(2))
    return _held(timeline, [dataclasses.replace(layer, rect=beside)], nominal_rate(timeline.rate))


def clip_size(layer: Layer) -> tuple[int, int]:
    """Width and height of a layer's clip: its largest view, no more pixels than the picture has, even."""
    rects = [rect for rect in (layer.rect,) if rect is not None]
    if layer.motion is not None:
        rects = [layer.motion.start, layer.motion.end]
    width, height = max(rect.width for rect in rects), max(rect.height for rect in rects)
    limits = [Fraction(1), LONGEST_CLIP_SIDE / max(width, height)]
    if layer.motion is not None and layer.source is not None:
        limits.append(max(layer.source.width / width, layer.source.height / height))
    scale = min(limits)
    return _even(width * scale), _even(height * scale)


def unmoved(layer: Layer) -> Layer:
    """The layer held at its first view."""
    return dataclasses.replace(layer, motion=None)


def _held(timeline: Timeline, layers: Iterable[Layer], frames: int) -> Timeline:
    whole = FrameRange(0, frames)
    still = tuple(dataclasses.replace(layer, range=whole, motion=None, fade_in=0) for layer in layers)
    return dataclasses.replace(timeline, id="", title="", frame_count=frames, layers=still, sound=_SILENCE)


def _filling(size: tuple[int, int]) -> Rect:
    return Rect(Fraction(0), Fraction(0), Fraction(size[0]), Fraction(size[1]))


def _even(length: Fraction) -> int:
    return max(2, 2 * int((length + 1) // 2))
