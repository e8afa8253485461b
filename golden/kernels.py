"""The comparison's inner loops over uint8 planes: squared error, SSIM, tile means, and shrinking by whole factors.

PSNR is 10 log10(255² / mean squared error). SSIM is the mean over 8×8 windows every 4 samples, with the constants of
Wang et al. 2004 (K1 = 0.01, K2 = 0.03) for 8 bits, as x264 and FFmpeg compute it. A kernel uses this file alone:
numba's disk cache looks at nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numba
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Plane = NDArray[np.uint8]

P = ParamSpec("P")
R = TypeVar("R")


def _kernel(function: Callable[P, R]) -> Callable[P, R]:
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


@_kernel
def _level(plane: Plane, y: int, x: int) -> int:
    return np.int64(plane[y, x])  # type: ignore[return-value]  # signed: int() of a uint8 would stay unsigned


@_kernel
def squared_error(a: Plane, b: Plane) -> int:
    """Sum of squared differences of two planes of one shape."""
    total = 0
    for row in range(a.shape[0]):
        line = 0
        for column in range(a.shape[1]):
            apart = _level(a, row, column) - _level(b, row, column)
            line += apart * apart
        total += line
    return total


@_kernel
def structural_similarity(a: Plane, b: Plane) -> float:
    """Mean SSIM of two planes of at least 8×8; 1 for equal ones."""
    blocks_y, blocks_x = a.shape[0] // 4, a.shape[1] // 4
    sums = np.zeros((2, blocks_x, 4), np.int64)
    total = 0.0
    for by in range(blocks_y):
        current = sums[by % 2]
        for bx in range(blocks_x):
            s1 = s2 = ss = s12 = 0
            for y in range(by * 4, by * 4 + 4):
                for x in range(bx * 4, bx * 4 + 4):
                    p, q = _level(a, y, x), _level(b, y, x)
                    s1 += p
                    s2 += q
                    ss += p * p + q * q
                    s12 += p * q
            current[bx, 0], current[bx, 1], current[bx, 2], current[bx, 3] = s1, s2, ss, s12
        if by == 0:
            continue
        for bx in range(blocks_x - 1):
            s1 = sums[0, bx, 0] + sums[0, bx + 1, 0] + sums[1, bx, 0] + sums[1, bx + 1, 0]
            s2 = sums[0, bx, 1] + sums[0, bx + 1, 1] + sums[1, bx, 1] + sums[1, bx + 1, 1]
            ss = sums[0, bx, 2] + sums[0, bx + 1, 2] + sums[1, bx, 2] + sums[1, bx + 1, 2]
            s12 = sums[0, bx, 3] + sums[0, bx + 1, 3] + sums[1, bx, 3] + sums[1, bx + 1, 3]
            variances = ss * 64 - s1 * s1 - s2 * s2
            covariance = s12 * 64 - s1 * s2
            c1, c2 = 0.01 * 0.01 * 255 * 255 * 64 * 64, 0.03 * 0.03 * 255 * 255 * 64 * 63
            total += ((2.0 * s1 * s2 + c1) * (2.0 * covariance + c2)) / (
                (1.0 * s1 * s1 + 1.0 * s2 * s2 + c1) * (variances + c2)
            )
    return float(total / ((blocks_y - 1) * (blocks_x - 1)))


@_kernel
def tile_differences(a: Plane, b: Plane, size: int, signed: NDArray[np.float32], absolute: NDArray[np.float32]) -> None:
    """For each tile of `size`×`size`: the mean of b - a, and of |b - a|; tiles at the edges may be smaller."""
    for ty in range(signed.shape[0]):
        for tx in range(signed.shape[1]):
            bottom, right = min(a.shape[0], (ty + 1) * size), min(a.shape[1], (tx + 1) * size)
            plain = both = 0
            for y in range(ty * size, bottom):
                for x in range(tx * size, right):
                    apart = _level(b, y, x) - _level(a, y, x)
                    plain += apart
                    both += abs(apart)
            count = (bottom - ty * size) * (right - tx * size)
            signed[ty, tx] = plain / count
            absolute[ty, tx] = both / count


@_kernel
def shrink_by(source: Plane, factor: int, target: Plane) -> None:
    """Each sample of `target` is the rounded mean of `factor`×`factor` samples of `source`."""
    area = factor * factor
    for y in range(target.shape[0]):
        for x in range(target.shape[1]):
            total = area // 2
            for sy in range(y * factor, y * factor + factor):
                for sx in range(x * factor, x * factor + factor):
                    total += _level(source, sy, sx)
            target[y, x] = total // area
