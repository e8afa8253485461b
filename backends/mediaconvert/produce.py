"""The objects of a job as local files: rendered, encoded, read back and only then given their name.

A file is named by the hash in its key, so one that is there and undamaged need not be made again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
import subprocess
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from backends.base import Progress, ignore_progress
from backends.mediaconvert import scenes
from backends.mediaconvert.assets import bed_argv, logo_pixels
from backends.mediaconvert.encode import decode_argv, intra_argv, png_argv, psnr_argv
from renderer.cache import cache_root
from renderer.errors import OutputError
from renderer.export import rendered_frames, rendered_picture, write_mix
from renderer.ffmpeg_process import CancelToken, Child, descriptor_url, run_process
from renderer.publish import Unfinished, check_free_space, unfinished_file
from renderer.sound.wav import wav_header
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from backends.mediaconvert.job import RemoteAsset
    from renderer.picture.intake import PicturePlanes
    from renderer.story import Story, Workspace
    from renderer.timeline.model import Layer, Timeline

BYTES_PER_PIXEL = 0.4
"""A generous guess of an intra picture's size, for the free-space check: 0.8 MB at 1080p."""
_PSNR = re.compile(r"\bpsnr_([yuv]):(inf|[\d.]+)")


@dataclasses.dataclass(frozen=True, slots=True)
class Production:
    """Where assets are made, and who is told about it. `report` counts the frames of the asset that is being made."""

    folder: Path
    cancel: CancelToken = dataclasses.field(default_factory=CancelToken)
    report: Callable[[Progress], None] = ignore_progress


def object_folder(workspace: Workspace) -> Path:
    """Where the objects of a workspace's jobs are kept: in the cache, or without it in the run's own scratch folder.

    Raises: OutputError.
    """
    folder = (cache_root() if workspace.use_cache else workspace.scratch) / "objects"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the folder {folder} ({error.strerror}): set STORYREEL_CACHE_DIR") from error
    return folder


def produce(
    assets: Iterable[RemoteAsset], story: Story, workspace: Workspace, production: Production
) -> dict[str, Path]:
    """Key → file, for every asset.

    Raises: ToolError, OutputError, MediaError, Cancelled; nothing half-made is left.
    """
    producer = Producer(story, workspace, production)
    return {asset.key: producer.file(asset) for asset in assets}


class Producer:
    """Makes the objects of one story's job, one after the other."""

    def __init__(self, story: Story, workspace: Workspace, production: Production) -> None:
        self._story, self._workspace, self._production = story, workspace, production
        self._layers = {layer.id: layer for layer in story.timeline.layers}

    def file(self, asset: RemoteAsset) -> Path:
        """The finished file; one that is there already is compared with the hash written beside it.

        Raises: ToolError, OutputError, MediaError, Cancelled.
        """
        self._production.cancel.raise_if_set()
        folder = self._workspace.scratch if asset.kind == "original" else self._production.folder
        target = folder / PurePosixPath(asset.key).name
        record = target.with_suffix(".json")
        if not _is_whole(target, record):
            with unfinished_file(target) as unfinished:
                self._make(asset, unfinished)
            with unfinished_file(record) as unfinished:
                os.write(unfinished.descriptor, json.dumps({"sha256": _sha256(target)}).encode())
        return target

    def _make(self, asset: RemoteAsset, unfinished: Unfinished) -> None:
        match asset.kind:
            case "mezzanine" | "bed" | "clip":
                self._film(asset, unfinished)
            case "slide":
                scene = self._scene(asset)
                argv = png_argv(scene.width, scene.height, "rgb24", _url(unfinished))
                picture = self._slide_pixels(scene)
                self._png(argv, picture, (scene.width, scene.height), unfinished)
            case "logo":
                self._logo(self._layers[asset.describes], unfinished)
            case "mix":
                self._mix(unfinished)
            case "original":
                self._original(asset, unfinished)

    def _scene(self, asset: RemoteAsset) -> Timeline:
        """What the asset shows, as a timeline of its own."""
        timeline, name = self._story.timeline, asset.describes
        match asset.kind:
            case "mezzanine":
                return timeline
            case "bed":
                return scenes.bed(timeline)
            case "clip" if name in self._layers:
                return scenes.clip(timeline, self._layers[name], scenes.clip_size(self._layers[name]))
            case "clip":
                return scenes.backdrop(timeline, self._layers[name.removesuffix(" backdrop")])
            case _:
                return scenes.slide(timeline, self._layers[name])

    def _story_of(self, scene: Timeline) -> Story:
        return dataclasses.replace(self._story, timeline=scene)

    def _film(self, asset: RemoteAsset, unfinished: Unfinished) -> None:
        scene = self._scene(asset)
        if asset.kind == "mezzanine":
            size = scene.width * scene.height * scene.frame_count * BYTES_PER_PIXEL
            check_free_space(self._production.folder, int(size))
        make = intra_argv if asset.kind == "mezzanine" else bed_argv
        argv, url = make(scene, _url(unfinished)), _url(unfinished)
        done, total = 0, scene.frame_count
        with Child(argv, stdin=subprocess.PIPE, pass_fds=[unfinished.descriptor]) as encoder:
            frames = rendered_frames(self._story_of(scene), self._workspace, FrameRange(0, scene.frame_count))
            for frame in frames:
                self._production.cancel.raise_if_set()
                encoder.write(frame.data.data)
                done += 1
                self._production.report(Progress("prepare", done, total))
            encoder.finish()
        decoded = run_process(decode_argv(url), pass_fds=[unfinished.descriptor]).stdout.decode().splitlines()
        found = sum(1 for line in decoded if line and not line.startswith("#"))
        if found != scene.frame_count:
            raise OutputError(f"{asset.kind} of {asset.describes}: planned {scene.frame_count} frames, found {found}")

    def _slide_pixels(self, scene: Timeline) -> bytes:
        """What becomes the planes of a scene's one frame again: docs/decisions/0032-still-frames-are-pictures.md."""
        from renderer.picture.placement import is_frame_sized_logo

        top = scene.layers[-1]
        if is_frame_sized_logo(top, (scene.width, scene.height)):
            return self._logo_pixels(top).data
        return rendered_picture(self._story_of(scene), self._workspace, 0).tobytes()

    def _logo(self, layer: Layer, unfinished: Unfinished) -> None:
        """The pixels that the renderer lays over its frames; a source that could be transparent and isn't, opaque."""
        made = self._logo_pixels(layer)
        data = made.data
        if layer.source is not None and layer.source.alpha and not made.alpha:
            data = b"".join(data[place : place + 3] + b"\xff" for place in range(0, len(data), 3))
        width, height = scenes.logo_size(layer)
        self._png(png_argv(width, height, logo_pixels(layer), _url(unfinished)), data, (width, height), unfinished)

    def _logo_pixels(self, layer: Layer) -> PicturePlanes:
        if layer.source is None:
            raise OutputError(f"layer {layer.id} has no picture")
        width, height = scenes.logo_size(layer)
        content = self._workspace.folder.read_image(layer.source, self._workspace.limits.image_bytes)
        return self._workspace.intake.pixels(layer.source.path, content, width, height)

    def _png(self, argv: list[str], data: bytes, size: tuple[int, int], unfinished: Unfinished) -> None:
        run_process(argv, stdin=[data], pass_fds=[unfinished.descriptor])
        written = os.fstat(unfinished.descriptor).st_size
        facts = self._workspace.intake.facts("the picture", os.pread(unfinished.descriptor, written, 0))
        if (facts.width, facts.height) != size:
            raise OutputError(f"planned a picture of {size[0]}×{size[1]}, found {facts.width}×{facts.height}")

    def _mix(self, unfinished: Unfinished) -> None:
        with os.fdopen(os.dup(unfinished.descriptor), "wb") as stream:
            write_mix(self._story, self._workspace, stream)
        samples = self._story.timeline.sound.sample_count
        header = wav_header(samples)
        written = os.fstat(unfinished.descriptor).st_size
        if written != len(header) + 4 * samples or os.pread(unfinished.descriptor, len(header), 0) != header:
            raise OutputError(f"planned a mix of {samples} samples, found a file of {written} bytes")

    def _original(self, asset: RemoteAsset, unfinished: Unfinished) -> None:
        sources = {source.sha256: source for source in self._story.timeline.sound.sources()}
        limit = self._workspace.limits.audio_bytes
        source = sources[str(asset.ingredients["sha256"])]
        with (
            self._workspace.folder.open_audio(source, limit) as medium,
            os.fdopen(os.dup(unfinished.descriptor), "wb") as stream,
        ):
            stream.write(medium.read_all(limit))


def measure_psnr(story: Story, workspace: Workspace, film: Path) -> list[float]:
    """For each frame of a film, the decibels of its worst plane against the renderer's frame. Raises: ToolError."""
    timeline = story.timeline
    frames = rendered_frames(story, workspace, FrameRange(0, timeline.frame_count))
    with tempfile.TemporaryFile("w+b") as figures:  # a pipe would fill up while the frames are written
        argv = psnr_argv(timeline, f"file:{film}")
        run_process(argv, stdin=(frame.data.data for frame in frames), stdout=figures.fileno())
        figures.seek(0)
        lines = [line for line in figures.read().decode().splitlines() if line.startswith("n:")]
    return [min(float(value) for _, value in _PSNR.findall(line)) for line in lines]


def _is_whole(target: Path, record: Path) -> bool:
    """Whether a file is what it was when it was finished; it then counts as used now."""
    try:
        expected = json.loads(record.read_text())["sha256"]
        whole: bool = _sha256(target) == expected
        os.utime(target)
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return whole


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _url(unfinished: Unfinished) -> str:
    return descriptor_url(unfinished.descriptor)
