"""A loudness target → one linear gain and, where peaks would pass the ceiling, the true-peak limiter.

Never dynamic: the whole programme is measured first, then turned up or down as one. Where the limiter takes loudness
away, the gain that gives the target after the limiter is searched for, by mixing and measuring again. The search ends
where peaks would be lowered by more than 15 dB: past that the limiter shapes the sound more than it saves it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.sound.gain import factor_of_db
from renderer.sound.limiter import MARGIN_DB
from renderer.sound.loudness import LoudnessMeter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from renderer.sound.loudness import Samples

TARGETS_LUFS = {"web": -14.0, "podcast": -16.0, "broadcast": -23.0}
CEILING_DBTP = -1.0
DEEPEST_LIMITING_DB = 15.0
CLOSE_ENOUGH_LU = 0.1
_MOST_MIXES = 8
_LEAST_SLOPE = 0.1
"""LU for each dB of gain: a search step assumes no less, or a flat stretch would throw it far out."""


@dataclass(frozen=True, slots=True)
class Mastering:
    """What is done to the sum of all tracks: one gain, then a true-peak limiter where a ceiling is set."""

    gain_db: float = 0.0
    ceiling_dbtp: float | None = None

    @property
    def gain(self) -> float:
        """The gain as a factor; exactly 1 at 0 dB."""
        return factor_of_db(self.gain_db)


def plan_loudness(meter: LoudnessMeter, target_lufs: float, ceiling_dbtp: float = CEILING_DBTP) -> Mastering:
    """The gain that brings what `meter` heard to `target_lufs`, with a ceiling where peaks would then pass it.

    A programme without loudness (silence) is left as it is. Gains are whole hundredths of a dB: what is printed is
    what was done, and the last bit of a logarithm, which differs between CPUs, does not reach the samples.
    """
    gain_db = 0.0
    for _ in range(3):  # the absolute gate lets other blocks count at another gain
        found = meter.result(gain_db)
        if found.integrated_lufs is None or found.true_peak_dbtp is None:
            return Mastering()
        gain_db = round(gain_db + target_lufs - found.integrated_lufs, 2)
    peak_dbtp = meter.result(gain_db).true_peak_dbtp
    return Mastering(gain_db, ceiling_dbtp if peak_dbtp is not None and peak_dbtp > ceiling_dbtp else None)


def measure(blocks: Iterable[Samples], *, true_peak: bool = True) -> LoudnessMeter:
    """A meter that has heard a whole programme."""
    meter = LoudnessMeter(true_peak=true_peak)
    for block in blocks:
        meter.add(block)
    return meter


def master_to(
    target_lufs: float,
    unlimited: Iterable[Samples],
    mixed: Callable[[Mastering], Iterable[Samples]],
    *,
    ceiling_dbtp: float = CEILING_DBTP,
) -> Mastering:
    """Find the mastering that brings a programme to `target_lufs`.

    `unlimited` is the plain sum of its tracks, `mixed` what comes out under a given mastering. The sum is asked for
    once, and as long as no limiter is needed, that is enough: loudness then follows the gain exactly.
    """
    meter = measure(unlimited)
    first = plan_loudness(meter, target_lufs, ceiling_dbtp)
    peak_dbtp = meter.result().true_peak_dbtp
    if first.ceiling_dbtp is None or peak_dbtp is None:
        return first
    search = _Search(target_lufs, first.gain_db, highest_db=ceiling_dbtp - MARGIN_DB + DEEPEST_LIMITING_DB - peak_dbtp)
    while (gain_db := search.following_db()) is not None:
        found = measure(mixed(Mastering(gain_db, ceiling_dbtp)), true_peak=False).result()
        search.add(gain_db, found.integrated_lufs)
    return Mastering(search.best_db, ceiling_dbtp)


class _Search:
    """Which gain to try next: false position, between the highest gain that was too low and the lowest too high."""

    def __init__(self, target_lufs: float, first_db: float, *, highest_db: float) -> None:
        self._target = target_lufs
        self._highest_db = round(highest_db, 2)
        self._next_db: float | None = min(first_db, self._highest_db)
        self._missed: list[tuple[float, float]] = []

    @property
    def best_db(self) -> float:
        """The gain that came closest."""
        return min(self._missed, key=lambda point: abs(point[1]))[0]

    def following_db(self) -> float | None:
        """None where the target is met, or nothing better is left to try."""
        return self._next_db if len(self._missed) < _MOST_MIXES else None

    def add(self, gain_db: float, lufs: float | None) -> None:
        """What `gain_db` gave."""
        if lufs is None or abs(lufs - self._target) <= CLOSE_ENOUGH_LU:
            self._missed.append((gain_db, 0.0))
            self._next_db = None
            return
        before = self._missed[-1] if self._missed else None
        self._missed.append((gain_db, lufs - self._target))
        following = round(min(self._crossing(before), self._highest_db), 2)
        self._next_db = None if following in {point[0] for point in self._missed} else following

    def _crossing(self, before: tuple[float, float] | None) -> float:
        """Where the line through two known points crosses the target; loudness is 1 LU a dB as long as one is known."""
        low = max((point for point in self._missed if point[1] < 0), default=None)
        high = min((point for point in self._missed if point[1] > 0), default=None)
        gain_db, miss = self._missed[-1]
        other = (high if miss < 0 else low) or before
        slope = 1.0 if other is None else (miss - other[1]) / (gain_db - other[0])
        return gain_db - miss / min(1.0, max(slope, _LEAST_SLOPE))
