"""Is a made file what was planned? Asked of the file itself: FFmpeg exits 0 on a full disk (SAFETY R1)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from renderer.container_facts import read_container
from renderer.errors import MediaError, OutputError
from renderer.media import SNIFF_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.service.translate.plan import OutputPlan
    from renderer.container_facts import ContainerFacts


def check_output(plan: OutputPlan, file: Path) -> ContainerFacts | None:
    """Frames, size and number of sounds as planned; None for a bare stream, of which only the size is known.

    Raises: OutputError naming what differs.
    """
    size = file.stat().st_size if file.exists() else 0
    if size == 0:
        raise OutputError(f"{plan.base}.{plan.extension}: nothing was written")
    if plan.container == "RAW":
        return None
    facts = file_facts(file)
    timeline = None if plan.picture is None else plan.picture.timeline
    found = [f"{track.width}x{track.height}, {track.frames} frames" for track in facts.videos]
    wanted = [] if timeline is None else [f"{timeline.width}x{timeline.height}, {timeline.frame_count} frames"]
    if found != wanted or len(facts.audios) != len(plan.sounds):
        raise OutputError(
            f"{plan.base}.{plan.extension}: planned {wanted} and {len(plan.sounds)} sounds,"
            f" found {found} and {len(facts.audios)}"
        )
    return facts


def file_facts(file: Path) -> ContainerFacts:
    """Raises: OutputError where the file can't be read."""
    descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return read_container(descriptor, os.pread(descriptor, SNIFF_BYTES, 0), os.fstat(descriptor).st_size, file.name)
    except MediaError as error:
        raise OutputError(f"what was written can't be read: {error}") from error
    finally:
        os.close(descriptor)
