"""An exact rectangle becomes a window of even pixels, positions in 1/2³² sample, and coverage of its edges."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.picture.kernels import POSITION_BITS
from renderer.picture.placement import pixel_box, place
from renderer.timeline.model import Rect

FRAME = (64, 32)
ONE = 1 << POSITION_BITS
FULL, HALF = 65_535, 32_768

edges = st.fractions(-80, 80, max_denominator=64)
lengths = st.fractions(Fraction(1, 4), 150, max_denominator=64)
rects = st.builds(Rect, edges, edges, lengths, lengths)


def rect(*values):
    return Rect(*map(Fraction, values))


def span(left, width, picture=64):
    """The horizontal axis of a placement in a frame 64 wide."""
    return place(rect(left, 0, width, 32), (picture, 32), FRAME).x


@pytest.mark.parametrize(
    "place_at",
    [(64, 0, 10, 10), (-10, 0, 10, 10), (0, 32, 10, 10), (0, -10, 10, 10), (-99, -99, 10, 10)],
    ids=["right of it", "left of it", "below", "above", "far away"],
)
def test_a_picture_outside_the_frame_has_no_place(place_at):
    assert place(rect(*place_at), (64, 32), FRAME) is None


def test_a_picture_that_just_reaches_in_has_one():
    sliver = place(rect("-199/20", 0, 10, 32), (64, 32), FRAME)
    assert (sliver.x.start, sliver.x.end) == (0, 2)
    assert list(sliver.x.coverage) == [int(Fraction(1, 20) * FULL + Fraction(1, 2)), 0]


def test_a_picture_of_the_frames_size_is_sampled_at_its_own_samples():
    placed = place(rect(0, 0, 64, 32), (64, 32), FRAME)
    assert not placed.partial
    for axis, length in ((placed.x, 64), (placed.y, 32)):
        assert (axis.start, axis.end) == (0, length)
        assert [(part.origin, part.step) for part in (axis.luma, axis.chroma)] == [(0, ONE), (0, ONE)]


def test_half_the_size_reads_between_every_two_samples():
    assert span(0, 64, picture=128).luma.origin == ONE // 2
    assert span(0, 64, picture=128).luma.step == 2 * ONE


def test_chroma_lies_level_with_the_left_luma_column_and_between_two_rows():
    placed = place(rect(-4, -4, 128, 64), (64, 32), FRAME)
    assert placed.x.chroma.origin == (Fraction(9, 2) / 2 - Fraction(1, 2)) / 2 * ONE
    assert placed.y.chroma.origin == (Fraction(5) / 2 - 1) / 2 * ONE
    assert placed.x.chroma.step == ONE // 2


WINDOWS = {
    "on even pixels": ((10, 20), (10, 30), None),
    "on odd pixels": ((11, 20), (10, 32), [0, *[FULL] * 20, 0]),
    "odd on the left alone": ((11, 21), (10, 32), [0, *[FULL] * 21]),
    "odd on the right alone": ((10, 21), (10, 32), [*[FULL] * 21, 0]),
    "on fractions": (("21/2", 20), (10, 32), [HALF, *[FULL] * 19, HALF, 0]),
    "beyond both edges": ((-5, 99), (0, 64), None),
    "beyond the left edge": ((-5, 15), (0, 10), None),
    "narrower than a pixel": (("41/4", "1/2"), (10, 12), [HALF, 0]),
}


@pytest.mark.parametrize(("at", "window", "coverage"), WINDOWS.values(), ids=WINDOWS)
def test_the_window_is_even_and_its_edges_are_covered_in_part(at, window, coverage):
    axis = span(*at)
    assert (axis.start, axis.end) == window
    assert (axis.coverage.tolist() if axis.coverage is not None else None) == coverage


@given(rects, st.tuples(st.integers(2, 200), st.integers(2, 200)))
def test_the_window_holds_the_rectangle_and_no_pixel_pair_more(area, picture):
    placed = place(area, picture, FRAME)
    if placed is None:
        return
    ends = ((placed.x, area.left, area.width, 64), (placed.y, area.top, area.height, 32))
    for axis, low, length, frame in ends:
        assert axis.start % 2 == axis.end % 2 == 0
        assert 0 <= axis.start < axis.end <= frame
        assert axis.start == 0 or low - 2 < axis.start <= low
        assert axis.end == frame or low + length <= axis.end < low + length + 2


@given(rects)
def test_coverage_adds_up_to_the_visible_length(area):
    placed = place(area, (64, 32), FRAME)
    if placed is None:
        return
    axis, visible = placed.x, min(Fraction(64), area.left + area.width) - max(Fraction(0), area.left)
    if axis.coverage is None:
        assert axis.end - axis.start == visible
    else:
        assert abs(Fraction(int(axis.coverage.astype(int).sum()), FULL) - visible) < Fraction(4, FULL)
        assert len(axis.chroma_coverage) * 2 == len(axis.coverage) == axis.end - axis.start


@given(rects, st.integers(2, 200))
def test_the_first_and_last_sample_lie_where_the_rectangle_has_them(area, samples):
    placed = place(area, (samples, 32), FRAME)
    if placed is None:
        return
    for pixel in (placed.x.start, placed.x.end - 1):
        exact = (pixel + Fraction(1, 2) - area.left) * samples / area.width - Fraction(1, 2)
        steps = pixel - placed.x.start
        found = Fraction(placed.x.luma.origin + steps * placed.x.luma.step, ONE)
        assert 0 <= exact - found < Fraction(steps + 1, ONE)


BOXES = {
    "on even pixels": ((4, 6, 8, 10), (4, 6, 12, 16)),
    "the whole frame": ((0, 0, 64, 32), (0, 0, 64, 32)),
    "on odd pixels": ((3, 6, 8, 10), None),
    "of odd width": ((4, 6, 7, 10), None),
    "on half pixels": (("7/2", 6, 8, 10), None),
    "beyond the left edge": ((-2, 0, 10, 10), None),
    "beyond the lower edge": ((0, 24, 10, 10), None),
}


@pytest.mark.parametrize(("area", "box"), BOXES.values(), ids=BOXES)
def test_only_a_rectangle_on_even_pixels_inside_the_frame_is_a_box(area, box):
    assert pixel_box(rect(*area), FRAME) == box
