"""What a video or sound file holds, from all of its packets: tracks, sizes, rates, exact times. Nothing is decoded.

One limited FFmpeg child copies every packet into a listing (`framecrc`), which gives exact times whatever the header
says; its description of the streams gives the rest. The container is sniffed and forced (SAFETY S1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

from renderer.errors import MediaError, ToolError
from renderer.ffmpeg_process import PROTOCOLS, ArgumentGraph, Child, Limits, compile_argv, descriptor_url
from renderer.media import sniff_audio
from renderer.picture.clip_argv import CONTAINERS

if TYPE_CHECKING:
    from collections.abc import Iterator

Matrix = Literal["bt601", "bt709", "bt2020"]
_LIMITS = Limits(cpu_s=120, address_space_bytes=4 << 30, open_files=64, wall_s=300)
_STREAM = re.compile(r"^\s+Stream #0:(\d+)(?:\[(0x[0-9a-f]+)\])?(?:\((\w+)\))?: (Video|Audio): (\w+)(.*)$")
_ROTATION = re.compile(r"displaymatrix: rotation of (-?[\d.]+) degrees")
_TIMECODE = re.compile(r"^\s+timecode\s*: (\d\d:\d\d:\d\d[:;]\d\d)$")
_START = re.compile(r"^  Duration: .*, start: (-?[\d.]+)")
_RATE = re.compile(r"([\d.]+)(k?) fps")
_LANGUAGE = {"und": ""}
_SMALL_HEIGHT = 576
"""Up to this height an unlabelled picture is taken for BT.601, above it for BT.709, as players do."""
MAX_PACKETS = 5_000_000


@dataclass(slots=True)
class VideoTrack:
    """A picture track. `times_s` are the starts of its frames in order of showing, `end_s` the last one's end."""

    codec: str
    width: int
    height: int
    rotation: int
    rate: Fraction
    pixel_format: str
    matrix: Matrix
    full_range: bool
    interlaced: bool
    pixel_aspect: Fraction
    frames: int = 0
    start_s: Fraction = Fraction(0)
    end_s: Fraction = Fraction(0)
    bytes: int = 0


@dataclass(slots=True)
class AudioTrack:
    """A sound track; `identifier` is its PID or track id."""

    codec: str
    channels: int
    layout: str
    sample_rate: int
    language: str
    identifier: int
    start_s: Fraction = Fraction(0)
    end_s: Fraction = Fraction(0)
    bytes: int = 0


@dataclass(slots=True)
class ContainerFacts:
    """One file. `start_s` is what FFmpeg takes for its start; times of tracks count from the same zero."""

    container: str
    size: int
    videos: list[VideoTrack] = field(default_factory=list)
    audios: list[AudioTrack] = field(default_factory=list)
    timecode: str | None = None
    start_s: Fraction = Fraction(0)

    @property
    def duration_s(self) -> Fraction:
        """From the start to the last end."""
        tracks: list[VideoTrack | AudioTrack] = [*self.videos, *self.audios]
        return max((track.end_s for track in tracks), default=Fraction(0)) - self.start_s


def sniff_container(head: bytes) -> str | None:
    """The demuxer for these first bytes; None for everything that is not on the list."""
    for magic, offset, name in (
        (b"\x1a\x45\xdf\xa3", 0, "matroska"),
        (b"\x06\x0e\x2b\x34", 0, "mxf"),
        (b"ftyp", 4, "mov"),
        (b"moov", 4, "mov"),
        (b"mdat", 4, "mov"),
        (b"wide", 4, "mov"),
        (b"FLV\x01", 0, "flv"),
        (b"\x00\x00\x01\xba", 0, "mpeg"),
        (b"\x0b\x77", 0, "ac3"),
    ):
        if head[offset : offset + len(magic)] == magic:
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "avi"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if len(head) > 376 and head[0] == head[188] == head[376] == 0x47:
        return "mpegts"
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xF6 == 0xF0:
        return "aac"
    found = sniff_audio(head)
    return {"wav": "wav", "mp3": "mp3", "flac": "flac", "ogg": "ogg"}.get(found or "")


def read_container(descriptor: int, head: bytes, size: int, name: str) -> ContainerFacts:
    """Facts of the file open at `descriptor`; `head` are its first bytes, `name` is how its author wrote it.

    Raises: MediaError where it is no such file, or damaged.
    """
    container = sniff_container(head)
    if container is None:
        raise MediaError(name, "is no video or sound that can be used, whatever its name says")
    facts = ContainerFacts(container, size)
    listing = _Listing()
    with Child(_argv(descriptor, container), pass_fds=[descriptor], limits=_LIMITS) as child:
        for line in _lines(child):
            listing.take(line)
        try:
            said = child.finish().stderr_tail
        except ToolError as error:
            raise MediaError(name, f"can't be read: {_last_line(error.stderr_tail)}") from error
    _describe(facts, said)
    listing.apply([*facts.videos, *facts.audios], name)
    return facts


def count_samples(descriptor: int, container: str, name: str) -> Fraction:
    """How long the first sound track lasts, by decoding all of it. Raises: MediaError."""
    import ffmpeg

    source = _input(descriptor, container)
    graph = ffmpeg.output(source["a:0"], "pipe:1", format="framecrc", acodec="pcm_u8", map_metadata=-1)
    rate, samples = 0, 0
    with Child(compile_argv(cast("ArgumentGraph", graph)), pass_fds=[descriptor], limits=_LIMITS) as child:
        for line in _lines(child):
            if line.startswith("#sample_rate"):
                rate = int(line.rpartition(":")[2])
            elif line[:1].isdigit():
                samples += int(line.split(",")[3])
        try:
            child.finish()
        except ToolError as error:
            raise MediaError(name, f"can't be decoded: {_last_line(error.stderr_tail)}") from error
    if not rate or not samples:
        raise MediaError(name, "holds no sound")
    return Fraction(samples, rate)


def _input(descriptor: int, container: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  (the library has no types)
    import ffmpeg

    whitelists = {"protocol_whitelist": PROTOCOLS, "format_whitelist": CONTAINERS}
    return ffmpeg.input(descriptor_url(descriptor), f=container, **whitelists)


def _argv(descriptor: int, container: str) -> list[str]:
    import ffmpeg

    source = _input(descriptor, container)
    graph = ffmpeg.output(
        source["v?"], source["a?"], "pipe:1", format="framecrc", c="copy", copyts=None, map_metadata=-1
    )
    argv = compile_argv(cast("ArgumentGraph", graph))
    argv[argv.index("-loglevel") + 1] = "info"
    return [argv[0], "-nostats", *argv[1:]]


def _lines(child: Child) -> Iterator[str]:
    rest = b""
    while chunk := child.output.read(1 << 16):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.decode("ascii", "replace")


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "no reason given"


class _Listing:
    """Adds up the packets of each listed stream."""

    def __init__(self) -> None:
        self._tb: dict[int, Fraction] = {}
        self._first: dict[int, int] = {}
        self._end: dict[int, int] = {}
        self._count: dict[int, int] = {}
        self._bytes: dict[int, int] = {}
        self._packets = 0

    def take(self, line: str) -> None:
        if line.startswith("#tb "):
            place, _, unit = line.removeprefix("#tb ").partition(": ")
            self._tb[int(place)] = Fraction(unit)
            return
        fields = line.split(",")
        if len(fields) < 6 or not fields[0].strip().isdigit():
            return
        stream, pts, duration = int(fields[0]), int(fields[2]), int(fields[3])
        self._packets += 1
        if self._packets > MAX_PACKETS:
            raise MediaError("the file", f"holds more than {MAX_PACKETS} packets")
        self._first[stream] = min(self._first.get(stream, pts), pts)
        self._end[stream] = max(self._end.get(stream, pts + duration), pts + duration)
        self._count[stream] = self._count.get(stream, 0) + 1
        self._bytes[stream] = self._bytes.get(stream, 0) + int(fields[4])

    def apply(self, tracks: list[VideoTrack | AudioTrack], name: str) -> None:
        """Streams are listed pictures first, then sounds, each in the file's order."""
        for place, track in enumerate(tracks):
            count = self._count.get(place, 0)
            if not count:
                raise MediaError(name, f"its {track.codec} track is empty")
            unit = self._tb[place]
            track.start_s, track.end_s = self._first[place] * unit, self._end[place] * unit
            track.bytes = self._bytes[place]
            if isinstance(track, VideoTrack):
                track.frames = count
                track.rate = _exact_rate(track.rate, count, track.end_s - track.start_s)


def _exact_rate(said: Fraction, frames: int, duration_s: Fraction) -> Fraction:
    """The rate by the packets' own times, as a usual fraction where it is one within a frame over the whole file."""
    measured = frames / duration_s if duration_s > 0 else said
    usual = [Fraction(n) for n in (15, 24, 25, 30, 48, 50, 60, 100, 120)]
    usual += [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)]
    for rate in sorted(usual, key=lambda rate: abs(rate - measured)):
        if abs(duration_s * rate - frames) < 1:
            return min((r for r in usual if abs(duration_s * r - frames) < 1), key=lambda r: (abs(r - said), r))
        break
    return measured.limit_denominator(1001)


def _describe(facts: ContainerFacts, said: str) -> None:
    """Read the input's part of FFmpeg's description."""
    text, _, _ = said.partition("\nStream mapping:")
    current: VideoTrack | AudioTrack | None = None
    for line in text.splitlines():
        stream = _STREAM.match(line)
        if stream is not None:
            current = _track(stream)
            if isinstance(current, VideoTrack):
                facts.videos.append(current)
            elif current is not None:
                facts.audios.append(current)
        elif (start := _START.match(line)) is not None:
            facts.start_s = Fraction(start[1])
        elif (turned := _ROTATION.search(line)) is not None and isinstance(current, VideoTrack):
            current.rotation = round(-float(turned[1])) % 360 // 90 * 90
        elif (timecode := _TIMECODE.match(line)) is not None and facts.timecode is None:
            facts.timecode = timecode[1]


def _track(stream: re.Match[str]) -> VideoTrack | AudioTrack | None:
    _, identifier, language, kind, codec, rest = stream.groups()
    if kind == "Audio":
        rate = re.search(r"(\d+) Hz, ([^,]+)", rest)
        layout = rate[2].strip() if rate else "mono"
        return AudioTrack(
            codec,
            _channels(layout),
            layout,
            int(rate[1]) if rate else 48_000,
            _LANGUAGE.get(language or "und", language or ""),
            int(identifier or "0x0", 16),
        )
    size = re.search(r", (\d+)x(\d+)", rest)
    if size is None:
        return None
    height = int(size[2])
    pixels = re.search(r"^[^,]*(?:\([^)]*\))*, (\w+)(?:\(([^)]*)\))?", rest)
    labels = pixels[2] or "" if pixels else ""
    aspect = re.search(r"\[SAR (\d+):(\d+)", rest)
    rate = _RATE.search(rest)
    said = Fraction(rate[1]) * (1000 if rate[2] else 1) if rate else Fraction(30)
    return VideoTrack(
        codec,
        int(size[1]),
        height,
        0,
        said,
        pixels[1] if pixels else "yuv420p",
        _matrix(labels, height),
        full_range="pc" in re.split(r"[, /]+", labels) or bool(pixels and pixels[1].startswith(("yuvj", "rgb", "gbr"))),
        interlaced=any(word in labels for word in ("top first", "bottom first", "top coded", "bottom coded")),
        pixel_aspect=Fraction(int(aspect[1]), int(aspect[2])) if aspect and aspect[1] != "0" else Fraction(1),
    )


def _matrix(labels: str, height: int) -> Matrix:
    if "bt2020" in labels:
        return "bt2020"
    if "bt709" in labels:
        return "bt709"
    if any(word in labels for word in ("smpte170m", "bt470bg")):
        return "bt601"
    return "bt601" if height <= _SMALL_HEIGHT else "bt709"


def _channels(layout: str) -> int:
    known = {"mono": 1, "stereo": 2, "2.1": 3, "3.0": 3, "quad": 4, "4.0": 4, "5.0": 5, "5.1": 6, "6.1": 7, "7.1": 8}
    plain = layout.partition("(")[0].strip()
    if plain in known:
        return known[plain]
    counted = re.match(r"(\d+) channels", layout)
    return int(counted[1]) if counted else max(1, layout.count("+") + 1)
