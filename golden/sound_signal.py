"""Two sounds → by how much one is late, louder, swapped or other: lag, gains, channels, what is left over.

Sounds are (n, 2) arrays at 48 kHz. Lags come from the peak of the cross-correlation. What is loud (a voice) and what is
quiet (music between its words) are also looked at apart, so that a late voice over punctual music is told as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]
    Mono = NDArray[np.float64]

RATE = 48_000
STEP = 4_800
MAX_LAG = RATE
_MOST_SAMPLES = RATE * 120
SILENT_DB = -70.0
SURE_PEAK = 0.15
"""A correlation peak below this says nothing about a lag."""


@dataclass(frozen=True, slots=True)
class Lag:
    """`samples` by which the second sound is late (negative: early); `likeness` is the peak's height, 1 for equal."""

    samples: int
    likeness: float

    @property
    def seconds(self) -> float:
        return self.samples / RATE


def mid(samples: Samples) -> Mono:
    """Both channels' mean."""
    mean: Mono = samples.astype(np.float64).mean(axis=1)
    return mean


def side(samples: Samples) -> Mono:
    """Half the channels' difference."""
    return (samples[:, 0].astype(np.float64) - samples[:, 1]) / 2


def find_lag(before: Mono, after: Mono, *, max_lag: int = MAX_LAG) -> Lag:
    """Looks at the first two minutes; negative likeness is a turned polarity."""
    length = min(max(len(before), len(after)), _MOST_SAMPLES)
    a, b = (signal[:length] for signal in (before, after))
    energy = float(np.sqrt((a * a).sum() * (b * b).sum()))
    if energy < 1e-9:
        return Lag(0, 0.0)
    size = 1 << (length + max_lag).bit_length()
    surface = np.fft.irfft(np.fft.rfft(b, size) * np.fft.rfft(a, size).conj(), size)
    window = np.concatenate([surface[-max_lag:], surface[: max_lag + 1]])
    peak = int(np.abs(window).argmax())
    return Lag(peak - max_lag, float(window[peak]) / energy)


def moved(signal: Mono, samples: int, length: int) -> Mono:
    """The signal `samples` later, cut or filled with silence to `length`."""
    result = np.zeros(length)
    start, source = max(0, samples), max(0, -samples)
    count = min(length - start, len(signal) - source)
    if count > 0:
        result[start : start + count] = signal[source : source + count]
    return result


def step_db(signal: Mono) -> Mono:
    """RMS in dBFS for each whole or begun 100 ms, −120 at the least."""
    steps = -(-len(signal) // STEP)
    padded = np.zeros(steps * STEP)
    padded[: len(signal)] = signal
    power = (padded.reshape(steps, STEP) ** 2).mean(axis=1)
    found: Mono = 10 * np.log10(np.maximum(power, 1e-12))
    return found


def channel_levels(samples: Samples, late: int = 0) -> tuple[Mono, Mono]:
    """Levels of left and right, of a sound that is `late` samples late."""
    channels = (moved(samples[:, channel].astype(np.float64), -late, len(samples)) for channel in (0, 1))
    left, right = (step_db(channel) for channel in channels)
    return left, right


def both_db(levels: tuple[Mono, Mono]) -> Mono:
    """The mean power of both channels in dBFS."""
    mean: Mono = 10 * np.log10((10 ** (levels[0] / 10) + 10 ** (levels[1] / 10)) / 2)
    return mean


def loud_steps(levels: Mono) -> NDArray[np.bool_]:
    """Steps of the louder kind, where a sound has two kinds (a voice and a bed): within 14 dB of the loudest tenth."""
    heard = levels[levels > SILENT_DB]
    if not len(heard):
        return np.zeros(len(levels), bool)
    found: NDArray[np.bool_] = levels > np.percentile(heard, 90) - 14
    return found


def masked(signal: Mono, steps: NDArray[np.bool_]) -> Mono:
    """The signal in the chosen steps, silence elsewhere."""
    return signal * np.repeat(steps, STEP)[: len(signal)]


def median_change(before: Mono, after: Mono, steps: NDArray[np.bool_]) -> float | None:
    """Median of the level change in dB over the chosen steps; None where nothing is heard in them."""
    count = min(len(before), len(after), len(steps))
    chosen = steps[:count] & (before[:count] > SILENT_DB) & (after[:count] > SILENT_DB)
    if chosen.sum() < 3:
        return None
    return float(np.median(after[:count][chosen] - before[:count][chosen]))


def left_over_db(before: Mono, after: Mono) -> float:
    """Level of the difference relative to the first sound, in dB; −120 for none."""
    length = max(len(before), len(after))
    a, b = moved(before, 0, length), moved(after, 0, length)
    energy = float((a * a).sum())
    rest = float(((b - a) ** 2).sum())
    if rest <= energy * 1e-12:
        return -120.0
    return 10 * float(np.log10(rest / max(energy, 1e-12)))
