"""Blending against plain 64-bit arithmetic, in whole planes and windows."""

import numpy as np
import pytest

from renderer.picture.kernels import ONE, blend_alpha, blend_coverage, mix_over

RNG = np.random.default_rng(7)
SHAPE = (33, 47)
WEIGHTS = [0, 1, 20000, 32768, 65535, ONE]


def noise() -> np.ndarray:
    return RNG.integers(0, 256, SHAPE, dtype=np.uint8)


def mixed(dst: np.ndarray, src: np.ndarray, weight: np.ndarray | int) -> np.ndarray:
    return dst + (((src.astype(np.int64) - dst) * weight + ONE // 2) >> 16)


def rounded(value: np.ndarray, divisor: int) -> np.ndarray:
    return (2 * value + divisor) // (2 * divisor)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_a_crossfade_is_rounded_exactly(weight):
    dst, src = noise(), noise()
    expected = mixed(dst, src, weight)
    mix_over(dst, src, weight)
    np.testing.assert_array_equal(dst, expected)


@pytest.mark.parametrize("opacity", WEIGHTS)
def test_alpha_is_rounded_exactly(opacity):
    dst, src, alpha = noise(), noise(), noise()
    below, above = dst.astype(np.int64) - 16, src.astype(np.int64) - 16
    expected = np.clip(dst + rounded((255 * above - alpha * below) * opacity, 255 * ONE), 0, 255)
    blend_alpha(dst, src, alpha, 16, opacity)
    np.testing.assert_array_equal(dst, expected)


@pytest.mark.parametrize("neutral", [16, 128])
def test_nothing_laid_over_changes_nothing(neutral):
    dst = noise()
    before = dst.copy()
    blend_alpha(dst, np.full(SHAPE, neutral, np.uint8), np.zeros(SHAPE, np.uint8), neutral)
    np.testing.assert_array_equal(dst, before)


@pytest.mark.parametrize("opacity", WEIGHTS)
def test_coverage_is_rounded_exactly(opacity):
    dst, src = noise(), noise()
    cov_x, cov_y = (RNG.choice([0, 9, 40000, 65535], n).astype(np.uint16) for n in SHAPE[::-1])
    wide_x, wide_y = (c.astype(np.int64) + (c >> 15) for c in (cov_x, cov_y))
    expected = mixed(dst, src, rounded(rounded(wide_y * opacity, ONE)[:, None] * wide_x, ONE))
    blend_coverage(dst, src, cov_x, cov_y, opacity)
    np.testing.assert_array_equal(dst, expected)


def test_full_coverage_alpha_and_weight_all_copy_the_source():
    src = noise()
    full = [np.full(n, 65535, np.uint16) for n in SHAPE[::-1]]
    planes = [noise(), noise(), noise()]
    mix_over(planes[0], src, ONE)
    blend_alpha(planes[1], src, np.full(SHAPE, 255, np.uint8), 16)
    blend_coverage(planes[2], src, full[0], full[1])
    assert all((plane == src).all() for plane in planes)


def test_windows_are_blended_in_place_and_nothing_around_them():
    frame, logo = np.full((20, 30), 9, np.uint8), np.full((40, 50), 201, np.uint8)
    mix_over(frame[3:8, 4:11], logo[1:6, 2:9], ONE)
    assert (frame[3:8, 4:11] == 201).all()
    assert (frame == 201).sum() == 35


@pytest.mark.parametrize("weight", [-1, ONE + 1])
def test_a_weight_beyond_one_is_refused(weight):
    with pytest.raises(ValueError, match="expected a weight"):
        mix_over(noise(), noise(), weight)


REFUSED = {
    "another size": (noise(), noise()[:, 1:], "one size"),
    "read-only": (np.broadcast_to(np.uint8(3), SHAPE), noise(), "expected"),
    "turned": (noise().T, noise().T, "adjacent columns"),
    "mirrored": (noise()[::-1], noise(), "rows in order"),
    "16 bits": (noise().astype(np.uint16), noise(), "uint16"),
}


@pytest.mark.parametrize(("dst", "src", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_plane_is_refused(dst, src, message):
    with pytest.raises(ValueError, match=message):
        mix_over(dst, src, 100)


def test_coverage_of_another_length_is_refused():
    with pytest.raises(ValueError, match="47 columns and 33 rows"):
        blend_coverage(noise(), noise(), np.zeros(46, np.uint16), np.zeros(33, np.uint16))
