"""The resampler for any CPU: plain loops that the compiler turns into whatever vectors the machine has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.jit import kernel
from renderer.picture.kernels.views import flat_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.picture.kernels.filters import Filter
    from renderer.picture.kernels.plane import Axis, PreparedPlane
    from renderer.picture.kernels.scratch import Scratch
    from renderer.picture.kernels.views import Plane

_MARGIN = 64
"""Words kept on both sides of a filtered row, for taps beyond the edge: as many as a filter has taps at most."""


def resample_portable(dst: Plane, src: PreparedPlane, x: Axis, y: Axis, *, by: Filter, scratch: Scratch) -> None:
    """Fill `dst` (height, width) from `src`."""
    height, width = dst.shape
    first = scratch.take("first_x", (width,), np.int32), scratch.take("first_y", (height,), np.int32)
    across = scratch.take("across", (by.taps, width), np.int32)
    down = scratch.take("down", (by.taps, height), np.int32)
    _fill_positions((x.origin, x.step, src.width), by.table(x.step), first[0], across)
    _fill_positions((y.origin, y.step, src.height), by.table(y.step), first[1], down)
    row = scratch.take("row", (src.width + 2 * _MARGIN,), np.int16)
    sums = scratch.take("sums", (max(src.width, width),), np.int32)
    flat, stride = flat_rows(dst, writeable=True)
    sizes = (height, width, stride), (src.height, src.width, src.rows.shape[1])
    _resample_rows(flat, src.rows.reshape(-1), sizes, first, (across, down), (row, sums))


@kernel
def _fill_positions(
    place: tuple[int, int, int], table: NDArray[np.int16], first: NDArray[np.int32], weights: NDArray[np.int32]
) -> None:
    """Each sample's first tap, and its row of `table` (512, taps) as a column of `weights` (taps, count)."""
    origin, step, size = place
    half = table.shape[1] // 2
    low, high = -half << 32, (size - 1 + half) << 32
    for j in range(first.shape[0]):
        rounded = (min(max(origin + j * step, low), high) + (1 << 22)) >> 23
        first[j] = (rounded >> 9) - (half - 1)
        for k in range(table.shape[1]):
            weights[k, j] = table[rounded & 511, k]


@kernel
def _resample_rows(  # noqa: PLR0917  (compiled code takes no keywords)
    dst: Plane,
    src: Plane,
    sizes: tuple[tuple[int, int, int], tuple[int, int, int]],
    first: tuple[NDArray[np.int32], NDArray[np.int32]],
    weights: tuple[NDArray[np.int32], NDArray[np.int32]],
    scratch: tuple[NDArray[np.int16], NDArray[np.int32]],
) -> None:
    """Filter down the needed columns of each output row, then across them; `sizes` are (height, width, stride)."""
    (height, width, dst_stride), (src_height, src_width, stride) = sizes
    (first_x, first_y), (across, down), (row, sums) = first, weights, scratch
    taps = across.shape[0]
    left = min(max(first_x[0], 0), src_width - 1)
    right = min(max(first_x[-1] + taps, 1), src_width)
    for i in range(height):
        place = first_y[i], src_height, stride
        _filter_down(src[left:], place, down[:, i], sums, row[_MARGIN + left : _MARGIN + right])
        if first_x[0] < 0:
            row[:_MARGIN] = row[_MARGIN]
        if first_x[-1] + taps > src_width:
            row[_MARGIN + right : 2 * _MARGIN + right] = row[_MARGIN + right - 1]
        _filter_across(row, first_x, across, sums, dst[i * dst_stride : i * dst_stride + width])


@kernel
def _filter_down(
    src: Plane,
    place: tuple[int, int, int],
    weights: NDArray[np.int32],
    sums: NDArray[np.int32],
    columns: NDArray[np.int16],
) -> None:
    """Weighted sums of rows, four at a time, with 6 fraction bits; `place` is (first row, rows, distance of rows)."""
    at, height, stride = place
    count = columns.shape[0]
    sums[:count] = 1 << 7
    for k in range(0, weights.shape[0], 4):
        a = src[min(max(at + k, 0), height - 1) * stride :]
        b = src[min(max(at + k + 1, 0), height - 1) * stride :]
        c = src[min(max(at + k + 2, 0), height - 1) * stride :]
        d = src[min(max(at + k + 3, 0), height - 1) * stride :]
        w, x, y, z = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for j in range(count):
            upper = np.int32(np.int32(a[j]) * w) + np.int32(np.int32(b[j]) * x)
            lower = np.int32(np.int32(c[j]) * y) + np.int32(np.int32(d[j]) * z)
            sums[j] = np.int32(sums[j] + np.int32(upper + lower))
    for j in range(count):
        columns[j] = np.int16(sums[j] >> np.int32(8))


@kernel
def _filter_across(
    row: NDArray[np.int16],
    first: NDArray[np.int32],
    weights: NDArray[np.int32],
    sums: NDArray[np.int32],
    out: Plane,
) -> None:
    """Weighted sums of each sample's taps, one tap of all samples after another, rounded to bytes."""
    count = out.shape[0]
    sums[:count] = 1 << 19
    for k in range(weights.shape[0]):
        scale = weights[k]
        for j in range(count):
            tap = np.int32(row[np.uint32(first[j] + (_MARGIN + k))])
            sums[j] = np.int32(sums[j] + np.int32(tap * scale[j]))
    for j in range(count):
        out[j] = np.uint8(min(max(sums[j] >> np.int32(20), np.int32(0)), np.int32(255)))
