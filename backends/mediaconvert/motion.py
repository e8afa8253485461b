"""A layer's motion and fade → keyframes of whole pixels and percent, and how far they are from the exact ones.

A Transition moves a rectangle in a straight line at a steady pace, so an easing becomes a chain of them. The bound
holds for the four edges, and with them for every detail: what lies between two edges is off by no more than they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.images import pixel_box
from renderer.timeline.geometry import opacity_at, rect_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from renderer.timeline.model import Layer, Rect

MAX_PARTS = 96
Edges = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Keyframe:
    """Where a picture lies in one frame: left, top, width, height in pixels; opacity in percent."""

    frame: int
    box: tuple[int, int, int, int]
    opacity: int


@dataclass(frozen=True, slots=True)
class Path:
    """Keyframes, linear between them, at rest after the last; and their greatest distance from the exact layer."""

    keyframes: tuple[Keyframe, ...]
    deviation_px: float
    """Of any edge in any frame, if the service moves in fractions of a pixel."""
    whole_pixel_deviation_px: float
    """The same if it rounds position and size to whole pixels in every frame."""
    opacity_deviation: float
    """Of the opacity in any frame, 0..1."""


def follow(layer: Layer, *, bound_px: float) -> Path:
    """The fewest equal parts that stay within `bound_px` of the exact rectangle in every frame.

    The ends of each part are rounded to whole pixels, so no bound below half a pixel can be met.
    """
    exact = [_edges_at(layer, frame) for frame in layer.range]
    best: tuple[float, list[Keyframe]] | None = None
    for parts in range(1, MAX_PARTS + 1):
        keyframes = _keyframes(layer, parts)
        deviation = _deviation(layer, keyframes, exact, whole_pixels=False)
        if best is None or deviation < best[0]:
            best = deviation, keyframes
        if deviation <= bound_px or layer.motion is None:
            break
    if best is None:
        raise ValueError(f"layer {layer.id} has no place")
    whole = _deviation(layer, best[1], exact, whole_pixels=True)
    return Path(tuple(best[1]), best[0], whole, _opacity_deviation(layer, best[1]))


def edges(rect: Rect) -> Edges:
    """Left, top, right and bottom."""
    return (float(rect.left), float(rect.top), float(rect.left + rect.width), float(rect.top + rect.height))


def _edges_at(layer: Layer, frame: int) -> Edges:
    rect = rect_at(layer, frame)
    if rect is None:
        raise ValueError(f"layer {layer.id} has no place")
    return edges(rect)


def _keyframes(layer: Layer, parts: int) -> list[Keyframe]:
    start = layer.range.start
    frames = {start}
    if layer.fade_in:
        frames.add(min(start + layer.fade_in, layer.range.end - 1))
    if layer.motion is not None:
        first, last = layer.motion.over.start, min(layer.motion.over.end, layer.range.end) - 1
        frames |= {first + round((last - first) * part / parts) for part in range(parts + 1)}
    return [_keyframe(layer, frame) for frame in sorted(frames)]


def _keyframe(layer: Layer, frame: int) -> Keyframe:
    rect = rect_at(layer, frame)
    if rect is None:
        raise ValueError(f"layer {layer.id} has no place")
    return Keyframe(frame, pixel_box(rect), int(opacity_at(layer, frame) * 100 + Fraction(1, 2)))


def _between(keyframes: list[Keyframe], frames: Iterable[int]) -> Iterable[tuple[float, float, float, float, float]]:
    """Left, top, width, height and opacity in each of the ascending `frames`."""
    at = 0
    for frame in frames:
        while at + 1 < len(keyframes) and keyframes[at + 1].frame <= frame:
            at += 1
        here = keyframes[at]
        there = keyframes[at + 1] if at + 1 < len(keyframes) else here
        progress = (frame - here.frame) / (there.frame - here.frame) if there.frame > here.frame else 0.0
        pairs = zip((*here.box, here.opacity), (*there.box, there.opacity), strict=True)
        left, top, width, height, opacity = (a + (b - a) * progress for a, b in pairs)
        yield left, top, width, height, opacity


def _deviation(layer: Layer, keyframes: list[Keyframe], exact: list[Edges], *, whole_pixels: bool) -> float:
    worst = 0.0
    for wanted, (*box, _) in zip(exact, _between(keyframes, layer.range), strict=True):
        left, top, width, height = (float(round(value)) for value in box) if whole_pixels else box
        found = (left, top, left + width, top + height)
        worst = max(worst, *(abs(a - b) for a, b in zip(wanted, found, strict=True)))
    return worst


def _opacity_deviation(layer: Layer, keyframes: list[Keyframe]) -> float:
    found = _between(keyframes, layer.range)
    wanted = (float(opacity_at(layer, frame)) for frame in layer.range)
    return max(abs(a - b[4] / 100) for a, b in zip(wanted, found, strict=True))
