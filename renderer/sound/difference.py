"""How far two programmes are apart in level, window by window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

WINDOW = SAMPLE_RATE // 10
AUDIBLE_DB = -60.0
"""Windows below this level in both programmes are not compared: nothing is heard there."""


@dataclass(frozen=True, slots=True)
class SoundDifference:
    """The largest difference of level over 100 ms windows in dB, and of a sample in full scale; lengths in samples."""

    level_db: float
    sample: float
    samples: tuple[int, int]


def sound_difference(programme: Iterable[NDArray[np.int16]], track: Path, channels: int) -> SoundDifference:
    """A mix in blocks of (n, 2) int16 against a file of interleaved float32 with as many channels."""
    mixed = np.concatenate([np.zeros((0, channels), np.int16), *programme]).astype(np.float64) / 32_768
    made = np.fromfile(track, "<f4").reshape(-1, channels).astype(np.float64)
    length = min(len(mixed), len(made))
    level = 0.0
    for start in range(0, length, WINDOW):
        pair = mixed[start : start + WINDOW], made[start : start + WINDOW]
        levels = [10 * np.log10(np.mean(np.square(part)) + 1e-12) for part in pair]
        if max(levels) > AUDIBLE_DB:
            level = max(level, abs(levels[0] - levels[1]))
    largest = float(np.max(np.abs(mixed[:length] - made[:length]))) if length else 0.0
    return SoundDifference(float(level), largest, (len(mixed), len(made)))
