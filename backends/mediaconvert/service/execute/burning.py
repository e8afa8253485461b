"""Captions and timecodes drawn by libass, from scripts in private files with generated names (SAFETY S1)."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import assets
from backends.mediaconvert.service.translate.captions import CaptionStyle, Cue, ass
from renderer.timebase import format_timecode, nominal_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.service.execute.media import JobMedia
    from backends.mediaconvert.service.translate.plan import PicturePlan, TimecodeText
    from renderer.timeline.model import Timeline


def burnt_in(stream, picture: PicturePlan, media: JobMedia, scratch: Path):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """The stream with what is to be drawn into it. Raises: JobFailure where a font is missing."""
    timeline = picture.timeline
    if picture.burn is not None and picture.burn.cues:
        script = ass(picture.burn.cues, picture.burn.style, timeline.width, timeline.height)
        fonts = _fonts(picture.burn.font_url, media, scratch)
        stream = _drawn(stream, script, fonts, scratch)
    if picture.timecode is not None:
        stream = _drawn(stream, timecode_script(picture.timecode, timeline), _own_fonts(), scratch)
    return stream


def _drawn(stream, script: str, fonts: Path, scratch: Path):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    path = scratch / f"{uuid.uuid4().hex}.ass"
    path.write_text(script, encoding="utf-8")
    return stream.filter("subtitles", filename=str(path), fontsdir=str(fonts))


def _fonts(url: str | None, media: JobMedia, scratch: Path) -> Path:
    """A folder with the job's own font, or the program's."""
    if url is None:
        return _own_fonts()
    folder = scratch / f"fonts-{uuid.uuid4().hex}"
    folder.mkdir()
    (folder / "font.ttf").write_bytes(media.font(url))
    return folder


def _own_fonts() -> Path:
    return Path(assets.__file__).parent / "fonts"


def timecode_script(text: TimecodeText, timeline: Timeline) -> str:
    """One event for each frame."""
    style = CaptionStyle(font_size=text.size, outline=2)
    left, top = _position(text, timeline)
    placed = CaptionStyle(font_size=text.size, outline=2, position=(left, top))
    return ass(_frames(text, timeline), placed if left or top else style, timeline.width, timeline.height)


def _position(text: TimecodeText, timeline: Timeline) -> tuple[int, int]:
    """Left and top of the text; its width is guessed from its length, as libass places by its top left."""
    vertical, _, horizontal = text.place.partition("_")
    wide = round(text.size * 0.55 * (len(text.prefix) + 11))
    lefts = {"LEFT": 20, "CENTER": (timeline.width - wide) // 2, "RIGHT": timeline.width - wide - 20}
    tops = {"TOP": 20, "MIDDLE": (timeline.height - text.size) // 2, "BOTTOM": timeline.height - text.size - 20}
    return max(1, lefts[horizontal]), max(1, tops[vertical])


def _frames(text: TimecodeText, timeline: Timeline) -> Iterator[Cue]:
    rate = timeline.rate
    hours, minutes, seconds, frame = (int(field) for field in text.start.split(":"))
    first = ((hours * 60 + minutes) * 60 + seconds) * nominal_rate(rate) + frame
    day = 24 * 3600 * nominal_rate(rate)
    for number in range(timeline.frame_count):
        yield Cue(number / rate, (number + 1) / rate, text.prefix + format_timecode((first + number) % day, rate))
