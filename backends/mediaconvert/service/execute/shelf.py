"""The compositor's pictures and clips, from a job's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.picture.prepared import PictureShelf

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from backends.mediaconvert.service.execute.media import JobMedia
    from renderer.timeline.model import VideoSource


class JobShelf(PictureShelf):
    """Pictures are private copies in the job's scratch folder, clips the objects it keeps open."""

    def __init__(self, media: JobMedia, frame: tuple[int, int]) -> None:
        super().__init__(media.folder, media.intake, max_bytes=media.limits.image_bytes, frame=frame)
        self._media = media

    def open_video(self, source: VideoSource) -> AbstractContextManager[int]:
        return self._media.open_video(source)
