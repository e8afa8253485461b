"""A sound and its sources → what is heard where, in some thousand columns: for `explain` and `plot`.

Each track is mixed alone, as loud as it lies in the mix but before the limiter; then all of them, as they come out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.ahead import mixed_ahead
from renderer.sound.gain import Envelope
from renderer.sound.jit import kernel
from renderer.sound.limiter import UNITY
from renderer.sound.loudness import STEP, LoudnessMeter
from renderer.sound.mix import Mix
from renderer.sound.speech import merge_intervals, speech_intervals
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from renderer.sound.mastering import Mastering
    from renderer.timeline.model import Sound, SoundTrack

    Heard = tuple[NDArray[np.float64], NDArray[np.int64] | None]

SILENCE_DB = -100.0
_PAUSE_SAMPLES = SAMPLE_RATE * 6 // 10
_WORK_SAMPLES = 192_000
_ROW_SECONDS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200)


@dataclass(frozen=True, slots=True)
class Lane:
    """One track, or the mix, column by column.

    `low` and `high` are the extreme samples of both channels, `energy` the mean square. `gain_low_db` and
    `gain_high_db` bound what a track's own gain, envelope and fades make together in a column, −100 where the track is
    not; for the mix they bound the limiter's gain. `steps` are K-weighted energies of 100 ms each, for loudness.
    """

    name: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    energy: NDArray[np.float64]
    gain_low_db: NDArray[np.float64]
    gain_high_db: NDArray[np.float64]
    steps: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Survey:
    """`edges` are the columns' first samples, and the programme's end; every `row_columns` columns make a round time.

    `speech` holds the programme samples in which the narration speaks, pauses under 0.6 s closed.
    """

    edges: NDArray[np.int64]
    row_columns: int
    tracks: tuple[Lane, ...]
    mix: Lane
    speech: tuple[tuple[int, int], ...]

    @property
    def sample_count(self) -> int:
        return int(self.edges[-1])


def survey_sound(
    sound: Sound, pcm: Mapping[str, Path], *, columns: int, rows: int = 30, mastering: Mastering | None = None
) -> Survey:
    """Look at the whole sound in at least `columns` columns, where it has as many samples, and at most `rows` rows."""
    row = _row_samples(sound.sample_count, rows)
    each = max(1, min(math.ceil(columns * row / max(1, sound.sample_count)), row))
    count = max(1, math.ceil(sound.sample_count * each / row))
    edges = np.minimum(np.arange(count + 1, dtype=np.int64) * row // each, sound.sample_count)
    gain = mastering.gain if mastering is not None else 1.0
    tracks = tuple(_track_lane(sound, track, pcm, edges, gain=gain) for track in sound.tracks)
    return Survey(edges, each, tracks, _lane("mix", Mix(sound, pcm, mastering), edges), _speech(sound, pcm))


def _row_samples(sample_count: int, rows: int) -> int:
    """The shortest round time of which at most `rows` cover the programme."""
    lengths = (round(seconds * SAMPLE_RATE) for seconds in _ROW_SECONDS)
    return next((length for length in lengths if length * rows >= sample_count), -(-sample_count // rows))


def _track_lane(
    sound: Sound, track: SoundTrack, pcm: Mapping[str, Path], edges: NDArray[np.int64], *, gain: float
) -> Lane:
    """A track alone, `gain` times louder: the mastering's, which all tracks share."""
    alone = _lane(track.role, Mix(replace(sound, tracks=(track,)), pcm), edges, limited=False)
    low_db, high_db = _track_gains(track, edges)
    return Lane(
        name=track.role,
        low=alone.low * gain,
        high=alone.high * gain,
        energy=alone.energy * gain**2,
        gain_low_db=low_db,
        gain_high_db=high_db,
        steps=alone.steps * gain**2,
    )


def _lane(name: str, mix: Mix, edges: NDArray[np.int64], *, limited: bool = True) -> Lane:
    parts, meter = [], LoudnessMeter(true_peak=False)
    for (samples, gains), starts in mixed_ahead(_heard(mix, edges, limited=limited)):
        meter.add(samples)
        parts.append(_columns(samples, gains, starts))
    low, high, energy, deepest = (np.concatenate(values) for values in zip(*parts, strict=True))
    gain_db = np.maximum(20.0 * np.log10(np.maximum(deepest, 1e-9)), SILENCE_DB)
    return Lane(name, low, high, energy, gain_db, np.zeros(len(gain_db)), meter.steps())


def _heard(mix: Mix, edges: NDArray[np.int64], *, limited: bool) -> Iterator[tuple[Heard, NDArray[np.int64]]]:
    """Runs of whole columns, each of about four seconds or one column, with the columns' starts in it."""
    width = max(1, int(edges[-1]) // (len(edges) - 1))
    together = max(1, _WORK_SAMPLES // width)
    for first in range(0, len(edges) - 1, together):
        part = edges[first : first + together + 1]
        start, end = int(part[0]), int(part[-1])
        heard: Heard = mix.limited(start, end) if limited else (mix.unlimited(start, end), None)
        yield heard, part - start


@kernel
def summed_up(
    samples: NDArray[np.float64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest value and mean square of `samples` (n, 2) in each column; `starts` ends with n."""
    columns = len(starts) - 1
    low, high, energy = np.zeros(columns), np.zeros(columns), np.zeros(columns)
    for column in range(columns):
        total = 0.0
        lowest, highest = samples[starts[column], 0], samples[starts[column], 0]
        for row in range(starts[column], starts[column + 1]):
            for side in range(2):
                value = samples[row, side]
                lowest, highest = min(lowest, value), max(highest, value)
                total += value * value
        low[column], high[column] = lowest, highest
        energy[column] = total / (2 * (starts[column + 1] - starts[column]))
    return low, high, energy


def _columns(
    samples: NDArray[np.float64], gains: NDArray[np.int64] | None, starts: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest sample, mean square and lowest limiter gain of each column; `starts` ends with the end."""
    if starts[-1] == 0:
        silent = np.zeros(len(starts) - 1)
        return silent, silent, silent, silent + 1.0
    deepest = np.minimum.reduceat(gains, starts[:-1]) / UNITY if gains is not None else np.ones(len(starts) - 1)
    return *summed_up(samples, starts), deepest


def _track_gains(track: SoundTrack, edges: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The lowest and highest gain in dB of each column: at its ends, and at the envelope's points inside."""
    points = np.array([point.sample for point in track.envelope], dtype=np.int64)
    inside = points[(points >= edges[0]) & (points < edges[-1])]
    at = np.sort(np.concatenate([edges[:-1], np.maximum(edges[1:] - 1, edges[:-1]), inside]))
    heard, gains = (at >= track.start) & (at < track.end), _gains_db(track, at)
    starts = np.searchsorted(at, edges[:-1])
    high = np.maximum.reduceat(np.where(heard, gains, SILENCE_DB), starts)
    return np.minimum(np.minimum.reduceat(np.where(heard, gains, np.inf), starts), high), high


def _gains_db(track: SoundTrack, at: NDArray[np.int64]) -> NDArray[np.float64]:
    """Gain, envelope and fades together at programme samples `at`."""
    rising = np.minimum(1.0, (at - track.start + 0.5) / track.fade_in) if track.fade_in else np.ones(len(at))
    falling = np.minimum(1.0, (track.end - at - 0.5) / track.fade_out) if track.fade_out else np.ones(len(at))
    fades_db = 20.0 * np.log10(np.maximum(rising, 0.0) * np.maximum(falling, 0.0) + 1e-9)
    total = float(track.gain_db) + Envelope(track.envelope).gain_db_at(at) + fades_db
    gains: NDArray[np.float64] = np.maximum(total, SILENCE_DB)
    return gains


def _speech(sound: Sound, pcm: Mapping[str, Path]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for track in sound.tracks:
        if track.role == "narration":
            channels = 1 if track.source.channels == 1 else 2
            spoken = merge_intervals(speech_intervals(pcm[track.source.sha256], channels), _PAUSE_SAMPLES)
            found += [(track.start + start, min(track.start + end, track.end)) for start, end in spoken]
    return tuple(found)


def spoken_steps(survey: Survey) -> NDArray[np.bool_]:
    """Which 100 ms steps of the programme lie wholly in speech."""
    steps = np.zeros(len(survey.mix.steps), dtype=np.bool_)
    for start, end in survey.speech:
        steps[-(-start // STEP) : end // STEP] = True
    return steps
