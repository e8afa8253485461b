"""Inputs → spans of source time, one after the other: what plays, from where, and how long."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.faults import CLIP_OUTSIDE, NO_VIDEO
from backends.mediaconvert.service.translate.timing import InputClock, frame_number, milliseconds

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.reader import Reader
    from renderer.container_facts import ContainerFacts, VideoTrack

GENERATED_RATE = Fraction(30_000, 1001)
GENERATED_SIZE = (540, 360)
"""What a video generator makes when it is not told otherwise (service model)."""
_END_SLACK_S = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of an input: seconds of its own time, from its first frame."""

    start_s: Fraction
    end_s: Fraction

    @property
    def length_s(self) -> Fraction:
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True)
class InputPlan:
    """One input. `video` is None where black stands for it; `size` is the canvas its graphics are placed on."""

    settings: Reader
    url: str | None
    facts: ContainerFacts | None
    video: VideoTrack | None
    clock: InputClock
    size: tuple[int, int] | None
    spans: tuple[Span, ...]
    generated: bool = False
    warnings: tuple[str, ...] = field(default=())

    @property
    def length_s(self) -> Fraction:
        return sum((span.length_s for span in self.spans), Fraction(0))


def plan_input(settings: Reader, media: MediaFacts) -> InputPlan:
    """Raises: JobFailure naming the place."""
    if settings.has("VideoGenerator"):
        return _generated(settings)
    url = settings.text("FileInput") or None
    facts = media.container(url) if url is not None else None
    video = _video_track(settings, facts)
    if video is not None:
        clock = InputClock(video.rate, _origin(settings, video.rate, facts))
        whole_s = video.frames / video.rate
        size = (video.height, video.width) if _rotation(settings, video) % 180 else (video.width, video.height)
        return InputPlan(settings, url, facts, video, clock, size, _clips(settings, clock, whole_s))
    clock = InputClock(Fraction(100), hundredths=True)
    settings.text("TimecodeSource")
    whole_s = _sound_length(settings, url, facts, media)
    return InputPlan(settings, url, facts, None, clock, None, _clips(settings, clock, whole_s))


def _video_track(settings: Reader, facts: ContainerFacts | None) -> VideoTrack | None:
    if facts is None or not facts.videos:
        return None
    track = facts.videos[0]
    if not track.frames:
        settings.fail("no video stream found", name="FileInput", code=NO_VIDEO)
    return track


def _rotation(settings: Reader, video: VideoTrack) -> int:
    """Degrees clockwise; by default none, even where the file asks for it (service model: VideoSelector.Rotate)."""
    asked = settings.node("VideoSelector").text("Rotate", "DEGREE_0")
    if asked == "AUTO":
        return video.rotation
    return int(asked.rpartition("_")[2])


def rotation_of(plan: InputPlan) -> int:
    """Degrees clockwise to turn an input's pictures."""
    return 0 if plan.video is None else _rotation(plan.settings, plan.video)


def _origin(settings: Reader, rate: Fraction, facts: ContainerFacts | None) -> int:
    """The number of the first frame (`unknowns.NO_EMBEDDED_TIMECODE`)."""
    match settings.text("TimecodeSource", "EMBEDDED"):
        case "SPECIFIEDSTART":
            return frame_number(settings.text("TimecodeStart", "00:00:00:00"), rate)
        case "EMBEDDED" if facts is not None and facts.timecode is not None:
            return frame_number(facts.timecode, rate)
        case _:
            return 0


def _clips(settings: Reader, clock: InputClock, whole_s: Fraction) -> tuple[Span, ...]:
    clips = settings.nodes("InputClippings")
    if not clips:
        return (Span(Fraction(0), whole_s),)
    return tuple(_clip(clip, clock, whole_s) for clip in clips)


def _clip(clip: Reader, clock: InputClock, whole_s: Fraction) -> Span:
    start_s, end_s = Fraction(0), whole_s
    for name in ("StartTimecode", "EndTimecode"):
        text = clip.text(name)
        if not text:
            continue
        if "@" in text:
            clip.fail("a rate after the timecode is not supported by this local endpoint", name=name)
        try:
            at_s = clock.seconds(text)
        except ValueError as error:
            clip.fail(str(error), name=name)
        if name == "StartTimecode":
            start_s = at_s
        else:
            end_s = at_s + clock.step_s
    if start_s < 0 or start_s >= whole_s or end_s > whole_s + _END_SLACK_S or end_s <= start_s:
        message = f"the clip lies outside the source, which lasts {float(whole_s):.3f} s"
        clip.fail(message, code=CLIP_OUTSIDE)
    return Span(start_s, min(end_s, whole_s))


def _sound_length(settings: Reader, url: str | None, facts: ContainerFacts | None, media: MediaFacts) -> Fraction:
    """How long black lasts over an input without pictures (`unknowns.AUTO_BLACK_LENGTH`)."""
    if url is not None and facts is not None and facts.audios:
        return media.sound_length_s(url)
    lengths = []
    for selector in settings.entries("AudioSelectors").values():
        external = selector.text("ExternalAudioFileInput")
        if external:
            offset_s = milliseconds(selector.whole("Offset") or 0)
            lengths.append(media.sound_length_s(external) + offset_s)
    if not lengths or max(lengths) <= 0:
        settings.fail("no video stream found, and no sound to make black pictures for", code=NO_VIDEO)
    return max(lengths)


def _generated(settings: Reader) -> InputPlan:
    generator = settings.node("VideoGenerator")
    length_ms = generator.whole("Duration")
    if not length_ms:
        generator.fail("Duration is needed to know how long the black pictures last")
    numerator, denominator = generator.whole("FramerateNumerator"), generator.whole("FramerateDenominator")
    rate = Fraction(numerator, denominator) if numerator and denominator else GENERATED_RATE
    width, height = generator.whole("Width"), generator.whole("Height")
    generator.whole("Channels"), generator.whole("SampleRate")
    size = (width, height) if width and height else GENERATED_SIZE
    origin = 0
    if settings.text("TimecodeSource") == "SPECIFIEDSTART":
        origin = frame_number(settings.text("TimecodeStart", "00:00:00:00"), rate)
    clock = InputClock(rate, origin)
    spans = _clips(settings, clock, milliseconds(length_ms))
    return InputPlan(settings, None, None, None, clock, size, spans, generated=True)
