"""Fits, views and easings as exact rectangles: where the whole picture lies in the frame at a given moment.

All arithmetic is rational; pixels are rounded by nobody before the resampler's fixed point (2⁻³² of a sample).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.timeline.model import Ease, Fit, Motion, Rect

if TYPE_CHECKING:
    from renderer.timeline.model import Layer


def fitted_size(picture: tuple[int, int], frame: tuple[int, int], fit: Fit) -> tuple[Fraction, Fraction]:
    """Width and height in output pixels at zoom 1: `cover` fills the frame, `contain` and `blur` show everything."""
    across, down = Fraction(frame[0], picture[0]), Fraction(frame[1], picture[1])
    scale = max(across, down) if fit == "cover" else min(across, down)
    return picture[0] * scale, picture[1] * scale


def view_rect(
    fitted: tuple[Fraction, Fraction], frame: tuple[int, int], zoom: Fraction, focus: tuple[Fraction, Fraction]
) -> Rect:
    """The displayed rectangle that brings `focus` (fractions of the picture) to the frame's centre at `zoom`.

    The view never leaves the picture; along an axis where the picture is smaller than the frame it is centred.
    """
    width, height = fitted[0] * zoom, fitted[1] * zoom
    return Rect(_offset(width, frame[0], focus[0]), _offset(height, frame[1], focus[1]), width, height)


def still_clip(
    picture: tuple[int, int], frame: tuple[int, int], fit: Fit
) -> tuple[Rect, tuple[int, int, int, int] | None]:
    """Where a resting video lies, on even pixels, and what is left of it: left, top, width, height in its pixels.

    `cover` cuts, so that nothing outside the frame is decoded; `contain` rounds its place to even pixels.
    """
    width, height = fitted_size(picture, frame, fit)
    if fit == "cover":
        scale = width / picture[0]
        crop = tuple(min(side, _even(length / scale)) for side, length in zip(picture, frame, strict=True))
        left, top = ((side - cut) // 4 * 2 for side, cut in zip(picture, crop, strict=True))
        whole = Rect(Fraction(0), Fraction(0), Fraction(frame[0]), Fraction(frame[1]))
        return whole, None if crop == picture else (left, top, crop[0], crop[1])
    shown = min(frame[0], _even(width)), min(frame[1], _even(height))
    left, top = ((side - length) // 4 * 2 for side, length in zip(frame, shown, strict=True))
    return Rect(Fraction(left), Fraction(top), Fraction(shown[0]), Fraction(shown[1])), None


def _even(length: Fraction) -> int:
    return max(2, 2 * int((length + 1) // 2))


def _offset(size: Fraction, frame: int, focus: Fraction) -> Fraction:
    if size <= frame:
        return (frame - size) / 2
    return min(Fraction(0), max(frame - size, Fraction(frame, 2) - focus * size))


def eased(ease: Ease, progress: Fraction) -> Fraction:
    """Progress 0..1 under an easing, exactly (DESIGN §4)."""
    match ease:
        case "linear":
            return progress
        case "in":
            return progress * progress
        case "out":
            return progress * (2 - progress)
        case "in-out":
            return progress * progress * (3 - 2 * progress)


def rect_at(layer: Layer, frame: int) -> Rect | None:
    """Where the layer's picture lies in programme frame `frame`; None for a colour."""
    return layer.rect if layer.motion is None else moved(layer.motion, frame)


def moved(motion: Motion, frame: int) -> Rect:
    """The rectangle of a motion: `start` on the first frame of `over`, `end` on its last, resting outside."""
    last = len(motion.over) - 1
    step = min(max(frame - motion.over.start, 0), last)
    if last == 0:
        return motion.start
    reached = eased(motion.ease, Fraction(step, last))
    a, b = motion.start, motion.end
    return Rect(
        a.left + (b.left - a.left) * reached,
        a.top + (b.top - a.top) * reached,
        a.width + (b.width - a.width) * reached,
        a.height + (b.height - a.height) * reached,
    )


def opacity_at(layer: Layer, frame: int) -> Fraction:
    """0..1 in programme frame `frame`: opacity times fades, sampled at the middle of the frame."""
    opacity = _resting_opacity(layer, frame)
    step, left = frame - layer.range.start, layer.range.end - 1 - frame
    if step < layer.fade_in:
        opacity *= Fraction(2 * step + 1, 2 * layer.fade_in)
    if left < layer.fade_out:
        opacity *= Fraction(2 * left + 1, 2 * layer.fade_out)
    return opacity


def _resting_opacity(layer: Layer, frame: int) -> Fraction:
    """Without fades: constant, or linear from the first to the last frame of `opacity_over`."""
    if layer.opacity_end is None or layer.opacity_over is None:
        return Fraction(layer.opacity, 100)
    last = max(1, len(layer.opacity_over) - 1)
    step = min(max(frame - layer.opacity_over.start, 0), last)
    return Fraction(layer.opacity * last + (layer.opacity_end - layer.opacity) * step, 100 * last)
