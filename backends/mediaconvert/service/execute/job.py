"""One job from its settings to its published files: probe, translate, encode, package, publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.service.execute.checking import check_output
from backends.mediaconvert.service.execute.codec_strings import codec_string
from backends.mediaconvert.service.execute.encode import Encoding, capture_frames, encode_output
from backends.mediaconvert.service.execute.media import JobMedia
from backends.mediaconvert.service.execute.outcome import GroupOutcome, JobOutcome, OutputOutcome
from backends.mediaconvert.service.execute.packaging import Encoded, Package, package_dash, package_hls
from backends.mediaconvert.service.execute.probing import input_details
from backends.mediaconvert.service.execute.sounds import SoundMaker
from backends.mediaconvert.service.faults import (
    CANNOT_OPEN_FILE,
    DISK_FULL,
    READ_FAILURE,
    UNKNOWN,
    UNSUPPORTED_TOGETHER,
    JobFailure,
)
from backends.mediaconvert.service.storage.locations import LocationError
from backends.mediaconvert.service.translate.captions import srt, webvtt
from backends.mediaconvert.service.translate.job import translate_job
from backends.mediaconvert.service.unknowns import FIRST_CAPTURE
from renderer.cache import scratch_folder
from renderer.errors import MediaError, OutputError, ToolError

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.queueing.running import RunningJob
    from backends.mediaconvert.service.storage.base import Storage
    from backends.mediaconvert.service.translate.plan import GroupPlan, JobPlan, OutputPlan


def execute_job(running: RunningJob, storage: Storage, *, strict: bool, policy: Job) -> JobOutcome:
    """Raises: JobFailure, Cancelled. Nothing is published before everything is made."""
    try:
        with scratch_folder() as scratch, JobMedia(storage, scratch, policy) as media:
            return _Execution(running, storage, scratch, media).run(strict=strict)
    except MediaError as error:
        raise JobFailure(READ_FAILURE, str(error)) from error
    except LocationError as error:
        raise JobFailure(CANNOT_OPEN_FILE, str(error)) from error
    except (ToolError, OutputError) as error:
        raise JobFailure(UNKNOWN, str(error)) from error
    except OSError as error:
        raise JobFailure(DISK_FULL, f"{error.strerror}: {error.filename}") from error


@dataclass(frozen=True, slots=True)
class _Made:
    """One group's files by URL, in the order to publish them, and what is told about it."""

    files: dict[str, Path]
    outcome: GroupOutcome


class _Execution:
    def __init__(self, running: RunningJob, storage: Storage, scratch: Path, media: JobMedia) -> None:
        self._running, self._storage, self._scratch, self._media = running, storage, scratch, media
        self._sounds = SoundMaker(media, scratch, running.cancel)
        self._total = self._done = 0

    def run(self, *, strict: bool) -> JobOutcome:
        running = self._running
        settings = running.job.settings
        plan = translate_job(settings, self._media, running.job.created_ms)
        self._check_names(plan)
        if strict and plan.warnings:
            raise JobFailure(UNSUPPORTED_TOGETHER, f"Refused because of --strict: {' | '.join(plan.warnings)}")
        running.inputs(input_details(settings, self._media))
        self._total = plan.total_frames
        running.enter("TRANSCODING")
        made = [self._group(group, index) for index, group in enumerate(plan.groups)]
        running.enter("UPLOADING")
        self._publish(made)
        for code in plan.codes:
            running.warn(code, _WARNINGS.get(code, ""))
        return JobOutcome(tuple(one.outcome for one in made), dict(plan.codes), plan.warnings)

    def _check_names(self, plan: JobPlan) -> None:
        """Refuse names that could not be written before any work is done."""
        for group in plan.groups:
            for output in group.outputs:
                self._storage.check(f"{group.folder}{output.base}.{output.extension}")

    def _count(self, frames: int) -> None:
        self._done += frames
        self._running.advance(self._done, self._total)

    def _group(self, group: GroupPlan, index: int) -> _Made:
        scratch = self._scratch / f"group-{index}"
        scratch.mkdir()
        encoding = Encoding(self._media, self._sounds, scratch, self._running.cancel, self._count)
        if group.kind == "FILE_GROUP":
            return self._files(group, scratch, encoding)
        outputs = [
            self._encoded(output, scratch / f"output-{number}.mp4", encoding)
            for number, output in enumerate(group.outputs)
            if output.picture is not None or output.sounds
        ]
        package = (package_hls if group.kind == "HLS_GROUP" else package_dash)(group, outputs, scratch)
        files = {f"{group.folder}{name}": path for name, path in package.files.items()}
        for output in group.outputs:
            files |= self._captions(group, output, scratch)
        return _Made(files, _streaming_outcome(group, outputs, package))

    def _encoded(self, output: OutputPlan, target: Path, encoding: Encoding) -> Encoded:
        encode_output(output, target, encoding)
        check_output(output, target)
        bandwidth = int(target.stat().st_size * 8 / max(float(output.duration_s), 1.0))
        return Encoded(output, target, max(1, bandwidth), codec_string(output))

    def _files(self, group: GroupPlan, scratch: Path, encoding: Encoding) -> _Made:
        files: dict[str, Path] = {}
        outcomes = []
        for number, output in enumerate(group.outputs):
            made = self._output_files(group, output, scratch, number, encoding)
            files |= made
            outcomes.append(_file_outcome(output, made))
        return _Made(files, GroupOutcome("FILE_GROUP", tuple(outcomes)))

    def _output_files(
        self, group: GroupPlan, output: OutputPlan, scratch: Path, number: int, encoding: Encoding
    ) -> dict[str, Path]:
        name = f"{group.folder}{output.base}"
        made: dict[str, Path] = {}
        if output.picture is not None and output.picture.captures is not None:
            folder = scratch / f"captures-{number}"
            folder.mkdir()
            pictures = capture_frames(output, folder, encoding)
            for place, path in enumerate(pictures):
                made[f"{name}.{place + FIRST_CAPTURE:07d}.{output.extension}"] = path
        elif output.picture is not None or output.sounds:
            target = scratch / f"output-{number}"
            encode_output(output, target, encoding)
            check_output(output, target)
            made[f"{name}.{output.extension}"] = target
        return made | self._captions(group, output, scratch)

    def _captions(self, group: GroupPlan, output: OutputPlan, scratch: Path) -> dict[str, Path]:
        """Captions files take the output's name, and their number where there are several."""
        made = {}
        for number, captions in enumerate(output.captions):
            text = srt(captions.cues) if captions.format == "srt" else webvtt(captions.cues)
            path = scratch / f"captions-{len(list(scratch.glob('captions-*')))}"
            path.write_text(text, encoding="utf-8")
            ending = "" if number == 0 else f"_{number}"
            made[f"{group.folder}{output.base}{ending}.{captions.format}"] = path
        return made

    def _publish(self, made: list[_Made]) -> None:
        files = [(url, path) for one in made for url, path in one.files.items()]
        for url, _ in files:
            self._storage.check(url)
        for url, path in files:
            self._running.cancel.raise_if_set()
            self._storage.publish(url, path)


_WARNINGS = {
    240_000: "Silence was added: the audio is shorter than the output.",
    240_001: "Audio was dropped: it is longer than the output.",
    250_001: "The font of burnt-in captions can't be used: another one was.",
}


def _size(output: OutputPlan) -> tuple[int, int] | None:
    if output.picture is None:
        return None
    return output.picture.timeline.width, output.picture.timeline.height


def _file_outcome(output: OutputPlan, made: dict[str, Path]) -> OutputOutcome:
    """COMPLETE names the media file; of frame captures the last one."""
    paths = list(made)
    captured = output.picture is not None and output.picture.captures is not None
    shown = paths[-1:] if captured else paths
    bitrate = None
    if output.picture is not None and not captured and paths and output.duration_s:
        bitrate = int(made[paths[0]].stat().st_size * 8 / output.duration_s)
    return OutputOutcome(tuple(shown), int(output.duration_s * 1000), _size(output), bitrate)


def _streaming_outcome(group: GroupPlan, outputs: list[Encoded], package: Package) -> GroupOutcome:
    outcomes = []
    for number, encoded in enumerate(outputs):
        paths = (f"{group.folder}{package.playlists[number]}",) if package.playlists else ()
        outcomes.append(OutputOutcome(paths, int(encoded.plan.duration_s * 1000), _size(encoded.plan)))
    playlists = tuple(f"{group.folder}{name}" for name in package.manifests)
    return GroupOutcome(group.kind, tuple(outcomes), playlists)
