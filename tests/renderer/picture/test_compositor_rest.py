"""Layers at rest: their frames are those of an 8-bit RGB picture; moving ones are left alone."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from layers_in_memory import MIDDLE, copied, image, timeline_of

from renderer.picture.kernels import rgb_to_yuv420
from renderer.timeline.geometry import opacity_at


@pytest.fixture(scope="module")
def hostile(library):
    """Blocks of the eight outermost colours: scaled, they overshoot everywhere."""
    small = (np.random.default_rng(9).integers(0, 2, (20, 24, 3)) * 255).astype(np.uint8)
    return library.add(np.repeat(np.repeat(small, 5, 0), 5, 1))


def samples_not_of_its_picture(renderer, number):
    planes = rgb_to_yuv420(renderer.picture(number))
    frame = renderer.frame(number)
    return sum(int((a != b).sum()) for a, b in zip(planes, (frame.y, frame.u, frame.v), strict=True))


@pytest.mark.parametrize("fit", ["cover", "contain", "blur"])
def test_a_layer_at_rest_is_its_picture(renderer_of, hostile, fit):
    size = (96, 54)
    renderer = renderer_of(timeline_of(image(hostile, size, fit=fit), size=size, color="#204060"))
    assert samples_not_of_its_picture(renderer, 3) == 0


def test_a_transparent_picture_at_rest_too(renderer_of, library):
    size = (96, 54)
    rgba = np.random.default_rng(4).integers(0, 256, (60, 80, 4), dtype=np.uint8)
    renderer = renderer_of(timeline_of(image(library.add(rgba), size, fit="contain"), size=size, color="#ff0000"))
    assert samples_not_of_its_picture(renderer, 0) == 0


def test_a_moving_layer_keeps_what_the_resampler_gave(renderer_of, hostile):
    size = (96, 54)
    renderer = renderer_of(timeline_of(image(hostile, size, end=(Fraction(11, 10), MIDDLE)), size=size))
    assert samples_not_of_its_picture(renderer, 0) > 0


def test_asking_for_a_picture_leaves_the_frame_alone(renderer_of, hostile):
    size = (96, 54)
    renderer = renderer_of(timeline_of(image(hostile, size, end=(Fraction(11, 10), MIDDLE)), size=size))
    before = copied(renderer.frame(2))
    renderer.picture(2)
    np.testing.assert_array_equal(copied(renderer.frame(2)), before)


@pytest.mark.parametrize("fit", ["cover", "blur"])
def test_crossfades_mix_settled_pictures(renderer_of, library, hostile, fit):
    """The frame in a fade is the mean of the two at rest, weighted: what a fade of two slides is."""
    size = (96, 54)
    other = library.add(np.full((54, 96, 3), (40, 90, 160), np.uint8))
    below, above = image(other, size), image(hostile, size, fit=fit, z=2, fade_in=5)
    alone = [copied(renderer_of(timeline_of(layer, size=size)).frame(9)).astype(float) for layer in (below, above)]
    renderer = renderer_of(timeline_of(below, above, size=size))
    for number in (1, 3):
        weight = float(opacity_at(above, number))
        mixed = alone[0] + weight * (alone[1] - alone[0])
        assert np.abs(copied(renderer.frame(number)) - mixed).max() <= 0.51
