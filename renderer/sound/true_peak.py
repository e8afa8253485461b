"""The peak of the analogue wave between the samples, estimated at four times their rate (ITU-R BS.1770-4, annex 2).

A windowed sinc of 24 taps for each quarter position, longer than the annex's 12, so that peaks near 20 kHz are found
too. The coefficients are rounded to 2^-30: the same on every machine, whatever its sine function's last bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

HALF = 12
"""Samples needed on each side of an interval between two samples."""


def _quarter_taps() -> NDArray[np.float64]:
    """Coefficients (3, 24) that give the values at 1/4, 1/2 and 3/4 between samples 11 and 12 of a window of 24."""
    distance = np.arange(1 - HALF, HALF + 1)[np.newaxis, :] - np.array([[0.25], [0.5], [0.75]])
    window = np.i0(7.0 * np.sqrt(1.0 - (distance / (HALF + 0.25)) ** 2)) / np.i0(7.0)
    taps = np.sinc(distance) * window
    taps /= taps.sum(axis=1, keepdims=True)
    rounded: NDArray[np.float64] = np.round(taps * 2.0**30) / 2.0**30
    return rounded


TAPS = _quarter_taps()
OVERSHOOT = float(np.abs(TAPS).sum(axis=1).max()) * 1.000001
"""No value between samples exceeds the largest sample around it by more than this factor, rounding included."""


@kernel
def between_peak(samples: NDArray[np.float64], row: int, channel: int, taps: NDArray[np.float64]) -> float:
    """The highest absolute value at the quarter positions between rows `row` and `row + 1`; zeros beyond the ends."""
    peak = 0.0
    for phase in range(3):
        total = 0.0
        for tap in range(24):
            at = row - 11 + tap
            if 0 <= at < samples.shape[0]:
                total += samples[at, channel] * taps[phase, tap]
        peak = max(peak, abs(total))
    return peak


@kernel
def highest_peak(samples: NDArray[np.float64], known: float, overshoot: float, taps: NDArray[np.float64]) -> float:
    """The true peak of rows 12 to n − 12 of `samples` (n, 2), or `known` where that is higher.

    Runs of 32 rows that can't exceed what is known are passed over: most of a programme.
    """
    rows = samples.shape[0]
    for start in range(12, rows - 12, 32):
        stop = min(start + 32, rows - 12)
        for channel in range(2):
            largest = 0.0
            for row in range(start - 12, stop + 12):
                largest = max(largest, abs(samples[row, channel]))
            if largest * overshoot <= known:
                continue
            for row in range(start, stop):
                known = max(known, abs(samples[row, channel]))
                known = max(known, between_peak(samples, row, channel, taps))
    return known


@kernel
def true_peak_gains(
    samples: NDArray[np.float64], ceiling: float, overshoot: float, taps: NDArray[np.float64]
) -> NDArray[np.int64]:
    """For each row of `samples` (n, 2) the highest gain, in 1/2^30, that keeps the wave around it under `ceiling`.

    A peak between two samples asks the same gain of all the samples it is made of, so that the applied gain is level
    where it matters.
    """
    rows = samples.shape[0]
    gains = np.full(rows, 1 << 30, dtype=np.int64)
    for start in range(0, rows, 32):
        stop = min(start + 32, rows)
        largest = 0.0
        for row in range(max(0, start - 12), min(rows, stop + 12)):
            largest = max(largest, abs(samples[row, 0]), abs(samples[row, 1]))
        if largest * overshoot <= ceiling:
            continue
        for row in range(start, stop):
            peak = max(abs(samples[row, 0]), abs(samples[row, 1]))
            peak = max(peak, between_peak(samples, row, 0, taps), between_peak(samples, row, 1, taps))
            if peak > ceiling:
                needed = int(ceiling / peak * 1073741824.0)
                for near in range(max(0, row - 11), min(rows, row + 13)):
                    gains[near] = min(gains[near], needed)
    return gains
