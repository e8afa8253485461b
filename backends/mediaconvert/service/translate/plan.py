"""What a translated job is made of: groups of outputs, each with its picture, sounds, captions and names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from backends.mediaconvert.service.execute.outcome import GroupType
    from backends.mediaconvert.service.translate.captions import CaptionStyle, Cue
    from backends.mediaconvert.service.translate.reader import Reader
    from renderer.timeline.model import Timeline

Arguments = dict[str, "str | int | float | None"]
"""Keyword arguments of ffmpeg-python's `output`."""
Fields = Literal["prog", "tff", "bff"]
"""A frame as a whole, or as two fields with the top or the bottom one first; FFmpeg's words."""
CaptionFormat = Literal["srt", "vtt"]


@dataclass(frozen=True, slots=True)
class SourceTracks:
    """Sound tracks of one file, one after the other as channels. Times in seconds of the file.

    `begins_s` is where in the file the part starts; negative means silence first. `matrix` is a selector's own remix:
    for each channel that comes out, the factor of each that goes in.
    """

    url: str
    tracks: tuple[int, ...]
    begins_s: Fraction
    channels: int
    matrix: tuple[tuple[float, ...], ...] | None = None

    @property
    def channels_out(self) -> int:
        return self.channels if self.matrix is None else len(self.matrix)


@dataclass(frozen=True, slots=True)
class SoundPart:
    """The sound over one span: sources side by side, `samples` long at 48 kHz; no sources is silence."""

    sources: tuple[SourceTracks, ...]
    samples: int

    @property
    def channels(self) -> int:
        return sum(source.channels_out for source in self.sources)


@dataclass(frozen=True, slots=True)
class Loudness:
    """A loudness correction: the target in LKFS, the limit of true peaks in dBFS; None leaves either."""

    target: float | None
    peak_db: float | None
    gated: bool = True


@dataclass(frozen=True, slots=True)
class SoundPlan:
    """One sound track of an output: the parts in order, remixed by `matrix`, then encoded."""

    parts: tuple[SoundPart, ...]
    channels_in: int
    matrix: tuple[tuple[float, ...], ...]
    arguments: Arguments
    loudness: Loudness | None = None
    language: str = ""
    name: str = ""
    sample_rate: int = 48_000
    raw_format: str = ""
    """The muxer of a container-less output."""


@dataclass(frozen=True, slots=True)
class BurnIn:
    """Captions drawn into the picture, in the style's font: that of `font_url` where it could be read."""

    cues: tuple[Cue, ...]
    style: CaptionStyle
    font_url: str | None = None
    font_unread: bool = False


@dataclass(frozen=True, slots=True)
class TimecodeText:
    """A running timecode in the picture; `start` is its text in the first frame."""

    start: str
    prefix: str
    size: int
    place: str


@dataclass(frozen=True, slots=True)
class Captures:
    """JPEGs instead of a video: these frames, at this quality (1 to 100)."""

    frames: tuple[int, ...]
    quality: int


@dataclass(frozen=True, slots=True)
class PicturePlan:
    """The picture of one output: its frames as a timeline, then what the encoder does."""

    timeline: Timeline
    arguments: Arguments
    pixel_aspect: Fraction
    burn: BurnIn | None = None
    timecode: TimecodeText | None = None
    captures: Captures | None = None
    codec: str = "H_264"
    bitrate: int = 0
    fields: Fields = "prog"


@dataclass(frozen=True, slots=True)
class CaptionPlan:
    """A captions file beside the other outputs."""

    cues: tuple[Cue, ...]
    format: CaptionFormat
    language: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """One output. `base` is everything of its name before the extension, below the group's folder."""

    settings: Reader
    base: str
    extension: str
    container: str
    picture: PicturePlan | None
    sounds: tuple[SoundPlan, ...]
    captions: tuple[CaptionPlan, ...]
    duration_s: Fraction
    arguments: Mapping[str, str | int | float | None]


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """One output group: `folder` is the URL up to and with the last slash, `base` the destination's own base name."""

    kind: GroupType
    settings: Reader
    folder: str
    base: str
    outputs: tuple[OutputPlan, ...]


@dataclass(frozen=True, slots=True)
class JobPlan:
    """A whole job. `warnings` are sentences for its Messages; `codes` counts the service's warning codes."""

    groups: tuple[GroupPlan, ...]
    warnings: tuple[str, ...]
    codes: Mapping[int, int]

    @property
    def total_frames(self) -> int:
        """Frames of all outputs together: what progress counts."""
        pictures = [output.picture for group in self.groups for output in group.outputs]
        return sum(picture.timeline.frame_count for picture in pictures if picture is not None)
