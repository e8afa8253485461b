"""Weights that add up to one, a gain that does not breathe, taps that fit the zoom."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from renderer.picture.kernels import POSITION_BITS, choose_filter, prepared_size
from renderer.picture.kernels.filters import FOUR_TAP_STEP, OVERSAMPLING, TAPS, Filter, weight_table
from renderer.picture.kernels.weights import B_SPLINE, CATMULL_ROM, Cubic

ONE = 1 << POSITION_BITS
CUBICS = pytest.mark.parametrize(
    "cubic", [B_SPLINE, CATMULL_ROM, Cubic(21, 21)], ids=["b-spline", "catmull", "mitchell"]
)


@CUBICS
@pytest.mark.parametrize("taps", TAPS)
def test_every_phase_adds_up_to_one(cubic, taps):
    for widening in (256, 300, 64 * taps):
        table = weight_table(cubic, taps, widening).astype(int)
        assert (table.sum(axis=1) == 1 << 14).all()
        assert np.abs(table).sum(axis=1).max() <= 2 << 14, "a filtered row fits 16 bits"


@CUBICS
def test_phases_mirror_each_other(cubic):
    table = weight_table(cubic, 8, 400)
    np.testing.assert_array_equal(table[1:], table[:0:-1, ::-1])


def exact(cubic: Cubic, distance: Fraction) -> Fraction:
    """Mitchell and Netravali's formula in rational numbers."""
    x, b, c = abs(distance), Fraction(cubic.b, 64), Fraction(cubic.c, 64)
    if x < 1:
        return ((12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + 6 - 2 * b) / 6
    near = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + 8 * b + 24 * c
    return near / 6 if x < 2 else Fraction(0)


@CUBICS
def test_weights_are_the_cubic_s_rounded(cubic):
    table = weight_table(cubic, 4, 256)
    for phase in range(0, 512, 37):
        expected = [float(exact(cubic, Fraction(512 * k - phase, 512)) * (1 << 14)) for k in range(-1, 3)]
        np.testing.assert_allclose(table[phase], expected, atol=1.6)


@pytest.mark.parametrize(("cycles", "limit"), [(0.25, 1.01), (0.35, 1.03)])
def test_sharpness_hardly_depends_on_the_phase(cycles, limit):
    weights = weight_table(B_SPLINE, 4, 256) / (1 << 14)
    turns = cycles / float(OVERSAMPLING) * np.arange(4)
    gain = np.abs((weights * np.exp(2j * np.pi * turns)).sum(axis=1))
    assert gain.max() / gain.min() <= limit


@pytest.mark.parametrize(
    ("zoom", "taps"), [(1.0, 4), (1.15, 4), (1.2, 4), (1.25, 8), (2.0, 8), (2.5, 16), (4.0, 16), (9.0, 64), (99.0, 64)]
)
def test_taps_follow_the_widest_view(zoom, taps):
    assert choose_filter(int(FOUR_TAP_STEP * zoom)).taps == taps


def test_a_filter_widens_with_the_step_without_a_jump():
    tables = [Filter(8).table(int(FOUR_TAP_STEP * (1 + k / 256))).astype(int) for k in range(257)]
    assert max(np.abs(a - b).max() for a, b in itertools.pairwise(tables)) < 60


def test_a_tap_count_without_compiled_code_is_refused():
    with pytest.raises(ValueError, match="found 6"):
        Filter(6)


@pytest.mark.parametrize(
    ("source", "deepest", "expected"),
    [
        pytest.param((6000, 4000), (2208, 1472), (3312, 2208), id="a large photo is shrunk"),
        pytest.param((1600, 1067), (2208, 1472), (1600, 1067), id="a small one is left alone"),
        pytest.param((1, 1), (2208, 1472), (1, 1), id="one pixel"),
    ],
)
def test_a_picture_is_prepared_as_large_as_it_is_seen(source, deepest, expected):
    assert prepared_size(*source, *deepest) == expected
