"""An exact rectangle → what the kernels need: a window of the frame, and positions in fixed point.

Luma sample j of the frame has its centre at j + 1/2 pixels. Chroma is sited left (ITU-T H.264 Annex E, type 0): sample
k lies level with luma column 2k and midway between rows 2k and 2k + 1, in the frame and in prepared pictures alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels import Axis

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from renderer.timeline.model import Layer, Rect

_FULL = 65_535
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Span:
    """One axis of a placement. `start` and `end` are even luma pixels: the window that the picture touches.

    `coverage` and `chroma_coverage` (uint16, 65535 = wholly) are None where the picture covers the whole window.
    """

    start: int
    end: int
    luma: Axis
    chroma: Axis
    coverage: NDArray[np.uint16] | None
    chroma_coverage: NDArray[np.uint16] | None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a picture goes, and where its samples come from."""

    x: Span
    y: Span

    @property
    def partial(self) -> bool:
        """Whether some edge lies inside the window."""
        return self.x.coverage is not None or self.y.coverage is not None


def place(rect: Rect, picture: tuple[int, int], frame: tuple[int, int]) -> Placement | None:
    """Place a prepared picture of (width, height) samples at `rect`; None where it lies outside the frame."""
    if rect.left >= frame[0] or rect.top >= frame[1] or rect.left + rect.width <= 0 or rect.top + rect.height <= 0:
        return None
    x = _span(rect.left, rect.width, picture[0], frame[0], Axis.chroma_across)
    y = _span(rect.top, rect.height, picture[1], frame[1], Axis.chroma_down)
    return Placement(x, y)


def _span(offset: Fraction, length: Fraction, samples: int, frame: int, chroma: Callable[[Axis], Axis]) -> Span:
    start = max(0, 2 * (offset.__floor__() // 2))
    end = min(frame, -2 * ((-(offset + length)).__floor__() // 2))
    luma = Axis.shown(samples, offset - start, length)
    coverage = _coverage(start, end, offset, offset + length)
    return Span(
        start,
        end,
        luma,
        chroma(luma),
        coverage,
        None if coverage is None else ((coverage[0::2].astype(np.uint32) + coverage[1::2] + 1) >> 1).astype(np.uint16),
    )


def _coverage(start: int, end: int, low: Fraction, high: Fraction) -> NDArray[np.uint16] | None:
    """How much of each pixel column lies between `low` and `high`; None where all of them lie there wholly."""
    if low <= start and high >= end:
        return None
    coverage = np.full(end - start, _FULL, np.uint16)
    for column in {*range(start, min(start + 2, end)), *range(max(start, end - 2), end)}:
        inside = min(Fraction(column + 1), high) - max(Fraction(column), low)
        coverage[column - start] = int(max(Fraction(0), inside) * _FULL + _HALF)
    return coverage


def pixel_box(rect: Rect, frame: tuple[int, int]) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of a rectangle that lies on even pixels inside the frame; None for any other."""
    edges = (rect.left, rect.top, rect.left + rect.width, rect.top + rect.height)
    if any(edge.denominator != 1 or edge.numerator % 2 for edge in edges):
        return None
    left, top, right, bottom = (int(edge) for edge in edges)
    if left < 0 or top < 0 or right > frame[0] or bottom > frame[1]:
        return None
    return left, top, right, bottom


def is_frame_sized_logo(layer: Layer, frame: tuple[int, int]) -> bool:
    """Whether a layer is an opaque logo that fills the frame pixel for pixel: what is seen are its own pixels."""
    opaque = layer.source is not None and not layer.source.alpha
    box = None if layer.rect is None else pixel_box(layer.rect, frame)
    return layer.kind == "logo" and opaque and box == (0, 0, *frame)
