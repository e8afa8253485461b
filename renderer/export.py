"""A compiled story's frames and samples before any encoder: what `storyreel frames` and `storyreel mix` write."""

from __future__ import annotations

import re
from collections.abc import Sized
from typing import IO, TYPE_CHECKING, BinaryIO, TypeVar

from renderer.errors import UsageError
from renderer.timebase import SAMPLE_RATE, FrameRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.picture.compositor import Frame, FrameRenderer
    from renderer.picture.kernels import Image
    from renderer.sound.programme import SoundReport
    from renderer.sound.survey import Survey
    from renderer.story import Story, Workspace

Block = TypeVar("Block", bound=Sized)


def parse_range(text: str | None, frame_count: int) -> FrameRange:
    """`A:B` as the frames from A up to, not including, B; either may be left out.

    Raises: UsageError where it is no range of the programme's frames.
    """
    first, colon, last = (text or ":").partition(":")
    if not colon or not all(re.fullmatch(r"[0-9]{0,9}", part) for part in (first, last)):
        raise UsageError(f"--range takes A:B, frame numbers from 0 to {frame_count}, found {text!r}")
    start, end = int(first or 0), int(last or frame_count)
    if not 0 <= start < end <= frame_count:
        raise UsageError(f"--range {text}: the programme has the frames 0:{frame_count}")
    return FrameRange(start, end)


def rendered_frames(story: Story, workspace: Workspace, frames: FrameRange) -> Iterator[Frame]:
    """The frames before the encoder, in order; each is valid until the next. Raises: MediaError."""
    yield from _frame_renderer(story, workspace).frames(frames)


def rendered_picture(story: Story, workspace: Workspace, number: int) -> Image:
    """One frame as 8-bit RGB, (height, width, 3): see `FrameRenderer.picture`. Raises: MediaError."""
    renderer = _frame_renderer(story, workspace)
    try:
        return renderer.picture(number)
    finally:
        renderer.close()


def _frame_renderer(story: Story, workspace: Workspace) -> FrameRenderer:
    from renderer.picture.compositor import FrameRenderer
    from renderer.picture.prepared import PictureShelf

    timeline, limits = story.timeline, workspace.limits
    size = (timeline.width, timeline.height)
    shelf = PictureShelf(workspace.folder, workspace.intake, max_bytes=limits.image_bytes, frame=size)
    return FrameRenderer(timeline, shelf)


def write_frames(
    story: Story, workspace: Workspace, frames: FrameRange, stream: IO[bytes], on_frame: Callable[[], None]
) -> int:
    """Write frames as YUV4MPEG2; returns how many. Raises: MediaError, OSError."""
    from renderer.picture.y4m import write_y4m

    def counted() -> Iterator[Frame]:
        for frame in rendered_frames(story, workspace, frames):
            yield frame
            on_frame()

    timeline = story.timeline
    return write_y4m(stream, counted(), width=timeline.width, height=timeline.height, rate=timeline.rate)


def write_mix(
    story: Story, workspace: Workspace, stream: BinaryIO, *, on_mixed: Callable[[float | None], None] = lambda _: None
) -> SoundReport:
    """Write the programme mix as WAV, 48 kHz, stereo, 16 bit; returns what it measures.

    `on_mixed` gets the seconds of each written block, None while a loudness target is still being measured.
    Raises: MediaError.
    """
    from renderer.sound.programme import Programme
    from renderer.sound.wav import write_wav

    sound = story.timeline.sound
    pcm = workspace.pcm_store.ensure(sound.sources(), workspace.folder)
    programme = Programme(sound, pcm, on_work=lambda: on_mixed(None))

    write_wav(stream, _counted(programme.blocks(), on_mixed), sample_count=sound.sample_count)
    return programme.report


def _counted(blocks: Iterator[Block], on_mixed: Callable[[float | None], None]) -> Iterator[Block]:
    for block in blocks:
        yield block
        on_mixed(len(block) / SAMPLE_RATE)


def survey_story_mix(story: Story, workspace: Workspace, report: SoundReport) -> Survey:
    """What is heard where, for `explain_story_mix` and `plot_story_mix`. Raises: MediaError."""
    from renderer.sound.plot import COLUMNS
    from renderer.sound.survey import survey_sound

    sound = story.timeline.sound
    pcm = workspace.pcm_store.ensure(sound.sources(), workspace.folder)
    return survey_sound(sound, pcm, columns=COLUMNS, mastering=report.mastering)


def explain_story_mix(story: Story, report: SoundReport, survey: Survey) -> list[str]:
    """The mix plan as lines of text, with levels over time."""
    from renderer.sound.explain import explain_mix

    return explain_mix(story.timeline.sound, report, survey)


def plot_story_mix(story: Story, report: SoundReport, survey: Survey, stream: BinaryIO) -> None:
    """Waveforms, gains and loudness as a PNG."""
    from renderer.sound.plot import plot_mix

    plot_mix(story.timeline.title, report, survey, stream)
