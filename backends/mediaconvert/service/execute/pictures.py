"""A picture's frames on their way to an encoder: passed straight on where nothing lies over them, else composited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import ToolError
from renderer.ffmpeg_process import Child
from renderer.picture.clip_argv import ClipFrames, clip_argv, clip_limits
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.mediaconvert.service.execute.media import JobMedia
    from backends.mediaconvert.service.translate.plan import PicturePlan
    from renderer.ffmpeg_process import CancelToken
    from renderer.timeline.model import Layer, Timeline


@dataclass(frozen=True, slots=True)
class Run:
    """Frames that one decoder delivers as they are, or black ones (`layer` None)."""

    frames: FrameRange
    layer: Layer | None


def plain_runs(timeline: Timeline) -> list[Run] | None:
    """The picture as clips one after the other on black; None where anything lies over, fades, moves or is cropped."""
    runs: list[Run] = []
    at = 0
    for layer in sorted(timeline.layers[1:], key=lambda layer: layer.range.start):
        if not _plain(layer, timeline) or layer.range.start < at:
            return None
        if layer.range.start > at:
            runs.append(Run(FrameRange(at, layer.range.start), None))
        runs.append(Run(layer.range, layer))
        at = layer.range.end
    if at < timeline.frame_count:
        runs.append(Run(FrameRange(at, timeline.frame_count), None))
    return runs


def _plain(layer: Layer, timeline: Timeline) -> bool:
    rect = layer.rect
    if layer.clip is None or rect is None or layer.motion is not None or layer.opacity < 100 or layer.opacity_end:
        return False
    edges = (rect.left, rect.top, rect.width, rect.height)
    inside = rect.left >= 0 and rect.top >= 0
    inside &= rect.left + rect.width <= timeline.width and rect.top + rect.height <= timeline.height
    whole = all(edge.denominator == 1 and edge.numerator % 2 == 0 for edge in edges)
    return inside and whole and not layer.fade_in and not layer.fade_out


class PictureSource:
    """Delivers the frames of one output. `count` is told how many more frames were delivered."""

    def __init__(self, plan: PicturePlan, media: JobMedia, cancel: CancelToken, count: Callable[[int], None]) -> None:
        self._timeline, self._captures = plan.timeline, plan.captures
        self._media, self._cancel, self._count = media, cancel, count

    @property
    def composited(self) -> bool:
        """Whether frames are made here, rather than passed on."""
        return self._captures is not None or plain_runs(self._timeline) is None

    def feed(self, encoder: Child) -> None:
        """Write every frame to the encoder. Raises: ToolError, MediaError, Cancelled."""
        runs = None if self._captures is not None else plain_runs(self._timeline)
        if runs is None:
            for frame in self.composited_frames():
                self._cancel.raise_if_set()
                encoder.write(frame)
                self._count(1)
            return
        for run in runs:
            if run.layer is None:
                self._black(encoder, len(run.frames))
            else:
                self._pass_on(encoder, run.layer)

    def composited_frames(self) -> Iterator[memoryview]:
        """Every frame, made by the compositor; each is valid until the next."""
        from backends.mediaconvert.service.execute.shelf import JobShelf
        from renderer.picture.compositor import FrameRenderer

        timeline = self._timeline
        renderer = FrameRenderer(timeline, JobShelf(self._media, timeline))
        try:
            if self._captures is None:
                for frame in renderer.frames(FrameRange(0, timeline.frame_count)):
                    yield frame.data.data
            else:
                for number in self._captures.frames:
                    yield renderer.frame(number).data.data
        finally:
            renderer.close()

    @property
    def _frame_bytes(self) -> int:
        return self._timeline.width * self._timeline.height * 3 // 2

    def _black(self, encoder: Child, frames: int) -> None:
        luma = self._timeline.width * self._timeline.height
        black = b"\x10" * luma + b"\x80" * (luma // 2)
        for _ in range(frames):
            self._cancel.raise_if_set()
            encoder.write(black)
            self._count(1)

    def _pass_on(self, encoder: Child, layer: Layer) -> None:
        assert layer.clip is not None and layer.rect is not None  # noqa: PT018, S101  (a plain run's condition)
        timeline, rect, frames = self._timeline, layer.rect, len(layer.range)
        size = int(rect.width), int(rect.height)
        pad = None
        if size != (timeline.width, timeline.height):
            pad = timeline.width, timeline.height, int(rect.left), int(rect.top)
        descriptor = self._media.opened(layer.clip.source.path).descriptor
        argv = clip_argv(layer.clip, descriptor, ClipFrames(timeline.rate, layer.clip.skip, frames, size, pad))
        passed = 0

        def told(amount: int) -> None:
            nonlocal passed
            self._cancel.raise_if_set()
            before, passed = passed // self._frame_bytes, passed + amount
            self._count(passed // self._frame_bytes - before)

        with Child(argv, pass_fds=[descriptor], limits=clip_limits(frames)) as decoder:
            total = encoder.pour(decoder, told)
            decoder.finish()
        if total != frames * self._frame_bytes:
            message = f"{layer.clip.source.path}: expected {frames} frames, decoded {total / self._frame_bytes:g}"
            raise ToolError(message, argv=argv, returncode=0)
