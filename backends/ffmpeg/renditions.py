"""The MP4's companions on this machine: WebM, poster and thumbnails, made from the same frames and the same mix.

Made after the MP4 is in place, each finished in the scratch folder, read back, and only then moved beside it. Ladders
for streaming are MediaConvert's work: the plan and the run say that they are left out.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from backends.base import Conformance, Progress, Step
from backends.ffmpeg.cache import SegmentCache
from backends.ffmpeg.jpeg import jpeg_argv, verify_jpeg
from backends.ffmpeg.webm import verify_webm, webm_argv, webm_ingredients
from renderer.errors import OutputError
from renderer.ffmpeg_process import Child, Limits
from renderer.publish import written_file
from renderer.renditions import capture_beside, webm_beside
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from fractions import Fraction

    from backends.base import RunSettings
    from renderer.output import OutputFormat
    from renderer.picture.compositor import Frame
    from renderer.renditions import Renditions
    from renderer.story import Workspace
    from renderer.timeline.model import Timeline

LEFT_OUT = ("hls", "cmaf")
_SECONDS_A_SECOND = 120
"""The wall clock of the encoder for each second of the programme: far above what any machine needs (SAFETY P5)."""


def rendition_steps(timeline: Timeline, output: OutputFormat, destination: Path) -> Iterator[Step]:
    """What a plan says of them; `SCRATCH` stands for the run's private folder."""
    scratch, wanted = Path("SCRATCH"), output.renditions
    if wanted.webm_bitrate is not None:
        argv = webm_argv(timeline, output, scratch / "mix.wav", scratch / "rendition.webm")
        yield Step("webm", f"encode every frame and the mix to {webm_beside(destination)}", tuple(argv))
    captures = wanted.captures(timeline.duration_s)
    if captures:
        names = ", ".join(capture_beside(destination, name).name for name in captures)
        yield Step("pictures", f"write {names}", tuple(jpeg_argv(output, scratch / "picture-%07d.jpg")))


def rendition_conformance(renditions: Renditions) -> tuple[Conformance, ...]:
    """What becomes of each rendition that the preset asks for."""
    why = "left out: MediaConvert makes it (`storyreel submit`), this backend does not"
    return tuple(
        Conformance(kind, "renditions", "approximated", why)
        if kind in LEFT_OUT
        else Conformance(kind, "renditions", "exact")
        for kind in renditions.kinds()
    )


def left_out(renditions: Renditions) -> tuple[str, ...]:
    """The same as sentences, for the end of a run."""
    return tuple(f"{kind} was left out: only MediaConvert makes it" for kind in renditions.kinds() if kind in LEFT_OUT)


def make_renditions(
    timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings
) -> tuple[Path, ...]:
    """Write them beside `settings.destination`; returns their paths.

    Raises: ToolError, OutputError, MediaError, Cancelled; a file that was there before is then as it was.
    """
    if not output.renditions.kinds():
        return ()
    return tuple(_Making(timeline, output, workspace, settings).run())


class _Making:
    def __init__(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> None:
        self._timeline, self._output, self._workspace, self._settings = timeline, output, workspace, settings
        self._cache = SegmentCache() if workspace.use_cache else None

    def run(self) -> Iterator[Path]:
        destination, captures = self._settings.destination, self._output.renditions.captures(self._timeline.duration_s)
        if self._output.renditions.webm_bitrate is not None:
            yield self._published(self._webm(), webm_beside(destination))
        for (name, _), picture in zip(captures.items(), self._pictures(list(captures.values())), strict=True):
            yield self._published(picture, capture_beside(destination, name))

    def _webm(self) -> Path:
        made = self._workspace.scratch / "rendition.webm"
        mix = self._workspace.scratch / "mix.wav"
        argv = webm_argv(self._timeline, self._output, mix, made)
        ingredients = webm_ingredients(self._timeline, argv)
        if self._cache is not None and self._cache.take(ingredients, made) is not None:
            return made
        self._write_mix(mix)
        limits = Limits(wall_s=600 + _SECONDS_A_SECOND * float(self._timeline.duration_s), trusted=True)
        total = self._timeline.frame_count
        with Child(argv, stdin=subprocess.PIPE, limits=limits) as encoder:
            for number, frame in enumerate(self._frames([FrameRange(0, total)]), start=1):
                self._settings.cancel.raise_if_set()
                encoder.write(frame.data.data)
                self._settings.report(Progress("webm", number, total))
            encoder.finish(silent=True)
        mix.unlink()
        verify_webm(made, self._timeline)
        if self._cache is not None:
            self._cache.put(ingredients, made, {})
        return made

    def _write_mix(self, target: Path) -> None:
        from renderer.sound.programme import Programme
        from renderer.sound.wav import write_wav

        sound = self._timeline.sound
        programme = Programme(sound, self._workspace.pcm_store.ensure(sound.sources(), self._workspace.folder))
        try:
            with target.open("wb") as stream:
                write_wav(stream, programme.blocks(), sample_count=sound.sample_count)
        except OSError as error:
            raise OutputError(f"can't write the mix to {target} ({error.strerror}): set STORYREEL_CACHE_DIR") from error

    def _pictures(self, times_s: list[Fraction]) -> list[Path]:
        """One JPEG for each of these times: the frame that is seen then."""
        if not times_s:
            return []
        numbers = [min(int(time * self._timeline.rate), self._timeline.frame_count - 1) for time in times_s]
        scratch = self._workspace.scratch
        pattern = Path(str(scratch).replace("%", "%%")) / "picture-%07d.jpg"
        with Child(jpeg_argv(self._output, pattern), stdin=subprocess.PIPE) as encoder:
            for frame in self._frames([FrameRange(number, number + 1) for number in numbers]):
                self._settings.cancel.raise_if_set()
                encoder.write(frame.data.data)
            encoder.finish(silent=True)
        made = [scratch / f"picture-{number:07d}.jpg" for number in range(len(numbers))]
        for picture in made:
            verify_jpeg(picture, self._output)
        return made

    def _frames(self, ranges: Iterable[FrameRange]) -> Iterator[Frame]:
        from renderer.picture.compositor import FrameRenderer
        from renderer.picture.prepared import PictureShelf

        workspace, size = self._workspace, (self._timeline.width, self._timeline.height)
        shelf = PictureShelf(workspace.folder, workspace.intake, max_bytes=workspace.limits.image_bytes, frame=size)
        renderer = FrameRenderer(self._timeline, shelf)
        for frames in ranges:
            yield from renderer.frames(frames)

    def _published(self, made: Path, target: Path) -> Path:
        with written_file(target) as stream, made.open("rb") as source:
            shutil.copyfileobj(source, stream, 1 << 20)
        made.unlink()
        return target
