"""Frames → the pictures in a report: JPEGs of frames, and a heat map of where two frames differ."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from golden.planes import shrink, shrink_factor, to_rgb

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from golden.planes import Yuv

SHOWN_WIDTH = 960
_QUALITY = 82
# Black, violet, red, orange, yellow, white: readable without colour vision because it also grows lighter.
_HEAT = np.array([[8, 8, 20], [74, 20, 120], [190, 40, 80], [244, 120, 40], [252, 210, 80], [255, 255, 235]], float)
_HEAT_FULL = 24.0
"""Levels of difference that are drawn as the hottest at the least; larger ones stretch the scale."""


def jpeg(frame: Yuv) -> bytes:
    """At most 960 pixels wide."""
    return _encoded(Image.fromarray(to_rgb(_small(frame))), "JPEG", quality=_QUALITY, optimize=True)


def heat_png(before: Yuv, after: Yuv) -> bytes:
    """How much each place differs, of luma and chroma whichever is more: from black over red to white."""
    a, b = _small(before), _small(after)
    height, width = a.y.shape
    apart = np.abs(a.y.astype(np.int16) - b.y.astype(np.int16)).astype(float)
    for was, now in ((a.u, b.u), (a.v, b.v)):
        chroma = np.abs(was.astype(np.int16) - now.astype(np.int16)).astype(float)
        apart = np.maximum(apart, np.repeat(np.repeat(chroma, 2, 0), 2, 1)[:height, :width])
    scale = max(_HEAT_FULL, float(np.percentile(apart, 99.9)))
    place = np.clip(apart / scale, 0, 1) ** 0.6 * (len(_HEAT) - 1)
    lower = np.minimum(place.astype(int), len(_HEAT) - 2)
    share = (place - lower)[..., None]
    colours: NDArray[np.uint8] = (_HEAT[lower] * (1 - share) + _HEAT[lower + 1] * share + 0.5).astype(np.uint8)
    return _encoded(Image.fromarray(colours).quantize(64), "PNG", optimize=True)


def _small(frame: Yuv) -> Yuv:
    return shrink(frame, shrink_factor(*frame.size, SHOWN_WIDTH))


def _encoded(image: Image.Image, form: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, form, **options)
    return target.getvalue()
