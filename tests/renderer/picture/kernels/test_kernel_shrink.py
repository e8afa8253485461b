"""`shrink` against the same filter in real numbers, and where sizes are extreme."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.picture.kernels import prepare, shrink
from renderer.picture.kernels.shrink import Response, axis_weights


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def catmull_rom(x: np.ndarray) -> np.ndarray:
    x = np.abs(x)
    far = np.where(x < 2, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2, 0)
    return np.where(x < 1, 1.5 * x**3 - 2.5 * x**2 + 1, far)


def real_axis(source: int, size: int, band: int, boost: float) -> np.ndarray:
    """(size, source) matrix of real weights, the edges' weights folded onto the first and last sample."""
    band, taps = min(band, source), np.arange(-6 * source, 7 * source)
    away = (taps - ((np.arange(size)[:, None] + 0.5) * source / size - 0.5)) * band / source
    weights = (1 + 2 * boost) * catmull_rom(away) - boost * (
        catmull_rom(away - band / size) + catmull_rom(away + band / size)
    )
    matrix = np.zeros((size, source))
    np.add.at(matrix.T, np.clip(taps, 0, source - 1), weights.T)
    return matrix / matrix.sum(axis=1, keepdims=True)


def in_real_numbers(image, width, height, band=None, boost=0.0) -> np.ndarray:
    band_w, band_h = band or (width, height)
    across = real_axis(image.shape[1], width, band_w, boost)
    down = real_axis(image.shape[0], height, band_h, boost)
    return np.clip(np.einsum("ia,abc,jb->ijc", down, image.astype(float), across, optimize=True), 0, 255)


SIZES = {
    "shrunk by a fraction": (41, 33),
    "shrunk a lot": (3, 2),
    "to one pixel": (1, 1),
    "the same": (61, 47),
    "enlarged": (150, 140),
    "wider and lower": (90, 20),
}


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
def test_every_pixel_is_within_one_of_the_filter_in_real_numbers(size, channels):
    image = noise(47, 61, channels)
    error = shrink(image, *size) - in_real_numbers(image, *size)
    assert np.abs(error).max() <= 1
    assert error.size < 4000 or abs(error.mean()) < 0.01, "neither brighter nor darker"


def test_a_prepared_picture_has_its_detail_raised_as_documented():
    image = noise(60, 90, 3)
    expected = in_real_numbers(image, 60, 45, band=(40, 30), boost=13 / 64)
    assert np.abs(prepare(image, 40, 30) - expected).max() <= 1


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 50), st.integers(1, 50), st.integers(0, 255))
@settings(max_examples=60, deadline=None)
def test_a_flat_image_stays_flat_at_any_size(height, width, new_height, new_width, level):
    image = np.full((height, width, 3), level, np.uint8)
    for result in (shrink(image, new_width, new_height), prepare(image, new_width, new_height)):
        assert (result == level).all()


@pytest.mark.parametrize(("band", "boost"), [((0, 1), 0), ((1, 0), 0), ((1, 1), -1), ((1, 1), 25)])
def test_a_response_beyond_its_limits_is_refused(band, boost):
    with pytest.raises(ValueError, match="expected a band"):
        Response(*band, boost)


@given(st.integers(1, 5000), st.integers(1, 200), st.integers(1, 200), st.sampled_from([0, 13, 24]))
@settings(max_examples=60, deadline=None)
def test_weights_add_up_to_one(source, size, band, boost):
    _, weights = axis_weights(source, size, min(band, size), boost)
    assert (weights.sum(axis=1, dtype=int) == 1 << 14).all()
    assert np.abs(weights.astype(int)).sum(axis=1).max() <= 4 << 14


def test_a_window_of_a_larger_image_needs_no_copy():
    image = noise(50, 60, 3)
    window = image[5:40, 10:45]
    np.testing.assert_array_equal(shrink(window, 12, 11), shrink(window.copy(), 12, 11))


def test_mirrored_and_turned_views_are_read_as_they_look():
    image = noise(30, 40, 3)
    for view in (image[::-1], image[:, ::-1], image.swapaxes(0, 1)):
        np.testing.assert_array_equal(shrink(view, 9, 8), shrink(view.copy(), 9, 8))


@pytest.mark.parametrize(
    ("image", "size", "message"),
    [
        pytest.param(np.zeros((4, 4), np.uint8), (2, 2), "found \\(4, 4\\)", id="no channels"),
        pytest.param(np.zeros((4, 4, 3), np.uint16), (2, 2), "uint16", id="16 bits"),
        pytest.param(np.zeros((0, 4, 3), np.uint8), (2, 2), "found \\(0, 4, 3\\)", id="empty"),
        pytest.param(np.zeros((4, 4, 3), np.uint8), (0, 2), "found 0 x 2", id="to nothing"),
    ],
)
def test_what_is_no_image_is_refused(image, size, message):
    with pytest.raises(ValueError, match=message):
        shrink(image, *size)
