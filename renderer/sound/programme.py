"""A programme's sound, ready to be heard: the mix under its loudness target, measured as it goes to an encoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.sound.loudness import Loudness, LoudnessMeter
from renderer.sound.mastering import Mastering, master_to
from renderer.sound.mix import Mix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from renderer.sound.limiter import LimiterReport
    from renderer.timeline.model import Sound

MISSED_BY_LU = 0.5
"""A loudness target missed by more than this is said."""


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
        reached = self.loudness.integrated_lufs
        if self.target_lufs is not None and reached is not None and abs(reached - self.target_lufs) > MISSED_BY_LU:
            found.append(
                f"the sound reaches {reached:.1f} LUFS, not {self.target_lufs:g}: its peaks leave no more room"
            )
        return tuple(found)


class Programme:
    """The whole mix of a timeline's sound; `pcm` names the decoded file of each source by its sha256.

    With a target the programme is mixed and measured before the first block comes out (at most three times); `report`
    is complete once `blocks` has run to its end.
    """

    def __init__(self, sound: Sound, pcm: Mapping[str, Path]) -> None:
        self._sound, self._pcm = sound, pcm
        self.mastering = Mastering()
        if sound.target_lufs is not None:
            self.mastering, _, _ = master_to(float(sound.target_lufs), lambda it: Mix(sound, pcm, it).blocks())
        self._report: SoundReport | None = None

    def blocks(self) -> Iterator[NDArray[np.int16]]:
        """The programme in blocks of (n, 2) int16, 48 kHz."""
        target = None if self._sound.target_lufs is None else float(self._sound.target_lufs)
        mix, meter = Mix(self._sound, self._pcm, self.mastering), LoudnessMeter()
        for block in mix.blocks():
            meter.add(block)
            yield block
        self._report = SoundReport(meter.result(), self.mastering, mix.limiter_report, target)

    @property
    def report(self) -> SoundReport:
        """Raises: RuntimeError before the last block was taken."""
        if self._report is None:
            raise RuntimeError("the programme has not been mixed to its end")
        return self._report
