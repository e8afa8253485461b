"""Frames against what they must show: references are formulas in floats, never the code under test.

Pictures are smooth functions of their coordinates: what a pixel must show follows from the exact rectangle alone.
"""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layers_in_memory import MIDDLE, copied, image, timeline_of

from renderer.picture import compositor
from renderer.timebase import FrameRange
from renderer.timeline.geometry import fitted_size, rect_at, view_rect
from renderer.timeline.model import Layer, Rect

LUMA = np.array([0.2126, 0.7152, 0.0722])
RED, GREEN = (200, 40, 60), (30, 160, 90)


def to_yuv(rgb):
    """BT.709 limited range in floats: Y, U, V of (…, 3) full-range RGB (ITU-R BT.709-6, items 3.2 to 3.4)."""
    rgb = np.asarray(rgb, float)
    y = rgb @ LUMA
    u, v = (rgb[..., 2] - y) / 1.8556, (rgb[..., 0] - y) / 1.5748
    return np.array([16 + y * 219 / 255, 128 + u * 224 / 255, 128 + v * 224 / 255])


def smooth(u, v):
    """A soft, colourful picture at fractions (u, v) of its width and height."""
    red = 128 + 100 * np.sin(2 * np.pi * u + 1) * np.cos(np.pi * v)
    green = 120 + 90 * np.cos(3 * np.pi * u * v + 0.5)
    return np.stack([red, green, 130 + 80 * np.sin(2 * np.pi * (v - u))], -1)


def sampled(function, width, height):
    v, u = (np.mgrid[0:height, 0:width] + 0.5) / np.array([height, width])[:, None, None]
    return np.clip(np.rint(function(u, v)), 0, 255).astype(np.uint8)


def flat(color, width=64, height=36):
    return np.full((height, width, len(color)), color, np.uint8)


def positions(size, *, chroma):
    """Centres of the samples in output pixels; chroma lies level with even columns, between two rows."""
    if chroma:
        return np.meshgrid(np.arange(0, size[0], 2) + 0.5, np.arange(0, size[1], 2) + 1.0)
    return np.meshgrid(np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5)


def coverage(low, length, count):
    """How much of each of `count` pixels lies within [low, low + length)."""
    edges = np.arange(count + 1)
    inside = np.clip(edges, float(low), float(low + length))
    return np.diff(inside)


def expected_planes(rect, size, function=smooth, color=(0, 0, 0)):
    """Float Y, U, V of a smooth picture at `rect` over a flat colour."""
    planes = []
    for chroma, component in ((False, 0), (True, 1), (True, 2)):
        x, y = positions(size, chroma=chroma)
        u = np.clip((x - float(rect.left)) / float(rect.width), 0, 1)
        v = np.clip((y - float(rect.top)) / float(rect.height), 0, 1)
        shown = to_yuv(function(u, v))[component]
        share = coverage(rect.top, rect.height, size[1])[:, None] * coverage(rect.left, rect.width, size[0])
        if chroma:
            share = share.reshape(size[1] // 2, 2, size[0] // 2, 2).mean(axis=(1, 3))
        planes.append(share * shown + (1 - share) * to_yuv(color)[component])
    return planes


def psnr(found, expected):
    return 10 * np.log10(255**2 / np.mean((found - expected) ** 2))


PICTURES = {"landscape": (640, 480), "portrait": (300, 500), "square": (400, 400)}
OUTPUTS = {"wide output": (320, 180), "vertical output": (180, 320), "square output": (200, 200)}


@pytest.mark.parametrize("fit", ["cover", "contain"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("picture", PICTURES)
def test_a_moving_picture_is_where_its_rectangle_says(library, renderer_of, picture, output, fit):
    size = OUTPUTS[output]
    source = library.add(sampled(smooth, *PICTURES[picture]))
    layer = image(source, size, fit=fit, end=(Fraction(13, 10), (Fraction(1, 3), Fraction(2, 3))), ease="in-out")
    renderer = renderer_of(timeline_of(layer, size=size))
    for number in (0, 4, 9):
        frame, expected = renderer.frame(number), expected_planes(rect_at(layer, number), size)
        for plane, wanted in zip((frame.y, frame.u, frame.v), expected, strict=True):
            assert psnr(plane, wanted) >= 50
            assert np.abs(plane - wanted).max() <= 4


@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_blur_shows_the_whole_picture_over_a_dimmed_soft_copy(library, renderer_of, picture, output):
    size = OUTPUTS[output]
    source = library.add(sampled(smooth, *PICTURES[picture]))
    layer = image(source, size, fit="blur")
    luma = renderer_of(timeline_of(layer, size=size)).frame(0).y
    share = np.outer(
        coverage(layer.rect.top, layer.rect.height, size[1]), coverage(layer.rect.left, layer.rect.width, size[0])
    )
    inside, outside = share == 1, share == 0
    whole = view_rect(fitted_size((source.width, source.height), size, "cover"), size, Fraction(1), MIDDLE)
    assert psnr(luma[inside], expected_planes(layer.rect, size)[0][inside]) >= 50
    if outside.any():
        soft = soft_and_dimmed(expected_planes(whole, size)[0])
        assert psnr(luma[outside], soft[outside]) >= 38


def soft_and_dimmed(luma, level=166 / 256):
    """A Gaussian with the standard deviation of the backdrop's box filters, edges replicated, then dimmed."""
    radius = max(1, round(max(luma.shape) // 8 / 24))
    sigma = 8 * np.sqrt((2 * radius + 1) ** 2 - 1) / 2
    reach = np.arange(-int(4 * sigma), int(4 * sigma) + 1)
    kernel = np.exp(-(reach**2) / (2 * sigma**2))
    kernel /= kernel.sum()
    for axis in (0, 1):
        pad = [(len(reach) // 2,) * 2 if axis == at else (0, 0) for at in (0, 1)]
        luma = np.apply_along_axis(np.convolve, axis, np.pad(luma, pad, mode="edge"), kernel, "valid")
    return 16 + (luma - 16) * level


@pytest.mark.parametrize("color", ["#000000", "#ffffff", "#c8283c", "#102030", "#808080", "#00ff00"])
def test_a_background_colour_is_exact_to_the_nearest_level(renderer_of, color):
    rgb = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    frame = renderer_of(timeline_of(color=color)).frame(0)
    for plane, level in zip((frame.y, frame.u, frame.v), to_yuv(rgb), strict=True):
        assert np.unique(plane).tolist() == [int(level + 0.5)]


def test_a_logo_card_is_exact_and_leaves_everything_else_alone(library, renderer_of):
    source = library.add(flat(RED, 40, 20))
    box = Rect(*map(Fraction, (12, 8, 40, 20)))
    layer = Layer("intro", "logo", 10, FrameRange(0, 10), source=source, rect=box)
    frame = renderer_of(timeline_of(layer, color="#102030")).frame(3)
    expected = np.full((36, 64), int(to_yuv((16, 32, 48))[0] + 0.5))
    expected[8:28, 12:52] = int(to_yuv(RED)[0] + 0.5)
    np.testing.assert_array_equal(frame.y, expected)
    assert np.unique(frame.u).tolist() == sorted(int(to_yuv(color)[1] + 0.5) for color in (RED, (16, 32, 48)))


def half_size(pixels):
    """Mean over the samples that one left-sited chroma sample stands for: 1 2 1 across even columns, 1 1 down."""
    wide = np.pad(pixels, [(0, 0), (1, 1), (0, 0)], mode="edge")
    across = (wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]) / 4
    return (across[0::2, 0::2] + across[1::2, 0::2]) / 2


@pytest.mark.parametrize("opacity", [100, 80, 50, 1])
def test_a_corner_logo_is_laid_over_exactly_in_proportion(library, renderer_of, opacity):
    rgb = sampled(smooth, 40, 40)
    alpha = np.add.outer(np.arange(40), np.arange(40)) * 255 // 78
    logo = library.add(np.dstack([rgb, alpha.astype(np.uint8)]))
    layer = Layer(
        "corner",
        "logo",
        50,
        FrameRange(0, 10),
        source=logo,
        rect=Rect(*map(Fraction, (80, 40, 40, 40))),
        opacity=opacity,
    )
    frame = renderer_of(timeline_of(layer, size=(128, 96), color="#c8283c")).frame(0)
    share, below = alpha[..., None] / 255, to_yuv(RED)
    weights = half_size(share)
    luma = below[0] + (to_yuv(rgb)[0] - below[0]) * share[..., 0] * opacity / 100
    mean = half_size(rgb * share) / np.maximum(weights, 1e-9)
    chroma = below[1] + (to_yuv(mean)[1] - below[1]) * weights[..., 0] * opacity / 100
    assert np.abs(frame.y[40:80, 80:120] - luma).max() <= 1.5  # three roundings: premultiplied, to luma, laid over
    assert np.abs(frame.u[20:40, 40:60] - chroma).max() <= 1.5
    assert len(np.unique(frame.y[:40])) == 1


@pytest.mark.parametrize("frames", [1, 2, 5, 8])
def test_a_crossfade_weighs_each_frame_by_its_middle(library, renderer_of, frames):
    before, after = library.add(flat(RED)), library.add(flat(GREEN))
    first = image(before, (64, 36), seen=(0, 1 + frames))
    second = image(after, (64, 36), seen=(1, 10), z=2, fade_in=frames)
    renderer = renderer_of(timeline_of(first, second))
    found = [int(np.unique(renderer.frame(number).y).item()) for number in range(10)]
    a, b = to_yuv(RED)[0], to_yuv(GREEN)[0]
    weights = [0, *((2 * step + 1) / (2 * frames) for step in range(frames)), *[1] * (9 - frames)]
    np.testing.assert_allclose(found, [a + (b - a) * weight for weight in weights], atol=1)


def test_under_a_crossfade_the_previous_picture_holds_its_last_view(library, renderer_of):
    source = library.add(sampled(smooth, 320, 180))
    moving = image(source, (64, 36), end=(Fraction(2), MIDDLE), seen=(0, 10), over=FrameRange(0, 6))
    fading = image(library.add(flat(GREEN)), (64, 36), seen=(6, 10), z=2, fade_in=4)
    last_view = copied(renderer_of(timeline_of(moving)).frame(5)).astype(float)
    frame = renderer_of(timeline_of(moving, fading)).frame(7)
    over = last_view[:36] + (to_yuv(GREEN)[0] - last_view[:36]) * 3 / 8
    assert np.abs(frame.y - over).max() <= 1


def test_a_blurred_picture_fades_together_with_its_backdrop(library, renderer_of):
    fading = image(library.add(flat(GREEN, 20, 36)), (64, 36), fit="blur", seen=(0, 10), fade_in=2)
    renderer = renderer_of(timeline_of(fading, color="#ffffff"))
    early, late = (renderer.frame(number).y.astype(float) for number in (0, 5))
    assert np.abs(early - (235 + (late - 235) / 4)).max() <= 1


ODD_PICTURES = {"one pixel": (1, 1), "a thread": (3, 2000), "a ribbon": (4000, 10), "a column": (1, 777), "two": (2, 1)}


@pytest.mark.parametrize("fit", ["cover", "contain", "blur"])
@pytest.mark.parametrize("size", ODD_PICTURES)
def test_an_odd_picture_zoomed_in_twentyfold_shows_no_foreign_level(library, renderer_of, size, fit):
    source = library.add(flat(RED, *ODD_PICTURES[size]))
    layer = image(source, (64, 36), fit=fit, end=(Fraction(20), (Fraction(1, 4), Fraction(3, 4))))
    renderer = renderer_of(timeline_of(layer))
    levels = np.array([copied(renderer.frame(number))[:36] for number in range(10)])
    red = int(to_yuv(RED)[0] + 0.5)
    assert {"cover": red, "contain": 16, "blur": 57}[fit] <= levels.min() <= levels.max() <= red


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    picture=st.sampled_from([(64, 36), (50, 90), (33, 33), (7, 5)]),
    zooms=st.tuples(*[st.fractions(1, 6, max_denominator=50)] * 2),
    focus=st.tuples(*[st.fractions(0, 1, max_denominator=20)] * 4),
    ease=st.sampled_from(["linear", "in", "out", "in-out"]),
)
def test_a_motion_never_shows_what_lies_outside_the_picture(library, renderer_of, picture, zooms, focus, ease):
    source = library.add(flat((255, 255, 255), *picture))
    layer = image(source, (64, 36), start=(zooms[0], focus[:2]), end=(zooms[1], focus[2:]), ease=ease)
    renderer = renderer_of(timeline_of(layer))
    assert {int(level) for number in (0, 3, 7, 9) for level in np.unique(renderer.frame(number).y)} == {235}


def disc(color, outside=(0, 0, 0), size=400):
    """A soft-edged disc of one colour; `outside` is the colour of what can't be seen."""
    place = np.arange(size) - (size - 1) / 2
    alpha = np.clip(size * 0.375 - np.hypot.outer(place, place) + 0.5, 0, 1)
    rgb = np.where(alpha[..., None] > 0, color, outside)
    return np.dstack([rgb, np.rint(alpha * 255)]).astype(np.uint8)


@pytest.mark.parametrize("outside", [(0, 0, 0), (0, 255, 0)], ids=["black outside", "green outside"])
@pytest.mark.parametrize(
    ("color", "background"), [((255, 255, 255), "#ffffff"), (RED, "#c8283c")], ids=["white on white", "red on red"]
)
def test_a_moving_transparent_picture_has_no_fringe(library, renderer_of, color, background, outside):
    source = library.add(disc(color, outside))
    layer = image(source, (200, 200), fit="contain", end=(Fraction(11, 10), MIDDLE))
    renderer = renderer_of(timeline_of(layer, size=(200, 200), color=background))
    for number in (0, 4, 9):
        assert np.abs(renderer.frame(number).y - to_yuv(color)[0]).max() <= 2


def test_a_transparent_picture_shows_the_background_in_proportion(library, renderer_of):
    def shade(u, v):
        return np.stack([200 + 0 * u, 40 + 0 * u, 60 + 0 * u, 255 * u], -1)

    layer = image(
        library.add(sampled(shade, 512, 288)), (128, 72), start=(Fraction(1), MIDDLE), end=(Fraction(5, 4), MIDDLE)
    )
    renderer = renderer_of(timeline_of(layer, size=(128, 72), color="#1ea05a"))
    for number in (0, 5):
        rect = rect_at(layer, number)
        share = np.clip((np.arange(128) + 0.5 - float(rect.left)) / float(rect.width), 0, 1)
        expected = to_yuv(GREEN)[0] + (to_yuv(RED)[0] - to_yuv(GREEN)[0]) * share
        assert np.abs(renderer.frame(number).y[4:-4] - expected)[:, 4:-4].max() <= 2.5


@pytest.mark.parametrize("cycles", [0.1, 0.2, 0.25])
def test_fine_detail_of_a_large_photograph_keeps_its_contrast(library, renderer_of, cycles):
    """Cycles per output pixel; flat within 7 % up to 0.35 is what the resampling filter promises for such a source."""

    def stripes(u, v):
        return np.repeat((128 + 100 * np.cos(2 * np.pi * cycles * 640 * u) + 0 * v)[..., None], 3, -1)

    layer = image(library.add(sampled(stripes, 1280, 720)), (640, 360))
    row = renderer_of(timeline_of(layer, size=(640, 360))).frame(0).y[180].astype(float)
    wave = np.exp(-2j * np.pi * cycles * (np.arange(640) + 0.5))
    gain = 2 * abs(np.mean(((row - row.mean()) * wave)[40:600])) / (100 * 219 / 255)
    assert gain == pytest.approx(1, abs=0.08)


def dot_picture(size, centre, sigma):
    x, y = np.arange(size[0]) + 0.5 - centre[0], np.arange(size[1]) + 0.5 - centre[1]
    dot = 40 + 180 * np.outer(np.exp(-(y**2) / (2 * sigma**2)), np.exp(-(x**2) / (2 * sigma**2)))
    return np.repeat(np.rint(dot)[..., None], 3, 2).astype(np.uint8)


def centroid(luma, near, reach):
    """Centre of brightness around `near`, in pixels: the background's level, 50, weighs nothing."""
    left, top = (int(place) - reach for place in near)
    window = luma[top : top + 2 * reach, left : left + 2 * reach].astype(float) - 50
    x, y = np.arange(left, left + 2 * reach) + 0.5, np.arange(top, top + 2 * reach) + 0.5
    return np.array([(window.sum(axis=0) * x).sum(), (window.sum(axis=1) * y).sum()]) / window.sum()


EASINGS = {
    "linear": lambda t: t,
    "in": lambda t: t**2,
    "out": lambda t: t * (2 - t),
    "in-out": lambda t: t**2 * (3 - 2 * t),
}


def exact_place(motion, number, place):
    """Where a detail at fractions `place` of the picture lies: its rectangle moves straight under the easing."""
    reached = EASINGS[motion.ease](Fraction(number - motion.over.start, len(motion.over) - 1))
    first, last = (
        (rect.left + rect.width * place[0], rect.top + rect.height * place[1]) for rect in (motion.start, motion.end)
    )
    return [float(a + (b - a) * reached) for a, b in zip(first, last, strict=True)]


def tracking_errors(renderer, layer, place, numbers, reach):
    """(frames, 2) found minus exact position of the dot at picture fractions `place`."""
    exact = [exact_place(layer.motion, number, place) for number in numbers]
    found = [centroid(renderer.frame(number).y, at, reach) for number, at in zip(numbers, exact, strict=True)]
    return np.array(found) - exact


SMALL, FULL_HD = ((640, 360), (1280, 720), range(60)), ((1920, 1080), (2400, 1350), range(28, 40))


@pytest.mark.parametrize(
    ("sizes", "ease"),
    [*(pytest.param(SMALL, ease, id=ease) for ease in EASINGS), pytest.param(FULL_HD, "in-out", id="full HD")],
)
def test_a_detail_travels_smoothly_and_exactly(library, renderer_of, sizes, ease):
    size, picture, numbers = sizes
    place = (Fraction(11, 20), Fraction(9, 20))
    source = library.add(dot_picture(picture, [float(side * at) for side, at in zip(picture, place, strict=True)], 12))
    end = (Fraction(115, 100), (Fraction(3, 5), Fraction(2, 5)))
    layer = image(source, size, seen=(0, 60), end=end, ease=ease)
    errors = tracking_errors(renderer_of(timeline_of(layer, size=size, frames=60)), layer, place, numbers, 48)
    position, jitter = (np.sqrt((of**2).mean()) for of in (errors, np.diff(errors, 2, axis=0)))
    assert (position <= 0.02, jitter <= 0.02) == (True, True), (position, jitter)


@st.composite
def small_timelines(draw, library):
    """Up to three images with any fit, motion and fade, and perhaps a logo, on 32 x 18 pixels and 12 frames."""
    size, frames = (32, 18), 12
    cuts = sorted(draw(st.sets(st.integers(1, frames - 1), max_size=2)))
    edges = [0, *cuts, frames]
    fades = [draw(st.integers(0, min(3, end - start))) for start, end in itertools.pairwise(edges)]
    layers = []
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        source = draw(st.sampled_from(library))
        views = [(draw(st.sampled_from([Fraction(1), Fraction(4, 3)])), MIDDLE) for _ in range(2)]
        last = min(frames, end + (fades[index + 1] if index + 1 < len(fades) else 0))
        layers.append(
            image(
                source, size, fit=draw(st.sampled_from(["cover", "contain", "blur"])), start=views[0], end=views[1],
                seen=(start, last), over=FrameRange(start, end), z=index + 1, fade_in=fades[index] if index else 0,
            )
        )  # fmt: skip
    if draw(st.booleans()):
        box = Rect(*map(Fraction, (20, 8, 8, 8)))
        span = FrameRange(draw(st.integers(0, 5)), draw(st.integers(6, frames)))
        layers.append(Layer("corner", "logo", 50, span, source=library[-1], rect=box, opacity=80))
    return timeline_of(*layers, size=size, frames=frames, color="#305070")


@pytest.fixture(scope="module")
def few_pictures(library):
    """Landscape, portrait, small, and one with alpha."""
    rgb = [sampled(smooth, *size) for size in ((64, 36), (30, 50), (9, 9))]
    return [*map(library.add, rgb), library.add(disc((250, 240, 60), size=16))]


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_frames_do_not_depend_on_order_or_on_how_the_programme_is_cut(renderer_of, few_pictures, data):
    timeline = data.draw(small_timelines(few_pictures))
    order = data.draw(st.permutations(range(12)))
    edges = [0, *sorted(data.draw(st.sets(st.integers(1, 11), max_size=4))), 12]
    renderer = renderer_of(timeline)
    shuffled = {number: copied(renderer.frame(number)) for number in order}
    for start, end in itertools.pairwise(edges):
        for number, frame in enumerate(renderer_of(timeline).frames(FrameRange(start, end)), start):
            np.testing.assert_array_equal(frame.data, shuffled[number])


@pytest.fixture
def drawn(monkeypatch):
    """The sizes of all windows that were resampled."""
    seen = []

    class Counting(compositor.Resampler):
        def resample(self, dst, src, x, y):
            seen.append(dst.shape)
            super().resample(dst, src, x, y)

    monkeypatch.setattr(compositor, "Resampler", Counting)
    return seen


def test_a_frame_like_the_one_before_is_not_drawn_again(library, renderer_of, drawn):
    still = image(library.add(sampled(smooth, 80, 45)), (64, 36))
    renderer = renderer_of(timeline_of(still))
    for number in range(10):
        renderer.frame(number)
    assert len(drawn) == 3


def test_what_lies_still_under_a_moving_picture_is_drawn_once(library, renderer_of, drawn):
    behind = image(library.add(sampled(smooth, 80, 45)), (64, 36))
    moving = image(library.add(sampled(smooth, 40, 45)), (64, 36), fit="contain", end=(Fraction(3, 2), MIDDLE), z=2)
    renderer = renderer_of(timeline_of(behind, moving))
    for number in range(10):
        renderer.frame(number)
    assert drawn.count((36, 64)) <= 2


def test_a_frame_outside_the_programme_is_an_index_error(renderer_of):
    with pytest.raises(IndexError, match="of 10"):
        renderer_of(timeline_of()).frame(10)


def test_a_frame_that_failed_does_not_spoil_the_one_shown_before(library, renderer_of):
    good = image(library.add(sampled(smooth, 40, 45)), (64, 36), fit="contain", seen=(0, 5))
    gone = dataclasses.replace(good.source, sha256="0" * 64)
    bad = image(gone, (64, 36), fit="contain", seen=(5, 10), z=2)
    renderer = renderer_of(timeline_of(good, bad))
    before = copied(renderer.frame(4))
    with pytest.raises(KeyError):
        renderer.frame(5)
    np.testing.assert_array_equal(renderer.frame(4).data, before)
