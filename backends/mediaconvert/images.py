"""InsertableImages: where, when and how opaque, in the service's units, and what its unknown rounding may do to them.

Starts are timecodes and exact. Lengths are whole milliseconds, and nobody has written down how the service turns them
into frames. So nothing here may depend on where an image ends: it overruns, and what follows covers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.timebase import format_timecode, nominal_rate

if TYPE_CHECKING:
    from renderer.timebase import FrameRange
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Rect

OVERRUN_MS = 10
"""More than any rounding to whole milliseconds adds up to, less than a frame at 60 a second."""
TOP_LAYER = 99
HIGHEST_NOMINAL_RATE = 60
"""FF ends at 59 in the service's timecode pattern."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """One image. `duration_ms` None means to the end; `box` is in pixels of a frame of the timeline's size."""

    url: str
    box: tuple[int, int, int, int]
    start: str
    duration_ms: int | None
    fade_in_ms: int
    opacity: int
    layer: int

    def to_json(self, across: Fraction, down: Fraction) -> JSONValue:
        """As the service wants it, for an output scaled by these factors."""
        left, top, width, height = self.box
        duration: dict[str, JSONValue] = {} if self.duration_ms is None else {"Duration": self.duration_ms}
        return {
            "ImageInserterInput": self.url,
            "ImageX": _scaled(left, across),
            "ImageY": _scaled(top, down),
            "Width": _scaled(width, across),
            "Height": _scaled(height, down),
            "StartTime": self.start,
            **duration,
            "FadeIn": self.fade_in_ms,
            "FadeOut": 0,
            "Opacity": self.opacity,
            "Layer": self.layer,
        }


def scaled_to(images: list[Insertion], frame: tuple[int, int], width: int, height: int) -> list[JSONValue]:
    """The images of a timeline of size `frame` for an output of width × height."""
    return [image.to_json(Fraction(width, frame[0]), Fraction(height, frame[1])) for image in images]


def _scaled(pixels: int, factor: Fraction) -> int:
    return int((2 * pixels * factor + 1) // 2)


def timecode(frame: int, rate: Fraction) -> str:
    """HH:MM:SS:FF of a frame, FF below the rate (A25).

    Raises: ValueError beyond 24 hours or 60 frames a second, which the pattern can't say.
    """
    if nominal_rate(rate) > HIGHEST_NOMINAL_RATE or frame >= 24 * 3600 * nominal_rate(rate):
        raise ValueError(f"frame {frame} at {rate} frames per second has no timecode HH:MM:SS:FF")
    return format_timecode(frame, rate)


def exact_ms(frames: int, rate: Fraction) -> int | None:
    """The whole milliseconds that so many frames last; None where they last no whole number."""
    length = frames * 1000 / rate
    return int(length) if length.denominator == 1 else None


def rounded_ms(frames: int, rate: Fraction) -> int:
    """The nearest whole milliseconds, as in the production job."""
    return int((2 * frames * 1000 / rate + 1) // 2)


def overrunning_ms(frames: int, rate: Fraction) -> int:
    """Milliseconds that last longer than so many frames under every rounding rule."""
    return -int(-frames * 1000 / rate // 1) + OVERRUN_MS


def fade_ms(frames: int, rate: Fraction) -> int:
    """Rounded down: a fade is over when its last frame is."""
    return int(frames * 1000 / rate)


def pixel_box(rect: Rect) -> tuple[int, int, int, int]:
    """Left, top, width and height in whole pixels."""
    left, top = _scaled_edge(rect.left), _scaled_edge(rect.top)
    return left, top, _scaled_edge(rect.left + rect.width) - left, _scaled_edge(rect.top + rect.height) - top


def _scaled_edge(edge: Fraction) -> int:
    return int((2 * edge + 1) // 2)


def lasts(shown: FrameRange, rate: Fraction) -> str:
    """How long a range is, for people."""
    return f"{float(len(shown) / rate):.3f} s"
