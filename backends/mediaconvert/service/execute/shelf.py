"""The compositor's pictures and clips, from a job's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.picture.prepared import IN_USE, KEPT_PICTURES, PictureShelf

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager

    from backends.mediaconvert.service.execute.media import JobMedia
    from renderer.timeline.model import Layer, Timeline, VideoSource

MOST_PICTURES = 64
"""Pictures in memory at once, of jobs that show as many: 350 MB where each fills a 1080p frame and is transparent."""


class JobShelf(PictureShelf):
    """Pictures are private copies in the job's scratch folder, clips the objects it keeps open.

    All that a frame shows are kept, or they would be decoded anew for each frame.
    """

    def __init__(self, media: JobMedia, timeline: Timeline) -> None:
        frame, limit = (timeline.width, timeline.height), media.limits.image_bytes
        in_use = min(max(IN_USE, most_at_once(timeline.layers)), MOST_PICTURES)
        kept = in_use + KEPT_PICTURES - IN_USE
        super().__init__(media.folder, media.intake, max_bytes=limit, frame=frame, kept=kept, in_use=in_use)
        self._media = media

    def open_video(self, source: VideoSource) -> AbstractContextManager[int]:
        return self._media.open_video(source)


def most_at_once(layers: Iterable[Layer]) -> int:
    """The largest number of pictures that one frame shows."""
    shown = [layer.range for layer in layers if layer.source is not None]
    return max((sum(other.start <= one.start < other.end for other in shown) for one in shown), default=0)
