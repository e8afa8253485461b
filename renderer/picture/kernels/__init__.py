"""The picture kernels: pure functions over uint8 planes in integer arithmetic, the same bits on every CPU.

Importing this package imports numpy and numba; the rest of the program imports it where it is used.

    shrink          a photograph → the size its deepest zoom needs
    colour          RGB ↔ BT.709 limited-range YUV 4:2:0 planes, and the planes of the nearest RGB picture
    resample        a prepared plane → a frame's plane, at any sub-sample position and size
    blend           crossfades, logos, fractional edges, in place
    blur            the background of a picture that does not fill the frame
"""

from renderer.picture.kernels.blend import ONE, blend_alpha, blend_coverage, mix_over
from renderer.picture.kernels.blur import blur
from renderer.picture.kernels.colour import (
    premultiply,
    rgb_to_yuv420,
    rgba_to_yuva420,
    settle,
    yuv420_to_rgb,
)
from renderer.picture.kernels.filters import OVERSAMPLING, Filter, choose_filter, prepare, prepared_size
from renderer.picture.kernels.plane import POSITION_BITS, Axis, PreparedPlane
from renderer.picture.kernels.resample import Implementation, Resampler, chosen_implementation
from renderer.picture.kernels.shrink import shrink
from renderer.picture.kernels.views import Image, Plane

__all__ = [
    "ONE",
    "OVERSAMPLING",
    "POSITION_BITS",
    "Axis",
    "Filter",
    "Image",
    "Implementation",
    "Plane",
    "PreparedPlane",
    "Resampler",
    "blend_alpha",
    "blend_coverage",
    "blur",
    "choose_filter",
    "chosen_implementation",
    "mix_over",
    "premultiply",
    "prepare",
    "prepared_size",
    "rgb_to_yuv420",
    "rgba_to_yuva420",
    "settle",
    "shrink",
    "yuv420_to_rgb",
]
