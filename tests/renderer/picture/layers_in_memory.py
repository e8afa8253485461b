"""Timelines of pictures that are in no file."""

from __future__ import annotations

import hashlib
import io
from fractions import Fraction

from PIL import Image

from renderer.timebase import FrameRange
from renderer.timeline.geometry import fitted_size, view_rect
from renderer.timeline.model import ImageSource, Layer, Motion, Sound, Timeline

MIDDLE = (Fraction(1, 2), Fraction(1, 2))


class Library:
    """Pictures in memory, in the place of a story's folder."""

    def __init__(self):
        self._content = {}

    def add(self, pixels):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "PNG", compress_level=1)
        content = stream.getvalue()
        digest = hashlib.sha256(content).hexdigest()
        self._content[digest] = content
        return ImageSource(f"{digest[:8]}.png", digest, pixels.shape[1], pixels.shape[0], pixels.shape[2] == 4)

    def read_image(self, source, _limit):
        return self._content[source.sha256]


def timeline_of(*layers, size=(64, 36), frames=10, color="#000000"):
    background = Layer("background", "background", 0, FrameRange(0, frames), color=color)
    return Timeline("t", "t", Fraction(30), *size, frames, (background, *layers), Sound(0))


def image(source, size, *, fit="cover", start=(Fraction(1), MIDDLE), end=None, seen=(0, 10), ease="linear", **more):
    """An image layer that moves from view `start` to view `end` (zoom, focus) over `seen`."""
    fitted = fitted_size((source.width, source.height), size, fit)
    first, last = view_rect(fitted, size, *start), view_rect(fitted, size, *(end or start))
    over = more.pop("over", FrameRange(*seen))
    motion = None if first == last else Motion(first, last, ease, over)
    z = more.pop("z", 1)
    return Layer(f"image-{z}", "image", z, FrameRange(*seen), source=source, rect=first, fit=fit, motion=motion, **more)


def copied(frame):
    return frame.data.copy()
