"""YUV 4:2:0 planes ↔ the 8-bit RGB picture that has them, and the nearest planes that some picture has.

The matrix is that of ITU-R BT.709-6 (items 3.2 to 3.4) with 8-bit limited range, chroma sited left: a chroma sample is
the mean of six pixels, 1/4 1/2 1/4 about an even column and 1/2 1/2 over a row pair. So row pairs stand alone, and each
is solved by itself: a guess at the pixels, what it misses added to what is asked for, and once more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.picture.kernels.views import Image, Plane

    Asked = NDArray[np.int64]
    Sums = NDArray[np.int32]
    Scratch = tuple[Asked, Asked, Image, Plane, Plane, Plane, Sums]

# 219/255 and 224/255 of 0.2126, 0.7152, 0.0722 and of the colour differences over 1.8556 (blue) and 1.5748 (red), times
# 65536. The luma row adds up to round(65536 * 219 / 255) and the others to 0, so that greys stay exactly grey.
_Y_R, _Y_G, _Y_B = 11966, 40254, 4064
_U_R, _U_G, _U_B = -6596, -22189, 28785
_V_R, _V_G, _V_B = 28784, -26145, -2639
# And back: 255/219, and 255/224 of 1.5748, 0.1873, 0.4681, 1.8556; luma's share of each colour at full range.
_R_Y, _R_V, _G_U, _G_V, _B_U = 76309, 117489, 13975, 34925, 138438
_SHARE_R, _SHARE_G, _SHARE_B = 13933, 46871, 4732

_BITS = 8
"""Fraction bits of what is asked for."""
_ROUNDS = 30
_GAIN = 180
"""What is asked for more when a level is missing: 0.7 levels."""
_SLACK_ROUNDS = 3
_NEARER = 24
"""How often a row pair moves to the best picture's planes before colours that still fail lose a part of theirs."""


def settle(y: Plane, u: Plane, v: Plane) -> None:
    """Change samples, in place and as few as the search allows, until `exact_rgb` finds a picture with these planes.

    Planes (height, width) and twice (height / 2, width / 2), uint8, of even sides. A scaled picture's luma and chroma
    overshoot apart from each other, into colours that no RGB picture has.
    Raises: ValueError for planes that do not belong together.
    """
    _check(y, u, v)
    rgb = np.empty((*y.shape, 3), np.uint8)
    _settle(y, u, v, rgb)


def exact_rgb(y: Plane, u: Plane, v: Plane) -> tuple[Image, int]:
    """The (height, width, 3) picture whose planes come nearest, and how many samples still differ: 0 once settled.

    Raises: ValueError as `settle`.
    """
    _check(y, u, v)
    rgb = np.empty((*y.shape, 3), np.uint8)
    return rgb, int(_solve(y, u, v, rgb))


def _check(y: Plane, u: Plane, v: Plane) -> None:
    height, width = y.shape
    if height % 2 or width % 2 or not u.shape == v.shape == (height // 2, width // 2) or y.size == 0:
        raise ValueError(f"expected planes of even sides that belong together, found {y.shape}, {u.shape}, {v.shape}")


@kernel
def to_yuv(rgb: Image, y: Plane, u: Plane, v: Plane) -> None:
    """Planes of an (height, width, 3) picture of any size."""
    width = y.shape[1]
    sums = np.zeros((3, width + 2), np.int32)
    for i in range(u.shape[0]):
        _pair_to_yuv(rgb[2 * i : 2 * i + 2], y[2 * i : 2 * i + 2], u[i], v[i], sums)


@kernel
def _pair_to_yuv(rgb: Image, y: Plane, u: Plane, v: Plane, sums: Sums) -> None:
    """The same of one or two rows."""
    height, width = y.shape
    for i in range(height):
        for j in range(width):
            r, g, b = np.int32(rgb[i, j, 0]), np.int32(rgb[i, j, 1]), np.int32(rgb[i, j, 2])
            y[i, j] = (_Y_R * r + _Y_G * g + _Y_B * b + (16 << 16) + (1 << 15)) >> 16
    for c in range(3):
        for j in range(width):
            sums[c, j + 1] = np.int32(rgb[0, j, c]) + np.int32(rgb[height - 1, j, c])
        sums[c, 0], sums[c, width + 1] = sums[c, 1], sums[c, width]
    for k in range(u.shape[0]):
        red = sums[0, 2 * k] + 2 * sums[0, 2 * k + 1] + sums[0, 2 * k + 2]
        green = sums[1, 2 * k] + 2 * sums[1, 2 * k + 1] + sums[1, 2 * k + 2]
        blue = sums[2, 2 * k] + 2 * sums[2, 2 * k + 1] + sums[2, 2 * k + 2]
        u[k] = (_U_R * red + _U_G * green + _U_B * blue + (128 << 19) + (1 << 18)) >> 19
        v[k] = (_V_R * red + _V_G * green + _V_B * blue + (128 << 19) + (1 << 18)) >> 19


@kernel
def _settle(y: Plane, u: Plane, v: Plane, rgb: Image) -> None:
    width, half = y.shape[1], u.shape[1]
    scratch = _scratch(width, half)
    for i in range(u.shape[0]):
        rows, pair = y[2 * i : 2 * i + 2], rgb[2 * i : 2 * i + 2]
        attempts = 0
        while _solve_pair(rows, u[i], v[i], pair, scratch) > 0:
            attempts += 1
            if attempts <= _NEARER:
                _pair_to_yuv(pair, rows, u[i], v[i], scratch[6])
            else:
                _fade(rows, u[i], v[i], pair, scratch)


@kernel
def _fade(y: Plane, u: Plane, v: Plane, rgb: Image, scratch: Scratch) -> None:
    """Take an eighth of the colour, and at least a level, about each sample that the picture misses; grey never fails.

    Ends, because nothing is ever added: luma lies in range since `y` was a picture's.
    """
    _, _, _, found_y, found_u, found_v, sums = scratch
    _pair_to_yuv(rgb, found_y, found_u, found_v, sums)
    for k in range(u.shape[0]):
        missed = found_u[k] != u[k] or found_v[k] != v[k]
        for j in range(2 * k, 2 * k + 2):
            missed = missed or found_y[0, j] != y[0, j] or found_y[1, j] != y[1, j]
        if missed:
            for near in range(max(0, k - 1), min(u.shape[0], k + 2)):
                u[near], v[near] = _greyer(u[near]), _greyer(v[near])


@kernel
def _greyer(level: int) -> int:
    away = int(level) - 128
    return 128 + ((away * 7) >> 3 if away > 0 else -((-away * 7) >> 3))


@kernel
def _solve(y: Plane, u: Plane, v: Plane, rgb: Image) -> int:
    width, half = y.shape[1], u.shape[1]
    scratch = _scratch(width, half)
    wrong = 0
    for i in range(u.shape[0]):
        rows, pair = y[2 * i : 2 * i + 2], rgb[2 * i : 2 * i + 2]
        wrong += _solve_pair(rows, u[i], v[i], pair, scratch)
    return wrong


@kernel
def _scratch(width: int, half: int) -> Scratch:
    """What is asked of luma and chroma, a picture tried, its planes, and sums on the way to them."""
    return (
        np.zeros((2, width), np.int64),
        np.zeros((2, half), np.int64),
        np.empty((2, width, 3), np.uint8),
        np.empty((2, width), np.uint8),
        np.empty(half, np.uint8),
        np.empty(half, np.uint8),
        np.zeros((3, width + 2), np.int32),
    )


@kernel
def _solve_pair(y: Plane, u: Plane, v: Plane, rgb: Image, scratch: Scratch) -> int:
    """The picture of a row pair whose planes come nearest, into `rgb`; returns their wrong samples."""
    luma, chroma, tried, found_y, found_u, found_v, sums = scratch
    width, half = y.shape[1], u.shape[0]
    for j in range(width):
        luma[0, j], luma[1, j] = np.int64(y[0, j]) << _BITS, np.int64(y[1, j]) << _BITS
    for k in range(half):
        chroma[0, k], chroma[1, k] = np.int64(u[k]) << _BITS, np.int64(v[k]) << _BITS
    fewest = int(6 * width)
    least = 1 << 40
    for _ in range(_ROUNDS):
        _pair_to_rgb(luma, chroma, tried)
        _pair_to_yuv(tried, found_y, found_u, found_v, sums)
        wrong, cost = 0, 0
        for j in range(width):
            for i in range(2):
                error = np.int64(y[i, j]) - np.int64(found_y[i, j])
                wrong += 1 if error else 0
                cost += int(error * error)
                luma[i, j] += error * _GAIN
        for k in range(half):
            blue, red = np.int64(u[k]) - np.int64(found_u[k]), np.int64(v[k]) - np.int64(found_v[k])
            wrong += (1 if blue else 0) + (1 if red else 0)
            cost += int(blue * blue + red * red)
            chroma[0, k] += blue * _GAIN
            chroma[1, k] += red * _GAIN
        if cost < least:
            fewest, least = wrong, cost
            rgb[:] = tried
        if wrong == 0:
            break
    return fewest


@kernel
def _pair_to_rgb(luma: Asked, chroma: Asked, rgb: Image) -> None:
    """Pixels of what is asked for, as near as RGB has them; what clipping takes from luma is put back as grey."""
    half, most = chroma.shape[1], 255 << _BITS
    for k in range(half):
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
                grey = (luma[i, 2 * k + odd] - (16 << _BITS)) * _R_Y
                bright = grey >> 16
                r = (grey + red * _R_V) >> 16
                g = (grey - blue * _G_U - red * _G_V) >> 16
                b = (grey + blue * _B_U) >> 16
                for _ in range(_SLACK_ROUNDS):
                    if min(r, g, b) >= 0 and max(r, g, b) <= most:
                        break
                    r, g, b = min(max(r, 0), most), min(max(g, 0), most), min(max(b, 0), most)
                    missing = bright - ((_SHARE_R * r + _SHARE_G * g + _SHARE_B * b) >> 16)
                    r, g, b = r + missing, g + missing, b + missing
                half_level = 1 << (_BITS - 1)
                rgb[i, 2 * k + odd, 0] = min(max(r + half_level, 0), most) >> _BITS
                rgb[i, 2 * k + odd, 1] = min(max(g + half_level, 0), most) >> _BITS
                rgb[i, 2 * k + odd, 2] = min(max(b + half_level, 0), most) >> _BITS
