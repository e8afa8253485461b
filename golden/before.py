"""The recorded side's pixels, from the best source there is, segment by segment.

1. Rendered again from the recorded timeline, where code and media are still the same: exact, proved by the hash.
2. The recorded segment as it was encoded, where the render cache still holds it: full size.
3. The golden's reference video: small, and labelled so.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from backends.ffmpeg.cache import SegmentCache
from golden.frame_hashes import frame_hash
from golden.planes import Yuv
from golden.proxy import proxy_factor
from golden.video import decoded_frames, open_video
from renderer.errors import MediaError
from renderer.picture.compositor import FrameRenderer
from renderer.picture.prepared import PictureShelf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.frame_hashes import RecordedSegment
    from golden.store import Golden
    from renderer.story import Workspace

EXACT = "recorded frame, rendered again and proved by its hash"
CACHED = "recorded frame as it was encoded, from the render cache"
PROXY = "from the proxy"


class BeforeFrames:
    """Hands out recorded frames; to be asked from several threads, each segment in order by one of them."""

    def __init__(self, golden: Golden, proxy: Path, workspace: Workspace, *, same_code: bool) -> None:
        self._golden, self._proxy, self._workspace = golden, proxy, workspace
        self._same_code = same_code
        size = (golden.timeline.width, golden.timeline.height)
        limit = workspace.limits.image_bytes
        self._shelf = PictureShelf(workspace.folder, workspace.intake, max_bytes=limit, frame=size)
        self._local = threading.local()
        self._factor = proxy_factor(golden.timeline)

    def open(self, segment: RecordedSegment, first: int) -> SegmentFrames:
        """A reader of one segment, to be asked for frame `first` and later ones, in order."""
        if self._same_code and self._rerendered(segment, first) is not None:
            return SegmentFrames(EXACT, 1, lambda number: self._rerendered(segment, number))
        cached = self._from_cache(segment)
        if cached is not None:
            return SegmentFrames(CACHED, 1, _in_order(cached, segment.frames.start))
        frames = self._decoded(self._proxy, segment, seek=True)
        return SegmentFrames(PROXY, self._factor, _in_order(frames, segment.frames.start))

    def _rerendered(self, segment: RecordedSegment, number: int) -> Yuv | None:
        if not hasattr(self._local, "renderer"):
            self._local.renderer = FrameRenderer(self._golden.timeline, self._shelf)
        renderer: FrameRenderer = self._local.renderer
        try:
            frame = renderer.frame(number)
        except MediaError:
            return None
        found = Yuv(frame.y, frame.u, frame.v)
        recorded = segment.hashes[number - segment.frames.start]
        return found if frame_hash(found.tobytes()) == recorded else None

    def _from_cache(self, segment: RecordedSegment) -> Iterator[Yuv] | None:
        target = Path(tempfile.mkdtemp(dir=self._workspace.scratch)) / "segment.mp4"
        if not self._workspace.use_cache or SegmentCache().take_key(segment.cache_key, target) is None:
            return None
        return self._decoded(target, segment, seek=False)

    @staticmethod
    def _decoded(path: Path, segment: RecordedSegment, *, seek: bool) -> Iterator[Yuv]:
        with open_video(path) as video:
            yield from decoded_frames(video, frames=segment.frames if seek else None)


class SegmentFrames:
    """`frame(number)` of one segment; `source` says where it comes from, `factor` how much smaller it is."""

    def __init__(self, source: str, factor: int, frame: object) -> None:
        self.source, self.factor, self._frame = source, factor, frame

    def frame(self, number: int) -> Yuv | None:
        """None where the source does not hold it."""
        found = self._frame(number) if callable(self._frame) else None
        return found if isinstance(found, Yuv) else None


class _in_order:  # noqa: N801  (used as a function)
    """Frame numbers that only grow → frames of an iterator."""

    def __init__(self, frames: Iterator[Yuv], start: int) -> None:
        self._frames, self._next = frames, start

    def __call__(self, number: int) -> Yuv | None:
        with contextlib.suppress(StopIteration):
            while self._next < number:
                next(self._frames)
                self._next += 1
            self._next += 1
            return next(self._frames)
        return None
