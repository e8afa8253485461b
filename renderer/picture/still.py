"""A frame, or an original, as a still for people: JPEG or PNG bytes, and several of them on one sheet.

Only for looking: the pixels of a video never pass through here.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

    from renderer.picture.compositor import Frame
    from renderer.picture.intake import PicturePlanes
    from renderer.picture.kernels import Plane

StillFormat = Literal["JPEG", "PNG"]
_SHIFT = 5
"""Fractional bits of the tables: sums of three stay within int16."""
_PAPER, _INK = "#15171c", "#e8eaf0"
_MARGIN, _LABEL_HEIGHT, _LABEL = 16, 30, 15


@dataclass(frozen=True, slots=True)
class SheetCell:
    """One picture of a contact sheet: (height, width, 3) uint8, and the line under it."""

    rgb: NDArray[np.uint8]
    label: str


def frame_rgb(frame: Frame) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 of a BT.709 limited frame, each chroma sample standing for its four pixels."""
    return _rgb(frame.y, frame.u, frame.v)


def planes_rgb(planes: PicturePlanes) -> NDArray[np.uint8]:
    """The same of a picture from the intake, over black where it is transparent."""
    flat = np.frombuffer(planes.data, np.uint8)
    width, height = planes.width, planes.height
    half = ((height + 1) // 2, (width + 1) // 2)
    luma, chroma = width * height, half[0] * half[1]
    u, v = (flat[start : start + chroma].reshape(half) for start in (luma, luma + chroma))
    return _rgb(flat[:luma].reshape(height, width), u, v)


def encoded_still(rgb: NDArray[np.uint8], *, form: StillFormat = "JPEG", quality: int = 85) -> bytes:
    """A whole image file; `quality` is JPEG's."""
    from PIL import Image

    return _encoded(Image.fromarray(rgb), form, quality)


def smaller(rgb: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """The same picture, `width` pixels wide."""
    from PIL import Image

    height = max(1, round(rgb.shape[0] * width / rgb.shape[1]))
    return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.LANCZOS))


def contact_sheet(cells: Sequence[SheetCell], title: str, *, columns: int = 4) -> bytes:
    """A JPEG of all cells in reading order, on a dark ground; the cells are of one size."""
    from PIL import Image, ImageDraw

    height, width = cells[0].rgb.shape[:2]
    columns = min(columns, len(cells))
    rows = -(-len(cells) // columns)
    head = 3 * _MARGIN
    size = (_MARGIN + columns * (width + _MARGIN), head + rows * (height + _LABEL_HEIGHT + _MARGIN))
    sheet = Image.new("RGB", size, _PAPER)
    draw = ImageDraw.Draw(sheet)
    draw.text((_MARGIN, head // 2), title, fill=_INK, font_size=_LABEL + 5, anchor="lm")
    for number, cell in enumerate(cells):
        left = _MARGIN + number % columns * (width + _MARGIN)
        top = head + number // columns * (height + _LABEL_HEIGHT + _MARGIN)
        sheet.paste(Image.fromarray(cell.rgb), (left, top))
        draw.text((left, top + height + _LABEL_HEIGHT // 2), cell.label, fill=_INK, font_size=_LABEL, anchor="lm")
    return _encoded(sheet, "JPEG", 88)


def _encoded(image: Image, form: StillFormat, quality: int) -> bytes:
    stream = io.BytesIO()
    if form == "JPEG":
        image.save(stream, "JPEG", quality=quality)
    else:
        image.save(stream, "PNG", compress_level=3)
    return stream.getvalue()


@cache
def _tables() -> tuple[NDArray[np.int16], ...]:
    """ITU-R BT.709, limited range: luma's share, then V in red, U and V in green, U in blue."""
    level = np.arange(256, dtype=np.float64)
    luma, chroma = (level - 16) * 255 / 219, (level - 128) * 255 / 224
    shares = (luma, chroma * 1.5748, chroma * -0.187324, chroma * -0.468124, chroma * 1.8556)
    return tuple(np.rint(share * (1 << _SHIFT)).astype(np.int16) for share in shares)


def _rgb(y: Plane, u: Plane, v: Plane) -> NDArray[np.uint8]:
    luma, red_v, green_u, green_v, blue_u = _tables()
    bright = luma[y]
    rgb = np.empty((*y.shape, 3), np.uint8)
    for channel, part in enumerate((red_v[v], green_u[u] + green_v[v], blue_u[u])):
        whole = part.repeat(2, axis=0)[: y.shape[0]].repeat(2, axis=1)[:, : y.shape[1]]
        whole += bright
        whole += 1 << (_SHIFT - 1)
        whole >>= _SHIFT
        np.clip(whole, 0, 255, out=whole)
        rgb[:, :, channel] = whole
    return rgb
