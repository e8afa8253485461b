"""The bundled demo at its own size as a story of its own, recorded once, and what may be done to its media."""

from __future__ import annotations

import re
import shutil

import numpy as np
from PIL import Image, ImageFilter
from story_folder import StoryFolder

from assets import asset_path
from renderer.ffmpeg_process import find_ffmpeg, run_process

SHOTS = {
    "misty-hills": (90, 228),
    "wren": (210, 321),
    "osprey": (321, 435),
    "mountain-lake": (420, 594),
    "forget-me-nots": (594, 816),
    "dandelion": (792, 915),
}
"""Where each photograph is seen at all, crossfades included."""
NUMBERS = {name: number for number, name in enumerate(SHOTS)}
WHOLE = (0, 975)


class Demo(StoryFolder):
    """A folder that holds a copy of the demo."""

    def edit(self, *changes):
        """Replace each `(old, new)` text of the spec, which is there exactly once."""
        text = self.spec.read_text()
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        self.spec.write_text(text)

    def picture(self, name, change):
        """Replace a photograph by `change` of its (height, width, 3) array."""
        path = self.folder / f"{name}.jpg"
        with Image.open(path) as photo:
            pixels = np.asarray(photo.convert("RGB"))
        Image.fromarray(change(pixels)).save(path, quality=98, subsampling=0)

    def sound(self, name, filters):
        """Send a sound through FFmpeg's filters."""
        path = self.folder / f"{name}.flac"
        other = path.with_name("other.flac")
        run_process([str(find_ffmpeg().path), "-v", "error", "-i", str(path), "-af", filters, str(other)])
        other.replace(path)


def copy_demo(folder):
    shutil.copytree(asset_path("demo/story.yaml").parent, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return Demo(folder)


def named(name):
    """`images[3] (mountain-lake.jpg)`, and its layer."""
    return f"images[{NUMBERS[name]}] ({name}.jpg)", f"image-{NUMBERS[name] + 1}"


def blur(sigma):
    return lambda pixels: np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def left(columns):
    return lambda pixels: np.concatenate([pixels[:, columns:], np.repeat(pixels[:, -1:], columns, axis=1)], axis=1)


def near(frames, expected, slack=3):
    """Whether a range is the expected one, but for the frames in which a fade or an easing has not shown it yet."""
    return all(abs(a - b) <= slack for a, b in zip(frames, expected, strict=True))


def assert_found(found, expected):
    """`found` and `expected` hold (where, layer or track, frames, words); words are a pattern."""
    assert len(found) == len(expected), found
    for (where, part, frames, what), (own_where, own_part, own_frames, words) in zip(found, expected, strict=True):
        assert (where, part) == (own_where, own_part), found
        assert (frames is None) == (own_frames is None), found
        assert frames is None or near(frames, own_frames), (what, frames, own_frames)
        assert re.fullmatch(words, what), what
