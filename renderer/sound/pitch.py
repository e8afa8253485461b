"""The typical pitch of a recorded voice, by autocorrelation: good enough to tell it from one at double speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.pcm import PcmFile

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_THIN = 6
"""48 kHz → 8 kHz, enough for pitch."""
_RATE = 48_000 // _THIN
_FRAME = 1024
_LONGEST_LAG = _RATE // 40
_SHORTEST_LAG = _RATE // 1000
_PERIODIC = 0.6
_FEWEST_FRAMES = 20
_FRAMES_READ = 600


def voice_pitch_hz(pcm_path: Path, channels: int) -> float | None:
    """The median pitch of the voiced moments of a decoded recording, None where there are too few to tell.

    Looks at 600 moments of 128 ms, spread over the whole recording.
    """
    pcm = PcmFile(pcm_path, channels)
    length = _FRAME * _THIN
    if pcm.sample_count < 2 * length:
        return None
    starts = np.linspace(0, pcm.sample_count - length, _FRAMES_READ).astype(int)
    frames = [pcm.read(int(start), int(start) + length).mean(axis=1, dtype=np.float64) for start in starts]
    loud = [frame for frame in frames if np.sqrt(np.mean(frame**2)) > 0.005]
    pitches = [pitch for frame in loud if (pitch := _frame_pitch(frame)) is not None]
    return float(np.median(pitches)) if len(pitches) >= _FEWEST_FRAMES else None


def _frame_pitch(frame: NDArray[np.float64]) -> float | None:
    thin = frame.reshape(-1, _THIN).mean(axis=1)
    thin -= thin.mean()
    spectrum = np.fft.rfft(thin, 2 * len(thin))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:_LONGEST_LAG]
    # A longer lag overlaps fewer samples: without this, octaves below the pitch would be seldom found, above too often.
    correlation /= (len(thin) - np.arange(_LONGEST_LAG)) * max(correlation[0] / len(thin), 1e-12)
    below = np.flatnonzero(correlation < 0.3)
    if len(below) == 0:
        return None
    first = max(int(below[0]), _SHORTEST_LAG)
    best = correlation[first:].max()
    if best < _PERIODIC:
        return None
    # The first peak that is nearly as good as the best: multiples of the period are as good, and not the pitch.
    lag = first + int(np.flatnonzero(correlation[first:] > 0.9 * best)[0])
    while lag + 2 < len(correlation) and correlation[lag + 1] > correlation[lag]:
        lag += 1
    return _RATE / (lag + _peak_offset(correlation[lag - 1 : lag + 2]))


def _peak_offset(around: NDArray[np.float64]) -> float:
    """How far the top of the parabola through three points lies from the middle one, in steps."""
    before, top, after = (float(value) for value in around)
    bend = before - 2 * top + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
