"""Fits, views, easings and moves as exact rectangles: the view never leaves the picture, details travel straight."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.timebase import FrameRange
from renderer.timeline.geometry import eased, fitted_size, moved, opacity_at, rect_at, view_rect
from renderer.timeline.model import Layer, Motion, Rect

FRAME = (1920, 1080)
MIDDLE = (Fraction(1, 2), Fraction(1, 2))
EASES = ("linear", "in", "out", "in-out")

sides = st.integers(1, 8000)
sizes = st.tuples(sides, sides)
fits = st.sampled_from(["cover", "contain", "blur"])
fractions = st.fractions(0, 1, max_denominator=1000)
zooms = st.fractions(1, 20, max_denominator=100)
rects = st.builds(
    Rect, *[st.fractions(-500, 500, max_denominator=99)] * 2, *[st.fractions(1, 999, max_denominator=99)] * 2
)


def right(rect):
    return rect.left + rect.width


def bottom(rect):
    return rect.top + rect.height


FITS = {
    "same shape": ((640, 360), "cover", (1920, 1080)),
    "wide picture covers by its height": ((4000, 1000), "cover", (4320, 1080)),
    "tall picture covers by its width": ((1000, 4000), "cover", (1920, 7680)),
    "wide picture is contained by its width": ((4000, 1000), "contain", (1920, 480)),
    "tall picture is contained by its height": ((1000, 4000), "contain", (270, 1080)),
    "blur shows everything": ((1000, 4000), "blur", (270, 1080)),
    "a third of a pixel is kept": ((3, 7), "contain", (Fraction(3240, 7), 1080)),
}


@pytest.mark.parametrize(("picture", "fit", "expected"), FITS.values(), ids=FITS)
def test_a_fit_sizes_the_whole_picture(picture, fit, expected):
    assert fitted_size(picture, FRAME, fit) == expected


@given(sizes, fits)
def test_a_fitted_picture_keeps_its_shape_and_meets_two_edges(picture, fit):
    width, height = fitted_size(picture, FRAME, fit)
    assert width * picture[1] == height * picture[0]
    assert width == FRAME[0] or height == FRAME[1]
    inside = width <= FRAME[0] and height <= FRAME[1]
    assert inside if fit != "cover" else (width >= FRAME[0] and height >= FRAME[1])


@given(sizes, fits, fractions, fractions)
def test_zoom_1_shows_the_whole_frame_that_the_fit_chose(picture, fit, across, down):
    fitted = fitted_size(picture, FRAME, fit)
    rect = view_rect(fitted, FRAME, Fraction(1), (across, down))
    assert (rect.width, rect.height) == fitted
    assert rect.covers(*FRAME) or fit != "cover"


@given(sizes, fits, zooms, fractions, fractions)
def test_the_view_never_leaves_the_picture(picture, fit, zoom, across, down):
    rect = view_rect(fitted_size(picture, FRAME, fit), FRAME, zoom, (across, down))
    for low, high, length in ((rect.left, right(rect), FRAME[0]), (rect.top, bottom(rect), FRAME[1])):
        if high - low > length:
            assert low <= 0
            assert high >= length
        else:
            assert low == length - high


@given(fractions, fractions, st.fractions(2, 20, max_denominator=100))
def test_the_focus_comes_to_the_middle_wherever_the_edges_let_it(across, down, zoom):
    rect = view_rect((Fraction(1920), Fraction(1080)), FRAME, zoom, (across, down))
    seen = 1 / (2 * zoom)
    assert (960 - rect.left) / rect.width == min(max(across, seen), 1 - seen)
    assert (540 - rect.top) / rect.height == min(max(down, seen), 1 - seen)


@pytest.mark.parametrize(
    ("focus", "expected"),
    [((0, 0), (0, 0)), ((1, 1), (-1920, -1080)), ((Fraction(1, 4), Fraction(3, 4)), (0, -1080))],
    ids=["first corner", "last corner", "just reached"],
)
def test_the_focus_reaches_the_corners(focus, expected):
    rect = view_rect((Fraction(1920), Fraction(1080)), FRAME, Fraction(2), tuple(map(Fraction, focus)))
    assert (rect.left, rect.top) == expected


@pytest.mark.parametrize(
    ("ease", "quarter", "half"),
    [("linear", "1/4", "1/2"), ("in", "1/16", "1/4"), ("out", "7/16", "3/4"), ("in-out", "5/32", "1/2")],
)
def test_an_easing_is_exact(ease, quarter, half):
    assert [eased(ease, Fraction(step, 4)) for step in (0, 1, 2, 4)] == [0, Fraction(quarter), Fraction(half), 1]


@given(st.sampled_from(EASES), fractions, fractions)
def test_an_easing_never_goes_back(ease, one, other):
    low, high = sorted((one, other))
    assert 0 <= eased(ease, low) <= eased(ease, high) <= 1
    assert low == high or eased(ease, low) < eased(ease, high)


@given(fractions)
def test_easings_mirror_each_other(progress):
    assert eased("out", progress) == 1 - eased("in", 1 - progress)
    assert eased("in-out", progress) == 1 - eased("in-out", 1 - progress)


@given(rects, rects, st.sampled_from(EASES), st.integers(2, 300), st.integers(0, 1000))
def test_a_move_reaches_from_on_its_first_frame_and_to_on_its_last(start, end, ease, frames, begin):
    motion = Motion(start, end, ease, FrameRange(begin, begin + frames))
    assert (moved(motion, begin), moved(motion, begin + frames - 1)) == (start, end)
    assert (moved(motion, begin - 1), moved(motion, begin + frames + 50)) == (start, end)


@given(rects, rects, st.sampled_from(EASES), st.integers(0, 59), fractions, fractions)
def test_every_detail_travels_in_a_straight_line(start, end, ease, frame, across, down):
    motion = Motion(start, end, ease, FrameRange(0, 60))
    begin, here, goal = (
        (rect.left + across * rect.width, rect.top + down * rect.height) for rect in (start, moved(motion, frame), end)
    )
    progress = eased(ease, Fraction(frame, 59))
    assert here == tuple(a + (b - a) * progress for a, b in zip(begin, goal, strict=True))


@given(sizes, zooms, zooms, st.tuples(fractions, fractions), st.tuples(fractions, fractions), st.integers(0, 59))
def test_a_move_between_two_views_never_uncovers_the_frame(picture, zoom_a, zoom_b, focus_a, focus_b, frame):
    fitted = fitted_size(picture, FRAME, "cover")
    views = (view_rect(fitted, FRAME, zoom, focus) for zoom, focus in ((zoom_a, focus_a), (zoom_b, focus_b)))
    assert moved(Motion(*views, "in-out", FrameRange(0, 60)), frame).covers(*FRAME)


def test_a_move_over_one_frame_rests_at_its_start():
    a, b = Rect(*map(Fraction, (0, 0, 10, 10))), Rect(*map(Fraction, (5, 5, 10, 10)))
    assert moved(Motion(a, b, "linear", FrameRange(7, 8)), 7) == a


def test_a_layer_without_motion_stays_and_a_colour_is_nowhere():
    rect = Rect(*map(Fraction, (1, 2, 3, 4)))
    still = Layer("image-1", "image", 1, FrameRange(0, 10), color="#000000", rect=rect)
    assert {rect_at(still, frame) for frame in range(10)} == {rect}
    assert rect_at(replace(still, rect=None), 5) is None


@given(st.integers(1, 200), st.integers(0, 100), st.integers(0, 500))
def test_a_fade_rises_evenly_and_is_its_own_mirror(fade, opacity, start):
    layer = Layer("image-1", "image", 1, FrameRange(start, start + 300), color="#ffffff", opacity=opacity, fade_in=fade)
    steps = [opacity_at(layer, start + step) for step in range(fade)]
    full = Fraction(opacity, 100)
    assert all(low + high == full for low, high in zip(steps, reversed(steps), strict=True))
    assert steps == sorted(steps)
    assert opacity_at(layer, start + fade) == full
