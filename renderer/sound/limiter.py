"""A look-ahead limiter that acts only where the programme would clip, and gives the same bits for every block size.

The gain each sample needs is an integer (30 bits after the point, rounded down). The applied gain is the highest curve
under all needed gains that rises no faster than `RELEASE` and falls no faster than `LOOK_AHEAD` allows: two min-plus
passes in integers. Each forgets exactly after one full ramp, so a range needs only that much of its surroundings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.gain import db_of_factor, factor_of_db
from renderer.sound.jit import kernel
from renderer.sound.true_peak import HALF, OVERSHOOT, TAPS, true_peak_gains

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNITY = 1 << 30
LOOK_AHEAD = 480
"""Samples a gain may take to fall from 1 to 0 (10 ms)."""
RELEASE = 9600
"""Samples a gain takes to rise from 0 to 1 (200 ms)."""
FALL_STEP = UNITY // LOOK_AHEAD + 1
RISE_STEP = UNITY // RELEASE + 1

BEFORE, AFTER = RELEASE + 3 * HALF, LOOK_AHEAD + 3 * HALF
"""Samples around a range that can change what the limiter does inside it."""

MARGIN_DB = 0.15
"""How far under a true-peak ceiling the limiter stays: its ramps and the rounding to 16 bits shift peaks a little, and
meters differ by 0.1 dB on noise above 19 kHz, where each interpolates in its own way."""

LARGEST = 32767.0 / 32768.0
"""The largest positive sample of 16 bits; the most negative one is −1."""


@dataclass(frozen=True, slots=True)
class LimiterReport:
    """What the limiter did to a whole programme. Nothing was changed where `limited_samples` is 0."""

    limited_samples: int
    deepest_db: float
    """The strongest reduction, in dB (0 or negative)."""
    first_sample: int | None
    peak_before: float
    """The highest absolute sample before limiting; 1.0 is full scale."""

    @property
    def acted(self) -> bool:
        return self.limited_samples > 0

    def __str__(self) -> str:
        if not self.acted:
            return "did not act"
        peak = db_of_factor(self.peak_before)
        return f"acted: the sum reached {peak:+.2f} dBFS, lowered by up to {-self.deepest_db:.2f} dB"


@kernel
def extremes(samples: NDArray[np.float64]) -> tuple[float, float]:
    """The lowest and the highest value in `samples` (n, 2), 0 among them."""
    low = high = 0.0
    for row in range(samples.shape[0]):
        for side in range(2):
            low = min(low, samples[row, side])
            high = max(high, samples[row, side])
    return low, high


@kernel
def needed_gains(samples: NDArray[np.float64], high: float, low: float) -> NDArray[np.int64]:
    """For each row of `samples` (n, 2) the highest gain that keeps it within `low`..`high`, in 1/2^30, rounded down."""
    gains = np.full(samples.shape[0], 1 << 30, dtype=np.int64)
    for row in range(samples.shape[0]):
        needed = 1.0
        for channel in range(2):
            value = samples[row, channel]
            if value > high:
                needed = min(needed, high / value)
            elif value < low:
                needed = min(needed, low / value)
        if needed < 1.0:
            gains[row] = int(needed * 1073741824.0)
    return gains


@kernel
def ramp_gains(gains: NDArray[np.int64], rise: int, fall: int) -> None:
    """Lower `gains` in place to the highest curve that rises by at most `rise`, falls by at most `fall` per sample."""
    held = 1 << 30
    for row in range(len(gains)):
        held = min(gains[row], held + rise)
        gains[row] = held
    held = 1 << 30
    for row in range(len(gains) - 1, -1, -1):
        held = min(gains[row], held + fall)
        gains[row] = held


def gains_under(samples: NDArray[np.float64], ceiling_dbtp: float | None) -> NDArray[np.int64] | None:
    """The gains that keep `samples` from clipping in 16 bits, or its true peak under a ceiling where one is set.

    None where no sample needs one: most of a programme.
    """
    low, high = extremes(samples)
    if ceiling_dbtp is None:
        return None if low >= -1.0 and high <= LARGEST else needed_gains(samples, LARGEST, -1.0)
    ceiling = factor_of_db(ceiling_dbtp - MARGIN_DB)
    return None if max(high, -low) * OVERSHOOT <= ceiling else true_peak_gains(samples, ceiling, OVERSHOOT, TAPS)


@kernel
def limit(samples: NDArray[np.float64], gains: NDArray[np.int64]) -> None:
    """Apply ramped `gains` to `samples` in place; rows at unity keep their bits."""
    for row in range(samples.shape[0]):
        if gains[row] < 1 << 30:
            factor = gains[row] / 1073741824.0
            samples[row, 0] *= factor
            samples[row, 1] *= factor


@kernel
def to_int16(samples: NDArray[np.float64]) -> NDArray[np.int16]:
    """`samples` (n, 2) with full scale 1.0 → 32768, rounded half to even; after the limiter none is cut."""
    ready = np.empty(samples.shape, dtype=np.int16)
    for row in range(samples.shape[0]):
        for side in range(2):
            ready[row, side] = int(min(max(np.rint(samples[row, side] * 32768.0), -32768.0), 32767.0))
    return ready
