"""The resampler: three implementations with the same bits, safe for any axis, still where the picture is flat."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from renderer.picture.kernels import POSITION_BITS, Axis, Filter, PreparedPlane, Resampler
from renderer.picture.kernels.filters import TAPS
from renderer.picture.kernels.jit import has_cpu_feature, is_compiling

ONE = 1 << POSITION_BITS
needs_avx2 = pytest.mark.skipif(
    not (is_compiling() and has_cpu_feature("avx2")), reason="kernels are not compiled for a CPU with AVX2"
)
FAST = ["portable", pytest.param("avx2", marks=needs_avx2)]


def noise(height: int, width: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)


def resampled(implementation, shape, plane, x, y, taps) -> np.ndarray:
    """What one implementation writes into a window of a larger plane of 77s."""
    around = np.full((shape[0] + 4, shape[1] + 70), 77, np.uint8)
    window = around[2:-2, 35:-35]
    Resampler(Filter(taps), implementation).resample(window, PreparedPlane(plane), x, y)
    inside = window.copy()
    window[:] = 77
    assert (around == 77).all(), "wrote outside its window"
    return inside


PLACES = {
    "one to one": (Axis(0, ONE), Axis(0, ONE)),
    "enlarged seven times": (Axis(ONE // 3, ONE // 7), Axis(-ONE, ONE // 7)),
    "shrunk by 1.5": (Axis(-ONE // 4, 3 * ONE // 2), Axis(5, 3 * ONE // 2)),
    "shrunk nine times": (Axis(-40 * ONE, 9 * ONE), Axis(-3 * ONE, 9 * ONE)),
    "far left and above": (Axis(-(1 << 60), ONE), Axis(-(1 << 60), ONE)),
    "far right and below": (Axis(1 << 60, ONE), Axis(1 << 60, 1 << 44)),
    "hardly moving": (Axis(7 * ONE + 12345, 1), Axis(3 * ONE - 9, 1)),
}


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("implementation", FAST)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_every_implementation_equals_the_reference(implementation, place, taps):
    plane = noise(37, 141)
    expected = resampled("numpy", (29, 83), plane, *place, taps)
    np.testing.assert_array_equal(resampled(implementation, (29, 83), plane, *place, taps), expected)


axes = st.builds(Axis, st.integers(-(1 << 60), 1 << 60), st.integers(1, 1 << 44)) | st.builds(
    Axis, st.integers(-90 * ONE, 90 * ONE), st.integers(ONE // 50, 12 * ONE)
)
sizes = st.tuples(st.integers(1, 40), st.integers(1, 100))


@pytest.mark.parametrize("implementation", FAST)
@given(source=sizes, shape=sizes, x=axes, y=axes, taps=st.sampled_from(TAPS))
@hypothesis_settings(max_examples=150, deadline=None)
def test_any_axis_and_size_is_safe_and_equals_the_reference(implementation, source, shape, x, y, taps):
    plane = noise(*source)
    expected = resampled("numpy", shape, plane, x, y, taps)
    np.testing.assert_array_equal(resampled(implementation, shape, plane, x, y, taps), expected)


@pytest.mark.parametrize("implementation", ["numpy", *FAST])
@given(level=st.integers(0, 255), x=axes, y=axes, taps=st.sampled_from(TAPS))
@hypothesis_settings(max_examples=40, deadline=None)
def test_a_flat_plane_stays_flat(implementation, level, x, y, taps):
    plane = np.full((13, 70), level, np.uint8)
    assert (resampled(implementation, (21, 33), plane, x, y, taps) == level).all()


def test_positions_outside_see_the_nearest_edge():
    plane = noise(9, 9)
    corner = resampled("portable", (5, 5), plane, Axis(-99 * ONE, ONE), Axis(99 * ONE, ONE), 4)
    assert (corner == plane[-1, 0]).all()


def test_a_ramp_shows_each_position():
    plane = np.tile(np.arange(0, 200, 2, dtype=np.uint8), (8, 1))
    line = resampled("portable", (1, 120), plane, Axis(5 * ONE, 3 * ONE // 4), Axis(ONE, ONE), 4)[0]
    np.testing.assert_allclose(line, 2 * (5 + 0.75 * np.arange(120)), atol=0.51)


@pytest.mark.parametrize("implementation", FAST)
def test_two_threads_with_own_resamplers_give_the_same_bits(implementation):
    plane = PreparedPlane(noise(300, 400))

    def frames(start: int) -> bytes:
        resampler, dst = Resampler(Filter(4), implementation), np.empty((200, 300), np.uint8)
        place = (Axis(start * ONE // 9 + k * ONE // 50, ONE) for k in range(60))
        return b"".join(resampler.resample(dst, plane, x, x) or dst.tobytes() for x in place)

    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(frames, [1, 2]))
    assert together == [frames(1), frames(2)]


def test_one_resampler_serves_planes_of_every_size():
    resampler, luma, chroma = Resampler(Filter(4)), noise(60, 90), noise(30, 45)
    for plane in (luma, chroma, luma):
        dst = np.empty((20, 24), np.uint8)
        resampler.resample(dst, PreparedPlane(plane), Axis(-ONE, 4 * ONE), Axis(-ONE, 3 * ONE))
        np.testing.assert_array_equal(
            dst, resampled("numpy", dst.shape, plane, Axis(-ONE, 4 * ONE), Axis(-ONE, 3 * ONE), 4)
        )


def test_chroma_lies_where_its_luma_lies():
    x, y = Axis.shown(400, Fraction(-7), Fraction(333)), Axis.shown(300, Fraction(-5), Fraction(250))
    luma_column, luma_row = x.origin + 2 * 10 * x.step, y.origin + (2 * 10 * y.step + y.step // 2)
    assert x.chroma_across().origin + 10 * x.step == pytest.approx(luma_column / 2, abs=2)
    assert y.chroma_down().origin + 10 * y.step == pytest.approx((luma_row - ONE / 2) / 2, abs=2)


@pytest.mark.parametrize(("origin", "step"), [(0, 0), (0, -ONE), (0, (1 << 44) + 1), ((1 << 60) + 1, ONE)])
def test_an_axis_beyond_its_limits_is_refused(origin, step):
    with pytest.raises(ValueError, match="expected"):
        Axis(origin, step)


REFUSED = {
    "unknown": ({"STORYREEL_KERNEL": "gpu"}, "expected one of avx2, portable, numpy, found 'gpu'"),
    "AVX2 forbidden": ({"STORYREEL_KERNEL": "avx2", "NUMBA_ENABLE_AVX": "0"}, "avx2 is not available"),
    "not compiled": ({"STORYREEL_KERNEL": "avx2", "NUMBA_DISABLE_JIT": "1"}, "avx2 is not available"),
}


@pytest.mark.parametrize(("settings", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_an_implementation_that_cannot_run_is_refused(settings, message):
    code = "from renderer.picture.kernels import chosen_implementation as c; c()"
    argv, env = [sys.executable, "-c", code], {**os.environ, **settings}
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    assert message in done.stderr


@pytest.mark.parametrize("width", [5, 64])
def test_a_prepared_plane_is_an_own_read_only_copy(width):
    original = noise(4, width)
    plane = PreparedPlane(original)
    original[:] = 0
    assert plane.rows[:, :width].any()
    assert not plane.rows.flags.writeable
