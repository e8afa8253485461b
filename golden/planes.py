"""Whole yuv420p frames as arrays: cutting them into planes, shrinking them, turning them into RGB for pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from golden.kernels import shrink_by

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

Matrix = Literal["bt709", "bt601"]


@dataclass(frozen=True, slots=True, eq=False)
class Yuv:
    """Three planes, uint8: `y` (height, width), `u` and `v` half of that, rounded up."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def of(cls, data: NDArray[np.uint8], width: int, height: int) -> Yuv:
        """Planes of one frame as yuv420p lies in memory; views, nothing is copied."""
        flat = data.reshape(-1)
        cw, ch = (width + 1) // 2, (height + 1) // 2
        luma, chroma = width * height, cw * ch
        return cls(
            flat[:luma].reshape(height, width),
            flat[luma : luma + chroma].reshape(ch, cw),
            flat[luma + chroma : luma + 2 * chroma].reshape(ch, cw),
        )

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.y.shape[1], self.y.shape[0]

    def planes(self) -> tuple[Plane, Plane, Plane]:
        return self.y, self.u, self.v

    def copy(self) -> Yuv:
        return Yuv(self.y.copy(), self.u.copy(), self.v.copy())

    def tobytes(self) -> bytes:
        return b"".join(plane.tobytes() for plane in self.planes())

    def cut(self, box: tuple[int, int, int, int]) -> Yuv:
        """The part inside (left, top, right, bottom); even numbers."""
        left, top, right, bottom = box
        half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
        return Yuv(self.y[top:bottom, left:right], self.u[half], self.v[half])


def shrink_factor(width: int, height: int, max_width: int) -> int:
    """The least whole factor that brings a frame to at most `max_width` columns and keeps at least 16 rows."""
    factor = -(-width // max_width)
    return max(1, min(factor, width // 16, height // 16))


def shrunk_size(width: int, height: int, factor: int) -> tuple[int, int]:
    """Even; what does not fill a whole sample at the right and bottom is left out."""
    return width // factor // 2 * 2, height // factor // 2 * 2


def shrink(frame: Yuv, factor: int) -> Yuv:
    """A frame of `shrunk_size`, by means over squares."""
    if factor == 1:
        return frame
    width, height = shrunk_size(*frame.size, factor)
    sides = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    targets = [np.empty(side, np.uint8) for side in sides]
    for source, target in zip(frame.planes(), targets, strict=True):
        shrink_by(source, factor, target)
    return Yuv(*targets)


_COEFFICIENTS = {"bt709": (1.5748, 0.1873, 0.4681, 1.8556), "bt601": (1.402, 0.344136, 0.714136, 1.772)}


def to_rgb(frame: Yuv, matrix: Matrix = "bt709") -> NDArray[np.uint8]:
    """(height, width, 3) uint8, for the eye: limited range, chroma repeated."""
    height, width = frame.y.shape
    y = (frame.y.astype(np.float32) - 16) * (255 / 219)
    u, v = (
        np.repeat(np.repeat(plane.astype(np.float32) - 128, 2, 0), 2, 1)[:height, :width] * (255 / 224)
        for plane in (frame.u, frame.v)
    )
    rv, gu, gv, bu = _COEFFICIENTS[matrix]
    rgb = np.stack([y + rv * v, y - gu * u - gv * v, y + bu * u], axis=2)
    return np.clip(rgb + 0.5, 0, 255).astype(np.uint8)
