"""Runs as a limited child: reads what a sound file's header promises, and prints it as one JSON object.

Started as `python -I -S header_child.py DESCRIPTOR FORMAT`. Nothing it finds is believed about length: it is compared
with what decoding finds, so that a cut-off file or a lying header is noticed and said. Imports nothing of the project.

Keys: `promised` [numerator, denominator] seconds or null; `exact` whether what lies beyond that in the last coded frame
is padding; `cut` a reason or null; `ignore_length` whether a WAV file's data runs on beyond what its header says;
`delay` [numerator, denominator] seconds of silence before the first sample, or null; `streams` how many sound streams
there are; `unlabelled` whether three or more channels have no names; `codec` the decoder to use, or null.
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
        self.exact = False
        self.cut = cut
        self.ignore_length = ignore_length
        self.delay: list[int] | None = None
        self.streams = 1
        self.unlabelled = False
        self.codec: str | None = None


# --- WAV ---------------------------------------------------------------------------------------------------------


PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE = 1, 3, 6, 7, 0xFFFE
SAMPLED = (PCM, FLOAT, A_LAW, MU_LAW, EXTENSIBLE)
"""Formats whose blocks hold one sample for each channel."""


class WavFormat:
    """A `fmt ` chunk. `block` is the bytes of one sample of all channels, 0 where blocks hold more."""

    def __init__(self, content: bytes) -> None:
        self.tag, self.channels, self.rate, _, block, bits = struct.unpack("<HHIIHH", content[:16].ljust(16, b"\0"))
        self.block = block if self.tag in SAMPLED else 0
        named, self.valid_bits, self.subtype = self.channels <= 2, bits, self.tag
        if self.tag == EXTENSIBLE and len(content) >= 26:
            self.valid_bits, mask, self.subtype = struct.unpack("<HIH", content[18:26])
            named = named or mask.bit_count() == self.channels
        self.unlabelled = not named
        self.left_justified = self.subtype == PCM and bits == 32 and 16 < self.valid_bits < 32


def read_wav(file: File) -> Found:
    sound, large, counted = WavFormat(b""), None, None
    offset = 12
    for _ in range(MAX_BOXES):
        head = file.read(offset, 8)
        if len(head) < 8:
            break
        kind, size = struct.unpack("<4sI", head)
        if kind == b"ds64":
            large = struct.unpack("<Q", file.read(offset + 16, 8))[0]
        elif kind == b"fmt ":
            sound = WavFormat(file.read(offset + 8, min(size, 26)))
        elif kind == b"fact" and size >= 4:
            counted = struct.unpack("<I", file.read(offset + 8, 4))[0]
        elif kind == b"data":
            exact = size if large is None or size != 0xFFFF_FFFF else large
            return wav_facts(wav_data(file, offset + 8, exact, sound), sound, counted)
        offset += 8 + size + (size & 1)
    return Found(cut="its sound data is missing")


def wav_facts(found: Found, sound: WavFormat, counted: "int | None") -> Found:
    found.unlabelled = sound.unlabelled
    # Fewer bits at the top of 32: FFmpeg takes them for the 24-bit floats of an old editor.
    found.codec = "pcm_s32le" if sound.left_justified else None
    if not sound.block and sound.rate and counted:
        found.promised, found.exact = [counted, sound.rate], True
    return found


def wav_data(file: File, start: int, size: int, sound: WavFormat) -> Found:
    rest = file.size - start
    if size == 0 or NO_PROMISE <= size <= 0xFFFF_FFFF:
        return Found(ignore_length=rest > 8 and not ends_or_continues(file, start))
    promised = [size // sound.block, sound.rate] if sound.rate and sound.block else None
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


OGG_SOUNDS = (b"\x01vorbis", b"OpusHead", b"\x7fFLAC", b"Speex   ")


def read_ogg(file: File) -> Found:
    """Ogg promises no length, but marks its last page, and begins with the first page of each stream."""
    found = Found(cut=ogg_cut(file))
    offset, sounds = 0, list[bytes]()
    for _ in range(MAX_BOXES):
        head = file.read(offset, 27 + 255)
        if head[:4] != b"OggS" or len(head) < 28 or not head[5] & 2:
            break
        content = offset + 27 + head[26]
        sounds += [packet for packet in [file.read(content, 19)] if packet.startswith(OGG_SOUNDS)]
        offset = content + sum(head[27 : 27 + head[26]])
    found.streams = len(sounds)
    # Opus in channel mapping family 255: "no defined meaning" (RFC 7845, 5.1.1.3).
    found.unlabelled = bool(sounds) and sounds[0][:8] == b"OpusHead" and sounds[0][18] == 255 and sounds[0][9] > 2
    return found


def ogg_cut(file: File) -> "str | None":
    tail_start = max(0, file.size - 131_072)
    tail = file.read(tail_start, 131_072)
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return "its last page is incomplete"
    segments = tail[last + 26]
    table = tail[last + 27 : last + 27 + segments]
    if len(table) < segments or last + 27 + segments + sum(table) > len(tail):
        return "its last page is incomplete"
    return None if tail[last + 5] & 4 else "its end mark is missing"


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
        sounds = [found for trak in inside.get(b"trak", []) if (found := sound_track(file, trak, movie_scale))]
        found = sounds[0] if sounds else Found()
        found.cut, found.streams = cut, len(sounds)
        return found
    return Found(cut=cut)


def scale_and_length(file: File, at: int) -> tuple[int, int]:
    """Time scale and duration of an `mvhd` or `mdhd` box."""
    data = file.read(at, 32)
    return struct.unpack(">IQ", data[20:32]) if data[0] == 1 else struct.unpack(">II", data[12:20])


def sound_track(file: File, trak: tuple[int, int], movie_scale: int) -> "Found | None":
    """What a track of sound promises; None for other tracks."""
    parts = boxes(file, *trak)
    media = boxes(file, *parts[b"mdia"][0])
    if file.read(media[b"hdlr"][0][0] + 8, 4) != b"soun":
        return None
    scale, length = scale_and_length(file, media[b"mdhd"][0][0])
    found = Found()
    lists = boxes(file, *parts[b"edts"][0]).get(b"elst", []) if b"edts" in parts else []
    edits = edit_list(file, lists[0][0]) if lists else []
    while edits and edits[0][1] == -1:  # an empty edit: nothing is heard for that long
        before, _ = found.delay or [0, movie_scale]
        found.delay = [before + edits.pop(0)[0], movie_scale]
    if edits:
        length = edited_length(edits, length, scale, movie_scale)
    if length > 0 and scale:
        found.promised, found.exact = [length, scale], True
    return found


def edit_list(file: File, at: int) -> list[tuple[int, int]]:
    """Each edit as (length in the movie's scale, start in the media's), the start −1 for an empty one."""
    head = file.read(at, 8)
    count, wide = struct.unpack(">I", head[4:8])[0], head[0] == 1
    width, layout = (20, ">Qq") if wide else (12, ">Ii")
    content = file.read(at + 8, width * min(count, 1000))
    return [struct.unpack(layout, content[i : i + width - 4]) for i in range(0, len(content) - width + 1, width)]


def edited_length(edits: list[tuple[int, int]], length: int, scale: int, movie_scale: int) -> int:
    """What one edit leaves of the media; 0 (no promise) for lists of several edits."""
    segment, start = edits[0]
    if len(edits) != 1 or start < 0 or not movie_scale:
        return 0
    # The segment counts in the movie's scale, often milliseconds: it may have been rounded by one of its units.
    rounding = -(-scale // movie_scale) if movie_scale < scale else 0
    left: int = length - start
    return min(left, segment * scale // movie_scale + rounding) if segment else left


# --- WebM --------------------------------------------------------------------------------------------------------

SEGMENT, INFO, CLUSTER, SCALE, DURATION = 0x18538067, 0x1549A966, 0x1F43B675, 0x2AD7B1, 0x4489
TRACKS, TRACK, TRACK_TYPE = 0x1654AE6B, 0xAE, 0x83
SOUND_TRACK = b"\x02"


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
    offset, cut, values, kinds = 0, None, dict[int, bytes](), list[bytes]()
    for _ in range(MAX_BOXES):
        found = element(file, offset)
        if found is None or found[0] == CLUSTER:
            break
        kind, start, size = found
        if kind == SEGMENT and size >= 0 and start + size > file.size:
            cut = "its sound data ends before its header says"
        if kind in (SCALE, DURATION):
            values[kind] = file.read(start, min(size, 8))
        elif kind == TRACK_TYPE:
            kinds.append(file.read(start, min(size, 8)))
        offset = start if kind in (SEGMENT, INFO, TRACKS, TRACK) else start + max(size, 0)
    # The length in the header is the longest track's: with a picture beside it, it says nothing about the sound.
    answer = Found(promised=webm_seconds(values) if len(kinds) < 2 else None, cut=cut)
    answer.streams = kinds.count(SOUND_TRACK)
    return answer


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
