"""The picture layer of a check: which recorded frames are other today, and by how much.

Ingredients first: a segment whose slice of the timeline, code and libraries are the recorded ones has the recorded
frames, and is not rendered. Every other segment is rendered, hashed and, where a hash differs, measured.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from golden import versions
from golden.alignment import align
from golden.before import BeforeFrames, SegmentFrames
from golden.changes import ChangeLog, changed_frame
from golden.frame_hashes import RecordedSegment, frame_hash
from golden.metrics import measure
from golden.model import GoldenError
from golden.planes import shrink
from golden.rendering import FrameFarm
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from golden.alignment import Piece
    from golden.planes import Yuv
    from golden.store import Golden
    from renderer.story import Story, Workspace


_FEW_PARTS = 16
"""With more parts to compare, one pair of each is kept for the description, not three."""


@dataclass(frozen=True, slots=True)
class Part:
    """Frames of one recorded segment, and the new frame that stands for the first of them."""

    segment: RecordedSegment
    old: FrameRange
    new: FrameRange


@dataclass(slots=True)
class PictureResult:
    """`rendered` parts were looked at, `removed` and `added` frames have no counterpart (added: new numbers)."""

    pieces: tuple[Piece, ...] = ()
    rendered: list[Part] = field(default_factory=list)
    removed: list[FrameRange] = field(default_factory=list)
    added: list[FrameRange] = field(default_factory=list)
    log: ChangeLog = field(default_factory=ChangeLog)
    tools_changed: bool = False
    compared: bool = True

    @property
    def rendered_frames(self) -> int:
        return sum(len(part.new) for part in self.rendered)


def check_picture(
    golden: Golden,
    proxy: Path,
    story: Story,
    workspace: Workspace,
    *,
    jobs: int,
    report: Callable[[int, int], None],
) -> PictureResult:
    """Compare frames before the encoder. `report` gets frames done and frames to do. Raises: MediaError."""
    old, new = golden.timeline, story.timeline
    tools_changed = not versions.draws_as(golden.made_with)
    if (old.width, old.height, old.rate) != (new.width, new.height, new.rate):
        return PictureResult(tools_changed=tools_changed, compared=False)
    pieces = align(old, new)
    result = PictureResult(pieces, tools_changed=tools_changed)
    result.removed, result.added = _alone(pieces, old.frame_count, new.frame_count)
    for part in _parts(golden.segments, pieces):
        whole = part.old == part.segment.frames
        same = whole and versions.slice_sha256(new, part.new) == part.segment.slice_sha256
        if tools_changed or not same:
            result.rendered.append(part)
    if result.rendered:
        before = BeforeFrames(golden, proxy, workspace, same_code=not tools_changed)
        with FrameFarm(new, workspace, jobs) as farm:
            visitor = _Visitor(result, before, report)
            farm.run([part.new for part in result.rendered], visitor.visit)
    return result


def _parts(segments: tuple[RecordedSegment, ...], pieces: tuple[Piece, ...]) -> list[Part]:
    found = []
    for segment in segments:
        for piece in pieces:
            start, end = max(segment.frames.start, piece.old.start), min(segment.frames.end, piece.old.end)
            if start < end:
                new = FrameRange(start + piece.shift, end + piece.shift)
                found.append(Part(segment, FrameRange(start, end), new))
    return found


def _alone(pieces: tuple[Piece, ...], old_count: int, new_count: int) -> tuple[list[FrameRange], list[FrameRange]]:
    def gaps(covered: list[FrameRange], count: int) -> list[FrameRange]:
        found, reached = [], 0
        for frames in sorted(covered):
            if frames.start > reached:
                found.append(FrameRange(reached, frames.start))
            reached = max(reached, frames.end)
        return [*found, FrameRange(reached, count)] if reached < count else found

    return gaps([piece.old for piece in pieces], old_count), gaps([piece.new for piece in pieces], new_count)


class _Visitor:
    """Looks at each rendered frame in its own thread."""

    def __init__(self, result: PictureResult, before: BeforeFrames, report: Callable[[int, int], None]) -> None:
        self._result, self._before, self._report = result, before, report
        self._readers: dict[int, SegmentFrames] = {}
        self._done, self._lock = 0, threading.Lock()

    def visit(self, index: int, number: int, frame: Yuv) -> None:
        part = self._result.rendered[index]
        old = part.old.start + number - part.new.start
        if frame_hash(frame.tobytes()) != part.segment.hashes[old - part.segment.frames.start]:
            self._measure(index, part, old, number, frame)
        with self._lock:
            self._done += 1
            self._report(self._done, self._result.rendered_frames)

    def _measure(self, index: int, part: Part, old: int, number: int, frame: Yuv) -> None:
        if index not in self._readers:
            self._readers[index] = self._before.open(part.segment, old)
        reader = self._readers[index]
        before = reader.frame(old)
        if before is None:
            self._readers[index] = self._before.open(part.segment, old)
            before = self._readers[index].frame(old)
        if before is None:
            raise GoldenError(
                f"proxy.mp4 holds no frame {old}: take the golden from version control, or record it anew"
            )
        after = shrink(frame, reader.factor)
        changed = changed_frame(old, number, measure(before, after), reader.source)
        place = old - part.old.start
        few = len(self._result.rendered) <= _FEW_PARTS
        sample = place == len(part.old) // 2 or (few and place in {0, len(part.old) - 1})
        self._result.log.add(index, changed, before, after, factor=reader.factor, sample=sample)
