"""A soft blur in integers: a box filter of running sums, three times along each axis, which is nearly a Gaussian.

Meant for the background of a picture that does not fill the frame: computed once per picture, on a small image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRACTION_BITS = 7
"""Kept between the passes: an image rounded to whole levels six times would show bands in a soft gradient."""

MAX_RADIUS = 4096
"""Keeps a running sum of 16-bit samples inside 32 bits."""


def blur(image: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """A new image of the same shape, (height, width) or (height, width, channels) uint8; edges replicate.

    Each box is 2 * radius + 1 samples wide, so the result is that of a Gaussian of standard deviation
    sqrt((2 * radius + 1)**2 - 1) / 2, about `radius` + 1/2. Flat areas keep their level.
    Raises: ValueError for a radius outside 0..4096.
    """
    if not 0 <= radius <= MAX_RADIUS:
        raise ValueError(f"expected a radius of 0 to {MAX_RADIUS} samples, found {radius}")
    lines = image.astype(np.int32) << FRACTION_BITS
    for _axis in range(2):
        lines = np.ascontiguousarray(np.swapaxes(lines, 0, 1))
        flat = lines.reshape(lines.shape[0], -1)
        for _ in range(3):
            flat = _box(flat, radius)
        lines = flat.reshape(lines.shape)
    rounded = (lines + (1 << (FRACTION_BITS - 1))) >> FRACTION_BITS
    result: NDArray[np.uint8] = rounded.astype(np.uint8)
    return result


@kernel
def _box(lines: NDArray[np.int32], radius: int) -> NDArray[np.int32]:
    """The mean of each 2 * radius + 1 lines, rounded; lines beyond the first and last repeat them."""
    count, width = lines.shape
    result = np.empty_like(lines)
    size, half = np.int32(2 * radius + 1), np.int32(radius)
    total = np.zeros(width, np.int32)
    for k in range(-radius, radius + 1):
        line = lines[min(max(k, 0), count - 1)]
        for j in range(width):
            total[j] += line[j]
    for i in range(count):
        out = result[i]
        entering, leaving = lines[min(i + radius + 1, count - 1)], lines[max(i - radius, 0)]
        for j in range(width):
            out[j] = np.int32(total[j] + half) // size
            total[j] += entering[j] - leaving[j]
    return result
