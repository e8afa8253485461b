"""A spec → a golden folder: compiled, planned, rendered, heard, encoded once, and written down."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from backends.base import Progress, RunSettings, ignore_progress
from backends.ffmpeg.backend import FFmpegBackend
from backends.ffmpeg.segments import cut_segments
from backends.mediaconvert.backend import MediaConvertBackend
from golden import versions
from golden.frame_hashes import RecordedSegment, frame_hash
from golden.model import GoldenError
from golden.proxy import encode_proxy_picture, encode_proxy_sound, join_proxy, to_proxy
from golden.rendering import FrameFarm
from golden.sound_features import FeatureMeter
from golden.store import FILES, Golden, RecordOptions, is_golden, write_golden
from golden.video import open_video
from renderer.errors import OutputError
from renderer.sound.programme import Programme
from renderer.story import StoryOptions, compile_story, open_workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from golden.planes import Yuv
    from golden.sound_features import SoundFeatures
    from golden.store import Json
    from renderer.output import OutputFormat
    from renderer.story import Story, Workspace
    from renderer.timebase import FrameRange
    from renderer.timeline.model import Timeline

VIDEO_NAME = Path("story.mp4")
"""Stands for the output in recorded plans."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What `record` wrote: how much, and the warnings a render of this story gives."""

    folder: Path
    frames: int
    size_bytes: int
    warnings: tuple[str, ...]


def record(
    spec: Path,
    folder: Path,
    options: RecordOptions,
    *,
    jobs: int = 2,
    replace: bool = False,
    report: Callable[[Progress], None] = ignore_progress,
) -> Recorded:
    """Record the story at `spec` into `folder`, which is made where it is missing.

    Raises: GoldenError where a golden lies there already and `replace` is False; as compiling and rendering do.
    """
    if is_golden(folder) and not replace:
        raise GoldenError(
            f"{folder} holds a golden already: look at `storyreel golden check {folder}`, then take the new state"
            f" with `storyreel golden accept {folder}`"
        )
    foreign = [] if is_golden(folder) else [name for name in FILES if (folder / name).exists()]
    if foreign:
        raise GoldenError(
            f"{folder} is no golden and holds {foreign[0]}, which would be overwritten: choose a folder of its own"
        )
    _make_folder(folder)
    story_settings = story_options(options)
    with open_workspace(spec, story_settings) as workspace:
        story = compile_story(spec, workspace, story_settings)
        golden, proxy, warnings = _Recording(story, workspace, jobs, report).made(_relative(spec, folder), options)
        write_golden(folder, golden, proxy)
    size = sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
    return Recorded(folder, story.timeline.frame_count, size, (*story.warnings, *warnings))


def story_options(options: RecordOptions) -> StoryOptions:
    """The compile options of a golden."""
    return StoryOptions(output=options.output, preview=options.preview, allow_outside=options.allow_outside)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"the folder {folder} can't be made: {error.strerror}") from error


def _relative(spec: Path, folder: Path) -> str:
    """Where the spec lies, seen from the folder, with forward slashes."""
    return Path(os.path.relpath(spec.resolve(), folder.resolve())).as_posix()


class _Recording:
    """One recording under way."""

    def __init__(self, story: Story, workspace: Workspace, jobs: int, report: Callable[[Progress], None]) -> None:
        self._story, self._workspace, self._jobs, self._report = story, workspace, jobs, report
        self._timeline, self._output = story.timeline, story.output

    def made(self, spec: str, options: RecordOptions) -> tuple[Golden, bytes, tuple[str, ...]]:
        """The golden, its reference video's bytes, and warnings of the render."""
        scratch = self._workspace.scratch
        structure, warnings = file_structure(self._timeline, self._output, self._workspace, self._jobs)
        picture, sound, proxy = scratch / "proxy-picture.mp4", scratch / "proxy-sound.mp4", scratch / "proxy.mp4"
        features = self._sound(sound)
        segments = self._segments(picture)
        join_proxy(picture, sound, proxy)
        golden = Golden(
            spec=spec,
            options=options,
            timeline=self._timeline,
            plan=plan_document(self._timeline, self._output),
            job=job_document(self._timeline, self._output),
            segments=segments,
            sound=features.to_json(versions.mix_key(self._timeline)),
            structure=structure,
            made_with=versions.made_with(),
            encoder=versions.encoder(self._output),
        )
        return golden, proxy.read_bytes(), warnings

    def _sound(self, target: Path) -> SoundFeatures:
        meter = FeatureMeter()

        def blocks() -> Iterator[bytes]:
            for block in programme(self._timeline, self._workspace).blocks():
                meter.add(block)
                yield block.tobytes()

        encode_proxy_sound(blocks(), target)
        return meter.result()

    def _segments(self, target: Path) -> tuple[RecordedSegment, ...]:
        """Hash every frame; the small copies go to the encoder in order, a few segments at a time."""
        ranges = cut_segments(self._timeline, self._output.keyframe_frames)
        found: list[RecordedSegment] = []

        def small_frames() -> Iterator[Yuv]:
            step = max(1, self._jobs) * 2
            with FrameFarm(self._timeline, self._workspace, self._jobs) as farm, ThreadPoolExecutor(1) as ahead:
                batches = [ranges[start : start + step] for start in range(0, len(ranges), step)]
                coming = [ahead.submit(self._batch, farm, batch) for batch in batches[:1]]
                for number in range(len(batches)):
                    rendered = coming.pop().result()
                    coming += [ahead.submit(self._batch, farm, batch) for batch in batches[number + 1 : number + 2]]
                    for segment, frames in rendered:
                        found.append(segment)
                        yield from frames

        encode_proxy_picture(self._timeline, small_frames(), target)
        return tuple(found)

    def _batch(self, farm: FrameFarm, ranges: tuple[FrameRange, ...]) -> list[tuple[RecordedSegment, list[Yuv]]]:
        hashes: list[list[str]] = [[] for _ in ranges]
        small: list[list[Yuv]] = [[] for _ in ranges]

        def visit(index: int, number: int, frame: Yuv) -> None:  # noqa: ARG001
            hashes[index].append(frame_hash(frame.tobytes()))
            reduced = to_proxy(frame, self._timeline)
            small[index].append(reduced.copy() if reduced is frame else reduced)

        farm.run(ranges, visit)
        done = ranges[-1].end
        self._report(Progress("render", done, self._timeline.frame_count))
        return [(self._segment(frames, tuple(hashes[index])), small[index]) for index, frames in enumerate(ranges)]

    def _segment(self, frames: FrameRange, hashes: tuple[str, ...]) -> RecordedSegment:
        timeline = self._timeline
        return RecordedSegment(
            frames,
            versions.slice_sha256(timeline, frames),
            versions.cache_key(timeline, frames, self._output),
            shown(timeline, frames),
            hashes,
        )


def shown(timeline: Timeline, frames: FrameRange) -> str:
    """What a range shows, by layer ids, without the background where anything lies on it."""
    ids = [layer.id for layer in timeline.layers if layer.range.intersects(frames) and layer.kind != "background"]
    return " + ".join(ids) or "background"


def programme(timeline: Timeline, workspace: Workspace) -> Programme:
    """The mix of a timeline. Raises: MediaError."""
    sound = timeline.sound
    return Programme(sound, workspace.pcm_store.ensure(sound.sources(), workspace.folder))


def file_structure(
    timeline: Timeline, output: OutputFormat, workspace: Workspace, jobs: int
) -> tuple[Json, tuple[str, ...]]:
    """Render the video itself and read what it is; with warnings about its sound.

    Raises: as rendering does.
    """
    target = workspace.scratch / "structure.mp4"
    result = FFmpegBackend().run(timeline, output, workspace, RunSettings(target, jobs))
    with open_video(target) as video:
        facts = cast("Json", dict(video.facts))
    target.unlink()
    return facts, result.warnings


def plan_document(timeline: Timeline, output: OutputFormat) -> Json:
    """The local backend's plan, without anything of this machine."""
    document = FFmpegBackend().plan(timeline, output, VIDEO_NAME).to_json()
    for step in cast("list[Json]", document["steps"]):
        words = cast("list[str]", step["argv"])
        step["argv"] = ["ffmpeg", *words[1:]] if words else []
    return document


def job_document(timeline: Timeline, output: OutputFormat) -> Json:
    """The MediaConvert job (mezzanine) for a bucket and a role that have no name."""
    return dict(MediaConvertBackend().job(timeline, output).job)
