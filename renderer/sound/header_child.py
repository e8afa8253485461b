"""Runs as a limited child: reads what a sound file's header promises, and prints it as one JSON object.

Started as `python -I -S header_child.py DESCRIPTOR FORMAT`. Nothing it finds is believed about length: it is compared
with what decoding finds, so that a cut-off file or a lying header is noticed and said. Imports nothing of the project.

Keys: `promised` [numerator, denominator] seconds or null; `cut` a reason or null; `ignore_length` whether a WAV file's
data runs on beyond what its header says.
"""

import json
import os
import struct
import sys

MAX_BOXES = 10_000
NO_PROMISE = 0x7FFF_0000
"""Sizes from here on are what streaming writers put where they can't know."""


class File:
    """Bounded random reads of the inherited descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.size = os.fstat(descriptor).st_size

    def read(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset) if 0 <= offset < self.size else b""


class Found:
    """What one file promises."""

    def __init__(
        self, *, promised: "list[int] | None" = None, cut: "str | None" = None, ignore_length: bool = False
    ) -> None:
        self.promised = promised
        self.cut = cut
        self.ignore_length = ignore_length


# --- WAV ---------------------------------------------------------------------------------------------------------


PLAIN_PCM = (1, 3, 6, 7, 0xFFFE)
"""Format tags whose blocks hold one sample per channel: integer, float, A-law, µ-law, extensible."""


def read_wav(file: File) -> Found:
    rate, width, large = 0, 0, None
    offset = 12
    for _ in range(MAX_BOXES):
        head = file.read(offset, 8)
        if len(head) < 8:
            return Found(cut="its sound data is missing")
        kind, size = struct.unpack("<4sI", head)
        if kind == b"ds64":
            large = struct.unpack("<Q", file.read(offset + 16, 8))[0]
        elif kind == b"fmt ":
            tag, _, rate, _, width = struct.unpack("<HHIIH", file.read(offset + 8, 14))
            width = width if tag in PLAIN_PCM else 0
        elif kind == b"data":
            exact = size if large is None or size != 0xFFFF_FFFF else large
            return wav_data(file, offset + 8, exact, rate, width)
        offset += 8 + size + (size & 1)
    return Found(cut="its sound data is missing")


def wav_data(file: File, start: int, size: int, rate: int, width: int) -> Found:
    rest = file.size - start
    if size == 0 or NO_PROMISE <= size <= 0xFFFF_FFFF:
        return Found(ignore_length=rest > 8 and not ends_or_continues(file, start))
    promised = [size // width, rate] if rate and width else None
    if size > rest:
        return Found(promised=promised, cut="its sound data ends before its header says")
    return Found(promised=promised, ignore_length=not ends_or_continues(file, start + size + (size & 1)))


def ends_or_continues(file: File, offset: int) -> bool:
    """Whether the file ends at `offset` or goes on with another chunk there."""
    head = file.read(offset, 8)
    if len(head) < 8:
        return True
    kind, size = struct.unpack("<4sI", head)
    return all(32 <= byte < 127 for byte in kind) and offset + 8 + size <= file.size + 1


# --- MP3 ---------------------------------------------------------------------------------------------------------

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}


def after_id3(file: File) -> int:
    offset = 0
    for _ in range(MAX_BOXES):
        head = file.read(offset, 10)
        if head[:3] != b"ID3" or len(head) < 10:
            break
        a, b, c, d = (byte & 0x7F for byte in head[6:10])
        offset += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if head[5] & 0x10 else 0)
    return offset


def read_mp3(file: File) -> Found:
    frame = file.read(after_id3(file), 4096)
    start = frame.find(b"\xff")
    if start < 0 or len(frame) < start + 200 or frame[start + 1] & 0xE6 != 0xE2:
        return Found()
    version, rate_index = frame[start + 1] >> 3 & 3, frame[start + 2] >> 2 & 3
    if version == 1 or rate_index == 3:
        return Found()
    mono = frame[start + 3] >> 6 == 3
    per_frame = 1152 if version == 3 else 576
    side = {(True, False): 32, (True, True): 17, (False, False): 17, (False, True): 9}[(version == 3, mono)]
    frames, trimmed = vbr_frames(frame[start:], 4 + side)
    if not frames:
        return Found()
    return Found(promised=[max(0, frames * per_frame - trimmed), RATES[version][rate_index]])


def vbr_frames(frame: bytes, offset: int) -> tuple[int, int]:
    """Frames that a Xing, Info or VBRI tag counts, and the samples its LAME part takes off; zeros without one."""
    if frame[offset : offset + 4] not in (b"Xing", b"Info"):
        vbri = frame[36:40] == b"VBRI"
        return (struct.unpack(">I", frame[50:54])[0], 0) if vbri else (0, 0)
    flags = struct.unpack(">I", frame[offset + 4 : offset + 8])[0]
    frames = struct.unpack(">I", frame[offset + 8 : offset + 12])[0] if flags & 1 else 0
    lame = offset + 8 + 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    if frame[lame : lame + 4] not in (b"LAME", b"Lavf", b"Lavc"):
        return frames, 0
    packed = int.from_bytes(frame[lame + 21 : lame + 24], "big")
    return frames, (packed >> 12) + (packed & 0xFFF)


# --- FLAC, Ogg ---------------------------------------------------------------------------------------------------


def read_flac(file: File) -> Found:
    start = after_id3(file)
    head = file.read(start, 42)
    if len(head) < 42 or head[:4] != b"fLaC":
        return Found()
    packed = int.from_bytes(head[18:26], "big")
    rate, samples = packed >> 44, packed & 0xF_FFFF_FFFF
    return Found(promised=[samples, rate] if samples and rate else None)


def read_ogg(file: File) -> Found:
    """Ogg promises no length, but marks its last page."""
    tail_start = max(0, file.size - 131_072)
    tail = file.read(tail_start, 131_072)
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return Found(cut="its last page is incomplete")
    segments = tail[last + 26]
    table = tail[last + 27 : last + 27 + segments]
    if len(table) < segments or last + 27 + segments + sum(table) > len(tail):
        return Found(cut="its last page is incomplete")
    return Found(cut=None if tail[last + 5] & 4 else "its end mark is missing")


# --- MP4 ---------------------------------------------------------------------------------------------------------


def boxes(file: File, start: int, end: int) -> dict[bytes, list[tuple[int, int]]]:
    """The boxes between two offsets by kind, each as (start, end) of its content."""
    found: dict[bytes, list[tuple[int, int]]] = {}
    for _ in range(MAX_BOXES):
        head = file.read(start, 16)
        if start + 8 > end or len(head) < 8:
            break
        size, kind = struct.unpack(">I4s", head[:8])
        content = 8
        if size == 1 and len(head) == 16:
            size, content = struct.unpack(">Q", head[8:])[0], 16
        stop = end if size == 0 else start + size
        if stop < start + content:
            break
        found.setdefault(kind, []).append((start + content, stop))
        start = stop
    return found


def read_mp4(file: File) -> Found:
    top = boxes(file, 0, file.size)
    cut = "its sound data ends before its header says" if any(b > file.size for _, b in top.get(b"mdat", [])) else None
    for moov in top.get(b"moov", [])[:1]:
        inside = boxes(file, *moov)
        if b"mvex" in inside or b"mvhd" not in inside:
            return Found(cut=cut)
        movie_scale = scale_and_length(file, inside[b"mvhd"][0][0])[0]
        for trak in inside.get(b"trak", []):
            promised = sound_track(file, trak, movie_scale)
            if promised is not None:
                return Found(promised=promised, cut=cut)
    return Found(cut=cut)


def scale_and_length(file: File, at: int) -> tuple[int, int]:
    """Time scale and duration of an `mvhd` or `mdhd` box."""
    data = file.read(at, 32)
    return struct.unpack(">IQ", data[20:32]) if data[0] == 1 else struct.unpack(">II", data[12:20])


def sound_track(file: File, trak: tuple[int, int], movie_scale: int) -> list[int] | None:
    parts = boxes(file, *trak)
    media = boxes(file, *parts[b"mdia"][0])
    if file.read(media[b"hdlr"][0][0] + 8, 4) != b"soun":
        return None
    scale, length = scale_and_length(file, media[b"mdhd"][0][0])
    edits = boxes(file, *parts[b"edts"][0]).get(b"elst", []) if b"edts" in parts else []
    if edits:
        length = edited_length(file, edits[0][0], length, scale, movie_scale)
    return [length, scale] if length > 0 and scale else None


def edited_length(file: File, at: int, length: int, scale: int, movie_scale: int) -> int:
    """What one edit leaves of the media; 0 (no promise) for lists of several edits."""
    head = file.read(at, 28)
    count = struct.unpack(">I", head[4:8])[0]
    segment, start = struct.unpack(">Qq" if head[0] == 1 else ">Ii", head[8:24] if head[0] == 1 else head[8:16])
    if count != 1 or start < 0 or not movie_scale:
        return 0
    # The segment counts in the movie's scale, often milliseconds: it may have been rounded by one of its units.
    rounding = -(-scale // movie_scale) if movie_scale < scale else 0
    left: int = length - start
    return min(left, segment * scale // movie_scale + rounding) if segment else left


# --- WebM --------------------------------------------------------------------------------------------------------

SEGMENT, INFO, CLUSTER, SCALE, DURATION = 0x18538067, 0x1549A966, 0x1F43B675, 0x2AD7B1, 0x4489


def element(file: File, offset: int) -> tuple[int, int, int] | None:
    """Id, content start and content size (−1: unknown) of an EBML element."""
    head = file.read(offset, 12)
    if not head or not head[0]:
        return None
    id_length = 9 - head[0].bit_length()
    if len(head) <= id_length or not head[id_length]:
        return None
    size_length = 9 - head[id_length].bit_length()
    size = int.from_bytes(head[id_length : id_length + size_length], "big") & ((1 << 7 * size_length) - 1)
    unknown = size == (1 << 7 * size_length) - 1
    return int.from_bytes(head[:id_length], "big"), offset + id_length + size_length, -1 if unknown else size


def read_webm(file: File) -> Found:
    offset, cut, values = 0, None, dict[int, bytes]()
    for _ in range(MAX_BOXES):
        found = element(file, offset)
        if found is None or found[0] == CLUSTER:
            break
        kind, start, size = found
        if kind == SEGMENT and size >= 0 and start + size > file.size:
            cut = "its sound data ends before its header says"
        if kind in (SCALE, DURATION):
            values[kind] = file.read(start, min(size, 8))
        offset = start if kind in (SEGMENT, INFO) else start + max(size, 0)
    return Found(promised=webm_seconds(values), cut=cut)


def webm_seconds(values: dict[int, bytes]) -> list[int] | None:
    data = values.get(DURATION, b"")
    if len(data) not in (4, 8):
        return None
    ticks = struct.unpack(">f" if len(data) == 4 else ">d", data)[0]
    scale = int.from_bytes(values.get(SCALE, b"\x0f\x42\x40"), "big")
    nanoseconds = ticks * scale
    return [int(nanoseconds), 1_000_000_000] if 0 < nanoseconds < 1e15 else None


READERS = {"wav": read_wav, "mp3": read_mp3, "flac": read_flac, "ogg": read_ogg, "mp4": read_mp4, "webm": read_webm}


def main() -> None:
    descriptor, kind = int(sys.argv[1]), sys.argv[2]
    try:
        found = READERS[kind](File(descriptor))
    except (struct.error, IndexError, KeyError, ValueError, OverflowError, ZeroDivisionError):
        found = Found()  # a header that can't be read promises nothing; FFmpeg decides whether it can be decoded
    print(json.dumps(vars(found)))  # noqa: T201  (the child's answer)


if __name__ == "__main__":
    main()
