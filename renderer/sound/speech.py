"""A decoded narration → the intervals in which it speaks → an envelope that lowers the music under them.

Speech is what lies above −45 dBFS, or above the recording's own noise floor + 12 dB where that is higher, in windows of
20 ms (DESIGN §4). The envelope is computed from the intervals, never by a compressor: its depth is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.jit import kernel
from renderer.sound.pcm import PcmFile
from renderer.timeline.model import EnvelopePoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

WINDOW = 960
"""Samples in 20 ms."""
QUIETEST_SPEECH_DB = -45.0
ABOVE_NOISE_DB = 12.0
_BELOW_LOUD_DB = 12.0
"""The threshold stays this far under the loudest windows: a voice without pauses has no noise floor to measure."""
_DIGITAL_SILENCE_DB = -90.0
_READ_WINDOWS = 500

Interval = tuple[int, int]


def window_levels_db(pcm_path: Path, channels: int) -> NDArray[np.float64]:
    """RMS of each 20 ms window of a decoded file, in dBFS (1.0 is 0 dB); the louder channel counts.

    A last window that is not full counts with what it has; digital silence is −200 dB.
    """
    pcm = PcmFile(pcm_path, channels)
    levels = [
        _levels(pcm.read(start, min(start + WINDOW * _READ_WINDOWS, pcm.sample_count)))
        for start in range(0, pcm.sample_count, WINDOW * _READ_WINDOWS)
    ]
    return np.concatenate([np.zeros(0), *levels])


@kernel
def window_energies(samples: NDArray[np.float32], window: int) -> NDArray[np.float64]:
    """Mean square of each `window` rows of `samples` (n, channels), of its louder channel; the last may be shorter."""
    energies = np.zeros(-(-samples.shape[0] // window))
    for index in range(len(energies)):
        start, stop = index * window, min((index + 1) * window, samples.shape[0])
        for channel in range(samples.shape[1]):
            total = 0.0
            for row in range(start, stop):
                total += float(samples[row, channel]) ** 2
            energies[index] = max(energies[index], total / (stop - start))
    return energies


def _levels(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    levels: NDArray[np.float64] = 10.0 * np.log10(np.maximum(window_energies(samples, WINDOW), 1e-20))
    return levels


def speech_threshold_db(levels_db: NDArray[np.float64]) -> float:
    """The level from which a window of this recording counts as speech.

    The noise floor is the level that the quietest tenth of the windows stays under, digital silence left aside.
    """
    recorded = levels_db[levels_db > _DIGITAL_SILENCE_DB]
    if len(recorded) == 0:
        return QUIETEST_SPEECH_DB
    floor, loud = (float(np.percentile(recorded, part)) for part in (10, 95))
    return max(QUIETEST_SPEECH_DB, min(floor + ABOVE_NOISE_DB, loud - _BELOW_LOUD_DB))


def speech_intervals(pcm_path: Path, channels: int) -> list[Interval]:
    """The half-open sample ranges in which a decoded recording speaks, in order; whole windows, nothing merged."""
    levels = window_levels_db(pcm_path, channels)
    speaks = np.concatenate([[False], levels > speech_threshold_db(levels), [False]])
    edges = np.flatnonzero(speaks[1:] != speaks[:-1])
    length = PcmFile(pcm_path, channels).sample_count
    return [
        (int(start) * WINDOW, min(int(end) * WINDOW, length))
        for start, end in zip(edges[::2], edges[1::2], strict=True)
    ]


def merge_intervals(intervals: Iterable[Interval], merge_gap: int) -> list[Interval]:
    """Join intervals (in order) whose gap is shorter than `merge_gap` samples."""
    merged: list[Interval] = []
    for start, end in intervals:
        if merged and start - merged[-1][1] < merge_gap:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


@dataclass(frozen=True, slots=True)
class _Ramps:
    """How the gain moves: `depth_db` (negative), reached in `attack` samples, left in `release` samples."""

    depth_db: Fraction
    attack: int
    release: int

    @property
    def shortest_release(self) -> int:
        """A short pause hurries the release, but never beyond the attack's pace."""
        return min(self.attack, self.release)


def duck_envelope(
    intervals: Sequence[Interval],
    *,
    offset: int,
    duck_db: Fraction,
    attack: int,
    release: int,
    merge_gap: int,
    sample_count: int,
) -> tuple[EnvelopePoint, ...]:
    """The envelope that lowers music by `duck_db` (negative) wherever `intervals`, moved by `offset`, speak.

    All lengths are samples. Full depth is reached before an interval starts and held to its end; the gain moves
    linearly in dB. In a pause too short for `release` and the next `attack` the release is hurried, so that the music
    comes back wholly; where that would be faster than the attack, it turns back half-way.
    Points lie inside the programme of `sample_count` samples; no interval, no points.
    """
    ramps = _Ramps(Fraction(duck_db), max(1, attack), max(1, release))
    moved = [(start + offset, end + offset) for start, end in merge_intervals(intervals, merge_gap)]
    heard = [(start, end) for start, end in moved if end + ramps.release > 0 and start - ramps.attack < sample_count]
    if not heard or duck_db == 0 or sample_count <= 0:
        return ()
    points = [EnvelopePoint(heard[0][0] - ramps.attack, Fraction(0))]
    for (start, end), following in zip(heard, [*heard[1:], None], strict=True):
        points += [EnvelopePoint(start, ramps.depth_db), EnvelopePoint(end, ramps.depth_db)]
        points += _between(end, following[0] if following else None, ramps)
    return _inside(points, sample_count)


def _between(end: int, next_start: int | None, ramps: _Ramps) -> list[EnvelopePoint]:
    """The way up after an interval, and where the next one calls it back."""
    if next_start is None:
        return [EnvelopePoint(end + ramps.release, Fraction(0))]
    down = next_start - ramps.attack
    up = min(end + ramps.release, down)
    if up - end >= ramps.shortest_release:
        return [EnvelopePoint(at, Fraction(0)) for at in dict.fromkeys((up, down))]
    rising, falling = ramps.shortest_release, ramps.attack
    turn = (falling * end + rising * next_start) // (falling + rising)
    return [EnvelopePoint(turn, ramps.depth_db * (1 - Fraction(turn - end, rising)))] if turn > end else []


def _inside(points: list[EnvelopePoint], sample_count: int) -> tuple[EnvelopePoint, ...]:
    """`points` cut to the programme, with the gain they have at its first and last sample."""
    last = sample_count - 1
    kept = [point for point in points if 0 < point.sample < last]
    if points[0].sample <= 0:
        kept.insert(0, EnvelopePoint(0, gain_at(points, 0)))
    if points[-1].sample >= last:
        kept.append(EnvelopePoint(last, gain_at(points, last)))
    return tuple(kept)


def gain_at(points: Sequence[EnvelopePoint], sample: int) -> Fraction:
    """The gain in dB that an envelope has at a sample, exact."""
    before = [point for point in points if point.sample <= sample]
    after = [point for point in points if point.sample > sample]
    if not before or not after:
        return (before or after)[-1 if before else 0].gain_db
    low, high = before[-1], after[0]
    return low.gain_db + (high.gain_db - low.gain_db) * Fraction(sample - low.sample, high.sample - low.sample)
