"""CaptionDescriptions → captions files and burnt-in captions; TimecodeBurnin → a running timecode."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.faults import CANNOT_OPEN_FILE
from backends.mediaconvert.service.translate.captions import CaptionStyle, Cue, colour, read_cues, shown_cues
from backends.mediaconvert.service.translate.fonts import font_name
from backends.mediaconvert.service.translate.picture import output_clock
from backends.mediaconvert.service.translate.plan import BurnIn, CaptionPlan, TimecodeText
from renderer.timebase import format_timecode

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.plan import CaptionFormat
    from backends.mediaconvert.service.translate.programme import Programme, Shown
    from backends.mediaconvert.service.translate.reader import Reader

AUTO_FONT_SHARE = 20
"""An automatic font is a twentieth of the frame high."""
_SIDECARS: dict[str, CaptionFormat] = {"SRT": "srt", "WEBVTT": "vtt"}


def output_captions(output: Reader, shown: tuple[Shown, ...], media: MediaFacts) -> tuple[CaptionPlan, ...]:
    """Captions that become files of their own. Raises: JobFailure."""
    found = []
    for description in output.nodes("CaptionDescriptions"):
        kind = description.node("DestinationSettings").text("DestinationType")
        if kind in _SIDECARS:
            cues = _cues(description, shown, media)
            language = description.text("LanguageCode") or description.text("CustomLanguageCode")
            label = description.text("LanguageDescription")
            found.append(CaptionPlan(cues, _SIDECARS[kind], language.lower(), label))
    return tuple(found)


def burn_in(output: Reader, programme: Programme, media: MediaFacts) -> BurnIn | None:
    """The one captions description that is drawn into the picture. Raises: JobFailure."""
    for description in output.nodes("CaptionDescriptions"):
        destination = description.node("DestinationSettings")
        if destination.text("DestinationType") == "BURN_IN":
            settings = destination.node("BurninDestinationSettings")
            cues, style = _cues(description, programme.shown, media), _style(settings, programme)
            url = settings.text("FontFileRegular")
            name = font_name(media.font(url)) if url else None
            if name is None:
                return BurnIn(cues, style, font_unread=bool(url))
            return BurnIn(cues, replace(style, font=name), url)
    return None


def _cues(description: Reader, shown: tuple[Shown, ...], media: MediaFacts) -> tuple[Cue, ...]:
    name = description.text("CaptionSelectorName")
    found: list[Cue] = []
    for span in shown:
        selector = span.source.settings.entries("CaptionSelectors").get(name)
        if selector is None:
            continue
        source = selector.node("SourceSettings")
        source.text("SourceType")
        file = source.node("FileSourceSettings")
        url = file.text("SourceFile")
        if not url:
            continue
        delta = Fraction(file.whole("TimeDelta") or 0)
        if file.text("TimeDeltaUnits", "SECONDS") == "MILLISECONDS":
            delta /= 1000
        try:
            cues = read_cues(media.text(url))
        except ValueError as error:
            file.fail(f"{url}: {error}", name="SourceFile", code=CANNOT_OPEN_FILE)
        found += shown_cues(cues, span, delta)
    return tuple(found)


def _style(settings: Reader, programme: Programme) -> CaptionStyle:
    canvas = programme.canvas
    hexadecimal = settings.text("HexFontColor")
    background = settings.text("BackgroundColor", "NONE")
    opacity = settings.whole("FontOpacity")
    left, top = settings.whole("XPosition"), settings.whole("YPosition")
    outline = settings.whole("OutlineSize")
    shadow = max(abs(settings.whole("ShadowXOffset") or 0), abs(settings.whole("ShadowYOffset") or 0))
    if settings.text("ShadowColor", "NONE") == "NONE":
        shadow = 0
    back_opacity = settings.whole("BackgroundOpacity")
    return CaptionStyle(
        font_size=settings.whole("FontSize") or canvas.height // AUTO_FONT_SHARE,
        color=colour(settings.text("FontColor", "WHITE"), hexadecimal, "FFFFFF"),
        opacity=255 if opacity is None else opacity,
        outline_color=colour(settings.text("OutlineColor", "BLACK"), "", "000000"),
        outline=2 if outline is None else outline,
        shadow=min(10, shadow),
        background=None if background in ("NONE", "AUTO") else colour(background, "", "000000"),
        background_opacity=255 if back_opacity is None else back_opacity,
        left=settings.text("Alignment", "CENTERED") == "LEFT",
        position=None if left is None and top is None else (left or 0, canvas.height * 9 // 10 if top is None else top),
    )


def timecode_text(job: Reader, video: Reader, programme: Programme) -> TimecodeText | None:
    """The output timeline's timecode, drawn into every frame."""
    preprocessors = video.node("VideoPreprocessors")
    if not preprocessors.has("TimecodeBurnin"):
        return None
    settings = preprocessors.node("TimecodeBurnin")
    origin = output_clock(job, programme).origin
    size, place = settings.whole("FontSize") or 10, settings.text("Position", "TOP_CENTER")
    return TimecodeText(format_timecode(origin, programme.rate), settings.text("Prefix"), size, place)
