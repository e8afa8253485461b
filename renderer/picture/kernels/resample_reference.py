"""The resampler in plain numpy: slow, and obviously what the fast ones must equal, bit for bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.filters import PHASE_BITS, Filter
from renderer.picture.kernels.plane import POSITION_BITS, Axis, PreparedPlane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.picture.kernels.views import Plane


def resample_reference(dst: Plane, src: PreparedPlane, x: Axis, y: Axis, *, by: Filter) -> None:
    """Fill `dst` (height, width) from `src`: down the columns to 6 fraction bits, then across the rows."""
    samples = src.rows[:, : src.width].astype(np.int32)
    rows = (_weigh(samples, y, dst.shape[0], by) + (1 << 7)) >> 8
    out = (_weigh(rows.T, x, dst.shape[1], by).T + (1 << 19)) >> 20
    dst[:] = np.clip(out, 0, 255).astype(np.uint8)


def _weigh(lines: NDArray[np.int32], axis: Axis, count: int, by: Filter) -> NDArray[np.int32]:
    """`count` lines, each the weighted sum of its taps; lines beyond the first and last repeat them."""
    first, phase = _positions(axis, count, lines.shape[0], by.taps)
    weights = by.table(axis.step)[phase].astype(np.int32)
    total = np.zeros((count, lines.shape[1]), np.int32)
    for k in range(by.taps):
        total += lines[np.clip(first + k, 0, lines.shape[0] - 1)] * weights[:, k, None]
    return total


def _positions(axis: Axis, count: int, size: int, taps: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(first tap, phase) of each sample. Positions so far outside that every tap sees the edge are limited."""
    half = taps // 2
    place = axis.origin + np.arange(count, dtype=np.int64) * axis.step
    place = np.clip(place, -half << POSITION_BITS, (size - 1 + half) << POSITION_BITS)
    shift = POSITION_BITS - PHASE_BITS
    rounded = (place + (1 << (shift - 1))) >> shift
    return (rounded >> PHASE_BITS) - (half - 1), rounded & ((1 << PHASE_BITS) - 1)
