"""Every way a video can change unnoticed by a person: found, placed on its layer or track, named right."""

from __future__ import annotations

import re

import numpy as np
import pytest
from picture_faults import gamma, hue
from PIL import Image, ImageFilter

from golden.check import accept, check

WHOLE = (0, 120)


def blur(pixels):
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(2)))


def shift(pixels):
    """Four source pixels: two of the video."""
    return np.concatenate([pixels[:, 4:], np.repeat(pixels[:, -1:], 4, axis=1)], axis=1)


PICTURES = {
    "hue +3°": ("wren", hue(3), r"hue \+(2\.[89]|3\.[0-2])°"),
    "gamma 1.05": ("wren", gamma(1.05), r"gamma 1\.0[456]"),
    "2 px left": ("wren", shift, r"moved (2|1\.9|2\.1) px left"),
    "1 px blur": ("osprey", blur, r"blurred by (0\.9|1\.0|1\.1) px"),
    "another picture": ("wren", lambda pixels: np.roll(pixels[::-1, ::-1], 200, axis=1), "another picture"),
}


@pytest.mark.parametrize(("name", "change", "words"), PICTURES.values(), ids=PICTURES)
def test_a_changed_picture_is_named_by_what_happened_to_it(studio, failures, name, change, words):
    studio.picture(name, change)
    [(where, layer, frames, what)] = failures(check(studio.golden))
    number = {"wren": 1, "osprey": 2}[name]
    assert (where, layer) == (f"images[{number}] ({name}.png)", f"image-{number + 1}")
    assert frames == {"wren": (40, 80), "osprey": (80, 120)}[name]
    assert re.fullmatch(f"the file's content changed: {words}", what), what


SPECS = {
    "corner logo missing": (
        {"brand": {"logo": "asset:brand/logo.png"}},
        ("brand.corner (brand/logo.png)", "corner", WHOLE, "is no longer there"),
    ),
    "opacity 80 to 70": (
        {"brand": {"logo": "asset:brand/logo.png", "corner": {"opacity": 70}}},
        ("brand.corner (brand/logo.png)", "corner", WHOLE, "opacity 70 % instead of 80 %"),
    ),
    "music 3 dB louder": (
        {"music": {"file": "music.wav", "gain_db": -22}},
        ("music (music.wav)", "music", WHOLE, "gain -22 dB instead of -25 dB"),
    ),
}


@pytest.mark.parametrize(("changes", "expected"), SPECS.values(), ids=SPECS)
def test_a_changed_spec_is_named_by_its_part(studio, failures, changes, expected):
    studio.write(**changes)
    assert failures(check(studio.golden)) == [expected]


def test_a_shorter_crossfade_is_placed_on_its_frames(studio, failures):
    studio.write(images=studio.images(1, transition={"kind": "crossfade", "length": "13f"}))
    what = "crossfade of 13 frames instead of 15, 2 frames shorter"
    assert failures(check(studio.golden)) == [("images[1] (wren.png)", "image-2", (40, 55), what)]


def test_another_easing_is_named(studio, failures):
    motion = {"from": {"zoom": 1.0}, "to": {"zoom": 1.15, "focus": [0.6, 0.5]}, "ease": "linear"}
    studio.write(images=studio.images(2, motion=motion))
    [(where, layer, frames, what)] = failures(check(studio.golden))
    assert (where, layer, what) == ("images[2] (osprey.png)", "image-3", "easing linear instead of in-out")
    assert 80 <= frames[0] <= 82  # both easings begin alike
    assert 118 <= frames[1] <= 120


def test_swapped_images_are_told_as_such(studio, failures):
    images = studio.images(1, file="osprey.png")
    images[2]["file"] = "wren.png"
    studio.write(images=images)
    assert failures(check(studio.golden)) == [
        ("images[1] (wren.png)", "image-2", (40, 80), "swapped with images[2] (osprey.png)"),
        ("images[2] (osprey.png)", "image-3", (80, 120), "swapped with images[1] (wren.png)"),
    ]


def test_a_dropped_frame_is_placed_and_what_follows_is_the_same(studio, failures):
    studio.write(images=[image | {"motion": "none"} for image in studio.images(0)])
    accept(studio.golden)
    shorter = [image | {"motion": "none"} for image in studio.images(1, hold="39f")]
    studio.write(images=shorter, length="119f", narration=None)
    found = failures(check(studio.golden))
    assert ("images[1] (wren.png)", "image-2", (40, 80), "lasts 39 frames instead of 40, 1 frame shorter") in found
    assert not any(layer == "image-3" for _, layer, _, _ in found)


def test_a_late_voice_is_measured(studio, failures):
    studio.sound("voice", lambda samples: np.concatenate([np.zeros((960, 2), np.int16), samples[:-960]]))
    [(where, track, frames, what)] = failures(check(studio.golden))
    assert (where, track, frames) == ("narration (voice.wav)", "narration", WHOLE)
    assert re.fullmatch(r"the file's content changed: (19\.[89]|20\.[01]) ms late", what), what


def test_swapped_channels_are_heard(studio, failures):
    studio.sound("voice", lambda samples: samples[:, ::-1])
    [(where, _track, _frames, what)] = failures(check(studio.golden))
    assert where == "narration (voice.wav)"
    assert what == "the file's content changed: left and right swapped"
