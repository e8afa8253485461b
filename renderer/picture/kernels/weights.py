"""Filter weights in whole numbers: piecewise cubics evaluated in 64-bit fixed point, sums exactly one.

The cubics are the two-parameter family of Mitchell and Netravali ("Reconstruction filters in computer graphics",
SIGGRAPH 1988): B = 0, C = 1/2 is Catmull-Rom, B = 1, C = 0 the cubic B-spline. No floating point takes part, so the
weights, and with them the pixels, are the same on every CPU and with every mathematics library.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEIGHT_BITS = 14
"""Every output sample's weights add up to 1 << 14: the largest power that leaves a weight above one in 16 bits."""

ARGUMENT_BITS = 16
"""Fraction bits of a distance handed to `Cubic.evaluate`."""


@dataclass(frozen=True, slots=True)
class Cubic:
    """A Mitchell-Netravali kernel with B and C in 1/64; it is zero from a distance of 2 on."""

    b: int
    c: int

    def evaluate(self, distance: NDArray[np.int64]) -> NDArray[np.int64]:
        """384 times the kernel, with 16 fraction bits, at distances in 1/65536 samples."""
        x = np.minimum(np.abs(distance), 2 << ARGUMENT_BITS)
        x2 = (x * x) >> ARGUMENT_BITS
        x3 = (x2 * x) >> ARGUMENT_BITS
        one = np.int64(1 << ARGUMENT_BITS)
        b, c = self.b, self.c
        near = (768 - 9 * b - 6 * c) * x3 + (-1152 + 12 * b + 6 * c) * x2 + (384 - 2 * b) * one
        far = (-b - 6 * c) * x3 + (6 * b + 30 * c) * x2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c) * one
        return np.where(x < one, near, far)


CATMULL_ROM = Cubic(b=0, c=32)
B_SPLINE = Cubic(b=64, c=0)


def normalise(values: NDArray[np.int64]) -> NDArray[np.int16]:
    """Rows (outputs, taps) of any positive sums as weights that add up to 1 << 14 exactly.

    Running sums are rounded, not single weights: so thousands of taps, each less than a unit, still weigh the area
    they stand for.
    """
    total = values.sum(axis=1, keepdims=True)
    running = np.cumsum(values, axis=1)
    rounded = ((running << (WEIGHT_BITS + 1)) + total) // (2 * total)
    weights: NDArray[np.int16] = np.diff(rounded, axis=1, prepend=0).astype(np.int16)
    return weights
