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
def between_peaks(samples: NDArray[np.float64], taps: NDArray[np.float64], peaks: NDArray[np.float64]) -> None:
    """For each row of `peaks` (n, 2) the highest absolute value at that row of `samples` and up to the next.

    `samples` (n + 23, 2) has 11 rows before the first and 12 after the last. The quarter positions are summed tap by
    tap over all rows at once, so that the compiler finds vector instructions; each row's order of additions stays.
    """
    rows = peaks.shape[0]
    for row in range(rows):
        peaks[row, 0], peaks[row, 1] = abs(samples[row + 11, 0]), abs(samples[row + 11, 1])
    total = np.empty((rows, 2))
    for phase in range(3):
        total[:] = 0.0
        for tap in range(24):
            weight = taps[phase, tap]
            for row in range(rows):
                total[row, 0] += samples[row + tap, 0] * weight
                total[row, 1] += samples[row + tap, 1] * weight
        for row in range(rows):
            peaks[row, 0] = max(peaks[row, 0], abs(total[row, 0]))
            peaks[row, 1] = max(peaks[row, 1], abs(total[row, 1]))


@kernel
def largest_of(samples: NDArray[np.float64]) -> float:
    """The largest absolute value of `samples` (n, 2)."""
    largest = 0.0
    for row in range(samples.shape[0]):
        largest = max(largest, abs(samples[row, 0]), abs(samples[row, 1]))
    return largest


@kernel
def highest_peak(samples: NDArray[np.float64], known: float, overshoot: float, taps: NDArray[np.float64]) -> float:
    """The true peak of rows 12 to n − 12 of `samples` (n, 2), or `known` where that is higher.

    Runs of 32 rows that can't exceed what is known are passed over: most of a programme.
    """
    rows = samples.shape[0]
    peaks = np.empty((32, 2))
    for start in range(12, rows - 12, 32):
        stop = min(start + 32, rows - 12)
        if largest_of(samples[start - 12 : stop + 12]) * overshoot > known:
            between_peaks(samples[start - 11 : stop + 12], taps, peaks[: stop - start])
            known = max(known, largest_of(peaks[: stop - start]))
    return known


@kernel
def true_peak_gains(
    samples: NDArray[np.float64], ceiling: float, overshoot: float, taps: NDArray[np.float64]
) -> NDArray[np.int64]:
    """For each row of `samples` (n, 2) the highest gain, in 1/2^30, that keeps the wave around it under `ceiling`.

    A peak between two samples asks the same gain of all the samples it is made of, so that the applied gain is level
    where it matters. Beyond its ends `samples` counts as silent.
    """
    rows = samples.shape[0]
    gains = np.full(rows, 1 << 30, dtype=np.int64)
    around = np.empty((55, 2))
    peaks = np.empty((32, 2))
    for start in range(0, rows, 32):
        stop = min(start + 32, rows)
        first, last = max(0, start - 11), min(rows, stop + 12)
        if largest_of(samples[first:last]) * overshoot <= ceiling:
            continue
        around[:] = 0.0
        around[first - start + 11 : last - start + 11] = samples[first:last]
        between_peaks(around[: stop - start + 23], taps, peaks[: stop - start])
        for row in range(start, stop):
            peak = max(peaks[row - start, 0], peaks[row - start, 1])
            if peak > ceiling:
                needed = int(ceiling / peak * 1073741824.0)
                for near in range(max(0, row - 11), min(rows, row + 13)):
                    gains[near] = min(gains[near], needed)
    return gains
