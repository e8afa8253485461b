"""Frames → YUV4MPEG2, the uncompressed form that every video tool reads: what `storyreel frames` writes."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from renderer.picture.compositor import Frame


def y4m_header(width: int, height: int, rate: Fraction) -> bytes:
    """The stream header: progressive, square pixels, 4:2:0 with chroma sited left (`420mpeg2`), limited range."""
    rate_text = f"{rate.numerator}:{rate.denominator}"
    return f"YUV4MPEG2 W{width} H{height} F{rate_text} Ip A1:1 C420mpeg2 XCOLORRANGE=LIMITED\n".encode()


def write_y4m(stream: IO[bytes], frames: Iterable[Frame], *, width: int, height: int, rate: Fraction) -> int:
    """Write frames one by one; returns how many."""
    stream.write(y4m_header(width, height, rate))
    count = 0
    for frame in frames:
        stream.write(b"FRAME\n")
        stream.write(frame.data.data)
        count += 1
    return count
