"""Which filter moves a picture, how large a picture is prepared for it, and the filter's weights for every phase.

A cubic B-spline of 4 taps moves the picture: it is the smoothest kernel of that support, so that sharpness does not
depend on where between two samples a detail lies. What it takes from fine detail is given back in advance, when the
picture is shrunk (`BOOST`), and oversampling keeps the detail in the range where that works.
The measurements behind the constants are in docs/decisions/0003-resampling-filter.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.plane import POSITION_BITS
from renderer.picture.kernels.shrink import Response, shrink
from renderer.picture.kernels.weights import ARGUMENT_BITS, B_SPLINE, WEIGHT_BITS, Cubic

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.picture.kernels.views import Image

OVERSAMPLING = Fraction(3, 2)
"""Source samples prepared for each output sample at the deepest zoom.

At half the output's Nyquist frequency the gain then varies by 0.4 % with the phase (Catmull-Rom without oversampling:
13 %), at 0.35 cycles per sample by 2 % (58 %). 2 would take 1.8 times the memory for differences nobody sees, and
one-pixel texture would flicker by more than 4 levels; 5/4 would vary by 5 %.
"""

BOOST = 13
"""The share, in 1/64, of a sample's difference from its neighbours that is added before the B-spline takes it away.

With an oversampling of 3/2, what the B-spline takes and this gives cancel within 6 % up to 0.35 cycles per output
sample: a moving picture is as sharp as the same picture at rest, shrunk by Catmull-Rom.
"""

PHASE_BITS = 9
"""Positions are rounded to 1/512 of a prepared sample: an error of at most 0.001, a twentieth of what is allowed."""

FOUR_TAP_STEP = 6 << (POSITION_BITS - 2)
"""Up to this step, 3/2, the B-spline has its own width; where a shot goes beyond 6/5 of it, it widens with the step."""

TAPS = (4, 8, 16, 32, 64)
"""The tap counts there are: few, as each needs compiled code. 64 reach a step of 24; beyond it, detail aliases."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A cubic with a number of taps that is fixed for a whole shot, so that nothing pops when the zoom passes a limit.

    The cubic widens with the step, from `base_step` (32 fraction bits) on, so far as its taps reach.
    Raises: ValueError for a tap count that is not in `TAPS`.
    """

    taps: int
    cubic: Cubic = B_SPLINE
    base_step: int = FOUR_TAP_STEP

    def __post_init__(self) -> None:
        if self.taps not in TAPS:
            raise ValueError(f"expected one of {TAPS} taps, found {self.taps}")

    def table(self, step: int) -> NDArray[np.int16]:
        """The weights at `step` for every phase: see `weight_table`."""
        widening = (step << 8) // self.base_step
        return weight_table(self.cubic, self.taps, min(max(widening, 256), self.taps * 64))


def choose_filter(max_step: int) -> Filter:
    """The filter for a shot whose longest step, on either axis and in any frame, is `max_step` (32 fraction bits).

    Zooms of up to 6/5 pass with 4 taps: what aliases then is less than what the picture's own detail changes.
    """
    if 5 * max_step <= 6 * FOUR_TAP_STEP:
        return Filter(4)
    reach = -(-4 * max_step // FOUR_TAP_STEP)
    return Filter(next((taps for taps in TAPS[1:] if taps >= reach), TAPS[-1]))


def prepared_size(source_w: int, source_h: int, deepest_w: int, deepest_h: int) -> tuple[int, int]:
    """(width, height) to prepare a source at; the deepest zoom shows the whole picture `deepest_w` x `deepest_h` large.

    Never larger than the source, nor smaller than 1 x 1.
    """
    width = min(source_w, -(-deepest_w * OVERSAMPLING.numerator // OVERSAMPLING.denominator))
    height = min(source_h, -(-deepest_h * OVERSAMPLING.numerator // OVERSAMPLING.denominator))
    return max(width, 1), max(height, 1)


def prepare(image: Image, deepest_w: int, deepest_h: int) -> Image:
    """The (h, w, 3 or 4) uint8 image at its `prepared_size`, with the detail that can be seen, raised by `BOOST`.

    Only for `Resampler` with a filter of `choose_filter`: seen by itself, the result is too crisp.
    """
    width, height = prepared_size(image.shape[1], image.shape[0], deepest_w, deepest_h)
    return shrink(image, width, height, response=Response(deepest_w, deepest_h, BOOST))


@lru_cache(maxsize=64)
def weight_table(cubic: Cubic, taps: int, widening: int) -> NDArray[np.int16]:
    """(512, taps) int16: row p for a sample p/512 behind tap taps // 2 - 1. Every row adds up to 1 << 14.

    `widening` is the cubic's width in 1/256 of its own. Single weights are rounded, and the nearest tap takes what is
    missing, so that the table is symmetric.
    """
    phase = np.arange(1 << PHASE_BITS, dtype=np.int64)[:, None]
    tap = np.arange(taps, dtype=np.int64) - (taps // 2 - 1)
    distance = np.abs((tap << PHASE_BITS) - phase) << (ARGUMENT_BITS - PHASE_BITS + 8)
    values = cubic.evaluate(distance // widening)
    total = values.sum(axis=1, keepdims=True)
    weights = ((values << (WEIGHT_BITS + 1)) + total) // (2 * total)
    missing = (1 << WEIGHT_BITS) - weights.sum(axis=1)
    before = np.choose(np.sign(phase[:, 0] - (1 << PHASE_BITS) // 2) + 1, [missing, missing // 2, 0])
    weights[:, taps // 2 - 1] += before
    weights[:, taps // 2] += missing - before
    table: NDArray[np.int16] = weights.astype(np.int16)
    table.flags.writeable = False
    return table
