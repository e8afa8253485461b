"""Any video file → facts, frames and samples, read by limited children through a descriptor: the file is not trusted.

Containers are recognised by their first bytes and forced. Frames come as planar 8-bit 4:2:0 levels *as they are coded*:
neither matrix nor range is converted, so that a wrong one shows as what it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from golden.planes import Yuv
from renderer.errors import MediaError, ToolError
from renderer.ffmpeg_process import PROTOCOLS, ArgumentGraph, Child, Limits, compile_argv, descriptor_url, run_process
from renderer.timebase import SAMPLE_RATE, FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_CHILD = Path(__file__).with_name("facts_child.py")
_FACTS_LIMITS = Limits(cpu_s=120, address_space_bytes=4 << 30, file_size_bytes=0, open_files=64, wall_s=180)
_DECODE_LIMITS = Limits(cpu_s=7200, address_space_bytes=8 << 30, open_files=64, wall_s=7200)
_FORMATS = {"mov": "MP4 or MOV", "matroska": "MKV or WebM", "mpegts": "MPEG-TS"}
_BLOCK_SAMPLES = 48_000 * 4

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Video:
    """An open file. `facts` is what `facts_child` prints; `turn` degrees clockwise frames are turned when decoded."""

    name: str
    descriptor: int
    form: str
    facts: Json
    turn: Literal[0, 90, 270] = 0

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of a frame: of the coded picture, turned as a player turns it, and by `turn`."""
        width, height = int(str(self.picture["width"])), int(str(self.picture["height"]))
        lies = (int(str(self.picture["rotation"])) + self.turn) % 180 == 0
        return (width, height) if lies else (height, width)

    @property
    def rate(self) -> Fraction:
        return Fraction(str(self.picture["rate"]))

    @property
    def frame_count(self) -> int:
        return int(str(self.picture["packets"]))

    @property
    def has_sound(self) -> bool:
        return self.facts["audio"] is not None

    @property
    def picture(self) -> Json:
        """Facts of the picture stream."""
        return cast("Json", self.facts["video"])


@contextlib.contextmanager
def open_video(path: Path) -> Iterator[Video]:
    """Raises: MediaError where it is no video that can be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise MediaError(str(path), f"can't be opened: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise MediaError(str(path), "is no ordinary file")
        form = _sniff(os.pread(descriptor, 16, 0))
        if form is None:
            raise MediaError(str(path), f"is no video that can be compared ({', '.join(_FORMATS.values())})")
        yield Video(str(path), descriptor, form, _facts(str(path), descriptor, form))
    finally:
        os.close(descriptor)


def _sniff(head: bytes) -> str | None:
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"free", b"wide", b"skip"}:
        return "mov"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "matroska"
    return "mpegts" if head.startswith(b"G") and len(head) == 16 else None


def _facts(name: str, descriptor: int, form: str) -> Json:
    argv = [sys.executable, "-I", str(_CHILD), str(descriptor), form]
    try:
        facts = cast("Json", json.loads(run_process(argv, limits=_FACTS_LIMITS, pass_fds=[descriptor]).stdout))
    except (ToolError, ValueError) as error:
        tail = error.stderr_tail.strip().splitlines()[-1:] if isinstance(error, ToolError) else []
        why = " ".join(tail) or str(error)
        if "moov atom not found" in why:
            raise MediaError(name, "is cut off or damaged: its index (moov) is missing") from error
        why = re.sub(r"^av\.error\.\w+: (\[Errno \d+\] )?|: '/dev/fd/\d+'", "", why)
        raise MediaError(name, f"is damaged, or no video: {why}") from error
    picture = cast("Json | None", facts["video"])
    if picture is None or not picture["packets"]:
        raise MediaError(name, "holds no picture")
    if Fraction(str(picture["rate"])) <= 0:
        raise MediaError(name, "has no frame rate")
    return facts


def decoded_frames(
    video: Video, *, size: tuple[int, int] | None = None, frames: FrameRange | None = None
) -> Iterator[Yuv]:
    """Frames in presentation order, scaled to `size` by areas where it is not the coded one; each is a view that is
    valid until the next. `frames` may be given for a file whose times are even: it is sought from a keyframe.

    Raises: MediaError where the file breaks off or can't be decoded.
    """
    wanted = size or video.size
    width, height = wanted
    length = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
    argv = _picture_argv(video, wanted, frames)
    limits = _DECODE_LIMITS
    with Child(argv, pass_fds=[video.descriptor], limits=limits) as child:
        while True:
            data = _read(child, length)
            if len(data) < length:
                break
            yield Yuv.of(np.frombuffer(data, np.uint8), width, height)
        try:
            child.finish()
        except ToolError as error:
            raise MediaError(video.name, f"can't be decoded: {error.stderr_tail.strip()[-200:]}") from error


def _picture_argv(video: Video, size: tuple[int, int], frames: FrameRange | None) -> list[str]:

    # Decoders name 8-bit full range by formats of their own (yuvj…): asking for the same kind converts no level.
    full = str(video.picture["pixel_format"]).startswith("yuvj")
    picture = _input(video, **_seek(video, frames)).video.filter("setparams", range="pc" if full else "tv")
    if video.turn:
        picture = picture.filter("transpose", "clock" if video.turn == 90 else "cclock")
    if size != video.size:
        picture = picture.filter("scale", *size, flags="area+accurate_rnd+bitexact")
    extra = {} if frames is None else {"frames:v": len(frames)}
    graph = picture.output(
        "pipe:1", format="rawvideo", pix_fmt="yuvj420p" if full else "yuv420p", fps_mode="passthrough", **extra
    )
    return compile_argv(cast("ArgumentGraph", graph))


def decoded_sound(video: Video) -> Iterator[NDArray[np.float32]]:
    """48 kHz stereo in blocks of (n, 2) float32; nothing where the file has no sound. Raises: MediaError."""
    import ffmpeg

    if not video.has_sound:
        return
    graph = ffmpeg.output(_input(video).audio, "pipe:1", format="f32le", ar=SAMPLE_RATE, ac=2)
    argv = compile_argv(cast("ArgumentGraph", graph))
    with Child(argv, pass_fds=[video.descriptor], limits=_DECODE_LIMITS) as child:
        while data := _read(child, _BLOCK_SAMPLES * 8):
            whole = len(data) // 8 * 8
            yield np.frombuffer(data[:whole], "<f4").reshape(-1, 2).astype(np.float32, copy=False)
        try:
            child.finish()
        except ToolError as error:
            raise MediaError(video.name, f"its sound can't be decoded: {error.stderr_tail.strip()[-200:]}") from error


def _seek(video: Video, frames: FrameRange | None) -> dict[str, str]:
    """Half a frame early: rounding of times can't lose the first frame."""
    if frames is None or frames.start == 0:
        return {}
    return {"ss": f"{float((frames.start - Fraction(1, 2)) / video.rate):.6f}"}


def _input(video: Video, **options: str):  # type: ignore[no-untyped-def]  # noqa: ANN202  (ffmpeg-python has no types)
    import ffmpeg

    return ffmpeg.input(
        descriptor_url(video.descriptor),
        f=video.form,
        protocol_whitelist=PROTOCOLS,
        format_whitelist=",".join(_FORMATS),
        **options,
    )


def _read(child: Child, length: int) -> bytes:
    parts, missing = [], length
    while missing:
        part = child.output.read(missing)
        if not part:
            break
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
