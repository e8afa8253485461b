"""A stream of 16-bit stereo samples → a WAV file, written once from front to back.

The number of samples is known before the first is written, so nothing is patched afterwards and the target need not be
seekable. A mix beyond 4 GB (6 h 12 min) is refused: few players read RF64.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from renderer.errors import OutputError
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

CHANNELS = 2
BYTES_PER_SAMPLE = 2 * CHANNELS
_HEADER_BYTES = 44
MAX_SAMPLES = (0xFFFF_FFFF - _HEADER_BYTES) // BYTES_PER_SAMPLE


def wav_header(sample_count: int, *, sample_rate: int = SAMPLE_RATE) -> bytes:
    """The 44 bytes before the samples of a 16-bit stereo PCM file of `sample_count` samples per channel.

    Raises: OutputError beyond 4 GB.
    """
    if sample_count > MAX_SAMPLES:
        raise OutputError(f"a WAV file holds at most {MAX_SAMPLES} samples (4 GB), found {sample_count}")
    size = sample_count * BYTES_PER_SAMPLE
    layout = (1, CHANNELS, sample_rate, sample_rate * BYTES_PER_SAMPLE, BYTES_PER_SAMPLE, 16)
    return struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", size + 36, b"WAVE", b"fmt ", 16, *layout, b"data", size)


def write_wav(stream: BinaryIO, blocks: Iterable[NDArray[np.int16]], *, sample_count: int) -> int:
    """Write `blocks` (each `(n, 2)` int16) as a 48 kHz WAV of `sample_count` samples; return the bytes written.

    Raises: OutputError where the blocks hold another number of samples, or beyond 4 GB; OSError from `stream`.
    """
    header = wav_header(sample_count)
    stream.write(header)
    written = 0
    for block in blocks:
        stream.write(np.ascontiguousarray(block, dtype="<i2").data)
        written += len(block)
    if written != sample_count:
        raise OutputError(f"the mix has {written} samples where {sample_count} were planned")
    return len(header) + written * BYTES_PER_SAMPLE
