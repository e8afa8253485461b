"""Decibels → factors: constant gains, fades and envelopes, in arithmetic that gives the same bits on every CPU.

Library `pow` and `exp` differ in their last bit between CPUs (FMA variants), so the exponential is written out here in
plain multiplications and additions. Its error stays under 1e-15; 0 dB is exactly 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.jit import kernel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from numpy.typing import NDArray

    from renderer.timeline.model import EnvelopePoint

OCTAVES_PER_DB = 0.16609640474436813
"""log2(10) / 20: gains double every 6.02 dB."""

LN2 = 0.6931471805599453

_LAST_TERM = 13
EXPONENTIAL = np.array([1.0 / math.factorial(n) for n in range(_LAST_TERM, -1, -1)])
"""exp(x) for |x| <= 0.347 by its series to x^13, highest power first; the next term is under 1e-17."""

_OCTAVES = 1000
DOUBLINGS = 2.0 ** np.arange(-_OCTAVES, _OCTAVES + 1)
"""2^n for n from −1000 to 1000, exact: gains beyond ±6000 dB are cut there."""


@kernel
def factor_of_db(gain_db: float) -> float:
    """10^(gain_db / 20): amplitude, not power."""
    octaves = gain_db * OCTAVES_PER_DB
    whole = math.floor(octaves + 0.5)
    x = (octaves - whole) * LN2
    total = EXPONENTIAL[0]
    for n in range(1, 14):
        total = total * x + EXPONENTIAL[n]
    factor: float = total * DOUBLINGS[int(min(max(whole, -1000.0), 1000.0)) + 1000]
    return factor


def db_of_factor(factor: float) -> float:
    """20·log10 of an amplitude; −inf for 0."""
    return 20.0 * math.log10(factor) if factor > 0 else -math.inf


@kernel
def scale(samples: NDArray[np.float64], factor: float) -> None:
    """Multiply `samples` (n, 2) in place."""
    for row in range(samples.shape[0]):
        samples[row, 0] *= factor
        samples[row, 1] *= factor


@kernel
def apply_ramp(samples: NDArray[np.float64], since: int, length: int, first_db: float, last_db: float) -> None:
    """Multiply `samples` (n, 2), which begin `since` samples into a ramp of `length`, by its factor; linear in dB."""
    for row in range(samples.shape[0]):
        factor = factor_of_db(first_db + (last_db - first_db) * ((since + row) / length))
        samples[row, 0] *= factor
        samples[row, 1] *= factor


@kernel
def apply_envelope(
    samples: NDArray[np.float64], first: int, at: NDArray[np.int64], gain_db: NDArray[np.float64]
) -> None:
    """Multiply `samples` (n, 2), the first of which is programme sample `first`, by the envelope's factor, in place.

    The gain in dB is linear between the points `at` (ascending) and rests outside them; where two points share a
    sample, the later one rules from there on.
    """
    last = len(at) - 1
    point, row, rows = -1, 0, samples.shape[0]
    while row < rows:
        while point < last and at[point + 1] <= first + row:
            point += 1
        stop = rows if point == last else min(rows, at[point + 1] - first)
        before, after = gain_db[max(point, 0)], gain_db[min(point + 1, last)]
        if before != after:
            apply_ramp(samples[row:stop], first + row - at[point], at[point + 1] - at[point], before, after)
        elif before != 0.0:
            scale(samples[row:stop], factor_of_db(before))
        row = stop


@kernel
def apply_fades(samples: NDArray[np.float64], first: int, length: int, fade_in: int, fade_out: int) -> None:
    """Multiply `samples` (n, 2), the first of which is sample `first` of a track of `length`, by its fades, in place.

    Linear in amplitude, taken at the middle of each sample: a fade of n samples starts at 0.5/n and mirrors exactly.
    """
    for row in range(samples.shape[0]):
        since = first + row
        left = length - 1 - since
        factor = 1.0
        if since < fade_in:
            factor = (since + 0.5) / fade_in
        if left < fade_out:
            factor *= (left + 0.5) / fade_out
        if factor != 1.0:
            samples[row, 0] *= factor
            samples[row, 1] *= factor


@kernel
def add_scaled(total: NDArray[np.float64], samples: NDArray[np.float64], factor: float) -> None:
    """Add `samples` times `factor` to `total`, both (n, 2)."""
    for row in range(samples.shape[0]):
        total[row, 0] += samples[row, 0] * factor
        total[row, 1] += samples[row, 1] * factor


class Envelope:
    """An envelope ready for the kernels; one without points changes nothing."""

    def __init__(self, points: Sequence[EnvelopePoint]) -> None:
        self._at = np.array([point.sample for point in points], dtype=np.int64)
        self._gain_db = np.array([float(point.gain_db) for point in points], dtype=np.float64)

    @property
    def is_flat(self) -> bool:
        """Whether it changes nothing at all."""
        return not self._gain_db.any()

    def apply(self, samples: NDArray[np.float64], first: int) -> None:
        """Multiply `samples` (n, 2), starting at programme sample `first`, in place."""
        if not self.is_flat:
            apply_envelope(samples, first, self._at, self._gain_db)

    def gain_db_at(self, samples: NDArray[np.int64]) -> NDArray[np.float64]:
        """The envelope's gain at programme samples."""
        if len(self._at) == 0:
            return np.zeros(len(samples))
        gains: NDArray[np.float64] = np.interp(samples, self._at, self._gain_db)
        return gains


def constant_factor(gain_db: Fraction | float) -> float:
    """The float64 factor of a constant gain."""
    return factor_of_db(float(gain_db))
