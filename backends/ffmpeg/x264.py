"""Frames → H.264 packets by the libx264 that PyAV carries, in this process: no pipe, no copy, no child to start.

FFmpeg's program and this library give the same packets from the same settings (a test compares them); feeding a
program through a pipe costs a tenth of the encoder's own time (decision 0006). Each packet is hashed as it leaves the
encoder, before anything is written.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.bitstream import BitStreamFilterContext

from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

    from renderer.picture.compositor import Frame

_START_CODE = b"\0\0\1"
WITHOUT_SEI = "filter_units=remove_types=6"
"""x264 writes its version and settings into the first packet: 670 bytes that say nothing about the picture."""


def encode(
    frames: Iterable[Frame], target: Path, options: Mapping[str, str], *, size: tuple[int, int], rate: Fraction
) -> str:
    """Encode into an MP4 whose times count whole frames; `size` is (width, height).

    A frame's buffer is read before the next frame is asked for, and not kept. Returns the hash of the packets as they
    left the encoder, in the form in which an MP4 holds them. Raises: OutputError.
    """
    digest = hashlib.sha256()
    try:
        with av.open(
            str(target),
            "w",
            format="mp4",
            container_options={"fflags": "+bitexact", "video_track_timescale": str(rate.numerator)},
        ) as container:
            stream = container.add_stream("libx264", rate=rate, options=dict(options))
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = stream.time_base = 1 / rate
            container.start_encoding()
            for packet in _packets(frames, stream):
                digest.update(length_prefixed(bytes(packet)))
                container.mux(packet)
    except (av.FFmpegError, OSError) as error:
        raise OutputError(f"can't encode {target.name}: {error}") from error
    return digest.hexdigest()


def _packets(frames: Iterable[Frame], stream: VideoStream) -> Iterator[Packet[VideoStream]]:
    without_sei = BitStreamFilterContext(WITHOUT_SEI, in_stream=stream)
    for number, frame in enumerate(frames):
        picture = _picture(frame)
        picture.pts, picture.time_base = number, Fraction(stream.codec_context.time_base)
        for packet in stream.encode(picture):
            yield from _on(stream, without_sei.filter(packet))
    for packet in stream.encode(None):
        yield from _on(stream, without_sei.filter(packet))
    yield from _on(stream, without_sei.filter(None))


def _picture(frame: Frame) -> av.VideoFrame:
    """The frame's own buffer; a copy where the height is no multiple of 4: PyAV 18 takes 270 rows for 268."""
    height, width = frame.y.shape
    if height % 4 == 0:
        return av.VideoFrame.from_numpy_buffer(frame.data, format="yuv420p")
    picture = av.VideoFrame(width, height, "yuv420p")
    for plane, rows in zip(picture.planes, (frame.y, frame.u, frame.v), strict=True):
        plane.update(b"".join(row.tobytes().ljust(plane.line_size, b"\0") for row in rows))
    return picture


def _on(stream: VideoStream, packets: Iterable[Packet[VideoStream]]) -> Iterator[Packet[VideoStream]]:
    for packet in packets:
        packet.stream = stream
        yield packet


def length_prefixed(packet: bytes) -> bytes:
    """NAL units between start codes → each behind its length in four bytes, as MP4 holds them (ISO 14496-15)."""
    units = [unit.rstrip(b"\0") for unit in packet.split(_START_CODE) if unit.rstrip(b"\0")]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
