"""Frames of a story before the encoder, several ranges side by side; each frame goes to a visitor in its own thread."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Self

from golden.planes import Yuv
from renderer.picture.compositor import FrameRenderer
from renderer.picture.prepared import PictureShelf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from renderer.story import Workspace
    from renderer.timebase import FrameRange
    from renderer.timeline.model import Timeline


class FrameFarm:
    """Renders frames of one timeline with several threads, as long as its block lasts."""

    def __init__(self, timeline: Timeline, workspace: Workspace, jobs: int) -> None:
        self._timeline, self._workspace = timeline, workspace
        self._pool = ThreadPoolExecutor(max(1, jobs), "golden")
        size = (timeline.width, timeline.height)
        self._shelf = PictureShelf(
            workspace.folder, workspace.intake, max_bytes=workspace.limits.image_bytes, frame=size
        )
        self._local = threading.local()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    def run(self, ranges: Sequence[FrameRange], visit: Callable[[int, int, Yuv], None]) -> None:
        """Call `visit(index of the range, frame number, frame)` for every frame; within a range in order.

        A frame is valid until its visitor returns. Raises: MediaError, and whatever the visitor raises.
        """
        stop = threading.Event()

        def render(index: int, frames: FrameRange) -> None:
            for number, frame in zip(frames, self._renderer().frames(frames), strict=True):
                if stop.is_set():
                    return
                visit(index, number, Yuv(frame.y, frame.u, frame.v))

        work = [self._pool.submit(render, index, frames) for index, frames in enumerate(ranges)]
        try:
            done, _ = wait(work, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        finally:
            stop.set()
            for future in work:
                future.cancel()
            wait(work)

    def _renderer(self) -> FrameRenderer:
        """Each thread has its own."""
        if not hasattr(self._local, "renderer"):
            self._local.renderer = FrameRenderer(self._timeline, self._shelf)
        renderer: FrameRenderer = self._local.renderer
        return renderer
