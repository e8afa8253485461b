"""The background blur: flat stays flat, light is kept, the spread is what the radius says."""

import numpy as np
import pytest

from renderer.picture.kernels import blur


@pytest.mark.parametrize("shape", [(1, 1), (5, 3), (1, 40), (20, 30, 3)])
@pytest.mark.parametrize("radius", [0, 1, 7, 60])
def test_flat_areas_keep_their_level(shape, radius):
    for level in (0, 1, 127, 255):
        assert (blur(np.full(shape, level, np.uint8), radius) == level).all()


def test_radius_zero_changes_nothing():
    image = np.random.default_rng(8).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    np.testing.assert_array_equal(blur(image, 0), image)


def test_the_spread_is_that_of_three_boxes():
    image = np.zeros((81, 81), np.uint8)
    image[38:43, 38:43] = 255
    line = blur(image, 4).astype(float).sum(axis=0)
    places = np.arange(81)
    variance = (line * (places - 40.0) ** 2).sum() / line.sum()
    assert (line * places).sum() / line.sum() == pytest.approx(40, abs=0.01)
    assert variance == pytest.approx((9**2 - 1) / 4 + (5**2 - 1) / 12, rel=0.03)


def test_light_is_kept_away_from_the_edges():
    image = np.zeros((60, 60), np.uint8)
    image[25:35, 25:35] = 200
    assert blur(image, 3).sum() == pytest.approx(image.sum(), rel=0.01)


def test_edges_repeat():
    half = np.repeat(np.array([[0, 200]], np.uint8), 20, axis=1)
    result = blur(half, 2)
    assert result[0, 0] == 0
    assert result[0, -1] == 200


@pytest.mark.parametrize("radius", [-1, 4097])
def test_a_radius_beyond_its_limits_is_refused(radius):
    with pytest.raises(ValueError, match="expected a radius"):
        blur(np.zeros((3, 3), np.uint8), radius)
