"""How far two frames are apart, plane by plane."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from renderer.picture.compositor import Frame


def frame_psnr_db(one: Frame, other: Frame) -> float:
    """Peak signal-to-noise ratio of the worst plane in dB, peak 255; infinite where the frames are equal.

    Raises: ValueError for frames of different sizes.
    """
    if one.data.shape != other.data.shape:
        raise ValueError(f"expected frames of one size, found {one.data.shape} and {other.data.shape}")
    if np.array_equal(one.data, other.data):
        return math.inf
    pairs = ((one.y, other.y), (one.u, other.u), (one.v, other.v))
    errors = [float(np.mean(np.square(a.astype(np.int32) - b))) for a, b in pairs]
    return 10 * math.log10(255 * 255 / max(errors))


def frame_of(data: memoryview, width: int, height: int) -> Frame:
    """A frame over the bytes of one yuv420p picture."""
    from renderer.picture.compositor import Frame

    frame = Frame.empty(width, height)
    frame.data.reshape(-1)[:] = np.frombuffer(data, np.uint8)
    return frame
