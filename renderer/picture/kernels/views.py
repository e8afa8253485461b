"""Planes as flat buffers: what kernels read and write.

numba compiles once per array layout. A whole plane and a window into one would be two layouts, and every kernel of two
planes would be compiled four times; so a kernel gets the bytes from a window's first sample to its last as one
one-dimensional array, and the distance between rows.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Plane = NDArray[np.uint8]
"""(height, width) uint8: one component of a picture."""
Image = NDArray[np.uint8]
"""(height, width, channels) uint8, channels last."""


def flat_rows(plane: Plane, *, writeable: bool = False) -> tuple[Plane, int]:
    """A (height, width) window as (its bytes from first to last sample, the distance between rows).

    Raises: ValueError unless the window is two-dimensional uint8 with adjacent columns and rows that do not overlap,
    not empty and, if `writeable`, writeable.
    """
    if plane.ndim != 2 or plane.dtype != np.uint8 or plane.size == 0:
        raise ValueError(f"expected a plane (height, width) of uint8, found {plane.shape} of {plane.dtype}")
    height, width = plane.shape
    row, column = plane.strides
    stride = row if height > 1 else width
    if (width > 1 and column != 1) or stride < width:
        raise ValueError(f"expected adjacent columns and rows in order, found strides {plane.strides}")
    if writeable and not plane.flags.writeable:
        raise ValueError("expected a writeable plane, found a read-only one")
    if stride == width:
        whole = plane.reshape(-1)
        whole.flags.writeable = writeable
        return whole, stride
    return as_strided(plane, ((height - 1) * stride + width,), (1,), writeable=writeable), stride


def same_shape(dst: Plane, *others: Plane) -> tuple[int, int]:
    """The (height, width) that all planes have. Raises: ValueError where one differs."""
    for other in others:
        if other.shape != dst.shape:
            raise ValueError(f"expected planes of one size, found {dst.shape} and {other.shape}")
    return dst.shape[0], dst.shape[1]
