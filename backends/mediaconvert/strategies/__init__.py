"""Timeline → CreateJob request, in four ways (DESIGN §8). Pure: nothing is rendered, uploaded or asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.strategies import classic, mezzanine, overlays, stills

if TYPE_CHECKING:
    from backends.mediaconvert.job import JobOptions, JobPlan, JobTarget, Strategy
    from renderer.output import OutputFormat
    from renderer.timeline.model import Timeline


def build_job(
    strategy: Strategy, timeline: Timeline, output: OutputFormat, target: JobTarget, options: JobOptions
) -> JobPlan:
    """The job of one timeline, what it reads, and how faithful it is."""
    match strategy:
        case "mezzanine":
            return mezzanine.build_job(timeline, output, target, options)
        case "overlays":
            return overlays.build_job(timeline, output, target, options)
        case "stills":
            return stills.build_job(timeline, output, target, options)
        case "classic":
            return classic.build_job(timeline, output, target, options)


__all__ = ["build_job"]
