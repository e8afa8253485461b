"""A timeline's `Sound` and its decoded sources → the programme mix, any range of samples at a time.

A pure function of the range: every block size gives the same bits. Tracks are summed in float64 in their order, with
IEEE multiplications and additions only; nothing is normalised, nothing dithered, and where no track sounds there are
zeros. The limiter touches the sum only where it would clip, or where a loudness target's ceiling is set.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.gain import Envelope, add_scaled, apply_fades, constant_factor, db_of_factor, scale
from renderer.sound.limiter import (
    AFTER,
    BEFORE,
    FALL_STEP,
    RISE_STEP,
    UNITY,
    LimiterReport,
    extremes,
    gains_under,
    limit,
    ramp_gains,
    to_int16,
)
from renderer.sound.pcm import TrackReader, open_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from renderer.sound.mastering import Mastering
    from renderer.timeline.model import Sound, SoundTrack

WORK_SAMPLES = 192_000
"""Samples mixed at once inside `blocks`: four seconds, so that the limiter's surroundings cost little."""


class _Voice:
    """One track, ready to be read: gain, fades and envelope applied."""

    def __init__(self, track: SoundTrack, pcm: Path) -> None:
        self._track = track
        self._reader = TrackReader(open_source(pcm, track.source), track.loop)
        self._factor = constant_factor(track.gain_db)
        self._envelope = Envelope(track.envelope)

    def add_to(self, total: NDArray[np.float64], start: int) -> None:
        """Add this track to `total` (n, 2), whose first row is programme sample `start`."""
        track = self._track
        first, last = max(start, track.start), min(start + len(total), track.end)
        if first >= last:
            return
        heard = self._reader.read(first - track.start + track.skip, last - track.start + track.skip)
        self._envelope.apply(heard, first)
        if first < track.start + track.fade_in or last > track.end - track.fade_out:
            apply_fades(heard, first - track.start, track.end - track.start, track.fade_in, track.fade_out)
        add_scaled(total[first - start : last - start], heard, self._factor)


class Mix:
    """The programme mix of `sound`. `pcm` names the decoded file of each source by its sha256.

    `mastering` is what a loudness target asks for (`master_to`); without it levels stay as the tracks give them.
    `limiter_report` says what the limiter did, once `blocks` has run to its end; None before.

    Raises: OutputError where a decoded file is not as long as its source.
    """

    def __init__(self, sound: Sound, pcm: Mapping[str, Path], mastering: Mastering | None = None) -> None:
        self._gain = mastering.gain if mastering is not None else 1.0
        self._ceiling_dbtp = mastering.ceiling_dbtp if mastering is not None else None
        self.sample_count = sound.sample_count
        self.limiter_report: LimiterReport | None = None
        self._voices = [_Voice(track, pcm[track.source.sha256]) for track in sound.tracks]

    def samples(self, start: int, end: int) -> NDArray[np.float32]:
        """Programme samples `start` to `end` (half-open) as `(n, 2)` float32; 1.0 is full scale."""
        return self._limited(start, end).samples.astype(np.float32)

    def blocks(self, block_samples: int = WORK_SAMPLES) -> Iterator[NDArray[np.int16]]:
        """The whole programme in blocks of `block_samples` (the last may be shorter), rounded half to even."""
        self.limiter_report = None
        tally = _Tally()
        work = block_samples * max(1, WORK_SAMPLES // block_samples)
        for start in range(0, self.sample_count, work):
            limited = self._limited(start, min(start + work, self.sample_count))
            tally.add(start, limited)
            ready = to_int16(limited.samples)
            for offset in range(0, len(ready), block_samples):
                yield ready[offset : offset + block_samples]
        self.limiter_report = tally.report()

    def limited(self, start: int, end: int) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
        """Programme samples as `(n, 2)`, and the limiter's gain in each, 2^30 being 1; None where it has none."""
        part = self._limited(start, end)
        return part.samples, part.gains

    def unlimited_blocks(self) -> Iterator[NDArray[np.float64]]:
        """The plain sum of all tracks, before mastering and limiter, in blocks of (n, 2)."""
        for start in range(0, self.sample_count, WORK_SAMPLES):
            yield self.unlimited(start, min(start + WORK_SAMPLES, self.sample_count))

    def unlimited(self, start: int, end: int) -> NDArray[np.float64]:
        """The plain sum of all tracks, before mastering and limiter, `(n, 2)`."""
        total = np.zeros((end - start, 2))
        for voice in self._voices:
            voice.add_to(total, start)
        return total

    def _limited(self, start: int, end: int) -> _Limited:
        if not 0 <= start <= end <= self.sample_count:
            raise ValueError(f"expected samples within [0, {self.sample_count}], found [{start}, {end})")
        before, after = max(0, start - BEFORE), min(self.sample_count, end + AFTER)
        wide = self.unlimited(before, after)
        if self._gain != 1.0:
            scale(wide, self._gain)
        gains = gains_under(wide, self._ceiling_dbtp)
        inside = slice(start - before, end - before)
        low, high = extremes(wide[inside])
        if gains is not None:
            ramp_gains(gains, RISE_STEP, FALL_STEP)
            limit(wide, gains)
            gains = gains[inside]
        return _Limited(wide[inside], gains, max(high, -low))


@dataclass(frozen=True, slots=True)
class _Limited:
    """A range after the limiter; `gains` is None where it had nothing to do."""

    samples: NDArray[np.float64]
    gains: NDArray[np.int64] | None
    peak_before: float


class _Tally:
    """Adds up what the limiter did, range by range."""

    def __init__(self) -> None:
        self._limited = 0
        self._least = UNITY
        self._first: int | None = None
        self._peak = 0.0

    def add(self, start: int, part: _Limited) -> None:
        self._peak = max(self._peak, part.peak_before)
        if part.gains is None:
            return
        lowered = np.flatnonzero(part.gains < UNITY)
        if len(lowered) == 0:
            return
        self._limited += len(lowered)
        self._least = min(self._least, int(part.gains.min()))
        if self._first is None:
            self._first = start + int(lowered[0])

    def report(self) -> LimiterReport:
        return LimiterReport(self._limited, db_of_factor(self._least / UNITY), self._first, self._peak)
