"""Timecodes and milliseconds of a job → seconds, exact; and seconds → frames of an output, at boundaries only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from renderer.timebase import nominal_rate, round_boundary

_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)([:;])(\d\d)")


@dataclass(frozen=True, slots=True)
class InputClock:
    """How an input (or the output timeline) counts: at `rate`, its first frame being number `origin`.

    `hundredths` says that the last field counts hundredths of a second: clips of audio-only inputs.
    """

    rate: Fraction
    origin: int = 0
    hundredths: bool = False

    def seconds(self, text: str) -> Fraction:
        """From the first frame to the start of the frame that a timecode names; negative before it.

        Raises: ValueError where the timecode is none, or its frame field does not exist at this rate.
        """
        if self.hundredths:
            hours, minutes, seconds, rest = _fields(text)
            return Fraction((hours * 60 + minutes) * 60 + seconds) + Fraction(rest, 100)
        return (frame_number(text, self.rate) - self.origin) / self.rate

    @property
    def step_s(self) -> Fraction:
        """What an inclusive end adds."""
        return Fraction(1, 100) if self.hundredths else 1 / self.rate


def frame_number(text: str, rate: Fraction) -> int:
    """The frame that a timecode names, counted from 00:00:00:00; `;` skips numbers as drop-frame does.

    Raises: ValueError.
    """
    hours, minutes, seconds, frame = _fields(text)
    nominal = nominal_rate(rate)
    if frame >= nominal:
        raise ValueError(f"frame field {frame:02d} does not exist at {float(rate):g} frames per second")
    number = ((hours * 60 + minutes) * 60 + seconds) * nominal + frame
    if ";" in text and nominal % 30 == 0:
        dropped = nominal // 15
        total_minutes = hours * 60 + minutes
        number -= dropped * (total_minutes - total_minutes // 10)
    return number


def _fields(text: str) -> tuple[int, int, int, int]:
    match = _TIMECODE.fullmatch(text)
    if match is None:
        raise ValueError(f"expected a timecode HH:MM:SS:FF, found {text!r}")
    return int(match[1]), int(match[2]), int(match[3]), int(match[5])


def boundary(seconds: Fraction, rate: Fraction) -> int:
    """The frame boundary nearest to a time, never negative (`unknowns.MS_TO_FRAMES`)."""
    return max(0, round_boundary(seconds, rate))


def milliseconds(value: int) -> Fraction:
    """As seconds."""
    return Fraction(value, 1000)
