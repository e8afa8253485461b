"""How much two frames differ: PSNR, SSIM, and the tile that differs most.

Two gates decide (DESIGN §9): the mean gate over the whole frame, and the tile gate, which sees what a mean can't: a
missing corner logo is 0.3 % of a frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from golden.kernels import squared_error, structural_similarity, tile_differences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from golden.planes import Yuv

EQUAL_DB = 100.0
"""What PSNR of equal planes is called: infinity can't be drawn."""
TILES_ACROSS = 40


@dataclass(frozen=True, slots=True, eq=False)
class FrameMetrics:
    """`psnr_db` of luma; `psnr_all_db` over all samples; `tile` is the largest |mean difference| of any tile in levels.

    `tiles` (rows, columns) float32 holds every tile's mean absolute difference of luma and chroma, whichever is more.
    """

    psnr_db: float
    psnr_all_db: float
    ssim: float
    tile: float
    tiles: NDArray[np.float32]


def measure(before: Yuv, after: Yuv) -> FrameMetrics:
    """Compare two frames of one size."""
    errors = [squared_error(a, b) for a, b in zip(before.planes(), after.planes(), strict=True)]
    counts = [plane.size for plane in before.planes()]
    signed, absolute = tile_map(before, after)
    return FrameMetrics(
        psnr_db=psnr(errors[0], counts[0]),
        psnr_all_db=psnr(sum(errors), sum(counts)),
        ssim=structural_similarity(before.y, after.y) if min(before.y.shape) >= 8 else 1.0,
        tile=float(np.abs(signed).max()),
        tiles=absolute,
    )


def psnr(squared_error_sum: int, samples: int) -> float:
    """In dB, at most `EQUAL_DB`."""
    if squared_error_sum == 0:
        return EQUAL_DB
    return min(EQUAL_DB, 10 * math.log10(255 * 255 * samples / squared_error_sum))


def tile_size(width: int) -> int:
    """Luma samples along a tile's side: even, about 40 tiles to a row, none so small that an encoder moves its mean."""
    return max(min(32, width // 8 // 2 * 2), round(width / TILES_ACROSS / 2) * 2)


def tile_map(before: Yuv, after: Yuv) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Signed and absolute mean differences of each tile: of the three planes the one that differs most."""
    side = tile_size(before.size[0])
    height, width = before.y.shape
    shape = (-(-height // side), -(-width // side))
    signed, absolute = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for plane, (a, b) in enumerate(zip(before.planes(), after.planes(), strict=True)):
        own, both = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
        tile_differences(a, b, side if plane == 0 else side // 2, own, both)
        larger = np.abs(own) > np.abs(signed)
        signed[larger] = own[larger]
        absolute = np.maximum(absolute, both)
    return signed, absolute
