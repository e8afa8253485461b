"""One hash for each frame before the encoder, and the text file that holds them, one paragraph a segment.

A hash is the first 64 bits of SHA-256 over the frame's planes as yuv420p lies in memory: enough to tell any two frames
of a programme apart, short enough to be read in a diff. Runs of one and the same frame are written once, `…*90`.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from golden.model import GoldenError
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

HEADER = "storyreel.frames/1"
_A_LINE = 6
_SEGMENT = re.compile(r"segment (\d{1,7}) (\d{1,9})-(\d{1,9}) slice ([0-9a-f]{64}) encoded ([0-9a-f]{64}) shows (.*)")
_RUN = re.compile(r"([0-9a-f]{16})(?:\*(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class RecordedSegment:
    """Frames of one segment. `slice_sha256` hashes what is shown in it, `cache_key` names its encoded form."""

    frames: FrameRange
    slice_sha256: str
    cache_key: str
    shows: str
    hashes: tuple[str, ...]


def frame_hash(data: bytes | memoryview) -> str:
    """16 hex digits for one frame's planes."""
    return hashlib.sha256(data).hexdigest()[:16]


def frames_text(segments: Iterable[RecordedSegment]) -> str:
    """The file's text, ending in a newline. Ranges are written first-last, both included."""
    lines = [HEADER]
    for number, segment in enumerate(segments):
        first, last = segment.frames.start, segment.frames.end - 1
        head = f"segment {number} {first}-{last} slice {segment.slice_sha256} encoded {segment.cache_key}"
        lines += [f"{head} shows {segment.shows}", *_hash_lines(segment.hashes)]
    return "\n".join(lines) + "\n"


def _hash_lines(hashes: tuple[str, ...]) -> Iterator[str]:
    runs = [(value, len(list(group))) for value, group in itertools.groupby(hashes)]
    words = [value if count == 1 else f"{value}*{count}" for value, count in runs]
    for start in range(0, len(words), _A_LINE):
        yield "  " + " ".join(words[start : start + _A_LINE])


def parse_frames_text(text: str) -> tuple[RecordedSegment, ...]:
    """Read the file back. Raises: GoldenError naming the line that is not as it was written."""
    lines = text.splitlines()
    if not lines or lines[0] != HEADER:
        raise GoldenError(f"frames.txt, line 1: expected {HEADER!r}, found {lines[0] if lines else 'nothing'!r}")
    segments: list[RecordedSegment] = []
    number = 1
    while number < len(lines):
        match = _SEGMENT.fullmatch(lines[number])
        if match is None:
            raise GoldenError(f"frames.txt, line {number + 1}: expected a segment, found {lines[number][:60]!r}")
        body = list(itertools.takewhile(lambda line: line.startswith("  "), lines[number + 1 :]))
        segments.append(_segment(match, body, number + 1))
        number += 1 + len(body)
    _check_cover(segments)
    return tuple(segments)


def _segment(match: re.Match[str], body: list[str], line: int) -> RecordedSegment:
    first, last = int(match[2]), int(match[3])
    hashes: list[str] = []
    for word in " ".join(body).split():
        run = _RUN.fullmatch(word)
        if run is None or len(hashes) > last:
            raise GoldenError(f"frames.txt, after line {line}: {word[:40]!r} is no frame's hash")
        hashes += [run[1]] * min(int(run[2] or 1), last + 2)
    if last < first or len(hashes) != last + 1 - first:
        raise GoldenError(f"frames.txt, line {line}: frames {first}-{last} with {len(hashes)} hashes")
    return RecordedSegment(FrameRange(first, last + 1), match[4], match[5], match[6], tuple(hashes))


def _check_cover(segments: list[RecordedSegment]) -> None:
    reached = 0
    for segment in segments:
        if segment.frames.start != reached:
            raise GoldenError(f"frames.txt: frame {reached} is missing or stands twice")
        reached = segment.frames.end
    if not segments:
        raise GoldenError("frames.txt holds no segment")
