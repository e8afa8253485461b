"""The programme of one output: its rate, its frame, and which frames each input's spans fill."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.translate.geometry import Canvas, canvas_of
from backends.mediaconvert.service.translate.inputs import GENERATED_RATE
from backends.mediaconvert.service.translate.timing import boundary
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.inputs import InputPlan, Span
    from backends.mediaconvert.service.translate.reader import Reader

CODEC_SETTINGS = {
    "H_264": "H264Settings",
    "H_265": "H265Settings",
    "VP8": "Vp8Settings",
    "VP9": "Vp9Settings",
    "AV1": "Av1Settings",
    "MPEG2": "Mpeg2Settings",
    "PRORES": "ProresSettings",
    "FRAME_CAPTURE": "FrameCaptureSettings",
    "GIF": "GifSettings",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One span as frames of the programme. `starts_s` is its exact start; `frames` may be empty."""

    source: InputPlan
    span: Span
    starts_s: Fraction
    frames: FrameRange

    def programme_s(self, input_s: Fraction) -> Fraction:
        """Programme time of a moment of the input's time."""
        return self.starts_s + input_s - self.span.start_s


@dataclass(frozen=True, slots=True)
class Programme:
    """What one output shows, before any pixel."""

    rate: Fraction
    canvas: Canvas
    shown: tuple[Shown, ...]

    @property
    def frame_count(self) -> int:
        return self.shown[-1].frames.end if self.shown else 0


def followed_input(settings: Reader, inputs: list[InputPlan]) -> InputPlan | None:
    """The input whose picture outputs follow: FollowSource, else the first that has one."""
    number = settings.whole("FollowSource")
    if number is not None and number <= len(inputs) and inputs[number - 1].video is not None:
        return inputs[number - 1]
    return next((source for source in inputs if source.video is not None), None)


def plan_programme(video: Reader, inputs: list[InputPlan], followed: InputPlan | None) -> Programme:
    """Raises: JobFailure where there is nothing to follow and nothing given."""
    rate = output_rate(video, followed)
    return Programme(rate, canvas_of(video, followed), lay_out(inputs, rate))


def output_rate(video: Reader, followed: InputPlan | None) -> Fraction:
    """Frames per second of an output. Raises: JobFailure."""
    codec = video.node("CodecSettings")
    settings = codec.node(CODEC_SETTINGS.get(codec.text("Codec"), "H264Settings"))
    if settings.text("FramerateControl") == "SPECIFIED":
        numerator, denominator = settings.whole("FramerateNumerator"), settings.whole("FramerateDenominator")
        if numerator and denominator:
            return Fraction(numerator, denominator)
    if followed is not None and followed.video is not None:
        return followed.video.rate
    if codec.text("Codec") != "FRAME_CAPTURE":
        settings.fail("nothing to follow: FramerateControl SPECIFIED is needed")
    return GENERATED_RATE


def lay_out(inputs: list[InputPlan], rate: Fraction) -> tuple[Shown, ...]:
    """Every span in order; boundaries are rounded, never lengths."""
    shown, at_s = [], Fraction(0)
    for source in inputs:
        for span in source.spans:
            end_s = at_s + span.length_s
            frames = FrameRange(boundary(at_s, rate), boundary(end_s, rate))
            shown.append(Shown(source, span, at_s, frames))
            at_s = end_s
    return tuple(shown)
