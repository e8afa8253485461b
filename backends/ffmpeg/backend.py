"""The local backend: segments rendered and encoded side by side, the sound once, one verified MP4 at the end."""

from __future__ import annotations

import threading
import time
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.base import Conformance, Plan, Progress, RunResult, RunSettings, Step
from backends.ffmpeg.encode import encode_segment, encode_sound, segment_argv, sound_argv
from backends.ffmpeg.mux import join
from renderer.publish import check_free_space, unfinished_file
from backends.ffmpeg.segments import cut_segments
from backends.ffmpeg.verify import verify_file, verify_segment
from renderer.errors import Cancelled
from renderer.ffmpeg_process import kill_children
from renderer.picture.intake import Intake
from renderer.timeline.canonical import timeline_sha256
from renderer.timeline.invariants import check_invariants

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.picture.compositor import FrameRenderer
    from renderer.sound.mix import Mix
    from renderer.story import Workspace
    from renderer.timebase import FrameRange
    from renderer.timeline.model import Timeline

_BYTES_PER_PIXEL_SECOND = 0.6
"""A generous guess of a video's size, for the free-space check: 1.2 MB a second at 1080p."""


@dataclass(frozen=True, slots=True)
class Job:
    """One segment: its frames, and where its packets go."""

    frames: FrameRange
    target: Path


class FFmpegBackend:
    """Renders on this machine."""

    name = "ffmpeg"

    def plan(self, timeline: Timeline, output: OutputFormat, destination: Path) -> Plan:
        """Every child process by its argument list; `SCRATCH` stands for the run's private folder."""
        scratch = destination.parent / "SCRATCH"
        steps = [Step("prepare pictures", "decode, shrink and convert each picture once, in a limited child process")]
        for index, frames in enumerate(cut_segments(timeline, output.keyframe_frames)):
            argv = segment_argv(output, scratch / segment_name(index))
            steps.append(Step(f"segment {index}", f"encode frames {frames.start} to {frames.end - 1}", tuple(argv)))
        tracks = " and ".join(track.role for track in timeline.sound.tracks) or "silence"
        steps.append(Step("sound", f"mix and encode {tracks}", tuple(sound_argv(output, scratch / SOUND_NAME))))
        steps.append(Step("join", f"write packets to {destination}, index first, verify, move into place"))
        return Plan(self.name, timeline_sha256(timeline), tuple(steps), conformance(timeline))

    def run(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> RunResult:
        """Render to `settings.destination`.

        Raises: ToolError, OutputError, MediaError, Cancelled; the destination is then as it was before.
        """
        check_invariants(timeline)
        started = time.monotonic()
        size = timeline.width * timeline.height * float(timeline.duration_s) * _BYTES_PER_PIXEL_SECOND
        check_free_space(settings.destination.parent, int(size))
        run = _Run(timeline, output, workspace, settings)
        try:
            segments, mix = run.encode()
            settings.report(Progress("finish", timeline.frame_count, timeline.frame_count))
            with unfinished_file(settings.destination) as unfinished:
                parts = [(job.frames, job.target) for job in segments]
                muxed = join(parts, run.sound_file, unfinished.url, rate=timeline.rate, title=timeline.title)
                checks = verify_file(unfinished.url, timeline, output, muxed, full=settings.full_verify)
        except BaseException:
            settings.cancel.set()
            kill_children()
            raise
        report = mix.limiter_report
        return RunResult(
            output=settings.destination,
            frames=timeline.frame_count,
            duration_s=float(timeline.duration_s),
            segments={"total": len(segments), "from_cache": 0, "rendered": len(segments)},
            wall_s=time.monotonic() - started,
            timeline_sha256=timeline_sha256(timeline),
            sound={},
            checks=checks,
            warnings=(str(report),) if report is not None and report.acted else (),
        )


SOUND_NAME = "sound.m4a"


def segment_name(index: int) -> str:
    return f"segment-{index:05d}.mp4"


def conformance(timeline: Timeline) -> tuple[Conformance, ...]:
    """This backend is the reference: everything a timeline can say, it does exactly."""
    layers = [Conformance(feature, layer.id, "exact") for layer in timeline.layers for feature in _features(layer)]
    tracks = [Conformance("sound", track.role, "exact") for track in timeline.sound.tracks]
    return (*layers, *tracks)


def _features(layer: object) -> list[str]:
    names = {"motion": "motion", "fade_in": "crossfade", "fit": "fit"}
    found = [word for field, word in names.items() if getattr(layer, field)]
    return [str(getattr(layer, "kind")), *found]  # noqa: B009


class _Run:
    """One rendering under way: what its threads share."""

    def __init__(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> None:
        self._timeline, self._output, self._workspace, self._settings = timeline, output, workspace, settings
        self._done = 0
        self._lock = threading.Lock()
        self._local = threading.local()
        self.sound_file = workspace.scratch / SOUND_NAME
        self._jobs = [
            Job(frames, workspace.scratch / segment_name(index))
            for index, frames in enumerate(cut_segments(timeline, output.keyframe_frames))
        ]

    def encode(self) -> tuple[list[Job], Mix]:
        """Every segment and the sound, in files of the scratch folder."""
        from renderer.picture.prepared import PictureShelf
        from renderer.sound.mix import Mix

        timeline, limits = self._timeline, self._workspace.limits
        mix = Mix(timeline.sound, self._workspace.pcm_store.ensure(timeline.sound, self._workspace.folder))
        with Intake(limits) as intake, ThreadPoolExecutor(self._settings.jobs, "segment") as pool:
            self._shelf = PictureShelf(
                self._workspace.folder,
                intake,
                max_bytes=limits.image_bytes,
                frame=(timeline.width, timeline.height),
            )
            work: list[Future[None]] = [pool.submit(self._sound, mix)]
            work += [pool.submit(self._segment, job) for job in self._jobs]
            self._wait(work)
        return self._jobs, mix

    def _wait(self, work: list[Future[None]]) -> None:
        """Until all is done. The first failure, or a Ctrl-C, stops the rest at once."""
        try:
            done, _ = wait(work, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
        except BaseException as error:
            self._settings.cancel.set()
            for future in work:
                future.cancel()
            kill_children()
            wait(work)
            _raise_the_cause(error, work)
            raise

    def _sound(self, mix: Mix) -> None:
        encode_sound(sound_argv(self._output, self.sound_file), mix, cancel=self._settings.cancel)

    def _segment(self, job: Job) -> None:
        self._settings.cancel.raise_if_set()
        frames = self._renderer().frames(job.frames)
        encode_segment(
            segment_argv(self._output, job.target), frames, cancel=self._settings.cancel, on_frame=self._count
        )
        verify_segment(job.target, len(job.frames))

    def _renderer(self) -> FrameRenderer:
        if not hasattr(self._local, "renderer"):
            from renderer.picture.compositor import FrameRenderer

            self._local.renderer = FrameRenderer(self._timeline, self._shelf)
        renderer: FrameRenderer = self._local.renderer
        return renderer

    def _count(self) -> None:
        with self._lock:
            self._done += 1
            done = self._done
        self._settings.report(Progress("render", done, self._timeline.frame_count))


def _raise_the_cause(error: BaseException, work: list[Future[None]]) -> None:
    """A cancelled neighbour is not why a run failed: raise what is, where there is such a thing."""
    if not isinstance(error, Cancelled):
        return
    for future in work:
        failure = future.exception() if future.done() and not future.cancelled() else None
        if failure is not None and not isinstance(failure, Cancelled):
            raise failure
