"""Decoded pixels → the planes the compositor works on, at the size a shot needs. Runs in the intake child."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.picture.kernels.blur import blur
from renderer.picture.kernels.colour import premultiply, rgb_to_yuv420, rgba_to_yuva420, unpremultiply
from renderer.picture.kernels.shrink import shrink

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

BACKDROP_SCALE = 8
"""A backdrop is made at an eighth of the frame: there is nothing finer left in it after the blur."""
BACKDROP_BLUR = 1 / 24
"""Radius of its blur as a fraction of the frame's longer side."""
BACKDROP_LEVEL = 166
"""How bright a backdrop stays, of 256: dimmed, so that the picture in front of it stands out."""


def planes_of_rgb(rgb: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """Y, U, V of an (h, w, 3) picture at width × height."""
    return rgb_to_yuv420(_at_size(rgb, width, height))


def planes_of_rgba(rgba: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """Y, U, V, alpha and chroma alpha of a straight (h, w, 4) picture at width × height."""
    return rgba_to_yuva420(unpremultiply(_at_size(premultiply(rgba), width, height)))


def backdrop_of_rgb(rgb: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """Y, U, V of a small, blurred, dimmed copy for a frame of width × height, at an eighth of its size."""
    small = _at_size(rgb, max(2, width // BACKDROP_SCALE), max(2, height // BACKDROP_SCALE))
    blurred = blur(small, max(1, round(max(small.shape) * BACKDROP_BLUR)))
    return rgb_to_yuv420((blurred.astype("uint16") * BACKDROP_LEVEL >> 8).astype("uint8"))


def _at_size(pixels: Pixels, width: int, height: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    return shrink(pixels, width, height)
