"""RGB ↔ BT.709 limited-range YUV 4:2:0, in fixed point.

The matrix is that of ITU-R BT.709-6 (items 3.2 to 3.4) with 8-bit limited range (16..235, 16..240), in 1/65536: the way
there is the kernel of `gamut`, where it is also turned round. Chroma is sited left, as H.264 assumes when nothing else
is said (ITU-T H.264 Annex E, chroma_sample_loc_type 0): level with every second column, midway between two rows.
Results are rounded to the nearest level, halves upwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.gamut import to_yuv
from renderer.picture.kernels.views import Image, Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

Planes = tuple[Plane, Plane, Plane]
"""Y (height, width), U and V ((height + 1) // 2, (width + 1) // 2), uint8."""

# From planes back to RGB: 255/219, and 255/224 of 1.5748, 0.1873, 0.4681, 1.8556.
_R_Y, _R_V, _G_U, _G_V, _B_U = 76309, 117489, 13975, 34925, 138438


def rgb_to_yuv420(rgb: Image) -> Planes:
    """Planes of an (height, width, 3) uint8 image.

    Chroma comes from RGB averaged with weights 1/4 1/2 1/4 about even columns and 1/2 1/2 over row pairs, edges
    replicated, at full precision. Raises: ValueError for another shape or type.
    """
    height, width = _check(rgb, 3)
    y, u, v = _empty_planes(height, width)
    to_yuv(np.ascontiguousarray(rgb), y, u, v)
    return y, u, v


def rgba_to_yuva420(rgba: Image) -> tuple[Plane, Plane, Plane, Plane, Plane]:
    """(y, u, v, alpha, chroma_alpha) of a premultiplied (height, width, 4) uint8 image.

    The planes are premultiplied as well, about the levels that mean nothing (luma 16, chroma 128): what `blend_alpha`
    takes, and what may be resampled without a fringe. `chroma_alpha` is the mean alpha over a chroma sample's place.
    Raises: ValueError for another shape or type.
    """
    _check(rgba, 4)
    y, u, v = rgb_to_yuv420(np.ascontiguousarray(rgba[:, :, :3]))
    alpha = np.ascontiguousarray(rgba[:, :, 3])
    wide = np.pad(alpha.astype(np.int32), ((0, alpha.shape[0] % 2), (1, 1 + alpha.shape[1] % 2)), mode="edge")
    rows = wide[0::2] + wide[1::2]
    sums = rows[:, 0:-2:2] + 2 * rows[:, 1:-1:2] + rows[:, 2::2]
    return y, u, v, alpha, ((sums[:, : u.shape[1]] + 4) >> 3).astype(np.uint8)


def yuv420_to_rgb(y: Plane, u: Plane, v: Plane) -> Image:
    """The (height, width, 3) image of three planes, chroma interpolated linearly: for previews and tests.

    Raises: ValueError where the planes' sizes do not belong together.
    """
    height, width = y.shape
    expected = ((height + 1) // 2, (width + 1) // 2)
    if u.shape != expected or v.shape != expected:
        raise ValueError(f"expected chroma planes of {expected} beside luma {y.shape}, found {u.shape} and {v.shape}")
    luma = (y.astype(np.int32) - 16) * 8
    blue, red = (_upsample(chroma, height, width) - 128 * 8 for chroma in (u, v))
    channels = (
        luma * _R_Y + red * _R_V,
        luma * _R_Y - blue * _G_U - red * _G_V,
        luma * _R_Y + blue * _B_U,
    )
    return np.stack([np.clip((c + (1 << 18)) >> 19, 0, 255).astype(np.uint8) for c in channels], axis=-1)


def premultiply(rgba: Image) -> Image:
    """Colour times alpha, rounded: what `shrink` needs, so that invisible colour does not bleed into edges."""
    wide = rgba.astype(np.uint32)
    wide[:, :, :3] = (wide[:, :, :3] * wide[:, :, 3:] + 127) // 255
    return wide.astype(np.uint8)


def _check(image: Image, channels: int) -> tuple[int, int]:
    if image.ndim != 3 or image.shape[2] != channels or image.dtype != np.uint8 or image.size == 0:
        raise ValueError(f"expected (height, width, {channels}) uint8, found {image.shape} of {image.dtype}")
    return image.shape[0], image.shape[1]


def _empty_planes(height: int, width: int) -> Planes:
    chroma = ((height + 1) // 2, (width + 1) // 2)
    return np.empty((height, width), np.uint8), np.empty(chroma, np.uint8), np.empty(chroma, np.uint8)


def _upsample(chroma: Plane, height: int, width: int) -> NDArray[np.int32]:
    """Chroma times 8 at every luma sample, (height, width) int32."""
    wide = chroma.astype(np.int32)
    right = np.concatenate([wide[:, 1:], wide[:, -1:]], axis=1)
    columns = np.stack([2 * wide, wide + right], axis=2).reshape(wide.shape[0], -1)[:, :width]
    above = np.concatenate([columns[:1], columns[:-1]])
    below = np.concatenate([columns[1:], columns[-1:]])
    rows = np.stack([3 * columns + above, 3 * columns + below], axis=1)
    return rows.reshape(-1, width)[:height]
