"""A decoded narration → what an author should know about it before it goes into a video.

Findings are facts of the samples: none changes the mix. A recording without samples is an error, everything else a
warning. A wrong sample rate is suspected from two things only: a rate nobody records at, and a voice whose pitch no
person has (a header that is wrong by a factor of two); 44.1 kHz taken for 48 kHz can't be heard from the samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from renderer.sound.gain import db_of_factor
from renderer.sound.pcm import PcmFile
from renderer.sound.pitch import voice_pitch_hz
from renderer.sound.speech import WINDOW, speech_threshold_db, window_levels_db

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from renderer.sound.decode import AudioFacts

SILENT_DB = -60.0
LOW_DB = -40.0
"""Speech is recorded at −30 to −15 dBFS; under this it drowns in noise once it is turned up."""
MOSTLY_SILENT_SHARE = 0.1
_SHORTEST_TO_JUDGE_S = 2
_CLIP_LEVEL = 0.9999
_CLIP_RUN = 3
_FEWEST_CLIPS = 5
_USUAL_RATES = range(8_000, 192_001)
_HUMAN_PITCH_HZ = (60.0, 420.0)

Code = Literal["no-samples", "silent", "mostly-silent", "very-low", "clipped", "wrong-rate"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a recording, as a sentence that names what was measured."""

    severity: Literal["error", "warning"]
    code: Code
    message: str


def examine_narration(pcm_path: Path, facts: AudioFacts) -> tuple[Finding, ...]:
    """Everything that is odd about a decoded narration, most serious first."""
    if facts.samples == 0:
        return (Finding("error", "no-samples", "the recording has no samples"),)
    levels = window_levels_db(pcm_path, facts.pcm_channels)
    loudest = float(levels.max())
    if loudest < SILENT_DB:
        at = "digital silence" if loudest <= -199 else f"its loudest moment has {loudest:.0f} dBFS"
        return (Finding("warning", "silent", f"the recording is silent: {at}"),)
    found = [
        _level_finding(loudest),
        _share_finding(levels),
        _clip_finding(PcmFile(pcm_path, facts.pcm_channels)) if facts.peak >= _CLIP_LEVEL else None,
        _rate_finding(pcm_path, facts),
    ]
    return tuple(finding for finding in found if finding is not None)


def examine_music(facts: AudioFacts) -> tuple[Finding, ...]:
    """What is odd about decoded music: only silence; loud masters clip on purpose."""
    if facts.samples == 0:
        return (Finding("error", "no-samples", "the music has no samples"),)
    peak_dbfs = db_of_factor(facts.peak)
    if peak_dbfs >= SILENT_DB:
        return ()
    at = "digital silence" if facts.peak == 0 else f"its highest peak is at {peak_dbfs:.0f} dBFS"
    return (Finding("warning", "silent", f"the music is silent: {at}"),)


def _level_finding(loudest: float) -> Finding | None:
    if loudest >= LOW_DB:
        return None
    return Finding("warning", "very-low", f"very quiet: its loudest moment has {loudest:.0f} dBFS")


def _share_finding(levels: NDArray[np.float64]) -> Finding | None:
    share = float((levels > speech_threshold_db(levels)).mean())
    if share >= MOSTLY_SILENT_SHARE or len(levels) * WINDOW < _SHORTEST_TO_JUDGE_S * 48_000:
        return None
    return Finding("warning", "mostly-silent", f"mostly silent: it speaks in {share:.0%} of its length")


def _clip_finding(pcm: PcmFile) -> Finding | None:
    starts = [start for start, run in _full_scale_runs(pcm) if run >= _CLIP_RUN]
    if len(starts) < _FEWEST_CLIPS:
        return None
    first = starts[0] / 48_000
    return Finding("warning", "clipped", f"clipped in {len(starts)} places, first at {first:.2f} s: recorded too loud")


def _full_scale_runs(pcm: PcmFile) -> Iterator[tuple[int, int]]:
    """First sample and length of each run at full scale; a run across two reads counts as two."""
    for start in range(0, pcm.sample_count, 480_000):
        samples = pcm.read(start, min(start + 480_000, pcm.sample_count))
        full = np.concatenate([[False], (np.abs(samples) >= _CLIP_LEVEL).any(axis=1), [False]])
        edges = np.flatnonzero(full[1:] != full[:-1])
        for first, end in zip(edges[::2], edges[1::2], strict=True):
            yield start + int(first), int(end - first)


def _rate_finding(pcm_path: Path, facts: AudioFacts) -> Finding | None:
    if facts.sample_rate not in _USUAL_RATES:
        return Finding("warning", "wrong-rate", f"its header says {facts.sample_rate} Hz: nobody records at that rate")
    pitch = voice_pitch_hz(pcm_path, facts.pcm_channels)
    low, high = _HUMAN_PITCH_HZ
    if pitch is None or low <= pitch <= high:
        return None
    speed = "fast" if pitch > high else "slow"
    sentence = f"plays too {speed}, or is no voice: its pitch is {pitch:.0f} Hz; is {facts.sample_rate} Hz right?"
    return Finding("warning", "wrong-rate", sentence)
