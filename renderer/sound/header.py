"""What a sound file's header promises, read in a limited child, against what decoding found.

The promise never sets a length. It tells a complete file from one that was cut off between two frames, which no decoder
notices, and how much of an AAC track's last frame is padding where an older FFmpeg does not take it off.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

from renderer.errors import ToolError
from renderer.ffmpeg_process import Limits, run_process

_CHILD = Path(__file__).with_name("header_child.py")
_LIMITS = Limits(cpu_s=20, address_space_bytes=2 << 30, file_size_bytes=0, open_files=32, wall_s=60)

_TOLERANCE_S = {"mp3": Fraction(3, 100), "mp4": Fraction(1, 20), "webm": Fraction(1, 8)}
"""How far an honest header may be off: encoders disagree about counting the tag frame, priming and the last frame."""

_LONGEST_CODED_FRAME = 2048


@dataclass(frozen=True, slots=True)
class Header:
    """`promised_s` is exact seconds, None where nothing is promised; `cut` says what is missing at the end."""

    promised_s: Fraction | None = None
    exact: bool = False
    """Whether `promised_s` counts samples: what lies beyond it in the last coded frame is padding."""
    cut: str | None = None
    ignore_length: bool = False
    """A WAV file whose data runs on beyond the length in its header."""
    delay_s: Fraction = Fraction(0)
    """Silence before the first sample: the empty edits at the start of an MP4 track."""
    streams: int = 1
    unlabelled: bool = False
    """Whether three channels or more have no names."""
    codec: str | None = None
    """The decoder to use where FFmpeg would take another."""


def read_header(descriptor: int, format_name: str) -> Header:
    """Read the header of the file open at `descriptor`; an unreadable one promises nothing."""
    argv = [sys.executable, "-I", "-S", str(_CHILD), str(descriptor), format_name]
    try:
        answer = run_process(argv, limits=_LIMITS, pass_fds=[descriptor]).stdout
    except ToolError:
        return Header()
    found = cast("dict[str, object]", json.loads(answer))
    return Header(
        promised_s=_seconds(found["promised"]),
        exact=bool(found["exact"]),
        cut=cast("str | None", found["cut"]),
        ignore_length=bool(found["ignore_length"]),
        delay_s=_seconds(found["delay"]) or Fraction(0),
        streams=cast("int", found["streams"]),
        unlabelled=bool(found["unlabelled"]),
        codec=cast("str | None", found["codec"]),
    )


def _seconds(pair: object) -> Fraction | None:
    numerator, denominator = cast("list[int]", pair) if pair else (0, 0)
    return Fraction(numerator, denominator) if denominator else None


def without_padding(header: Header, samples: int, sample_rate: int) -> int:
    """`samples`, less what the header says is padding in the last coded frame.

    FFmpeg 5.1 keeps that of AAC, 9 takes it off; both keep the end of the last ADPCM block.
    """
    if not header.exact or header.promised_s is None:
        return samples
    promised = round(header.promised_s * sample_rate)
    return promised if 0 < promised < samples <= promised + _LONGEST_CODED_FRAME else samples


def stream_warnings(header: Header, channels: int, layout: str) -> tuple[str, ...]:
    """Sentences about what the file holds and the mix does not, or only by a guess."""
    found = []
    if header.streams > 1:
        found.append(f"holds {header.streams} sound tracks; the first is used")
    if header.unlabelled:
        how = "by FFmpeg's guess" if layout.endswith("channels") else f"as {layout}"
        found.append(f"does not say which of its {channels} channels is which; folded to stereo {how}")
    return tuple(found)


def length_warnings(header: Header, format_name: str, found_s: Fraction) -> tuple[str, ...]:
    """A sentence where the found length is not the promised one, or the file lacks its end."""
    tolerance = _TOLERANCE_S.get(format_name, Fraction(0))
    lengths = f"holds {float(found_s):.2f} s of sound where its header promises {float(header.promised_s or 0):.2f} s"
    if header.promised_s is not None and found_s < header.promised_s - tolerance:
        return (f"cut off, or its header is wrong: it {lengths}",)
    if header.promised_s is not None and found_s > header.promised_s + tolerance:
        return (f"its header is wrong: it {lengths}; all of it is used",)
    if header.cut is not None:
        return (f"may be cut off after {float(found_s):.2f} s: {header.cut}",)
    return ()
