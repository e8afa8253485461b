"""What the picture pass collects: figures of every changed frame, a few pairs to describe, the worst ones to show."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from golden.metrics import FrameMetrics
    from golden.planes import Yuv

WORST_SHOWN = 6
_PAIRS_A_GROUP = 3
_MOST_BYTES = 400_000_000


@dataclass(frozen=True, slots=True)
class ChangedFrame:
    """One frame whose pixels differ: `number` in the first video, `other` in the second."""

    number: int
    other: int
    psnr_db: float
    ssim: float
    tile: float
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class FramePair:
    """Copies of both frames; one sample stands for `factor` full-size pixels."""

    changed: ChangedFrame
    before: Yuv
    after: Yuv
    factor: int


@dataclass(slots=True)
class ChangeLog:
    """Filled from several threads. `group` keeps neighbours apart: at most a few pairs of each are kept."""

    frames: dict[int, ChangedFrame] = field(default_factory=dict)
    _pairs: dict[int, list[FramePair]] = field(default_factory=dict)
    _worst: dict[int, FramePair] = field(default_factory=dict)
    _bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, group: int, changed: ChangedFrame, before: Yuv, after: Yuv, *, factor: int, sample: bool) -> None:
        """Note one frame; `sample` asks to keep its pixels for the description."""
        with self._lock:
            self.frames[changed.number] = changed
            kept = self._pairs.setdefault(group, [])
            if sample and len(kept) < _PAIRS_A_GROUP and self._bytes < _MOST_BYTES:
                self._bytes += 3 * before.y.size
                kept.append(FramePair(changed, before.copy(), after.copy(), factor))
            worst = self._worst.get(group)
            if worst is None or changed.psnr_db < worst.changed.psnr_db - 0.05:
                self._worst[group] = FramePair(changed, before.copy(), after.copy(), factor)
                self._forget_the_better()

    def _forget_the_better(self) -> None:
        if len(self._worst) > 2 * WORST_SHOWN:
            best = max(self._worst, key=lambda group: self._worst[group].changed.psnr_db)
            del self._worst[best]

    def worst(self) -> list[FramePair]:
        """The pairs with the lowest PSNR, at most one of each group, worst first."""
        return sorted(self._worst.values(), key=lambda pair: pair.changed.psnr_db)[:WORST_SHOWN]

    def pairs(self, frames: FrameRange) -> list[FramePair]:
        """Kept pairs inside a range, all of one size, in order."""
        kept = [pair for group in [*self._pairs.values(), list(self._worst.values())] for pair in group]
        inside = {pair.changed.number: pair for pair in kept if pair.changed.number in frames}
        ordered = [inside[number] for number in sorted(inside)]
        smallest = max((pair.factor for pair in ordered), default=1)
        return [pair for pair in ordered if pair.factor == smallest]

    def inside(self, frames: FrameRange) -> list[int]:
        """Changed frames of a range, in order."""
        return sorted(number for number in self.frames if number in frames)


def runs(numbers: Iterable[int], *, bridge: int = 1) -> Iterator[FrameRange]:
    """Consecutive numbers as ranges; gaps shorter than `bridge` frames are closed."""
    start = end = None
    for number in sorted(numbers):
        if start is None or end is None:
            start, end = number, number + 1
        elif number < end + bridge:
            end = number + 1
        else:
            yield FrameRange(start, end)
            start, end = number, number + 1
    if start is not None and end is not None:
        yield FrameRange(start, end)


def hull(numbers: list[int]) -> FrameRange | None:
    """From the first to the last; None for none."""
    return FrameRange(numbers[0], numbers[-1] + 1) if numbers else None


def changed_frame(number: int, other: int, metrics: FrameMetrics, source: str) -> ChangedFrame:
    """One frame's entry."""
    return ChangedFrame(number, other, metrics.psnr_db, metrics.ssim, metrics.tile, source)
