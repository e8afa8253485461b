"""One rendering under way: segments from the cache or from the encoders, several side by side, and the sound.

Pictures are decoded in a child process while the encoders work; segments of equal ingredients are encoded once.
Whatever fails first stops everything else at once.
"""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from backends.base import Progress, RunSettings
from backends.ffmpeg.cache import Facts, SegmentCache, link_or_copy
from backends.ffmpeg.encode import encode_segment, encode_sound, encoder_build, segment_argv, sound_argv
from backends.ffmpeg.explain import Part
from backends.ffmpeg.mux import sound_sha256
from backends.ffmpeg.segments import cut_segments
from backends.ffmpeg.slices import segment_ingredients, sound_ingredients, visible_layers
from backends.ffmpeg.verify import verify_segment
from renderer.errors import Cancelled, StoryreelError
from renderer.ffmpeg_process import kill_children
from renderer.ingredients import ingredients_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.picture.compositor import FrameRenderer
    from renderer.picture.prepared import PictureShelf
    from renderer.story import Workspace
    from renderer.timebase import FrameRange
    from renderer.timeline.model import Layer, Timeline

SOUND_NAME = "sound.m4a"


def segment_name(index: int) -> str:
    return f"segment-{index:05d}.mp4"


@dataclass(frozen=True, slots=True)
class Job:
    """One segment: its frames, where its packets go, and what they are made from."""

    frames: FrameRange
    target: Path
    part: Part

    @property
    def key(self) -> str:
        return ingredients_key(self.part.ingredients)


def story_parts(timeline: Timeline, output: OutputFormat, folder: Path) -> tuple[list[Job], Part]:
    """The segments of a story as jobs writing to `folder`, and its sound."""
    jobs, build = [], encoder_build()
    for index, frames in enumerate(cut_segments(timeline, output.keyframe_frames)):
        target = folder / segment_name(index)
        ingredients = segment_ingredients(timeline, frames, segment_argv(output, target), build)
        shown = [layer.id for layer in timeline.layers if layer.range.intersects(frames) and layer.kind != "background"]
        name = f"segment {index}"
        jobs.append(Job(frames, target, Part(name, frames, ingredients, " + ".join(shown) or "background")))
    tracks = " + ".join(track.role for track in timeline.sound.tracks) or "silence"
    sound = sound_ingredients(timeline, sound_argv(output, folder / SOUND_NAME))
    return jobs, Part("sound", None, sound, tracks)


class Rendering:
    """What the threads of one run share. After `encode`, every segment and the sound lie in the scratch folder."""

    def __init__(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> None:
        self._timeline, self._output, self._workspace, self._settings = timeline, output, workspace, settings
        self._cache = SegmentCache() if workspace.use_cache else None
        self._shelf: PictureShelf | None = None
        self._frames_done = self._frames_cached = 0
        self._lock = threading.Lock()
        self._local = threading.local()
        self._to_render: list[FrameRange] = []
        self._prepared_from = -1
        self.jobs, self.sound_part = story_parts(timeline, output, workspace.scratch)
        self.sound_file = workspace.scratch / SOUND_NAME
        self.from_cache = 0
        self.sound_facts: Facts = {}
        self.packets: dict[Path, str] = {}
        """The hash of every encoded file's packets when it was verified."""

    def encode(self) -> None:
        """Raises: ToolError, OutputError, MediaError, Cancelled."""
        missing = [job for job in self.jobs if not self._from_cache(job)]
        first = {job.key: job for job in reversed(missing)}
        self._to_render = [job.frames for job in missing if first[job.key] is job]
        timeline, limits = self._timeline, self._workspace.limits
        with (
            ThreadPoolExecutor(1, "pictures") as self._ahead,
            ThreadPoolExecutor(self._settings.jobs, "segment") as pool,
        ):
            work: list[Future[None]] = []
            try:
                if missing:
                    self._shelf = self._make_shelf(timeline, limits.image_bytes)
                work.append(pool.submit(self._sound))
                work.extend(pool.submit(self._segment, job) for job in missing if first[job.key] is job)
                _wait_for_all(work)
            except BaseException as error:
                self._stop(work)
                _raise_the_cause(error, work)
                raise
        for job in missing:
            if first[job.key] is not job:
                link_or_copy(first[job.key].target, job.target)
                self.packets[job.target] = self.packets[first[job.key].target]

    def _make_shelf(self, timeline: Timeline, max_bytes: int) -> PictureShelf:
        from renderer.picture.prepared import PictureShelf

        self._workspace.intake.get_ready()
        return PictureShelf(
            self._workspace.folder,
            self._workspace.intake,
            max_bytes=max_bytes,
            frame=(timeline.width, timeline.height),
            kept=3 * self._settings.jobs + 2,
            in_use=2 * self._settings.jobs + 1,
        )

    def _from_cache(self, job: Job) -> bool:
        kept = self._cache.take(job.part.ingredients, job.target) if self._cache is not None else None
        if kept is None:
            return False
        self.packets[job.target] = str(kept["packets"])
        self.from_cache += 1
        self._count(len(job.frames), cached=True)
        return True

    def _stop(self, work: list[Future[None]]) -> None:
        """End everything under way, after a failure or a Ctrl-C.

        Children are killed until no work is left: a thread may be starting one at this very moment.
        """
        self._settings.cancel.set()
        for future in work:
            future.cancel()
        while wait(work, timeout=0.05).not_done:
            kill_children()

    def _sound(self) -> None:
        kept = self._cache.take(self.sound_part.ingredients, self.sound_file) if self._cache is not None else None
        if kept is not None:
            self.sound_facts = kept
            self.packets[self.sound_file] = str(kept["packets"])
            return
        from renderer.sound.programme import Programme

        sound = self._timeline.sound
        pcm = self._workspace.pcm_store.ensure(sound.sources(), self._workspace.folder)
        programme = Programme(sound, pcm, on_work=self._settings.cancel.raise_if_set)
        encode_sound(sound_argv(self._output, self.sound_file), programme, cancel=self._settings.cancel)
        report = programme.report
        self.packets[self.sound_file] = sound_sha256(self.sound_file)
        self.sound_facts = {
            "loudness": dataclasses.asdict(report.loudness),
            "warnings": list(report.warnings()),
            "packets": self.packets[self.sound_file],
        }
        if self._cache is not None:
            self._cache.put(self.sound_part.ingredients, self.sound_file, self.sound_facts)

    def _prepare_next(self, job: Job) -> None:
        """Have the pictures of this and the coming segments decoded beside the encoders, in the order of their need.

        The shelf takes few in advance. Shots whose segments are all in the cache need none.
        """
        reach = range(job.frames.start, job.frames.start + self._look_ahead())
        coming = [frames for frames in self._to_render if frames.start in reach]
        layers = {layer.id: layer for frames in coming for layer in visible_layers(self._timeline, frames)}
        with self._lock:  # another thread may have come further meanwhile
            if job.frames.start > self._prepared_from:
                self._prepared_from = job.frames.start
                self._ahead.submit(self._prepare, job.frames.start, list(layers.values()))

    def _look_ahead(self) -> int:
        return (self._settings.jobs + 1) * self._output.keyframe_frames

    def _prepare(self, start: int, layers: list[Layer]) -> None:
        """Until another segment begins: its own list holds what is still to come.

        A picture that can't be prepared is reported by the segment that needs it, by name.
        """
        for layer in layers:
            if self._shelf is None or self._prepared_from > start or self._settings.cancel.is_set():
                return
            with contextlib.suppress(StoryreelError):
                self._shelf.prepare_in_turn(layer)

    def _segment(self, job: Job) -> None:
        self._settings.cancel.raise_if_set()
        self._prepare_next(job)
        frames = self._renderer().frames(job.frames)
        born = encode_segment(self._output, job.target, frames, cancel=self._settings.cancel, on_frame=self._count)
        to_the_end = born is None or job is self.jobs[-1]
        self.packets[job.target] = verify_segment(job.target, len(job.frames), born=born, to_the_end=to_the_end)
        if self._cache is not None:
            self._cache.put(job.part.ingredients, job.target, {"packets": self.packets[job.target]})

    def _renderer(self) -> FrameRenderer:
        """Each thread has its own, with what it rendered before."""
        if not hasattr(self._local, "renderer"):
            from renderer.picture.compositor import FrameRenderer

            assert self._shelf is not None  # noqa: S101  (made before the first segment is handed out)
            self._local.renderer = FrameRenderer(self._timeline, self._shelf)
        renderer: FrameRenderer = self._local.renderer
        return renderer

    def _count(self, frames: int = 1, *, cached: bool = False) -> None:
        with self._lock:
            self._frames_done += frames
            self._frames_cached += frames if cached else 0
            progress = Progress("render", self._frames_done, self._timeline.frame_count, self._frames_cached)
        self._settings.report(progress)

    @property
    def loudness(self) -> dict[str, float | None]:
        """Integrated loudness, range and true peak of the mix before the encoder."""
        return cast("dict[str, float | None]", self.sound_facts["loudness"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the author should hear about the sound."""
        return tuple(cast("list[str]", self.sound_facts["warnings"]))

    def parts(self) -> Iterator[Part]:
        """Every segment and the sound, with their ingredients."""
        yield from (job.part for job in self.jobs)
        yield self.sound_part


def _wait_for_all(work: list[Future[None]]) -> None:
    """Until all is done, or the first failure, which is raised."""
    done, _ = wait(work, return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()


def _raise_the_cause(error: BaseException, work: list[Future[None]]) -> None:
    """A cancelled neighbour is not why a run failed: raise what is, where there is such a thing."""
    if not isinstance(error, Cancelled):
        return
    for future in work:
        failure = future.exception() if future.done() and not future.cancelled() else None
        if failure is not None and not isinstance(failure, Cancelled):
            raise failure
