"""Motion as it is seen: steps that are even, sharpness that does not breathe, fine texture that does not flicker."""

from fractions import Fraction

import numpy as np
import pytest

from renderer.picture.kernels import Axis, PreparedPlane, Resampler, choose_filter, prepare

DOT = (Fraction(2, 5), Fraction(5, 9))
"""Where in the picture the tracked dot is."""
EASINGS = {
    "linear": lambda t: t,
    "in": lambda t: t * t,
    "out": lambda t: t * (2 - t),
    "in-out": lambda t: t * t * (3 - 2 * t),
}


def picture_with_a_dot(width: int, height: int) -> PreparedPlane:
    across = np.exp(-(((np.arange(width) + 0.5 - float(DOT[0] * width)) / 6) ** 2) / 2)
    down = np.exp(-(((np.arange(height) + 0.5 - float(DOT[1] * height)) / 6) ** 2) / 2)
    return PreparedPlane(np.round(30 + 200 * down[:, None] * across).astype(np.uint8))


def rectangle(t: Fraction) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """(left, top, width, height): a slow zoom from 1 to 1.15 that also travels, at 1080p."""
    zoom = 1 + Fraction(15, 100) * t
    return -Fraction(201, 1) * t, -Fraction(157, 1) * t, 1920 * zoom, 1080 * zoom


def centroid(frame: np.ndarray, x: float, y: float) -> np.ndarray:
    left, top = round(x) - 20, round(y) - 20
    light = np.clip(frame[top : top + 41, left : left + 41].astype(float) - 31, 0, None)
    rows, columns = np.mgrid[top : top + 41, left : left + 41]
    return np.array([(light * columns).sum(), (light * rows).sum()]) / light.sum()


@pytest.mark.parametrize("ease", EASINGS.values(), ids=EASINGS.keys())
def test_a_tracked_dot_moves_smoothly(ease):
    plane, frame, error = picture_with_a_dot(3312, 1863), np.empty((1080, 1920), np.uint8), []
    resampler = Resampler(choose_filter(Axis.shown(3312, Fraction(0), Fraction(1920)).step))
    for k in range(150):
        left, top, width, height = rectangle(ease(Fraction(k, 149)))
        resampler.resample(frame, plane, Axis.shown(3312, left, width), Axis.shown(1863, top, height))
        x, y = float(left + DOT[0] * width) - 0.5, float(top + DOT[1] * height) - 0.5
        error.append(centroid(frame, x, y) - (x, y))
    wrong, jitter = np.array(error), np.diff(error, n=2, axis=0)
    assert np.sqrt((wrong**2).mean(axis=0)).max() <= 0.02, "px"
    assert np.sqrt((jitter**2).mean(axis=0)).max() <= 0.02, "px/frame²"


def luma(image: np.ndarray, deepest_w: int, deepest_h: int) -> PreparedPlane:
    """A grey picture prepared as colour pictures are."""
    return PreparedPlane(prepare(np.repeat(image[:, :, None], 3, axis=2), deepest_w, deepest_h)[:, :, 0])


def shown(plane: PreparedPlane, resampler: Resampler, place, size) -> np.ndarray:
    left, top, width, height = place
    frame = np.empty(size, np.uint8)
    resampler.resample(frame, plane, Axis.shown(plane.width, left, width), Axis.shown(plane.height, top, height))
    return frame.astype(int)


def test_sharpness_does_not_breathe_during_a_slow_pan():
    """Catmull-Rom without oversampling varies by a factor of 3.3 here."""
    image = np.random.default_rng(10).integers(0, 256, (700, 1100), dtype=np.uint8)
    plane, energy = luma(image, 480, 320), []
    resampler = Resampler(choose_filter(Axis.shown(plane.width, Fraction(0), Fraction(480)).step))
    for k in range(40):
        place = (Fraction(-40 * 100 - 4 * k, 100), Fraction(-30 * 100 - 3 * k, 100), Fraction(480), Fraction(320))
        frame = shown(plane, resampler, place, (240, 400))
        laplacian = 4 * frame[1:-1, 1:-1] - frame[:-2, 1:-1] - frame[2:, 1:-1] - frame[1:-1, :-2] - frame[1:-1, 2:]
        energy.append((laplacian**2).mean())
    assert max(energy) / min(energy) <= 1.02


def test_one_pixel_texture_hardly_flickers_in_a_slow_zoom():
    """A box filter instead of `shrink` makes 7.3 of this picture, bicubic and Catmull-Rom 3.4."""
    rows, columns = np.mgrid[:2250, :4000]
    grain = np.random.default_rng(11).normal(100, 8, (2250, 4000))
    plane = luma((grain + 55 * ((columns % 3 == 0) | (rows % 3 == 0))).round().astype(np.uint8), 2208, 1242)
    resampler, changes = Resampler(choose_filter(plane.width * (1 << 32) // 1920)), []
    for k in (0, 40, 80, 120):
        zooms = (1 + Fraction(15, 100) * EASINGS["in-out"](Fraction(frame, 149)) for frame in (k, k + 1))
        places = ((960 - 960 * zoom, 540 - 540 * zoom, 1920 * zoom, 1080 * zoom) for zoom in zooms)
        before, after = (shown(plane, resampler, place, (1080, 1920)) for place in places)
        changes.append(np.abs(after - before).mean())
    assert np.mean(changes) <= 4.0
