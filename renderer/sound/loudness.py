"""A stream of samples → integrated loudness, loudness range and true peak (ITU-R BS.1770-4, EBU Tech 3342).

One pass, one block at a time; what is kept is one number for each 100 ms. Silence has no loudness: None, not −inf.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.gain import db_of_factor, factor_of_db
from renderer.sound.jit import kernel
from renderer.sound.true_peak import HALF, OVERSHOOT, TAPS, highest_peak

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Samples = NDArray[np.int16] | NDArray[np.float32] | NDArray[np.float64]

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
def to_float(samples: Samples, full_scale: float, out: NDArray[np.float64]) -> None:
    """Write `samples` (n, 2) to `out`, divided by `full_scale`, a power of two."""
    for row in range(samples.shape[0]):
        out[row, 0] = samples[row, 0] / full_scale
        out[row, 1] = samples[row, 1] / full_scale


@kernel
def weigh(samples: NDArray[np.float64], state: NDArray[np.float64], filters: NDArray[np.float64]) -> None:
    """Add the K-weighted energy of `samples` (n, 2) to `state[:, 4]`, one row for each channel; the filters go on.

    Both channels run side by side: their chains of dependent operations fill each other's waiting times.
    """
    b10, b11, b12, a11, a12 = filters[0, 0], filters[0, 1], filters[0, 2], filters[0, 3], filters[0, 4]
    b20, b21, b22, a21, a22 = filters[1, 0], filters[1, 1], filters[1, 2], filters[1, 3], filters[1, 4]
    l1, l2, l3, l4, left = state[0, 0], state[0, 1], state[0, 2], state[0, 3], state[0, 4]
    r1, r2, r3, r4, right = state[1, 0], state[1, 1], state[1, 2], state[1, 3], state[1, 4]
    for row in range(samples.shape[0]):
        value = samples[row, 0]
        shelved = b10 * value + l1
        l1 = b11 * value - a11 * shelved + l2
        l2 = b12 * value - a12 * shelved
        heard = b20 * shelved + l3
        l3 = b21 * shelved - a21 * heard + l4
        l4 = b22 * shelved - a22 * heard
        left += heard * heard
        value = samples[row, 1]
        shelved = b10 * value + r1
        r1 = b11 * value - a11 * shelved + r2
        r2 = b12 * value - a12 * shelved
        heard = b20 * shelved + r3
        r3 = b21 * shelved - a21 * heard + r4
        r4 = b22 * shelved - a22 * heard
        right += heard * heard
    state[0, 0], state[0, 1], state[0, 2], state[0, 3], state[0, 4] = l1, l2, l3, l4, left
    state[1, 0], state[1, 1], state[1, 2], state[1, 3], state[1, 4] = r1, r2, r3, r4, right


class LoudnessMeter:
    """Give it a programme block by block with `add`, in order; ask `result` at the end.

    Without `true_peak` that figure is None, and half the work is saved.
    """

    def __init__(self, *, true_peak: bool = True) -> None:
        self._finds_peak = true_peak
        self._state = np.zeros((2, 5))
        self._filled = 0
        self._steps: list[float] = []
        self._samples = np.zeros((2 * HALF, 2))
        self._peak = 0.0

    def add(self, samples: Samples) -> None:
        """Measure the next `(n, 2)` samples at 48 kHz; 1.0, or 32768 in int16, is full scale."""
        block = self._room_for(len(samples))
        to_float(samples, 32768.0 if samples.dtype == np.int16 else 1.0, block)
        end = 2 * HALF + len(samples)
        if self._finds_peak:
            self._peak = highest_peak(self._samples[:end], self._peak, OVERSHOOT, TAPS)
        for start, stop in _cuts(self._filled, len(block)):
            weigh(block[start:stop], self._state, _FILTERS)
            self._filled += stop - start
            if self._filled == STEP:
                self._end_step()
        self._samples[: 2 * HALF] = self._samples[end - 2 * HALF : end]

    def _room_for(self, count: int) -> NDArray[np.float64]:
        """Where the next `count` samples go: behind the last 24, which the true peak still needs."""
        if len(self._samples) < 2 * HALF + count:
            self._samples = np.concatenate([self._samples[: 2 * HALF], np.zeros((count, 2))])
        return self._samples[2 * HALF : 2 * HALF + count]

    def _end_step(self) -> None:
        self._steps.append(float(self._state[:, 4].sum()) / STEP)
        self._state[:, 4] = 0.0
        self._filled = 0
        # A filter that rings out in silence would end in slow denormal numbers.
        self._state[np.abs(self._state) < 1e-30] = 0.0

    def _final_peak(self) -> float:
        """With the samples that still wait for what comes after them: silence."""
        if not self._finds_peak:
            return 0.0
        ending = np.concatenate([self._samples[: 2 * HALF], np.zeros((2 * HALF, 2))])
        return highest_peak(ending, self._peak, OVERSHOOT, TAPS)

    def steps(self) -> NDArray[np.float64]:
        """The K-weighted energy of each whole 100 ms so far, summed over both channels."""
        return np.array(self._steps)

    def result(self, gain_db: float = 0.0) -> Loudness:
        """The figures of everything added so far, as they were had all of it been `gain_db` louder."""
        peak = self._final_peak() * factor_of_db(gain_db)
        steps = np.array(self._steps) * factor_of_db(2.0 * gain_db)
        return Loudness(
            integrated_lufs=_integrated(_blocks(steps, MOMENTARY_STEPS)),
            range_lu=_range(_blocks(steps, SHORT_TERM_STEPS)),
            true_peak_dbtp=db_of_factor(peak) if peak > 0 else None,
        )


def _cuts(filled: int, count: int) -> Iterator[tuple[int, int]]:
    """The parts of `count` samples that fill one step each, where `filled` samples of the first are there already."""
    edges = [0, *range(STEP - filled, count, STEP), count]
    return itertools.pairwise(edges) if count else iter(())


def _blocks(steps: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Mean energy of each run of `length` steps."""
    if len(steps) < length:
        return np.zeros(0)
    means: NDArray[np.float64] = np.lib.stride_tricks.sliding_window_view(steps, length).mean(axis=1)
    return means


MOMENTARY_STEPS, SHORT_TERM_STEPS = 4, 30
"""400 ms and 3 s (EBU Tech 3341)."""


def loudness_over_time(steps: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """LUFS of each run of `length` steps, the first ending after `length` steps; silence is −200."""
    levels: NDArray[np.float64] = _OFFSET_LU + 10.0 * np.log10(np.maximum(_blocks(steps, length), 1e-20))
    return levels


def lufs(energy: float) -> float:
    """The loudness of a mean K-weighted energy above zero."""
    return _OFFSET_LU + 10.0 * math.log10(energy)


def _energy(level: float) -> float:
    return float(10.0 ** ((level - _OFFSET_LU) / 10.0))


def _gated(blocks: NDArray[np.float64], below_lu: float) -> NDArray[np.float64]:
    """The blocks above the absolute gate, and above the one `below_lu` under their mean."""
    heard = blocks[blocks > _energy(_ABSOLUTE_GATE_LUFS)]
    if len(heard) == 0:
        return heard
    return heard[heard > _energy(lufs(float(heard.mean())) - below_lu)]


def _integrated(blocks: NDArray[np.float64]) -> float | None:
    heard = _gated(blocks, 10.0)
    return lufs(float(heard.mean())) if len(heard) else None


def _range(blocks: NDArray[np.float64]) -> float | None:
    """From the 10th to the 95th percentile of short-term loudness (EBU Tech 3342)."""
    heard = np.sort(_gated(blocks, 20.0))
    if len(heard) == 0:
        return None
    low, high = (float(heard[round((len(heard) - 1) * part)]) for part in (0.10, 0.95))
    return lufs(high) - lufs(low)
