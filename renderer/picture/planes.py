"""Decoded pixels → the planes the compositor works on, at the size a shot needs. Runs in the intake child."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.picture.kernels import blur, premultiply, prepare, rgb_to_yuv420, rgba_to_yuva420, shrink, unpremultiply

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

BACKDROP_SCALE = 8
"""A backdrop is made at an eighth of the frame: there is nothing finer left in it after the blur."""
BACKDROP_BLUR = 1 / 24
"""Radius of its blur as a fraction of the frame's longer side."""
BACKDROP_LEVEL = 166
"""How bright a backdrop stays, of 256: dimmed, so that the picture in front of it stands out."""


def still_planes(pixels: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """A straight (h, w, 3 or 4) picture at width × height, as it is shown: Y, U, V and, of four, the two alphas."""
    return _planes(pixels, lambda picture: _at_size(picture, width, height))


def moving_planes(pixels: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """The same for the resampler, where the whole picture is shown at most width × height large.

    Larger and crisper than shown: `docs/decisions/0003-resampling-filter.md`.
    """
    return _planes(pixels, lambda picture: prepare(picture, width, height))


def _planes(pixels: Pixels, sized: Callable[[Pixels], Pixels]) -> tuple[Pixels, ...]:
    if pixels.shape[2] == 3:
        return rgb_to_yuv420(sized(pixels))
    return rgba_to_yuva420(unpremultiply(sized(premultiply(pixels))))


def backdrop_of_rgb(rgb: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """Y, U, V of a small, blurred, dimmed copy for a frame of width × height, at an eighth of its size."""
    small = _at_size(rgb, max(2, width // BACKDROP_SCALE), max(2, height // BACKDROP_SCALE))
    blurred = blur(small, max(1, round(max(small.shape) * BACKDROP_BLUR)))
    return rgb_to_yuv420((blurred.astype("uint16") * BACKDROP_LEVEL >> 8).astype("uint8"))


def _at_size(pixels: Pixels, width: int, height: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    return shrink(pixels, width, height)
