"""BT.709 limited range: known colours, exact greys, chroma's place, alpha."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.picture.kernels import colour, premultiply, rgb_to_yuv420, rgba_to_yuva420, yuv420_to_rgb

KNOWN = {
    "white": ((255, 255, 255), (235, 128, 128)),
    "black": ((0, 0, 0), (16, 128, 128)),
    "red": ((255, 0, 0), (63, 102, 240)),
    "green": ((0, 255, 0), (173, 42, 26)),
    "blue": ((0, 0, 255), (32, 240, 118)),
}


def flat(colour, height=5, width=7) -> np.ndarray:
    return np.full((height, width, len(colour)), colour, np.uint8)


@pytest.mark.parametrize(("rgb", "yuv"), KNOWN.values(), ids=KNOWN.keys())
def test_known_colours(rgb, yuv):
    assert tuple(int(plane[2, 2]) for plane in rgb_to_yuv420(flat(rgb))) == yuv


def test_coefficients_are_the_standard_s():
    red, green, blue = Fraction("0.2126"), Fraction("0.7152"), Fraction("0.0722")
    luma, blues, reds = (
        Fraction(219, 255),
        Fraction(224, 255) / Fraction("1.8556"),
        Fraction(224, 255) / Fraction("1.5748"),
    )
    exact = {"_Y_": (red, green, blue), "_U_": (-red, -green, 1 - blue), "_V_": (1 - red, -green, -blue)}
    for (row, values), scale in zip(exact.items(), (luma, blues, reds), strict=True):
        for name, value in zip("RGB", values, strict=True):
            assert abs(getattr(colour, row + name) - value * scale * 65536) <= 1


@pytest.mark.parametrize("level", range(0, 256, 15))
def test_greys_have_no_colour(level):
    _, u, v = rgb_to_yuv420(flat((level, level, level)))
    assert (u == 128).all()
    assert (v == 128).all()


@given(st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)))
@settings(max_examples=100, deadline=None)
def test_flat_colours_come_back(colour):
    back = yuv420_to_rgb(*rgb_to_yuv420(flat(colour))).astype(int)
    assert np.abs(back - colour).max() <= 2


def in_real_numbers(rgb: np.ndarray) -> list[np.ndarray]:
    r, g, b = (rgb[..., c].astype(float) / 255 for c in range(3))
    luma = 0.2126 * r + 0.7152 * g + 0.0722 * b
    planes = [16 + 219 * luma]
    for difference in (128 + 224 * (b - luma) / 1.8556, 128 + 224 * (r - luma) / 1.5748):
        wide = np.pad(difference, ((0, difference.shape[0] % 2), (1, 1)), mode="edge")
        across = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
        planes.append((across[::2, ::2] + across[1::2, ::2]) / 2)
    return planes


@pytest.mark.parametrize("size", [(8, 10), (7, 9), (1, 1), (2, 1), (1, 2)])
def test_every_sample_is_rounded_from_full_precision(size):
    rgb = np.random.default_rng(5).integers(0, 256, (*size, 3), dtype=np.uint8)
    for plane, real in zip(rgb_to_yuv420(rgb), in_real_numbers(rgb), strict=True):
        assert plane.shape == real.shape
        assert np.abs(plane - real).max() <= 0.51


def test_chroma_ramps_come_back_where_they_were():
    ramp = np.zeros((8, 64, 3), np.uint8)
    ramp[..., 0] = np.arange(64) * 3
    back = yuv420_to_rgb(*rgb_to_yuv420(ramp)).astype(int)
    assert np.abs(back - ramp)[:, 2:-2].max() <= 3


def test_invisible_colour_does_not_bleed():
    rgba = flat((0, 0, 255, 0), 8, 8)
    rgba[:, :4] = (255, 0, 0, 255)
    y, u, v, alpha, chroma_alpha = rgba_to_yuva420(premultiply(rgba))
    assert set(y[alpha == 0]) == {16}
    expected = [[round(128 + (level - 128) * int(share) / 255) for share in chroma_alpha[0]] for level in (102, 240)]
    assert np.abs(np.array([u[0], v[0]], int) - expected).max() <= 1


def test_alpha_is_kept_for_luma_and_averaged_for_chroma():
    rgba = flat((9, 9, 9, 0), 4, 6)
    rgba[:, 2:, 3] = 200
    _, _, _, alpha, chroma_alpha = rgba_to_yuva420(rgba)
    np.testing.assert_array_equal(alpha, rgba[..., 3])
    np.testing.assert_array_equal(chroma_alpha, [[0, 150, 200], [0, 150, 200]])


def test_an_opaque_logo_has_the_colours_of_the_picture():
    rgb = np.random.default_rng(6).integers(0, 256, (9, 11, 3), dtype=np.uint8)
    opaque = np.dstack([rgb, np.full((9, 11), 255, np.uint8)])
    for plane, expected in zip(rgba_to_yuva420(opaque), rgb_to_yuv420(rgb), strict=False):
        np.testing.assert_array_equal(plane, expected)


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_what_is_no_rgb_image_is_refused(shape):
    with pytest.raises(ValueError, match="expected \\(height, width, 3\\)"):
        rgb_to_yuv420(np.zeros(shape, np.uint8))
