"""Planes that no picture has become those of the picture that comes nearest; all others stay as they are."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from renderer.picture.kernels import rgb_to_yuv420, settle, yuv420_to_rgb

SIZES = [(2, 2), (16, 10), (94, 38), (192, 108)]


def noise(rng, width, height):
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


def corners(rng, width, height):
    """Noise of the eight outermost colours."""
    return (rng.integers(0, 2, (height, width, 3)) * 255).astype(np.uint8)


def blocks(rng, width, height):
    return np.repeat(np.repeat(corners(rng, width // 7 + 1, height // 7 + 1), 7, 0), 7, 1)[:height, :width]


def grid(_rng, width, height):
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[::2, :, 0] = pixels[:, ::2, 2] = 255
    return pixels


PICTURES = [noise, corners, blocks, grid]


def scaled_apart(rgb, width, height):
    """Luma and chroma scaled each by itself, with overshoot: what the compositor's resampler does, only harder."""
    sizes = [(width, height), (width // 2, height // 2), (width // 2, height // 2)]
    scaled = [
        np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))
        for plane, size in zip(rgb_to_yuv420(rgb), sizes, strict=True)
    ]
    return [plane.copy() for plane in scaled]


def random_planes(seed, width, height):
    rng = np.random.default_rng(seed)
    shapes = [(height, width), (height // 2, width // 2), (height // 2, width // 2)]
    return [rng.integers(0, 256, shape, dtype=np.uint8) for shape in shapes]


def assert_becomes_a_picture_s(planes):
    """Settle, and see that the picture returned has just these planes."""
    picture = settle(*planes)
    assert picture.shape == (*planes[0].shape, 3)
    for plane, found in zip(planes, rgb_to_yuv420(picture), strict=True):
        np.testing.assert_array_equal(plane, found)


def squares(planes, others):
    return sum(int(((a.astype(int) - b) ** 2).sum()) for a, b in zip(planes, others, strict=True))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("picture", PICTURES)
@pytest.mark.parametrize("larger", [1, 1.5, 3])
def test_scaled_pictures_settle(picture, size, larger):
    """And come nearer than by what a player would show, which cuts off each colour by itself."""
    width, height = size
    planes = scaled_apart(picture(np.random.default_rng(7), int(width * larger), int(height * larger)), width, height)
    before = [plane.copy() for plane in planes]
    assert_becomes_a_picture_s(planes)
    assert squares(before, planes) <= squares(before, rgb_to_yuv420(yuv420_to_rgb(*before)))


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_any_planes_settle(seed, columns, rows):
    assert_becomes_a_picture_s(random_planes(seed, 2 * columns, 2 * rows))


def test_rows_are_solved_by_themselves():
    """What one row pair lacks does not move another."""
    planes = random_planes(5, 24, 8)
    alone = [plane[2:4].copy() if plane is planes[0] else plane[1:2].copy() for plane in planes]
    settle(*planes)
    settle(*alone)
    np.testing.assert_array_equal(planes[0][2:4], alone[0])
    np.testing.assert_array_equal(planes[1][1:2], alone[1])


@given(st.tuples(*[st.integers(0, 255)] * 3))
@settings(max_examples=60, deadline=None)
def test_flat_colours_stay_within_a_level(colour):
    """Rounded to 4:2:0, a colour at the edge of RGB may lie just outside; all others stay as they are."""
    planes = rgb_to_yuv420(np.full((4, 6, 3), colour, np.uint8))
    before = [plane.copy() for plane in planes]
    settle(*planes)
    apart = max(np.abs(a.astype(int) - b).max() for a, b in zip(planes, before, strict=True))
    assert apart <= (0 if min(colour) > 0 and max(colour) < 255 else 1)


def test_ordinary_pictures_are_hardly_touched():
    small = np.random.default_rng(3).integers(40, 216, (12, 20, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(small).resize((192, 108), Image.Resampling.BICUBIC))
    planes = scaled_apart(soft, 192, 108)
    before = [plane.astype(int) for plane in planes]
    settle(*planes)
    assert max(np.abs(a - b).max() for a, b in zip(planes, before, strict=True)) <= 2


def test_overshoot_moves_by_few_levels():
    """Y 63, U 102, V 240 is pure red; two levels more of V is no colour."""
    planes = [np.full(shape, level, np.uint8) for shape, level in (((4, 8), 63), ((2, 4), 102), ((2, 4), 242))]
    before = [plane.copy() for plane in planes]
    assert_becomes_a_picture_s(planes)
    assert 0 < squares(before, planes) <= 3 * 32 + 4 * 16


@pytest.mark.parametrize("shape", [(3, 4), (4, 3)])
def test_odd_sides_are_refused(shape):
    half = np.zeros((2, 2), np.uint8)
    with pytest.raises(ValueError, match="even sides"):
        settle(np.zeros(shape, np.uint8), half, half)


def test_plain_python_settles_alike():
    planes = random_planes(11, 12, 4)
    code = (
        "import numpy as np; from renderer.picture.kernels import settle\n"
        "rng = np.random.default_rng(11)\n"
        "planes = [rng.integers(0, 256, s, dtype=np.uint8) for s in ((4, 12), (2, 6), (2, 6))]\n"
        "settle(*planes); print(b''.join(p.tobytes() for p in planes).hex())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        check=True,
        capture_output=True,
        text=True,
    )
    settle(*planes)
    assert run.stdout.strip() == b"".join(plane.tobytes() for plane in planes).hex()
