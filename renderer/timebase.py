"""Rates, frame ranges, author times and timecodes: the only module that rounds, and it rounds boundaries.

Frames are `int`, rates are `Fraction`, ranges are half-open. Durations are never rounded: a hundred 2.5 s shots at
30000/1001 rounded one by one make 7,500 frames where the clock says 7,493 (REQUIREMENTS A17).
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SAMPLE_RATE = 48_000
"""Samples per second of every programme mix."""

MIN_RATE, MAX_RATE = Fraction(1), Fraction(120)

TIME_FORMS = 'a number of seconds, "6s", "1500ms", "90f" (frames) or "00:01:02:15" (HH:MM:SS:FF)'

_NUMBER = r"(?:\d+(?:\.\d*)?|\.\d+)"
_UNIT_TIME = re.compile(rf"^({_NUMBER})\s*(ms|s|f)$")
_PLAIN_NUMBER = re.compile(rf"^{_NUMBER}$")
_TIMECODE = re.compile(r"^(\d{2}):(\d{2}):(\d{2}):(\d{2})$")

_DECIMAL_NTSC = {"23.98": "24000/1001", "23.976": "24000/1001", "29.97": "30000/1001", "59.94": "60000/1001"}


@dataclass(frozen=True, slots=True, order=True)
class FrameRange:
    """The frames from `start` up to, not including, `end`."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.end < self.start:
            raise ValueError(f"a frame range needs 0 <= start <= end, found [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.end))

    def __contains__(self, frame: object) -> bool:
        return isinstance(frame, int) and self.start <= frame < self.end

    def intersects(self, other: FrameRange) -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Time:
    """A length or position as its author wrote it; frames and timecodes mean nothing until a rate is known."""

    kind: Literal["seconds", "frames", "timecode"]
    seconds: Fraction = Fraction(0)
    """Seconds (kind "seconds"), or the timecode's whole seconds (kind "timecode")."""
    frames: int = 0
    """Frames (kind "frames"), or the timecode's frame field (kind "timecode")."""

    def to_seconds(self, rate: Fraction) -> Fraction:
        """Exact seconds at `rate` frames per second. Timecodes count without dropping, at the nominal rate.

        Raises: ValueError where the timecode's frame field does not exist at this rate (REQUIREMENTS A25).
        """
        match self.kind:
            case "seconds":
                return self.seconds
            case "frames":
                return self.frames / rate
            case "timecode":
                nominal = nominal_rate(rate)
                if self.frames >= nominal:
                    raise ValueError(f"frame field {self.frames:02d} does not exist at {rate} frames per second")
                return (self.seconds * nominal + self.frames) / rate

    def to_frame(self, rate: Fraction) -> int:
        """The boundary nearest to this time, halves upwards."""
        return round_boundary(self.to_seconds(rate), rate)


def parse_time(value: object) -> Time:
    """Read an author's time: see `TIME_FORMS`. Never negative.

    Raises: ValueError with what was found and what is accepted.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        raise ValueError(f"expected a time ({TIME_FORMS}), found {_kind_of(value)}")  # noqa: TRY004
    if isinstance(value, int | float | Fraction):
        if not value >= 0:  # so that NaN is refused as well
            raise ValueError(f"expected a time of at least 0 ({TIME_FORMS}), found {value}")
        if value >= 1e9:
            raise ValueError(f"expected a time below a billion seconds, found {value}")
        return Time("seconds", Fraction(str(value)))
    return _parse_time_text(value.strip())


def _parse_time_text(text: str) -> Time:
    if len(text) > 32:
        raise ValueError(f"expected a time ({TIME_FORMS}), found a text of {len(text)} characters")
    if match := _UNIT_TIME.match(text):
        number, unit = Fraction(match[1]), match[2]
        if unit != "f":
            return Time("seconds", number / 1000 if unit == "ms" else number)
        if number.denominator != 1:
            raise ValueError(f"frames are whole, found {text!r}")
        return Time("frames", frames=int(number))
    if _PLAIN_NUMBER.match(text):
        return Time("seconds", Fraction(text))
    if match := _TIMECODE.match(text):
        hours, minutes, seconds, frames = (int(group) for group in match.groups())
        if minutes > 59 or seconds > 59:
            raise ValueError(f"minutes and seconds of a timecode end at 59, found {text!r}")
        return Time("timecode", Fraction(hours * 3600 + minutes * 60 + seconds), frames)
    raise ValueError(f"expected a time ({TIME_FORMS}), found {text!r}")


def parse_rate(value: object) -> Fraction:
    """Read a frame rate such as "30", 25 or "30000/1001".

    Raises: ValueError; decimal NTSC rates are refused with the exact ratio to write instead.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f'expected a frame rate such as "30" or "30000/1001", found {_kind_of(value)}')  # noqa: TRY004
    text = str(value).strip()
    if re.fullmatch(r"\d+\.\d+", text) and text.rstrip("0") in _DECIMAL_NTSC:
        raise ValueError(f'{text} is not exact: write "{_DECIMAL_NTSC[text.rstrip("0")]}"')
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?|\d{1,6}/\d{1,6}", text) or re.search(r"/0+$", text):
        raise ValueError(f'expected a frame rate such as "30" or "30000/1001", found {text!r}')
    rate = Fraction(text)
    if not MIN_RATE <= rate <= MAX_RATE:
        raise ValueError(f"expected {MIN_RATE} to {MAX_RATE} frames per second, found {text}")
    return rate


def nominal_rate(rate: Fraction) -> int:
    """Frames counted in one timecode second: 30 for 30000/1001."""
    return int(rate + Fraction(1, 2)) or 1


def round_boundary(seconds: Fraction, rate: Fraction) -> int:
    """The frame boundary nearest to `seconds`, halves upwards."""
    return int((2 * seconds * rate + 1) // 2)


def frames_covering(samples: int, sample_rate: int, rate: Fraction) -> int:
    """The least number of frames that last at least `samples` samples (DESIGN §4: narration length)."""
    return -(-samples * rate.numerator // (sample_rate * rate.denominator))


def samples_at_48k(samples: int, sample_rate: int) -> int:
    """The least number of samples at 48 kHz that last as long as `samples` at `sample_rate`: a sound, once decoded."""
    return -(-samples * SAMPLE_RATE // sample_rate)


def share_boundaries(window: FrameRange, weights: Sequence[Fraction | int]) -> list[FrameRange]:
    """Cut `window` into consecutive ranges in proportion to `weights` (positive), rounding each boundary once.

    No gap, no overlap, and the sum is exact. Shares differ from the exact proportion by less than one frame.
    """
    total = Fraction(sum(weights))
    edges, reached = [window.start], Fraction(0)
    for weight in weights:
        reached += weight
        edges.append(window.start + int((2 * len(window) * reached / total + 1) // 2))
    return [FrameRange(start, end) for start, end in itertools.pairwise(edges)]


def sample_at_frame(frame: int, rate: Fraction, sample_rate: int = SAMPLE_RATE) -> int:
    """The first sample that is heard at or after the start of `frame`: every sample position derives from this."""
    return -(-frame * rate.denominator * sample_rate // rate.numerator)


def format_timecode(frame: int, rate: Fraction) -> str:
    """HH:MM:SS:FF of a frame, non-drop (REQUIREMENTS A25). Raises: ValueError from 100 hours on."""
    nominal = nominal_rate(rate)
    seconds, frames = divmod(frame, nominal)
    if seconds >= 360_000:
        raise ValueError(f"a timecode has two digits for hours: frame {frame} lies beyond")
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"


def format_rate(rate: Fraction) -> str:
    """`30/1`: how rates are written in timelines."""
    return f"{rate.numerator}/{rate.denominator}"


def _kind_of(value: object) -> str:
    names = {bool: "true/false", dict: "a mapping", list: "a list", type(None): "nothing"}
    return names.get(type(value), type(value).__name__)
