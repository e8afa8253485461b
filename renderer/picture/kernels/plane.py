"""What the resampler reads: a padded source plane, and where along each axis the output samples lie in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from renderer.picture.kernels.views import Plane

POSITION_BITS = 32
"""Fraction bits of positions: a step's rounding adds up to less than a millionth of a sample over 4096 samples."""

ROW_ALIGNMENT = 64
"""Rows are padded to a multiple of this many samples, so that vectors of up to 32 may be read at any of them."""

_FARTHEST = 1 << 60
_LONGEST_STEP = 1 << 44
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Axis:
    """Destination sample j's centre lies at (origin + j * step) / 2**32 in source samples; sample i's centre is i.

    Positions outside the source see its edge replicated.
    Raises: ValueError for a step outside 2**-32..2**12 source samples, or an origin more than 2**28 of them away.
    """

    origin: int
    step: int

    def __post_init__(self) -> None:
        if not 1 <= self.step <= _LONGEST_STEP:
            raise ValueError(f"expected a step of 1 to {_LONGEST_STEP}, found {self.step}")
        if abs(self.origin) > _FARTHEST:
            raise ValueError(f"expected an origin within {_FARTHEST} of 0, found {self.origin}")

    @classmethod
    def shown(cls, source: int, left: Fraction, length: Fraction) -> Axis:
        """The axis along which `source` samples fill `length` output samples, the first one's edge at `left`.

        Rounded down to 1/2**32 source sample. Raises: ValueError as for any axis; ZeroDivisionError for no `length`.
        """
        step = source / length
        return cls(_fixed((1 - 2 * left) * step / 2 - _HALF), _fixed(step))

    def chroma_across(self) -> Axis:
        """The columns' axis for chroma of half the resolution, level with every second luma column (sited left)."""
        return Axis(self.origin // 2, self.step)

    def chroma_down(self) -> Axis:
        """The rows' axis for chroma of half the resolution, midway between two luma rows."""
        return Axis((2 * self.origin + self.step - (1 << POSITION_BITS)) // 4, self.step)


def _fixed(position: Fraction) -> int:
    return position.numerator * (1 << POSITION_BITS) // position.denominator


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPlane:
    """An own, read-only copy of a (height, width) uint8 plane, its rows continued with their last sample.

    Raises: ValueError for another shape or type, or an empty plane.
    """

    height: int = field(init=False)
    width: int = field(init=False)
    rows: Plane = field(repr=False)
    """(height, stride) uint8, contiguous; the stride is the next multiple of 64 from `width` on."""

    def __post_init__(self) -> None:
        plane = self.rows
        if plane.ndim != 2 or plane.dtype != np.uint8 or plane.size == 0:
            raise ValueError(f"expected a plane (height, width) of uint8, found {plane.shape} of {plane.dtype}")
        height, width = plane.shape
        padding = -width % ROW_ALIGNMENT
        rows = np.ascontiguousarray(np.pad(plane, ((0, 0), (0, padding)), mode="edge"))
        rows.flags.writeable = False
        object.__setattr__(self, "rows", rows)
        object.__setattr__(self, "height", height)
        object.__setattr__(self, "width", width)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) without the padding."""
        return self.height, self.width
