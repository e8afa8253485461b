"""What the resampler reads: a padded source plane, and where along each axis the output samples lie in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from renderer.picture.kernels.views import Plane

POSITION_BITS = 32
"""Fraction bits of positions: a step's rounding adds up to less than a millionth of a sample over 4096 samples."""

ROW_ALIGNMENT = 64
"""Rows are padded to a multiple of this many samples, so that vectors of up to 32 may be read at any of them."""

_FARTHEST = 1 << 60
_LONGEST_STEP = 1 << 44


@dataclass(frozen=True, slots=True)
class Axis:
    """Destination sample j's centre lies at (origin + j * step) / 2**32 in source samples; sample i's centre is i.

    Positions outside the source see its edge replicated. Raises: ValueError for a step outside 2**-32..2**12 source
    samples, or an origin beyond 2**28.
    """

    origin: int
    step: int

    def __post_init__(self) -> None:
        if not 1 <= self.step <= _LONGEST_STEP:
            raise ValueError(f"expected a step of 1 to {_LONGEST_STEP}, found {self.step}")
        if abs(self.origin) > _FARTHEST:
            raise ValueError(f"expected an origin within {_FARTHEST} of 0, found {self.origin}")


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPlane:
    """An own, read-only copy of a (height, width) uint8 plane, its rows continued with their last sample.

    Raises: ValueError for another shape or type, or an empty plane.
    """

    height: int = field(init=False)
    width: int = field(init=False)
    rows: Plane = field(repr=False)
    """(height, stride) uint8, contiguous; the stride is a multiple of 64 above `width`."""

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
