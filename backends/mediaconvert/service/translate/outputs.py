"""One output: its picture, its sounds, its captions, its container and its name."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.translate.audio_codecs import audio_codec
from backends.mediaconvert.service.translate.burning import burn_in, output_captions, timecode_text
from backends.mediaconvert.service.translate.names import EXTENSIONS, RAW_EXTENSIONS, expand, output_variables
from backends.mediaconvert.service.translate.picture import picture_timeline
from backends.mediaconvert.service.translate.plan import Captures, OutputPlan, PicturePlan, SoundPlan
from backends.mediaconvert.service.translate.programme import lay_out, plan_programme
from backends.mediaconvert.service.translate.sound import DEFAULT_SOURCE, folded, loudness_of, remix_matrix
from backends.mediaconvert.service.translate.video_codecs import video_codec
from renderer.timebase import sample_at_frame

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.inputs import InputPlan
    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.names import JobNames
    from backends.mediaconvert.service.translate.plan import Arguments
    from backends.mediaconvert.service.translate.programme import Programme, Shown
    from backends.mediaconvert.service.translate.reader import Reader
    from backends.mediaconvert.service.translate.sound import SoundChooser

AUDIO_ONLY_RATE = Fraction(1000)
"""The grid on which an output without pictures counts its length: milliseconds."""
DEFAULT_QUALITY = 80
"""JPEG quality of frame captures where none is given."""


@dataclass(frozen=True, slots=True)
class OutputBuilder:
    """Makes the outputs of one job."""

    job: Reader
    inputs: list[InputPlan]
    followed: InputPlan | None
    media: MediaFacts
    chooser: SoundChooser
    names: JobNames

    def build(self, output: Reader, base: str, *, several: bool) -> OutputPlan:
        """Raises: JobFailure naming the place."""
        video = output.node("VideoDescription")
        container = output.node("ContainerSettings").text("Container")
        picture, rate, shown = None, AUDIO_ONLY_RATE, lay_out(self.inputs, AUDIO_ONLY_RATE)
        if output.has("VideoDescription"):
            programme = plan_programme(video, self.inputs, self.followed)
            picture, rate, shown = self._picture(output, video, programme), programme.rate, programme.shown
        sounds = tuple(
            self._sound(description, shown, rate, container) for description in output.nodes("AudioDescriptions")
        )
        captions = output_captions(output, shown, self.media)
        extension = self._extension(output, container, picture, captions[0].format if captions else None)
        frames = shown[-1].frames.end if shown else 0
        modifier = self._modifier(output, picture, sounds, extension)
        return OutputPlan(
            settings=output,
            base=base + (modifier if modifier or several else ""),
            extension=extension,
            container=container,
            picture=picture,
            sounds=sounds,
            captions=captions,
            duration_s=frames / rate,
            arguments=_container_arguments(output.node("ContainerSettings"), container),
        )

    def _picture(self, output: Reader, video: Reader, programme: Programme) -> PicturePlan:
        timeline = picture_timeline(self.job, video, programme, self.media)
        aspect = programme.canvas.pixel_aspect
        burn = burn_in(output, programme, self.media)
        timecode = timecode_text(self.job, video, programme)
        if video.node("CodecSettings").text("Codec") == "FRAME_CAPTURE":
            captures = _captures(video.node("CodecSettings").node("FrameCaptureSettings"), programme)
            return PicturePlan(timeline, {}, aspect, burn, timecode, captures, "FRAME_CAPTURE")
        codec = video_codec(video, programme.rate)
        if codec.fields != "prog" and timeline.height % 4:
            video.fail(
                f"interlaced pictures have a height that is a multiple of 4, found {timeline.height}", name="Height"
            )
        return PicturePlan(
            timeline, codec.arguments, aspect, burn, timecode, None, codec.name, codec.bitrate, codec.fields
        )

    def _sound(self, description: Reader, shown: tuple[Shown, ...], rate: Fraction, container: str) -> SoundPlan:
        codec = audio_codec(description)
        source = description.text("AudioSourceName", DEFAULT_SOURCE)
        parts = self.chooser.parts(source, shown, rate)
        channels = max((part.channels for part in parts), default=0) or codec.channels or 2
        matrix = remix_matrix(description.node("RemixSettings"), channels, self.chooser.warnings)
        if matrix is None:
            matrix = folded(channels, codec.channels or min(channels, 8))
        elif codec.channels is not None and len(matrix) != codec.channels:
            matrix = _multiplied(folded(len(matrix), codec.channels), matrix)
        configured = description.text("LanguageCodeControl", "FOLLOW_INPUT") == "USE_CONFIGURED"
        language = (description.text("LanguageCode") or description.text("CustomLanguageCode")).lower()
        del configured  # the language of a source is not followed: without one given there is none
        return SoundPlan(
            parts=parts,
            channels_in=channels,
            matrix=matrix,
            arguments=codec.arguments,
            loudness=loudness_of(description),
            language=language,
            name=description.text("StreamName"),
            sample_rate=codec.sample_rate,
            raw_format=codec.raw_format if container == "RAW" else "",
        )

    def _extension(self, output: Reader, container: str, picture: PicturePlan | None, captions: str | None) -> str:
        given = output.text("Extension")
        if given:
            return given
        if container != "RAW":
            return EXTENSIONS.get(container, container.lower())
        if picture is not None:
            return RAW_EXTENSIONS.get(picture.codec, "bin")
        descriptions = output.nodes("AudioDescriptions")
        if descriptions:
            return RAW_EXTENSIONS.get(descriptions[0].node("CodecSettings").text("Codec"), "bin")
        return captions or "bin"

    def _modifier(
        self, output: Reader, picture: PicturePlan | None, sounds: tuple[SoundPlan, ...], extension: str
    ) -> str:
        audio = sum(int(sound.arguments.get("audio_bitrate") or 0) for sound in sounds)
        timeline = None if picture is None else picture.timeline
        variables = output_variables(
            self.names,
            size=None if timeline is None else (timeline.width, timeline.height),
            rate=None if timeline is None else timeline.rate,
            video=0 if picture is None else picture.bitrate,
            audio=audio,
            extension=extension,
        )
        return expand(output.text("NameModifier"), variables)


def _multiplied(
    left: tuple[tuple[float, ...], ...], right: tuple[tuple[float, ...], ...]
) -> tuple[tuple[float, ...], ...]:
    """The matrix product: first `right`, then `left`."""
    return tuple(
        tuple(sum(factor * right[k][column] for k, factor in enumerate(row)) for column in range(len(right[0])))
        for row in left
    )


def _captures(settings: Reader, programme: Programme) -> Captures:
    """The first frame, then one every denominator / numerator seconds."""
    numerator, denominator = settings.whole("FramerateNumerator") or 1, settings.whole("FramerateDenominator") or 1
    most = settings.whole("MaxCaptures") or 10_000_000
    step_s, frames = Fraction(denominator, numerator), []
    for number in range(most):
        frame = int(number * step_s * programme.rate + Fraction(1, 2))
        if frame >= programme.frame_count:
            break
        frames.append(frame)
    return Captures(tuple(dict.fromkeys(frames)), settings.whole("Quality") or DEFAULT_QUALITY)


def _container_arguments(settings: Reader, container: str) -> Arguments:
    """What the container settings ask of FFmpeg's muxer."""
    found: Arguments = {}
    if container == "MP4":
        mp4 = settings.node("Mp4Settings")
        flags = ["+faststart"] if mp4.text("MoovPlacement", "PROGRESSIVE_DOWNLOAD") == "PROGRESSIVE_DOWNLOAD" else []
        if mp4.text("CslgAtom", "EXCLUDE") == "INCLUDE":
            flags.append("+negative_cts_offsets")
        mp4.text("FreeSpaceBox")
        if flags:
            found["movflags"] = "".join(flags)
        brand = mp4.text("Mp4MajorBrand")
        if len(brand) == 4 and brand.isascii() and brand.isalnum():
            found["brand"] = brand
    return found


def audio_samples(plan: OutputPlan) -> int:
    """Samples at 48 kHz that an output lasts."""
    if plan.picture is not None:
        return sample_at_frame(plan.picture.timeline.frame_count, plan.picture.timeline.rate)
    return sample_at_frame(int(plan.duration_s * AUDIO_ONLY_RATE), AUDIO_ONLY_RATE)
