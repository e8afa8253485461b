"""Decoded PCM → its highest sample, and samples that are no numbers made silent: one pass over the file.

Float files can hold NaN and infinities: one of them would silence the mix around it, or spoil its loudness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.gain import db_of_factor

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

UNSCALED_DBFS = 18.0
"""No recording or fold-down reaches this; floats that were never divided by their full scale do."""
_READ_SAMPLES = 1 << 18


@dataclass(frozen=True, slots=True)
class Levels:
    """`peak` is the highest absolute sample, 1.0 full scale; `not_numbers` samples were made silent."""

    peak: float
    not_numbers: int

    def warnings(self) -> tuple[str, ...]:
        """Sentences for the author."""
        found = []
        if self.not_numbers:
            found.append(f"holds samples that are no numbers, {self.not_numbers} of them: they are silent")
        peak_dbfs = db_of_factor(self.peak)
        if peak_dbfs > UNSCALED_DBFS:
            found.append(f"its samples reach {peak_dbfs:+.0f} dBFS: were they scaled to ±1?")
        return tuple(found)


def repair_levels(pcm_path: Path) -> Levels:
    """Look at every sample of a float32 file; NaN and infinities become zeros, in place."""
    peak, not_numbers = 0.0, 0
    with pcm_path.open("r+b") as file:
        while len(samples := np.fromfile(file, "<f4", _READ_SAMPLES)):
            loudest = max(float(samples.max()), -float(samples.min()))
            if not np.isfinite(loudest):
                not_numbers += _silence_in(samples)
                file.seek(-samples.nbytes, 1)
                file.write(samples.tobytes())
                loudest = float(np.abs(samples).max())
            peak = max(peak, loudest)
    return Levels(peak, not_numbers)


def _silence_in(samples: NDArray[np.float32]) -> int:
    """How many were no numbers."""
    wrong = ~np.isfinite(samples)
    samples[wrong] = 0.0
    return int(np.count_nonzero(wrong))
