"""The intermediate representation: what is seen in every frame and heard in every sample, and from which bytes.

Frames are `int` at an exact `rate`; ranges are half-open; sample positions count at 48 kHz. A source is named by the
hash of its content. Everything here is frozen, compares by value, and survives a round trip through
`renderer.timeline.canonical`. Two equal timelines give equal frames and samples on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from renderer.timebase import SAMPLE_RATE, FrameRange

SCHEMA = "storyreel.timeline/1"

LayerKind = Literal["background", "image", "logo"]
Fit = Literal["cover", "contain", "blur"]
Ease = Literal["linear", "in", "out", "in-out"]
TrackRole = Literal["narration", "music", "clip"]
AudioLayout = Literal["mono", "stereo"]


@dataclass(frozen=True, slots=True)
class ImageSource:
    """A picture file. `path` is relative to the spec's folder, or `asset:…` for a file of the program's own."""

    path: str
    sha256: str
    width: int
    """Pixels, after the EXIF orientation is applied."""
    height: int
    alpha: bool
    """Whether the picture can be transparent somewhere."""


@dataclass(frozen=True, slots=True)
class VideoSource:
    """A video file's picture, with the facts found by reading all of its packets. `path` as in `ImageSource`."""

    path: str
    sha256: str
    container: str
    """The demuxer that reads it, found by its content."""
    stream: int
    """Its place among the file's video streams, from 0."""
    width: int
    """Pixels as stored, before `rotation`."""
    height: int
    rotation: int
    """Degrees clockwise to turn it upright: 0, 90, 180 or 270."""
    rate: Fraction
    """Frames per second; the average where they are not evenly spaced."""
    frames: int
    start_s: Fraction
    """Where the first frame lies, after the file's own start."""
    duration_s: Fraction
    """From the first frame's start to the last one's end."""
    matrix: Literal["bt601", "bt709", "bt2020"] = "bt709"
    full_range: bool = False
    interlaced: bool = False

    @property
    def upright(self) -> tuple[int, int]:
        """Width and height after `rotation`."""
        return (self.height, self.width) if self.rotation % 180 else (self.width, self.height)


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a video as a layer shows it: `start` seconds after its first frame, in the layer's first frame.

    After its last frame, that one stays. `crop` is left, top, width and height in upright pixels.
    """

    source: VideoSource
    start: Fraction = Fraction(0)
    crop: tuple[int, int, int, int] | None = None
    deinterlace: bool = False
    denoise: int = 0
    """Strength of a spatial and temporal noise filter, 0 to 16."""
    skip: int = 0
    """Frames of the programme that lie between `start` and the layer's first frame."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is shown, in upright pixels of the source."""
        return self.source.upright if self.crop is None else (self.crop[2], self.crop[3])


@dataclass(frozen=True, slots=True)
class AudioSource:
    """A sound file, with the facts found by decoding all of it."""

    path: str
    sha256: str
    sample_rate: int
    channels: int
    samples: int
    """Samples per channel at the source's own rate, encoder delay and padding already taken off."""

    @property
    def duration_s(self) -> Fraction:
        """Length in seconds, exact."""
        return Fraction(self.samples, self.sample_rate)


@dataclass(frozen=True, slots=True)
class Rect:
    """Where a whole picture lies in the frame: output pixels from the top left, exact. May reach outside."""

    left: Fraction
    top: Fraction
    width: Fraction
    height: Fraction

    def covers(self, width: int, height: int) -> bool:
        return self.left <= 0 and self.top <= 0 and self.left + self.width >= width and self.top + self.height >= height


@dataclass(frozen=True, slots=True)
class Motion:
    """The displayed rectangle moves linearly from `start` (first frame of `over`) to `end` (last frame of `over`).

    Before and after `over` it rests at `start` and `end`. `ease` shapes the progress (DESIGN §4).
    """

    start: Rect
    end: Rect
    ease: Ease
    over: FrameRange


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing that is seen in `range`. Higher `z` lies on top; no two layers of a timeline share a `z`.

    `rect` is where the picture lies at rest; with `motion` it is the rectangle of the first frame. A layer has either a
    `source`, a `clip` or a flat `color`. `opacity` counts in percent; `fade_in` is a number of frames, linear, sampled
    at the middle of each frame.
    """

    id: str
    kind: LayerKind
    z: int
    range: FrameRange
    source: ImageSource | None = None
    color: str | None = None
    rect: Rect | None = None
    fit: Fit | None = None
    motion: Motion | None = None
    opacity: int = 100
    fade_in: int = 0
    fade_out: int = 0
    """Frames at the end of `range` over which it vanishes, linear, sampled at the middle of each frame."""
    opacity_end: int | None = None
    """Percent that `opacity` has become, linearly, on the last frame of `opacity_over`."""
    opacity_over: FrameRange | None = None
    clip: Clip | None = None
    """What moves in place of `source`."""


@dataclass(frozen=True, slots=True)
class Loop:
    """The source repeats; each seam is an equal-gain crossfade of `crossfade` samples."""

    crossfade: int


@dataclass(frozen=True, slots=True)
class EnvelopePoint:
    """A gain in dB at a programme sample; between points the gain in dB is linear, outside it rests."""

    sample: int
    gain_db: Fraction


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """One source heard in programme samples `start` to `end` (half-open), from its first sample on (or from
    `skip`), at `gain_db`.

    `fade_in` and `fade_out` are samples, linear in amplitude, inside the range. `envelope` adds to `gain_db`.
    """

    role: TrackRole
    source: AudioSource
    start: int
    end: int
    gain_db: Fraction
    fade_in: int = 0
    fade_out: int = 0
    loop: Loop | None = None
    envelope: tuple[EnvelopePoint, ...] = ()
    skip: int = 0
    """Samples of the source, at 48 kHz, before the first one heard."""


@dataclass(frozen=True, slots=True)
class Sound:
    """The programme's sound: `sample_count` stereo samples, silence where no track is.

    With `target_lufs` the whole mix gets one linear gain to that integrated loudness, its true peak kept under −1 dBTP.
    """

    sample_count: int
    tracks: tuple[SoundTrack, ...] = ()
    sample_rate: int = SAMPLE_RATE
    target_lufs: Fraction | None = None

    def sources(self) -> tuple[AudioSource, ...]:
        """Every sound file once, in order of first use."""
        return tuple(dict.fromkeys(track.source for track in self.tracks))


@dataclass(frozen=True, slots=True)
class Caption:
    """A text shown in a range of frames."""

    range: FrameRange
    text: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A named place to jump to."""

    frame: int
    title: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A whole programme. Layers are ordered by `z`, lowest first."""

    id: str
    title: str
    rate: Fraction
    width: int
    height: int
    frame_count: int
    layers: tuple[Layer, ...]
    sound: Sound
    captions: tuple[Caption, ...] = ()
    chapters: tuple[Chapter, ...] = ()
    schema: str = SCHEMA

    @property
    def duration_s(self) -> Fraction:
        """Length in seconds, exact."""
        return self.frame_count / self.rate

    def sources(self) -> tuple[ImageSource | VideoSource | AudioSource, ...]:
        """Every medium of the timeline once, in order of first use."""
        shown = [layer.clip.source if layer.clip is not None else layer.source for layer in self.layers]
        pictures = dict.fromkeys(source for source in shown if source is not None)
        return (*pictures, *self.sound.sources())
