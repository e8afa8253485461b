"""A picture at another size: separable cubic, widened by the shrink ratio so that nothing aliases, in integers.

Used once per picture, to bring a photograph to the size that its deepest zoom needs. Rows stream through: beside the
source and the result, memory holds one filtered row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.jit import kernel
from renderer.picture.kernels.views import Image, Plane, flat_rows
from renderer.picture.kernels.weights import ARGUMENT_BITS, CATMULL_ROM, normalise

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CHUNK = 4096
"""Samples filtered at a time down the columns: the sums of one chunk stay in the first-level cache."""


@dataclass(frozen=True, slots=True)
class Response:
    """How a picture's detail is treated while it is resized: which is kept, and what is raised in advance.

    `band_w` and `band_h` are the samples the result's detail could be drawn with: at most the result's size. `boost`,
    in 1/64, is how much of each sample's difference from its two neighbours is added to it, along each axis.
    Raises: ValueError for a band below 1 or a boost outside 0..24, beyond which weights would not fit 16 bits.
    """

    band_w: int
    band_h: int
    boost: int = 0

    def __post_init__(self) -> None:
        if self.band_w < 1 or self.band_h < 1 or not 0 <= self.boost <= 24:
            raise ValueError(f"expected a band of at least 1 x 1 and a boost of 0 to 24, found {self}")


def shrink(image: Image, width: int, height: int, *, response: Response | None = None) -> Image:
    """The (h, w, c) uint8 image at (height, width, c); c is 3, or 4 with premultiplied alpha.

    Catmull-Rom; along an axis that shrinks by s the kernel is s times as wide, one that grows is interpolated. Pixels
    are areas: the outer edges of source and result coincide. Edges replicate; flat areas keep their level. Within one
    level of the same filter in real numbers.
    Raises: ValueError for another shape or type, or a size below 1.
    """
    if image.ndim != 3 or image.shape[2] not in {3, 4} or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"expected (height, width, 3 or 4) uint8, found {image.shape} of {image.dtype}")
    if width < 1 or height < 1:
        raise ValueError(f"expected a size of at least 1 x 1, found {width} x {height}")
    wanted = response or Response(width, height)
    source_height, source_width, channels = image.shape
    in_order = image.strides[1:] == (channels, 1) and image.strides[0] >= source_width * channels
    rows = image if in_order else np.ascontiguousarray(image)
    flat, stride = flat_rows(_as_plane(rows))
    start_x, across = axis_weights(source_width, width, min(wanted.band_w, width), wanted.boost)
    start_y, down = axis_weights(source_height, height, min(wanted.band_h, height), wanted.boost)
    out = np.empty((height, width, channels), np.uint8)
    size = (source_height, source_width, channels)
    _shrink(flat, stride, size, start_x, across, start_y, down, out)
    return out


def axis_weights(source: int, size: int, band: int, boost: int) -> tuple[NDArray[np.int64], NDArray[np.int16]]:
    """For each of `size` samples its first source sample, (size,), and its weights, (size, taps), taps a multiple of 4.

    The centre of sample j lies at (2j + 1) * source / (2 * size) - 1/2. First samples may lie before the source and
    the last ones behind it. `band` and `boost`: see `Response`.
    """
    band = min(band, source)
    numerator = (2 * np.arange(size, dtype=np.int64) + 1) * source - size
    reach, unit = 4 * source * size + 2 * source * band * (boost > 0), 2 * size * band
    start = -((reach - numerator * band) // unit)
    taps = (2 * reach // unit // 4 + 1) * 4
    tap = start[:, None] + np.arange(taps, dtype=np.int64)
    offset = 2 * size * tap - numerator[:, None]
    distance = (offset * band << ARGUMENT_BITS) // (2 * size * source)
    neighbour = np.int64((band << ARGUMENT_BITS) // size)
    values = (64 + 2 * boost) * CATMULL_ROM.evaluate(distance)
    values -= boost * (CATMULL_ROM.evaluate(distance - neighbour) + CATMULL_ROM.evaluate(distance + neighbour))
    return start, normalise(values)


def _as_plane(image: Image) -> Plane:
    """(height, width * channels) over the same bytes; rows may be further apart than they are long."""
    height, width, channels = image.shape
    return np.lib.stride_tricks.as_strided(image, (height, width * channels), (image.strides[0], 1), writeable=False)


@kernel
def _shrink(  # noqa: PLR0917  (compiled code takes no keywords)
    source: Plane,
    stride: int,
    size: tuple[int, int, int],
    start_x: NDArray[np.int64],
    across: NDArray[np.int16],
    start_y: NDArray[np.int64],
    down: NDArray[np.int16],
    out: Image,
) -> None:
    height, width, channels = size
    samples = width * channels
    before = max(0, -start_x[0])
    after = max(0, start_x[-1] + across.shape[1] - width)
    row = np.empty((before + width + after) * channels, np.int16)
    sums = np.empty(_CHUNK, np.int32)
    for i in range(out.shape[0]):
        for first in range(0, samples, _CHUNK):
            count = min(_CHUNK, samples - first)
            at = before * channels + first
            _filter_down(source[first:], stride, height, start_y[i], down[i], sums[:count], row[at : at + count])
        _replicate(row, channels, before, width)
        if channels == 3:
            _filter_across_3(row, before, start_x, across, out[i])
        else:
            _filter_across_4(row, before, start_x, across, out[i])


@kernel
def _filter_down(  # noqa: PLR0917  (compiled code takes no keywords)
    source: Plane,
    stride: int,
    height: int,
    start: int,
    weights: NDArray[np.int16],
    sums: NDArray[np.int32],
    row: NDArray[np.int16],
) -> None:
    """Weigh rows four at a time, to 5 fraction bits: room for weights that add up to 4 without their signs."""
    count = sums.shape[0]
    sums[:] = 1 << 8
    for k in range(0, weights.shape[0], 4):
        at0 = min(max(start + k, 0), height - 1) * stride
        at1 = min(max(start + k + 1, 0), height - 1) * stride
        at2 = min(max(start + k + 2, 0), height - 1) * stride
        at3 = min(max(start + k + 3, 0), height - 1) * stride
        a, b, c, d = source[at0:], source[at1:], source[at2:], source[at3:]
        w0, w1, w2, w3 = (
            np.int32(weights[k]),
            np.int32(weights[k + 1]),
            np.int32(weights[k + 2]),
            np.int32(weights[k + 3]),
        )
        for x in range(count):
            upper = np.int32(np.int32(a[x]) * w0) + np.int32(np.int32(b[x]) * w1)
            lower = np.int32(np.int32(c[x]) * w2) + np.int32(np.int32(d[x]) * w3)
            sums[x] = np.int32(sums[x] + np.int32(upper + lower))
    for x in range(count):
        row[x] = np.int16(sums[x] >> np.int32(9))


@kernel
def _replicate(row: NDArray[np.int16], channels: int, before: int, width: int) -> None:
    """Fill the samples beyond the row's `width` with its first and last."""
    first, end = before * channels, (before + width) * channels
    for x in range(first):
        row[x] = row[first + x % channels]
    for x in range(end, row.shape[0]):
        row[x] = row[end - channels + (x - end) % channels]


@kernel
def _filter_across_3(
    row: NDArray[np.int16], before: int, start: NDArray[np.int64], weights: NDArray[np.int16], out: Plane
) -> None:
    for j in range(out.shape[0]):
        r, g, b = np.int32(1 << 18), np.int32(1 << 18), np.int32(1 << 18)
        at = (start[j] + before) * 3
        for k in range(weights.shape[1]):
            w = np.int32(weights[j, k])
            r = np.int32(r + np.int32(w * np.int32(row[at + 3 * k])))
            g = np.int32(g + np.int32(w * np.int32(row[at + 3 * k + 1])))
            b = np.int32(b + np.int32(w * np.int32(row[at + 3 * k + 2])))
        out[j, 0] = np.uint8(min(max(r >> np.int32(19), np.int32(0)), np.int32(255)))
        out[j, 1] = np.uint8(min(max(g >> np.int32(19), np.int32(0)), np.int32(255)))
        out[j, 2] = np.uint8(min(max(b >> np.int32(19), np.int32(0)), np.int32(255)))


@kernel
def _filter_across_4(
    row: NDArray[np.int16], before: int, start: NDArray[np.int64], weights: NDArray[np.int16], out: Plane
) -> None:
    for j in range(out.shape[0]):
        r, g, b, a = np.int32(1 << 18), np.int32(1 << 18), np.int32(1 << 18), np.int32(1 << 18)
        at = (start[j] + before) * 4
        for k in range(weights.shape[1]):
            w = np.int32(weights[j, k])
            r = np.int32(r + np.int32(w * np.int32(row[at + 4 * k])))
            g = np.int32(g + np.int32(w * np.int32(row[at + 4 * k + 1])))
            b = np.int32(b + np.int32(w * np.int32(row[at + 4 * k + 2])))
            a = np.int32(a + np.int32(w * np.int32(row[at + 4 * k + 3])))
        out[j, 0] = np.uint8(min(max(r >> np.int32(19), np.int32(0)), np.int32(255)))
        out[j, 1] = np.uint8(min(max(g >> np.int32(19), np.int32(0)), np.int32(255)))
        out[j, 2] = np.uint8(min(max(b >> np.int32(19), np.int32(0)), np.int32(255)))
        out[j, 3] = np.uint8(min(max(a >> np.int32(19), np.int32(0)), np.int32(255)))
