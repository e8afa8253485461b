"""What a finished MP4 really is: box order, edit lists, streams, colour labels, keyframes: read back, not assumed.

`read_mp4_facts` reads every packet and hashes it, but decodes none. Whether such a file starts at once on a phone is
answered by `playability` (DESIGN §7, default MP4; REQUIREMENTS A30, A39).
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from dataclasses import dataclass, field
from fractions import Fraction
from typing import IO, TYPE_CHECKING

import av

from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

AAC_FRAME = 1024
"""Samples in one AAC frame."""

_BT709 = 1
_LIMITED = 1
_CONTAINERS = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl"}


# ITU-T H.264, table A-1: level × 10, macroblocks a second, macroblocks a frame.
_LEVELS = (
    (40, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
    (60, 4_177_920, 139_264),
    (61, 8_355_840, 139_264),
    (62, 16_711_680, 139_264),
)


def h264_level(width: int, height: int, rate: Fraction) -> str:
    """Level 4.0, or the lowest above it that size and rate fit (DESIGN §7)."""
    macroblocks = -(-width // 16) * -(-height // 16)
    for level, per_second, per_frame in _LEVELS:
        if macroblocks <= per_frame and macroblocks * rate <= per_second:
            return f"{level // 10}.{level % 10}"
    return "6.2"


@dataclass(frozen=True, slots=True)
class StreamFacts:
    """Packets of one stream. Times are seconds from the start of presentation, edit list applied."""

    codec: str
    packets: int
    sha256: str
    start: Fraction
    duration: Fraction


@dataclass(frozen=True, slots=True)
class Mp4Facts:
    """Everything that `playability` asks. `keyframe_gap` is the longest distance of two keyframes in frames."""

    index_first: bool
    video: StreamFacts
    audio: StreamFacts
    width: int
    height: int
    rate: Fraction
    profile: str
    level: int
    pixel_format: str
    colour: tuple[int, int, int, int]
    """Range (1 = limited), primaries, transfer, matrix (1 = BT.709), as ITU-T H.273 numbers them."""
    keyframe_gap: int
    even_times: bool
    """Whether the pictures' times are exactly 0, 1, 2 … frames."""
    audio_profile: str
    sample_rate: int
    channels: int


@dataclass(slots=True)
class _Counter:
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)
    packets: int = 0
    times: list[int] = field(default_factory=list)
    keyframes: list[int] = field(default_factory=list)
    ends: int = 0


def box_order(stream: IO[bytes]) -> list[str]:
    """The file's top-level boxes in order (ISO/IEC 14496-12, 4.2). Raises: OutputError for a broken one."""
    names, offset, size = [], 0, stream.seek(0, 2)
    while offset < size:
        stream.seek(offset)
        header = stream.read(16)
        if len(header) < 8:
            raise OutputError("the file ends inside a box")
        length, name = struct.unpack(">I4s", header[:8])
        if length == 1 and len(header) < 16:
            raise OutputError("the file ends inside a box")
        if length == 1:
            length = struct.unpack(">Q", header[8:16])[0]
        elif length == 0:
            length = size - offset
        if length < 8 or offset + length > size:
            raise OutputError(f"the box {name!r} is cut off")
        names.append(name.decode("latin-1"))
        offset += length
    return names


def read_mp4_facts(path: str) -> Mp4Facts:
    """Read a finished file through. Raises: OutputError where it is no complete MP4 with one picture and one sound."""
    try:
        with open(path, "rb") as stream:  # noqa: PTH123  (a descriptor's path is no Path to compare)
            boxes = box_order(stream)
        with av.open(path) as container:
            return _facts(container, boxes)
    except (av.FFmpegError, OSError, LookupError, ValueError, AttributeError, TypeError, ZeroDivisionError) as error:
        raise OutputError(f"what was written can't be read back: {error}") from error


def _facts(container: InputContainer, boxes: list[str]) -> Mp4Facts:
    video, audio = container.streams.video[0], container.streams.audio[0]
    seen = _count_packets(container, video, audio)
    pictures, context = seen[video.index], video.codec_context
    rate = Fraction(video.average_rate or 0)
    frames_in_unit = Fraction(video.time_base or 0) * rate
    times = sorted(time * frames_in_unit.numerator for time in pictures.times)
    return Mp4Facts(
        index_first="moov" in boxes and "mdat" in boxes and boxes.index("moov") < boxes.index("mdat"),
        video=_stream_facts(video, pictures),
        audio=_stream_facts(audio, seen[audio.index]),
        width=context.width,
        height=context.height,
        rate=rate,
        profile=str(context.profile),
        level=_h264_level(context.extradata),
        pixel_format=str(context.pix_fmt),
        colour=(
            int(context.color_range),
            int(context.color_primaries),
            int(context.color_trc),
            int(context.colorspace),
        ),
        keyframe_gap=_longest_gap([int(time * frames_in_unit) for time in pictures.keyframes], len(times)),
        even_times=times == [number * frames_in_unit.denominator for number in range(len(times))],
        audio_profile=str(audio.codec_context.profile),
        sample_rate=audio.codec_context.sample_rate,
        channels=audio.codec_context.channels,
    )


def _count_packets(container: InputContainer, *streams: VideoStream | AudioStream) -> dict[int, _Counter]:
    seen = {stream.index: _Counter() for stream in streams}
    for packet in container.demux(*streams):
        if not packet.size:
            continue
        counter = seen[packet.stream_index]
        counter.digest.update(packet)
        counter.packets += 1
        counter.times.append(packet.pts or 0)
        counter.ends = max(counter.ends, (packet.pts or 0) + (packet.duration or 0))
        if packet.is_keyframe:
            counter.keyframes.append(packet.pts or 0)
    return seen


def _stream_facts(stream: VideoStream | AudioStream, counter: _Counter) -> StreamFacts:
    unit = Fraction(stream.time_base or 0)
    start = (stream.start_time or 0) * unit
    return StreamFacts(
        codec=stream.codec_context.name,
        packets=counter.packets,
        sha256=counter.digest.hexdigest(),
        start=start,
        duration=(stream.duration or counter.ends) * unit,
    )


def _h264_level(extradata: bytes | None) -> int:
    """AVCLevelIndication of the decoder configuration record (ISO/IEC 14496-15, 5.3.3.1)."""
    return extradata[3] if extradata is not None and len(extradata) > 3 else 0


def _longest_gap(keyframes: list[int], end: int) -> int:
    edges = [*sorted(keyframes), end]
    return max((after - before for before, after in itertools.pairwise(edges)), default=end)


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of a file: what was found, what was expected, and whether that is good."""

    name: str
    found: str
    expected: str
    passed: bool


def playability(facts: Mp4Facts, *, keyframe_frames: int) -> Iterator[Fact]:
    """What makes a file start at once and show the right colours on a phone's browser (DESIGN §7, default MP4)."""
    yield Fact("moov first", str(facts.index_first), "True", facts.index_first)
    yield _equal("video codec", facts.video.codec, "h264")
    yield _equal("profile", facts.profile, "High")
    yield _equal("level", f"{facts.level / 10:.1f}", h264_level(facts.width, facts.height, facts.rate))
    yield _equal("pixel format", facts.pixel_format, "yuv420p")
    yield _equal("colour labels", facts.colour, (_LIMITED, _BT709, _BT709, _BT709))
    gap = facts.keyframe_gap
    yield Fact("keyframe distance", f"{gap} frames", f"at most {keyframe_frames}", gap <= keyframe_frames)
    yield Fact("constant frame rate", str(facts.even_times), "True", facts.even_times)
    yield _equal("video start", facts.video.start, Fraction(0))
    yield _equal("audio start", facts.audio.start, Fraction(0))
    yield _equal("audio codec", f"{facts.audio.codec} {facts.audio_profile}", "aac LC")
    yield _equal("sample rate", facts.sample_rate, 48_000)
    yield _equal("channels", facts.channels, 2)


def _equal(name: str, found: object, expected: object) -> Fact:
    return Fact(name, str(found), str(expected), found == expected)
