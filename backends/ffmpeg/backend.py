"""The local backend: segments rendered and encoded side by side, the sound once, one verified MP4 at the end."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from backends.base import Conformance, Plan, Progress, RunResult, RunSettings, Step
from backends.ffmpeg.cache import max_cache_bytes, prune
from backends.ffmpeg.encode import segment_argv, segment_place, sound_argv
from backends.ffmpeg.explain import Explanation, explain, remember
from backends.ffmpeg.mux import join
from backends.ffmpeg.renditions import left_out, make_renditions, rendition_conformance, rendition_steps
from backends.ffmpeg.run import SOUND_NAME, Rendering, segment_name, story_parts
from backends.ffmpeg.segments import cut_segments
from backends.ffmpeg.verify import verify_file
from renderer.ffmpeg_process import kill_children
from renderer.publish import check_free_space, unfinished_file
from renderer.timeline.canonical import timeline_sha256
from renderer.timeline.invariants import check_invariants

if TYPE_CHECKING:
    from renderer.output import OutputFormat
    from renderer.story import Story, Workspace
    from renderer.timeline.model import Layer, Timeline

_BYTES_PER_PIXEL_SECOND = 0.6
"""A generous guess of a video's size, for the free-space check: 1.2 MB a second at 1080p."""


class FFmpegBackend:
    """Renders on this machine."""

    name = "ffmpeg"

    def plan(self, timeline: Timeline, output: OutputFormat, destination: Path) -> Plan:
        """Every child process, and what is encoded in this one, by an argument list.

        `SCRATCH` stands for the run's private folder.
        """
        scratch = Path("SCRATCH")
        steps = [Step("prepare pictures", "decode, shrink and convert each picture once, in a limited child process")]
        place = segment_place()
        for index, frames in enumerate(cut_segments(timeline, output.keyframe_frames)):
            argv = segment_argv(output, scratch / segment_name(index))
            does = f"encode frames {frames.start} to {frames.end - 1}{place}"
            steps.append(Step(f"segment {index}", does, tuple(argv)))
        tracks = " and ".join(track.role for track in timeline.sound.tracks) or "silence"
        steps.append(Step("sound", f"mix and encode {tracks}", tuple(sound_argv(output, scratch / SOUND_NAME))))
        steps.append(Step("join", f"write packets to {destination}, index first, verify, move into place"))
        steps += rendition_steps(timeline, output, destination)
        fidelity = (*conformance(timeline), *rendition_conformance(output.renditions))
        return Plan(self.name, timeline_sha256(timeline), tuple(steps), fidelity)

    def run(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> RunResult:
        """Render to `settings.destination`.

        Raises: ToolError, OutputError, MediaError, Cancelled; the destination is then as it was before.
        """
        check_invariants(timeline)
        cache_limit = max_cache_bytes()
        started = time.monotonic()
        size = timeline.width * timeline.height * float(timeline.duration_s) * _BYTES_PER_PIXEL_SECOND
        check_free_space(settings.destination.parent, int(size))
        rendering = Rendering(timeline, output, workspace, settings)
        try:
            rendering.encode()
            settings.report(Progress("finish", timeline.frame_count, timeline.frame_count))
            with unfinished_file(settings.destination) as unfinished:
                parts = [(job.frames, job.target) for job in rendering.jobs]
                muxed = join(
                    parts,
                    rendering.sound_file,
                    unfinished.url,
                    rate=timeline.rate,
                    title=timeline.title,
                    packets=rendering.packets,
                )
                checks = verify_file(unfinished.url, timeline, output, muxed, full=settings.full_verify)
            renditions = make_renditions(timeline, output, workspace, settings)
        except BaseException:
            settings.cancel.set()
            kill_children()
            raise
        if workspace.use_cache:
            remember(_story_name(workspace, timeline, output), list(rendering.parts()))
            prune(cache_limit)
        total = len(rendering.jobs)
        return RunResult(
            output=settings.destination,
            frames=timeline.frame_count,
            duration_s=float(timeline.duration_s),
            segments={
                "total": total,
                "from_cache": rendering.from_cache,
                "rendered": total - rendering.from_cache,
            },
            wall_s=time.monotonic() - started,
            timeline_sha256=timeline_sha256(timeline),
            sound=rendering.loudness,
            checks=checks,
            warnings=(*rendering.warnings, *left_out(output.renditions)),
            renditions=renditions,
        )


def explain_cache(story: Story, workspace: Workspace) -> list[Explanation]:
    """For every segment and the sound: is it cached, and if not, what changed since the last render."""
    jobs, sound = story_parts(story.timeline, story.output, workspace.scratch)
    parts = [*(job.part for job in jobs), sound]
    return explain(_story_name(workspace, story.timeline, story.output), parts)


def _story_name(workspace: Workspace, timeline: Timeline, output: OutputFormat) -> str:
    """One record for each story and output: renders of other sizes do not disturb it."""
    return f"{workspace.spec} {timeline.width}x{timeline.height} {output.preset}"


def conformance(timeline: Timeline) -> tuple[Conformance, ...]:
    """This backend is the reference: everything a timeline can say, it does exactly."""
    layers = [Conformance(feature, layer.id, "exact") for layer in timeline.layers for feature in _features(layer)]
    tracks = [Conformance("sound", track.role, "exact") for track in timeline.sound.tracks]
    return (*layers, *tracks)


def _features(layer: Layer) -> list[str]:
    names = {"motion": "motion", "fade_in": "crossfade", "fit": "fit"}
    found = [word for field, word in names.items() if getattr(layer, field)]
    return [layer.kind, *found]
