"""Decoded pixels → the planes the compositor works on, at the size a shot needs. Runs in the intake child."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels import blur, premultiply, prepare, rgb_to_yuv420, rgba_to_yuva420, shrink

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

_FLOOR, _RANGE = 32, 191
"""Levels below and above the range that pictures with alpha are prepared in."""

BACKDROP_SCALE = 8
"""A backdrop is made at an eighth of the frame: there is nothing finer left in it after the blur."""
BACKDROP_BLUR = 1 / 24
"""Radius of its blur as a fraction of the frame's longer side."""
BACKDROP_LEVEL = 166
"""How bright a backdrop stays, of 256: dimmed, so that the picture in front of it stands out."""


def still_planes(pixels: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """A straight (h, w, 3 or 4) picture at width × height, as it is shown.

    Y, U, V; of four channels premultiplied, and with the two alpha planes.
    """
    if pixels.shape[2] == 3:
        return rgb_to_yuv420(_at_size(pixels, width, height))
    return rgba_to_yuva420(_at_size(premultiply(pixels), width, height))


def still_pixels(pixels: Pixels, width: int, height: int) -> Pixels:
    """The picture at width × height before it becomes planes, straight: premultiplied again, it is the same."""
    if pixels.shape[2] == 3:
        return _at_size(pixels, width, height)
    small = _at_size(premultiply(pixels), width, height).astype(np.uint32)
    alpha = np.maximum(small[:, :, 3:], 1)
    small[:, :, :3] = np.minimum((small[:, :, :3] * 255 + alpha // 2) // alpha, 255)
    return small.astype(np.uint8)


def moving_planes(pixels: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """The same for the resampler, where the whole picture is shown at most width × height large.

    Larger and crisper than shown: `docs/decisions/0003-resampling-filter.md`.
    """
    if pixels.shape[2] == 3:
        return rgb_to_yuv420(prepare(pixels, width, height))
    return rgba_to_yuva420(_prepared_with_alpha(premultiply(pixels), width, height))


def _prepared_with_alpha(premultiplied: Pixels, width: int, height: int) -> Pixels:
    """Prepare in a narrower range of levels, so that what overshoots at an edge is not cut off.

    Colour and alpha overshoot alike, but colour reaches its end later: cut one by one, they leave a fringe.
    """
    wide = premultiplied.astype(np.int32)
    lifted = (_FLOOR + (wide * _RANGE + 127) // 255).astype(np.uint8)
    level = prepare(lifted, width, height).astype(np.int32) - _FLOOR
    found = np.maximum(level[:, :, 3:], 1)
    alpha = np.clip(level[:, :, 3:], 0, _RANGE)
    level = np.clip((level * alpha + found // 2) // found, 0, alpha)
    full: Pixels = ((level * 255 + _RANGE // 2) // _RANGE).astype(np.uint8)
    return full


def backdrop_of_rgb(rgb: Pixels, width: int, height: int) -> tuple[Pixels, ...]:
    """Y, U, V of a small, blurred, dimmed copy for a frame of width × height, at an eighth of its size."""
    small = _at_size(rgb, max(2, width // BACKDROP_SCALE), max(2, height // BACKDROP_SCALE))
    blurred = blur(small, max(1, round(max(small.shape) * BACKDROP_BLUR)))
    return rgb_to_yuv420((blurred.astype("uint16") * BACKDROP_LEVEL >> 8).astype("uint8"))


def _at_size(pixels: Pixels, width: int, height: int) -> Pixels:
    if pixels.shape[:2] == (height, width):
        return pixels
    return shrink(pixels, width, height)
