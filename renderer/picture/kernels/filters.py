"""Which filter moves a picture, how large a picture is prepared, and the filter's weights for every phase.

The trade-off behind the constants, with its measurements, is docs/decisions/0003-resampling-filter.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from renderer.picture.kernels.plane import POSITION_BITS
from renderer.picture.kernels.weights import ARGUMENT_BITS, CATMULL_ROM, WEIGHT_BITS, Cubic

PHASE_BITS = 9
"""Positions are rounded to 1/512 sample: at most 0.001 sample of error, a twentieth of what an eye could follow."""

MAX_TAPS = 64
"""Covers a step of 16 source samples; beyond it pictures still move, but are not smoothed any further."""

MOTION_CUBIC = CATMULL_ROM

OVERSAMPLING = Fraction(1)
"""Source samples prepared for each output sample at the deepest zoom."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A cubic with a number of taps that is fixed for a whole shot, so that nothing pops when the zoom passes a limit.

    `base_step` is the step, in 1/65536 source sample, up to which the cubic has its own width; above, it widens in
    proportion to the step, so far as `taps` (even, 4..64) reach.
    """

    taps: int
    base_step: int = 1 << ARGUMENT_BITS
    cubic: Cubic = MOTION_CUBIC

    def __post_init__(self) -> None:
        if self.taps % 2 or not 4 <= self.taps <= MAX_TAPS:
            raise ValueError(f"expected an even number of 4 to {MAX_TAPS} taps, found {self.taps}")

    def widening(self, step: int) -> int:
        """How much wider than its own width the cubic is at `step` (32 fraction bits), in 1/256."""
        wanted = (step << 8) // (self.base_step << (POSITION_BITS - ARGUMENT_BITS))
        return min(max(wanted, 256), self.taps * 64)

    def table(self, step: int) -> NDArray[np.int16]:
        """The weights at `step` for every phase: see `weight_table`."""
        return weight_table(self.cubic, self.taps, self.widening(step))


def choose_filter(max_step: int) -> Filter:
    """The filter for a shot whose longest step, on either axis and in any frame, is `max_step` (32 fraction bits)."""
    four_wide = -(-4 * max_step // (1 << POSITION_BITS))
    return Filter(min(max(four_wide + four_wide % 2, 4), MAX_TAPS))


def prepared_size(source_w: int, source_h: int, deepest_w: int, deepest_h: int) -> tuple[int, int]:
    """(width, height) to shrink a source to whose deepest zoom shows the whole picture `deepest_w` x `deepest_h` large.

    Never larger than the source, nor smaller than 1 x 1.
    """
    width = min(source_w, -(-deepest_w * OVERSAMPLING.numerator // OVERSAMPLING.denominator))
    height = min(source_h, -(-deepest_h * OVERSAMPLING.numerator // OVERSAMPLING.denominator))
    return max(width, 1), max(height, 1)


@lru_cache(maxsize=64)
def weight_table(cubic: Cubic, taps: int, widening: int) -> NDArray[np.int16]:
    """(512, taps, filled up with zeros to a multiple of 4) int16: row p for a sample p/512 behind tap taps // 2 - 1.

    Every row adds up to 1 << 14. Single weights are rounded, and the nearest tap takes what is missing, so that the table is symmetric.
    """
    phase = np.arange(1 << PHASE_BITS, dtype=np.int64)[:, None]
    tap = np.arange(taps, dtype=np.int64) - (taps // 2 - 1)
    distance = ((tap << PHASE_BITS) - phase) << (ARGUMENT_BITS - PHASE_BITS + 8)
    values = cubic.evaluate(distance // widening)
    total = values.sum(axis=1, keepdims=True)
    weights = ((values << (WEIGHT_BITS + 1)) + total) // (2 * total)
    nearest = taps // 2 - 1 + (phase[:, 0] > (1 << PHASE_BITS) // 2)
    weights[phase[:, 0], nearest] += (1 << WEIGHT_BITS) - weights.sum(axis=1)
    table = np.pad(weights, ((0, 0), (0, -taps % 4))).astype(np.int16)
    table.flags.writeable = False
    return table
