"""A video file's facts as a timeline source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.timeline.model import VideoSource

if TYPE_CHECKING:
    from renderer.container_facts import ContainerFacts, Matrix


def video_source(
    url: str,
    facts: ContainerFacts,
    *,
    rotation: int = 0,
    matrix: Matrix | None = None,
    full_range: bool | None = None,
) -> VideoSource:
    """The first picture track. The content is not hashed: it stays open, and nothing is kept from it."""
    track = facts.videos[0]
    return VideoSource(
        path=url,
        sha256="",
        container=facts.container,
        stream=0,
        width=track.width,
        height=track.height,
        rotation=rotation,
        rate=track.rate,
        frames=track.frames,
        start_s=track.start_s - facts.start_s,
        duration_s=track.end_s - track.start_s,
        matrix=matrix or track.matrix,
        full_range=track.full_range if full_range is None else full_range,
        interlaced=track.interlaced,
    )
