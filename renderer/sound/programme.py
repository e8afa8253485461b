"""A programme's sound, ready to be heard: the mix under its loudness target, measured as it goes to an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from renderer.sound.ahead import mixed_ahead
from renderer.sound.loudness import Loudness, LoudnessMeter
from renderer.sound.mastering import DEEPEST_LIMITING_DB, Mastering, master_to
from renderer.sound.mix import Mix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from renderer.sound.limiter import LimiterReport
    from renderer.timeline.model import Sound

T = TypeVar("T")

MISSED_BY_LU = 0.5
"""A loudness target missed by more than this is said."""
TURNED_UP_DB = 20.0
"""A gain beyond this brings up noise with the sound, and is said."""


@dataclass(frozen=True, slots=True)
class SoundReport:
    """What came out. `mastering` is the gain and ceiling a loudness target asked for."""

    loudness: Loudness
    mastering: Mastering
    limiter: LimiterReport | None
    target_lufs: float | None = None

    def warnings(self) -> tuple[str, ...]:
        """Sentences for the author: what the limiter did, where it acted, and a loudness target out of reach."""
        found = []
        if self.limiter is not None and self.limiter.acted:
            found.append(f"the sound's limiter {self.limiter}")
        if self.mastering.gain_db > TURNED_UP_DB:
            found.append(f"the sound was turned up by {self.mastering.gain_db:.1f} dB: its noise comes up with it")
        reached = self.loudness.integrated_lufs
        if self.target_lufs is not None and reached is not None and abs(reached - self.target_lufs) > MISSED_BY_LU:
            found.append(
                f"the sound reaches {reached:.1f} LUFS, not {self.target_lufs:g}: more would lower its peaks by over"
                f" {DEEPEST_LIMITING_DB:g} dB"
            )
        return tuple(found)


class Programme:
    """The whole mix of a timeline's sound; `pcm` names the decoded file of each source by its sha256.

    With a target, the first block comes after the programme was mixed and measured once, or a few times where a
    limiter is needed; `on_work` is called every few seconds of programme meanwhile, and may raise to stop it.
    `report` is complete once `blocks` has run to its end.
    """

    def __init__(self, sound: Sound, pcm: Mapping[str, Path], *, on_work: Callable[[], None] = lambda: None) -> None:
        self._sound, self._pcm, self._on_work = sound, pcm, on_work
        self._report: SoundReport | None = None

    def blocks(self) -> Iterator[NDArray[np.int16]]:
        """The programme in blocks of (n, 2) int16, 48 kHz."""
        target = None if self._sound.target_lufs is None else float(self._sound.target_lufs)
        mastering = Mastering() if target is None else self._mastered(target)
        mix, meter = Mix(self._sound, self._pcm, mastering), LoudnessMeter()
        for block in mixed_ahead(mix.blocks()):
            meter.add(block)
            yield block
        self._report = SoundReport(meter.result(), mastering, mix.limiter_report, target)

    def _mastered(self, target_lufs: float) -> Mastering:
        def mixed(mastering: Mastering) -> Iterator[NDArray[np.int16]]:
            return self._watched(Mix(self._sound, self._pcm, mastering).blocks())

        return master_to(target_lufs, self._watched(Mix(self._sound, self._pcm).unlimited_blocks()), mixed)

    def _watched(self, blocks: Iterator[T]) -> Iterator[T]:
        for block in mixed_ahead(blocks):
            self._on_work()
            yield block

    @property
    def report(self) -> SoundReport:
        """Raises: RuntimeError before the last block was taken."""
        if self._report is None:
            raise RuntimeError("the programme has not been mixed to its end")
        return self._report
