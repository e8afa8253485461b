"""RGB ↔ BT.709 limited-range YUV 4:2:0, in fixed point.

The matrix is that of ITU-R BT.709-6 (items 3.2 to 3.4) with 8-bit limited range (16..235, 16..240), in 1/65536. Chroma
is sited left, as H.264 assumes when nothing else is said (ITU-T H.264 Annex E, chroma_sample_loc_type 0): level with
every second column, midway between two rows. Results are rounded to the nearest level, halves upwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.jit import kernel
from renderer.picture.kernels.views import Image, Plane

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Whole = NDArray[np.int64]
    Rows = tuple[Plane, NDArray[np.uint8], NDArray[np.uint8]]

Planes = tuple[Plane, Plane, Plane]
"""Y (height, width), U and V ((height + 1) // 2, (width + 1) // 2), uint8."""

# 219/255 and 224/255 of 0.2126, 0.7152, 0.0722 and of the colour differences over 1.8556 (blue) and 1.5748 (red), times
# 65536. The luma row adds up to round(65536 * 219 / 255) and the others to 0, so that greys stay exactly grey.
_Y_R, _Y_G, _Y_B = 11966, 40254, 4064
_U_R, _U_G, _U_B = -6596, -22189, 28785
_V_R, _V_G, _V_B = 28784, -26145, -2639
# And back: 255/219, and 255/224 of 1.5748, 0.1873, 0.4681, 1.8556.
_R_Y, _R_V, _G_U, _G_V, _B_U = 76309, 117489, 13975, 34925, 138438

_BITS = 8
"""Fraction bits of what `settle` asks for."""
_ROUNDS = 30
_GAIN = 180
"""How much more it asks for when a level is missing: 0.7 levels."""


def rgb_to_yuv420(rgb: Image) -> Planes:
    """Planes of an (height, width, 3) uint8 image.

    Chroma comes from RGB averaged with weights 1/4 1/2 1/4 about even columns and 1/2 1/2 over row pairs, edges
    replicated, at full precision. Raises: ValueError for another shape or type.
    """
    height, width = _check(rgb, 3)
    y, u, v = _empty_planes(height, width)
    _to_yuv(np.ascontiguousarray(rgb), y, u, v)
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


def settle(y: Plane, u: Plane, v: Plane) -> Image:
    """Replace planes, in place, by those of the 8-bit RGB picture found nearest to them; returns that picture.

    Planes (height, width) and twice (height / 2, width / 2), uint8, of even sides; (height, width, 3) is returned.
    A scaled picture's luma and chroma overshoot apart from each other, into colours that no RGB picture has; all else
    stays as it is. Row pairs stand alone, and each is solved by itself: a guess at the pixels, what it misses added to
    what is asked for, and once more. Raises: ValueError for planes that do not belong together.
    """
    height, width = y.shape
    if height % 2 or width % 2 or not u.shape == v.shape == (height // 2, width // 2) or y.size == 0:
        raise ValueError(f"expected planes of even sides that belong together, found {y.shape}, {u.shape}, {v.shape}")
    rgb = np.empty((height, width, 3), np.uint8)
    _solve(y, u, v, rgb)
    _to_yuv(rgb, y, u, v)
    return rgb


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


@kernel
def _to_yuv(rgb: Image, y: Plane, u: Plane, v: Plane) -> None:
    height, width = y.shape
    sums = np.zeros((3, width + 2), np.int32)
    for i in range(height):
        for j in range(width):
            r, g, b = np.int32(rgb[i, j, 0]), np.int32(rgb[i, j, 1]), np.int32(rgb[i, j, 2])
            y[i, j] = (_Y_R * r + _Y_G * g + _Y_B * b + (16 << 16) + (1 << 15)) >> 16
    for i in range(u.shape[0]):
        below = min(2 * i + 1, height - 1)
        for c in range(3):
            for j in range(width):
                sums[c, j + 1] = np.int32(rgb[2 * i, j, c]) + np.int32(rgb[below, j, c])
            sums[c, 0], sums[c, width + 1] = sums[c, 1], sums[c, width]
        for k in range(u.shape[1]):
            red = sums[0, 2 * k] + 2 * sums[0, 2 * k + 1] + sums[0, 2 * k + 2]
            green = sums[1, 2 * k] + 2 * sums[1, 2 * k + 1] + sums[1, 2 * k + 2]
            blue = sums[2, 2 * k] + 2 * sums[2, 2 * k + 1] + sums[2, 2 * k + 2]
            u[i, k] = (_U_R * red + _U_G * green + _U_B * blue + (128 << 19) + (1 << 18)) >> 19
            v[i, k] = (_V_R * red + _V_G * green + _V_B * blue + (128 << 19) + (1 << 18)) >> 19


@kernel
def _solve(y: Plane, u: Plane, v: Plane, rgb: Image) -> None:
    """The picture whose planes come nearest, by the sum of squares in each row pair."""
    half = u.shape[1]
    asked = np.empty((2, 2 * half), np.int64), np.empty((2, half), np.int64)
    costs, tried = np.empty((2, half), np.int64), np.empty((2, 2 * half, 3), np.int64)
    for i in range(u.shape[0]):
        _solve_pair((y[2 * i : 2 * i + 2], u[i], v[i]), asked, costs, tried, rgb[2 * i : 2 * i + 2])


@kernel
def _solve_pair(planes: Rows, asked: tuple[Whole, Whole], costs: Whole, tried: Whole, rgb: Image) -> None:
    """A round tries new pixels only where something was missed or beside that: nothing else would change."""
    luma, chroma = asked
    cost_at, again = costs[0], costs[1]
    half = chroma.shape[1]
    for k in range(half):
        for j in range(2 * k, 2 * k + 2):
            luma[0, j], luma[1, j] = np.int64(planes[0][0, j]) << _BITS, np.int64(planes[0][1, j]) << _BITS
        chroma[0, k], chroma[1, k] = np.int64(planes[1][k]) << _BITS, np.int64(planes[2][k]) << _BITS
        cost_at[k] = 1
    cost, least = half, 1 << 40
    for _ in range(_ROUNDS):
        for k in range(half):
            again[k] = cost_at[max(k - 1, 0)] | cost_at[k] | cost_at[min(k + 1, half - 1)]
        _pair_to_rgb(luma, chroma, again, tried)
        for k in range(half):
            if again[k] | again[max(k - 1, 0)]:
                cost -= int(cost_at[k])
                cost_at[k] = _ask_for_missing(planes, k, tried, luma, chroma)
                cost += int(cost_at[k])
        if cost < least:
            least = cost
            _copy(tried, rgb)
        if cost == 0:
            break


@kernel
def _copy(levels: Whole, rgb: Image) -> None:
    for i in range(2):
        for j in range(rgb.shape[1]):
            for c in range(3):
                rgb[i, j, c] = levels[i, j, c]


@kernel
def _ask_for_missing(planes: Rows, k: int, tried: Whole, luma: Whole, chroma: Whole) -> int:
    """Ask for more of what the picture misses at chroma sample `k` and its four pixels; the sum of squares."""
    y, u, v = planes
    cost, before = 0, max(2 * k - 1, 0)
    red, green, blue = 0, 0, 0
    for i in range(2):
        for j in range(2 * k, 2 * k + 2):
            r, g, b = tried[i, j, 0], tried[i, j, 1], tried[i, j, 2]
            error = np.int64(y[i, j]) - ((_Y_R * r + _Y_G * g + _Y_B * b + (16 << 16) + (1 << 15)) >> 16)
            cost += int(error * error)
            luma[i, j] += error * _GAIN
        red += tried[i, before, 0] + 2 * tried[i, 2 * k, 0] + tried[i, 2 * k + 1, 0]
        green += tried[i, before, 1] + 2 * tried[i, 2 * k, 1] + tried[i, 2 * k + 1, 1]
        blue += tried[i, before, 2] + 2 * tried[i, 2 * k, 2] + tried[i, 2 * k + 1, 2]
    error = np.int64(u[k]) - ((_U_R * red + _U_G * green + _U_B * blue + (128 << 19) + (1 << 18)) >> 19)
    cost += int(error * error)
    chroma[0, k] += error * _GAIN
    error = np.int64(v[k]) - ((_V_R * red + _V_G * green + _V_B * blue + (128 << 19) + (1 << 18)) >> 19)
    chroma[1, k] += error * _GAIN
    return cost + int(error * error)


@kernel
def _pair_to_rgb(luma: Whole, chroma: Whole, again: Whole, rgb: Whole) -> None:
    """Pixels of what is asked for, cut off where RGB ends."""
    half, fraction = chroma.shape[1], 16 + _BITS
    for k in range(half):
        if again[k]:
            before, after = max(k - 1, 0), min(k + 1, half - 1)
            for odd in range(2):
                if odd:
                    blue, red = (chroma[0, k] + chroma[0, after]) >> 1, (chroma[1, k] + chroma[1, after]) >> 1
                elif k == 0:
                    blue, red = (7 * chroma[0, 0] - chroma[0, after]) // 6, (7 * chroma[1, 0] - chroma[1, after]) // 6
                else:
                    blue = (6 * chroma[0, k] - chroma[0, before] - chroma[0, after]) >> 2
                    red = (6 * chroma[1, k] - chroma[1, before] - chroma[1, after]) >> 2
                blue, red = blue - (128 << _BITS), red - (128 << _BITS)
                for i in range(2):
                    grey = (luma[i, 2 * k + odd] - (16 << _BITS)) * _R_Y + (1 << (fraction - 1))
                    rgb[i, 2 * k + odd, 0] = min(max((grey + red * _R_V) >> fraction, 0), 255)
                    rgb[i, 2 * k + odd, 1] = min(max((grey - blue * _G_U - red * _G_V) >> fraction, 0), 255)
                    rgb[i, 2 * k + odd, 2] = min(max((grey + blue * _B_U) >> fraction, 0), 255)
