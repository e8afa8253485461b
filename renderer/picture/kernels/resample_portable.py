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
"""Words kept on both sides of a filtered row, for taps beyond the edge."""


def resample_portable(dst: Plane, src: PreparedPlane, x: Axis, y: Axis, filter: Filter, scratch: Scratch) -> None:  # noqa: A002
    """Fill `dst` (height, width) from `src`."""
    height, width = dst.shape
    across_table, down_table = filter.table(x.step), filter.table(y.step)
    first = scratch.take("first_x", (width,), np.int32), scratch.take("first_y", (height,), np.int32)
    across = scratch.take("across", (width, across_table.shape[1]), np.int16)
    down = scratch.take("down", (height, down_table.shape[1]), np.int16)
    _fill_positions((x.origin, x.step, src.width), filter.taps, across_table, first[0], across)
    _fill_positions((y.origin, y.step, src.height), filter.taps, down_table, first[1], down)
    row = scratch.take("row", (src.width + 2 * _MARGIN + 3,), np.int16)
    sums = scratch.take("sums", (src.width,), np.int32)
    flat, stride = flat_rows(dst, writeable=True)
    shape, src_shape = (height, width, stride), (src.height, src.width, src.rows.shape[1])
    _resample_rows(flat, shape, src.rows.reshape(-1), src_shape, filter.taps, first, (across, down), (row, sums))


@kernel
def _fill_positions(
    place: tuple[int, int, int],
    taps: int,
    table: NDArray[np.int16],
    first: NDArray[np.int32],
    weights: NDArray[np.int16],
) -> None:
    """Write each sample's first tap, and its row of `table` (512, taps) into `weights` (count, taps)."""
    origin, step, size = place
    half = taps // 2
    low, high = -half << 32, (size - 1 + half) << 32
    for j in range(first.shape[0]):
        rounded = (min(max(origin + j * step, low), high) + (1 << 22)) >> 23
        first[j] = (rounded >> 9) - (half - 1)
        for k in range(table.shape[1]):
            weights[j, k] = table[rounded & 511, k]


@kernel
def _resample_rows(  # noqa: PLR0917  (compiled code takes no keywords)
    dst: Plane,
    shape: tuple[int, int, int],
    src: Plane,
    src_shape: tuple[int, int, int],
    taps: int,
    first: tuple[NDArray[np.int32], NDArray[np.int32]],
    weights: tuple[NDArray[np.int16], NDArray[np.int16]],
    scratch: tuple[NDArray[np.int16], NDArray[np.int32]],
) -> None:
    """Filter down the needed columns of each output row, then across them."""
    height, width, dst_stride = shape
    src_height, src_width, stride = src_shape
    (first_x, first_y), (across, down), (row, sums) = first, weights, scratch
    left = min(max(first_x[0], 0), src_width - 1)
    right = min(max(first_x[-1] + taps, 1), src_width)
    for i in range(height):
        place = first_y[i], src_height, stride
        _filter_down(src[left:], place, down[i], sums, row[_MARGIN + left : _MARGIN + right])
        if first_x[0] < 0:
            row[:_MARGIN] = row[_MARGIN]
        if first_x[-1] + taps > src_width:
            row[_MARGIN + right :] = row[_MARGIN + right - 1]
        out = dst[i * dst_stride : i * dst_stride + width]
        _filter_across(row, first_x, across, out)


@kernel
def _filter_down(  # noqa: PLR0917  (compiled code takes no keywords)
    src: Plane,
    place: tuple[int, int, int],
    weights: NDArray[np.int16],
    sums: NDArray[np.int32],
    columns: NDArray[np.int16],
) -> None:
    """Weighted sums of rows, four at a time, with 6 fraction bits; `place` is (first row, rows, distance of rows)."""
    at, height, stride = place
    count = columns.shape[0]
    sums[:count] = 128
    for k in range(0, weights.shape[0], 4):
        a = src[min(max(at + k, 0), height - 1) * stride :]
        b = src[min(max(at + k + 1, 0), height - 1) * stride :]
        c = src[min(max(at + k + 2, 0), height - 1) * stride :]
        d = src[min(max(at + k + 3, 0), height - 1) * stride :]
        w, x, y, z = np.int32(weights[k]), np.int32(weights[k + 1]), np.int32(weights[k + 2]), np.int32(weights[k + 3])
        for j in range(count):
            upper = np.int32(np.int32(a[j]) * w) + np.int32(np.int32(b[j]) * x)
            lower = np.int32(np.int32(c[j]) * y) + np.int32(np.int32(d[j]) * z)
            sums[j] = np.int32(sums[j] + np.int32(upper + lower))
    for j in range(count):
        columns[j] = np.int16(sums[j] >> np.int32(8))


@kernel
def _filter_across(row: NDArray[np.int16], first: NDArray[np.int32], weights: NDArray[np.int16], out: Plane) -> None:
    for j in range(out.shape[0]):
        total = np.int32(1 << 19)
        at = first[j] + _MARGIN
        for k in range(0, weights.shape[1], 4):
            total = np.int32(total + np.int32(np.int32(row[at + k]) * np.int32(weights[j, k])))
            total = np.int32(total + np.int32(np.int32(row[at + k + 1]) * np.int32(weights[j, k + 1])))
            total = np.int32(total + np.int32(np.int32(row[at + k + 2]) * np.int32(weights[j, k + 2])))
            total = np.int32(total + np.int32(np.int32(row[at + k + 3]) * np.int32(weights[j, k + 3])))
        out[j] = min(max(total >> 20, 0), 255)
