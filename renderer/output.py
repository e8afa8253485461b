"""What the finished file is made like: size and rate for the timeline, encoder settings for the backend.

An output preset changed by the spec, changed by the command line; a value that nobody set is the preset's.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from presets import PresetValue, load_preset
from renderer.renditions import NO_RENDITIONS, Renditions, parse_renditions
from renderer.timebase import parse_rate

if TYPE_CHECKING:
    from renderer.spec.model import OutputSpec


@dataclass(frozen=True, slots=True)
class VideoEncoding:
    """H.264 settings: an x264 preset at a constant rate factor, a closed GOP of at most `keyframe_s` seconds."""

    preset: str
    crf: int
    keyframe_s: Fraction


@dataclass(frozen=True, slots=True)
class AudioEncoding:
    """AAC-LC, 48 kHz, stereo, at a constant bit rate in bit/s (REQUIREMENTS A7)."""

    bitrate: int


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """One output: `preset` names where it came from, `renditions` are what is wanted beside the MP4."""

    preset: str
    width: int
    height: int
    rate: Fraction
    video: VideoEncoding
    audio: AudioEncoding
    renditions: Renditions = NO_RENDITIONS

    @property
    def keyframe_frames(self) -> int:
        """Frames from one keyframe to the next at the most."""
        return max(1, int(self.video.keyframe_s * self.rate))


def output_preset(name: str) -> OutputFormat:
    """Raises: KeyError for an unknown name."""
    content = load_preset("outputs", name)
    video = cast("dict[str, PresetValue]", content["video"])
    audio = cast("dict[str, PresetValue]", content["audio"])
    return OutputFormat(
        preset=name,
        width=int(str(content["width"])),
        height=int(str(content["height"])),
        rate=parse_rate(str(content["rate"])),
        video=VideoEncoding(str(video["preset"]), int(str(video["crf"])), Fraction(str(video["keyframe_s"]))),
        audio=AudioEncoding(int(str(audio["bitrate"]))),
        renditions=parse_renditions(content),
    )


def resolve_output(spec: OutputSpec, *, preset: str | None = None) -> OutputFormat:
    """The spec's output; `preset` replaces the spec's whole choice, as `render --output` does.

    Raises: KeyError for an unknown preset.
    """
    if preset is not None:
        return output_preset(preset)
    base = output_preset(spec.preset)
    return dataclasses.replace(
        base, width=spec.width or base.width, height=spec.height or base.height, rate=spec.rate or base.rate
    )


def preview_of(output: OutputFormat) -> OutputFormat:
    """The same picture at about 540 lines and a fast encoder setting, at the same rate: the same frames in time."""
    quick = output_preset("preview")
    scale = Fraction(quick.height, min(output.width, output.height))
    if scale >= 1:
        return dataclasses.replace(output, preset="preview", video=quick.video, renditions=NO_RENDITIONS)
    width, height = (max(32, round(side * scale / 2) * 2) for side in (output.width, output.height))
    return dataclasses.replace(quick, width=width, height=height, rate=output.rate)
