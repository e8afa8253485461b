"""Laying one plane over another in place: crossfades, logos with alpha, pictures whose edges lie between samples.

Weights are integers with 65536 = one; every result is rounded to the nearest level, halves upwards, so that 0 leaves
the destination alone and 65536 copies the source, exactly. All three accept windows into larger planes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels.jit import kernel
from renderer.picture.kernels.views import Plane, flat_rows, same_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

ONE = 65536
"""A weight or an opacity of one."""


def mix_over(dst: Plane, src: Plane, weight: int) -> None:
    """dst += (src - dst) * weight / 65536, for planes (height, width) uint8; `weight` 0..65536.

    Raises: ValueError for another weight, or planes of different size.
    """
    height, width = same_shape(dst, src)
    _check_opacity(weight)
    into, into_stride = flat_rows(dst, writeable=True)
    over, over_stride = flat_rows(src)
    if weight == 0:
        return
    _mix(into, into_stride, over, over_stride, (height, width), weight)


def blend_alpha(dst: Plane, src: Plane, alpha: Plane, neutral: int, opacity: int = ONE) -> None:
    """Lay a premultiplied plane over `dst`; planes (height, width) uint8, `alpha` 0..255, `opacity` 0..65536.

    `neutral` is the level that means nothing: 16 for luma, 128 for chroma. `src` lies above it by colour times alpha,
    so the result is dst + opacity * ((src - neutral) - alpha / 255 * (dst - neutral)), rounded once, within 0..255.
    Raises: ValueError for another opacity, or planes of different size.
    """
    height, width = same_shape(dst, src, alpha)
    _check_opacity(opacity)
    into, into_stride = flat_rows(dst, writeable=True)
    over, over_stride = flat_rows(src)
    mask, mask_stride = flat_rows(alpha)
    if opacity == 0:
        return
    _blend_alpha(into, into_stride, over, over_stride, mask, mask_stride, (height, width), neutral, opacity)


def blend_coverage(
    dst: Plane, src: Plane, cov_x: NDArray[np.uint16], cov_y: NDArray[np.uint16], opacity: int = ONE
) -> None:
    """Lay `src` over `dst` where it covers it: `cov_x` (width,) and `cov_y` (height,) uint16, 65535 = covered wholly.

    The sample's weight is cov_x * cov_y * opacity; `opacity` is 0..65536.
    Raises: ValueError for another opacity, or shapes that do not belong together.
    """
    height, width = same_shape(dst, src)
    _check_opacity(opacity)
    if cov_x.shape != (width,) or cov_y.shape != (height,) or cov_x.dtype != np.uint16 or cov_y.dtype != np.uint16:
        raise ValueError(f"expected uint16 coverage of {width} columns and {height} rows")
    into, into_stride = flat_rows(dst, writeable=True)
    over, over_stride = flat_rows(src)
    across, down = _to_weights(cov_x), (_to_weights(cov_y) * opacity + ONE // 2) // ONE
    row = np.empty(width, np.int32)
    _blend_coverage(into, into_stride, over, over_stride, across, down, row)


def _to_weights(coverage: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Stretch 0..65535 to 0..65536."""
    wide = coverage.astype(np.int64)
    return wide + (wide >> 15)


def _check_opacity(opacity: int) -> None:
    if not 0 <= opacity <= ONE:
        raise ValueError(f"expected a weight of 0 to {ONE}, found {opacity}")


@kernel
def _mix(  # noqa: PLR0917  (compiled code takes no keywords)
    into: Plane, into_stride: int, over: Plane, over_stride: int, size: tuple[int, int], weight: int
) -> None:
    height, width = size
    w = np.int32(weight)
    for i in range(height):
        dst = into[i * into_stride : i * into_stride + width]
        src = over[i * over_stride : i * over_stride + width]
        for j in range(width):
            below = np.int32(dst[j])
            change = np.int32(np.int32(np.int32(src[j]) - below) * w)
            dst[j] = np.uint8(below + (np.int32(change + np.int32(32768)) >> np.int32(16)))


@kernel
def _blend_alpha(  # noqa: PLR0913, PLR0917  (compiled code takes no keywords)
    into: Plane,
    into_stride: int,
    over: Plane,
    over_stride: int,
    mask: Plane,
    mask_stride: int,
    size: tuple[int, int],
    neutral: int,
    opacity: int,
) -> None:
    height, width = size
    scale, zero = np.int64(opacity), np.int32(neutral)
    for i in range(height):
        dst = into[i * into_stride : i * into_stride + width]
        src = over[i * over_stride : i * over_stride + width]
        alpha = mask[i * mask_stride : i * mask_stride + width]
        for j in range(width):
            below = np.int32(dst[j])
            added = np.int32(np.int32(np.int32(src[j]) - zero) * np.int32(255))
            change = np.int64(added - np.int32(np.int32(alpha[j]) * np.int32(below - zero))) * scale
            moved = (np.int64(2) * change + np.int64(255 * 65536)) // np.int64(2 * 255 * 65536)
            dst[j] = np.uint8(min(max(below + np.int32(moved), np.int32(0)), np.int32(255)))


@kernel
def _blend_coverage(  # noqa: PLR0917  (compiled code takes no keywords)
    into: Plane,
    into_stride: int,
    over: Plane,
    over_stride: int,
    across: NDArray[np.int64],
    down: NDArray[np.int64],
    row: NDArray[np.int32],
) -> None:
    width = across.shape[0]
    last = -1
    for i in range(down.shape[0]):
        dst = into[i * into_stride : i * into_stride + width]
        src = over[i * over_stride : i * over_stride + width]
        if down[i] != last:
            last = down[i]
            for j in range(width):
                row[j] = (across[j] * last + 32768) >> 16
        for j in range(width):
            below = np.int32(dst[j])
            change = np.int32(np.int32(np.int32(src[j]) - below) * row[j])
            dst[j] = np.uint8(below + (np.int32(change + np.int32(32768)) >> np.int32(16)))
