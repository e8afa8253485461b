"""A sound and its sources → what is heard where, in a few hundred columns: for `explain` and `plot`."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.gain import Envelope, db_of_factor
from renderer.sound.mix import Mix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from renderer.sound.mastering import Mastering
    from renderer.timeline.model import Sound, SoundTrack

SILENCE_DB = -100.0
_WORK_SAMPLES = 480_000


@dataclass(frozen=True, slots=True)
class Lane:
    """One track, or the mix, column by column: lowest and highest sample of both channels, and RMS in dBFS.

    Columns without sound have −100 dB. `gain_db` is what the track's gain, envelope and fades make together in the
    middle of each column, −100 where the track is not.
    """

    name: str
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    rms_db: NDArray[np.float64]
    gain_db: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Survey:
    """`edges` are the columns' first samples, and the programme's end."""

    edges: NDArray[np.int64]
    tracks: tuple[Lane, ...]
    mix: Lane


def survey_sound(sound: Sound, pcm: Mapping[str, Path], *, columns: int, mastering: Mastering | None = None) -> Survey:
    """Mix every track alone and all of them together, in at most `columns` columns of equal length."""
    count = max(1, min(columns, sound.sample_count))
    edges = np.arange(count + 1, dtype=np.int64) * sound.sample_count // count
    tracks = tuple(
        _lane(track.role, Mix(replace(sound, tracks=(track,)), pcm), edges, _gains(track, edges))
        for track in sound.tracks
    )
    return Survey(edges, tracks, _lane("mix", Mix(sound, pcm, mastering), edges, np.zeros(count)))


def _lane(name: str, mix: Mix, edges: NDArray[np.int64], gain_db: NDArray[np.float64]) -> Lane:
    parts = [_columns(mix, part) for part in _runs(edges)]
    low, high, rms = (np.concatenate(values) for values in zip(*parts, strict=True))
    return Lane(name, low, high, rms, gain_db)


def _runs(edges: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The edges in overlapping groups, each of about ten seconds or one column."""
    width = max(1, int(edges[-1]) // (len(edges) - 1))
    step = max(1, _WORK_SAMPLES // width)
    return [edges[start : start + step + 1] for start in range(0, len(edges) - 1, step)]


def _columns(
    mix: Mix, edges: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    if edges[-1] == edges[0]:
        silent = np.zeros(len(edges) - 1)
        return silent, silent, silent + SILENCE_DB
    samples = mix.samples(int(edges[0]), int(edges[-1])).astype(np.float64)
    starts = edges[:-1] - edges[0]
    low = np.minimum.reduceat(samples.min(axis=1), starts)
    high = np.maximum.reduceat(samples.max(axis=1), starts)
    energy = np.add.reduceat((samples**2).mean(axis=1), starts) / np.diff(edges)
    return low, high, np.maximum(10.0 * np.log10(np.maximum(energy, 1e-20)), SILENCE_DB)


def _gains(track: SoundTrack, edges: NDArray[np.int64]) -> NDArray[np.float64]:
    envelope = Envelope(track.envelope)
    middles = (edges[:-1] + edges[1:]) // 2
    return np.array([_gain_at(track, envelope, int(middle)) for middle in middles])


def _gain_at(track: SoundTrack, envelope: Envelope, sample: int) -> float:
    if not track.start <= sample < track.end:
        return SILENCE_DB
    rising = min(1.0, (sample - track.start + 0.5) / track.fade_in) if track.fade_in else 1.0
    falling = min(1.0, (track.end - sample - 0.5) / track.fade_out) if track.fade_out else 1.0
    total = float(track.gain_db) + envelope.gain_db_at(sample) + db_of_factor(rising * falling)
    return total if math.isfinite(total) else SILENCE_DB
