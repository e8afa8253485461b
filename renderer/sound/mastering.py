"""A loudness target → one linear gain and, where peaks would pass the ceiling, the true-peak limiter.

Never dynamic: the whole programme is measured first, then turned up or down as one. Where the limiter takes loudness
away, the gain is measured and corrected again, at most twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.sound.gain import db_of_factor, factor_of_db
from renderer.sound.loudness import Loudness, LoudnessMeter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    from numpy.typing import NDArray

TARGETS_LUFS = {"web": -14.0, "podcast": -16.0, "broadcast": -23.0}
CEILING_DBTP = -1.0
_CLOSE_ENOUGH_LU = 0.1
_CORRECTIONS = 2


@dataclass(frozen=True, slots=True)
class Mastering:
    """What is done to the sum of all tracks: `gain` (a factor), then a true-peak limiter where a ceiling is set."""

    gain: float = 1.0
    ceiling_dbtp: float | None = None


@dataclass(frozen=True, slots=True)
class LoudnessPlan:
    """One linear gain that brings a measured programme to its target, and whether peaks then pass the ceiling."""

    gain: float
    gain_db: float
    needs_limiter: bool
    ceiling_dbtp: float

    @property
    def mastering(self) -> Mastering:
        return Mastering(self.gain, self.ceiling_dbtp if self.needs_limiter else None)


def plan_loudness(measured: Loudness, target_lufs: float, true_peak_ceiling: float = CEILING_DBTP) -> LoudnessPlan:
    """The gain from `measured` to `target_lufs`; a programme without loudness (silence) is left as it is."""
    gain_db = 0.0 if measured.integrated_lufs is None else target_lufs - measured.integrated_lufs
    peak = measured.true_peak_dbtp
    return LoudnessPlan(
        gain=factor_of_db(gain_db),
        gain_db=gain_db,
        needs_limiter=peak is not None and peak + gain_db > true_peak_ceiling,
        ceiling_dbtp=true_peak_ceiling,
    )


def measure(blocks: Iterable[NDArray[np.int16]]) -> Loudness:
    """The loudness of a whole programme."""
    meter = LoudnessMeter()
    for block in blocks:
        meter.add(block)
    return meter.result()


def master_to(
    target_lufs: float,
    blocks: Callable[[Mastering], Iterable[NDArray[np.int16]]],
    *,
    ceiling_dbtp: float = CEILING_DBTP,
) -> tuple[Mastering, Loudness, Loudness]:
    """Find the mastering that brings a programme to `target_lufs`; `blocks` mixes it under a given mastering.

    Returns the mastering, and the loudness before and after it.
    """
    before = measure(blocks(Mastering()))
    mastering = plan_loudness(before, target_lufs, ceiling_dbtp).mastering
    after = measure(blocks(mastering))
    for _ in range(_CORRECTIONS):
        if after.integrated_lufs is None or abs(after.integrated_lufs - target_lufs) <= _CLOSE_ENOUGH_LU:
            break
        again_db = db_of_factor(mastering.gain) + target_lufs - after.integrated_lufs
        mastering = Mastering(factor_of_db(again_db), ceiling_dbtp)
        after = measure(blocks(mastering))
    return mastering, before, after
