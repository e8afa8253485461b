"""A stream of samples → integrated loudness, loudness range and true peak (ITU-R BS.1770-4, EBU Tech 3342).

One pass, one block at a time; what is kept is one number for each 100 ms. Silence has no loudness: None, not −inf.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.gain import db_of_factor
from renderer.sound.jit import kernel
from renderer.sound.true_peak import HALF, OVERSHOOT, TAPS, highest_peak

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEP = 4800
"""Samples in 100 ms: loudness blocks of 400 ms and 3 s advance by this much."""
_OFFSET_LU = -0.691
_ABSOLUTE_GATE_LUFS = -70.0

# The two filters of BS.1770-4, tables 1 and 2, for 48 kHz: b0 b1 b2 a1 a2.
_SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285, -1.69065929318241, 0.73248077421585)
_HIGH_PASS = (1.0, -2.0, 1.0, -1.99004745483398, 0.99007225036621)
_FILTERS = np.array([_SHELF, _HIGH_PASS])


@dataclass(frozen=True, slots=True)
class Loudness:
    """What a programme measures. None where there is nothing to measure: silence, or less than 400 ms."""

    integrated_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None


@kernel
def weigh(
    samples: NDArray[np.float64], state: NDArray[np.float64], filters: NDArray[np.float64], energy: NDArray[np.float64]
) -> None:
    """Add the K-weighted energy of `samples` (n, 2) to `energy`, one entry for each 4800 rows; `state` goes on."""
    for channel in range(2):
        for row in range(samples.shape[0]):
            if row % 4800 == 0:  # a filter that rings out in silence would end in slow denormal numbers
                for i in range(4):
                    if abs(state[channel, i]) < 1e-30:
                        state[channel, i] = 0.0
            value = samples[row, channel]
            for stage in range(2):
                b0, b1, b2 = filters[stage, 0], filters[stage, 1], filters[stage, 2]
                out = b0 * value + state[channel, 2 * stage]
                state[channel, 2 * stage] = b1 * value - filters[stage, 3] * out + state[channel, 2 * stage + 1]
                state[channel, 2 * stage + 1] = b2 * value - filters[stage, 4] * out
                value = out
            energy[row // 4800] += value * value


class LoudnessMeter:
    """Give it a programme block by block with `add`, in order; ask `result` at the end."""

    def __init__(self) -> None:
        self._state = np.zeros((2, 4))
        self._steps: list[float] = []
        self._waiting = np.zeros((0, 2))
        self._around = np.zeros((2 * HALF, 2))
        self._peak = 0.0

    def add(self, samples: NDArray[np.int16] | NDArray[np.float32] | NDArray[np.float64]) -> None:
        """Measure the next `(n, 2)` samples at 48 kHz; 1.0, or 32768 in int16, is full scale."""
        block = samples.astype(np.float64)
        if samples.dtype == np.int16:
            block /= 32768.0
        self._find_peak(block)
        waiting = np.concatenate([self._waiting, block])
        whole = len(waiting) // STEP * STEP
        energy = np.zeros(whole // STEP)
        weigh(waiting[:whole], self._state, _FILTERS, energy)
        self._steps.extend((energy / STEP).tolist())
        self._waiting = waiting[whole:].copy()

    def _find_peak(self, block: NDArray[np.float64]) -> None:
        joined = np.concatenate([self._around, block])
        self._peak = highest_peak(joined, self._peak, OVERSHOOT, TAPS)
        self._around = joined[-2 * HALF :].copy()

    def result(self) -> Loudness:
        """The figures of everything added so far."""
        self._find_peak(np.zeros((2 * HALF, 2)))
        steps = np.array(self._steps)
        return Loudness(
            integrated_lufs=_integrated(_blocks(steps, 4)),
            range_lu=_range(_blocks(steps, 30)),
            true_peak_dbtp=db_of_factor(self._peak) if self._peak > 0 else None,
        )


def _blocks(steps: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Mean energy of each run of `length` steps."""
    if len(steps) < length:
        return np.zeros(0)
    means: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(steps, length).mean(axis=1)
    return means


def _lufs(energy: float) -> float:
    return _OFFSET_LU + 10.0 * math.log10(energy)


def _energy(lufs: float) -> float:
    return float(10.0 ** ((lufs - _OFFSET_LU) / 10.0))


def _gated(blocks: NDArray[np.float64], below_lu: float) -> NDArray[np.float64]:
    """The blocks above the absolute gate, and above the one `below_lu` under their mean."""
    heard = blocks[blocks > _energy(_ABSOLUTE_GATE_LUFS)]
    if len(heard) == 0:
        return heard
    return heard[heard > _energy(_lufs(float(heard.mean())) - below_lu)]


def _integrated(blocks: NDArray[np.float64]) -> float | None:
    heard = _gated(blocks, 10.0)
    return _lufs(float(heard.mean())) if len(heard) else None


def _range(blocks: NDArray[np.float64]) -> float | None:
    """From the 10th to the 95th percentile of short-term loudness (EBU Tech 3342)."""
    heard = np.sort(_gated(blocks, 20.0))
    if len(heard) == 0:
        return None
    low, high = (float(heard[round((len(heard) - 1) * part)]) for part in (0.10, 0.95))
    return _lufs(high) - _lufs(low)
