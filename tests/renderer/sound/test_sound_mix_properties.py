"""Whatever the blocks: the same bits. And the limiter: under full scale, idle where it can be."""

from __future__ import annotations

import itertools
import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_material import Programme, tone

from renderer.sound.limiter import LOOK_AHEAD, RELEASE, UNITY, ramp_gains
from renderer.sound.mastering import Mastering
from renderer.sound.mix import Mix
from renderer.timeline.model import EnvelopePoint

LENGTH = 60_000


@pytest.fixture(scope="module")
def busy():
    """A programme with everything in it: loop, fades, envelope, gain, and a sum that clips now and then."""
    random = np.random.default_rng(5)
    voice = random.standard_normal((40_000, 1)) * 0.3
    music = random.standard_normal((9_000, 2)) * 0.3
    points = tuple(
        EnvelopePoint(at, Fraction(db)) for at, db in ((9_000, 0), (12_000, -12), (30_000, -12), (33_333, 0))
    )
    with tempfile.TemporaryDirectory() as folder:
        programme = Programme(Path(folder), LENGTH).add(voice, start=7_777, fades=(500, 900))
        programme.add(music, role="music", end=LENGTH, loop=2400, gain_db=-3, envelope=points, fades=(3000, 3000))
        yield programme


MASTERINGS = [None, Mastering(26.0, None), Mastering(26.0, -1.0)]


@pytest.mark.parametrize("mastering", MASTERINGS, ids=["as it is", "far too loud", "true peak ceiling"])
@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, LENGTH), max_size=8))
def test_any_partition_gives_the_same_bits(busy, mastering, cuts):
    mix = Mix(busy.sound, busy.pcm, mastering)
    whole = mix.samples(0, LENGTH)
    edges = [0, *sorted(cuts), LENGTH]
    parts = [mix.samples(start, end) for start, end in itertools.pairwise(edges)]
    assert np.concatenate(parts).tobytes() == whole.tobytes()


@pytest.mark.parametrize("block", [1_000, 4_801, 48_000, 1_000_000])
def test_any_block_size_gives_the_same_blocks(busy, block):
    parts = list(Mix(busy.sound, busy.pcm).blocks(block))
    assert [len(part) for part in parts[:-1]] == [block] * (len(parts) - 1)
    whole = np.rint(Mix(busy.sound, busy.pcm).samples(0, LENGTH) * 32768.0)
    assert np.abs(np.concatenate(parts) - whole).max() <= 1  # 32-bit samples, rounded once more
    assert np.concatenate(parts).tobytes() == np.concatenate(list(Mix(busy.sound, busy.pcm).blocks(7_000))).tobytes()


def test_the_limiter_reports_what_it_did(tmp_path):
    programme = Programme(tmp_path, 96_000).add(tone(440, 1, peak=0.9), start=24_000)
    mix = programme.add(tone(440, 1, peak=0.9), role="music", start=24_000).mix()
    assert mix.limiter_report is None
    heard = np.concatenate(list(mix.blocks()))
    report = mix.limiter_report
    assert report.acted
    assert report.deepest_db == pytest.approx(20 * np.log10(1 / 1.8), abs=0.01)
    assert report.peak_before == pytest.approx(1.8, abs=0.001)
    assert 32_700 < np.abs(heard.astype(int)).max() <= 32_768
    assert not heard[:24_000].any()


def test_samples_far_from_an_over_are_untouched(tmp_path):
    samples = tone(440, 2, peak=0.5)
    samples[48_000] = 1.5
    heard = Programme(tmp_path, 96_000).add(samples).mix().samples(0, 96_000)[:, 0]
    untouched = np.r_[: 48_000 - LOOK_AHEAD, 48_000 + RELEASE : 96_000]
    assert np.array_equal(heard[untouched], samples[untouched, 0].astype(np.float32))
    assert heard[48_000] <= 32767 / 32768


def test_the_limiter_falls_within_10_ms_and_rises_within_200_ms(tmp_path):
    samples = np.full((96_000, 1), 0.5)
    samples[48_000] = 2.0
    gains = Programme(tmp_path, 96_000).add(samples).mix().samples(0, 96_000)[:, 0] / samples[:, 0]
    lowered = np.flatnonzero(gains < 1)
    # From 1 to 0 would take 480 samples down and 9600 up: half of that is needed for a peak of 2.
    assert gains[48_000] == pytest.approx(0.5, abs=1e-4)
    assert (48_000 - lowered[0], lowered[-1] - 48_000) == pytest.approx((240, 4800), abs=2)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_over_on_one_side_lowers_both(tmp_path, side, sign):
    samples = np.full((96_000, 2), 0.25)
    samples[48_000, side] = sign * 1.25
    mix = Programme(tmp_path, 96_000).add(samples).mix()
    heard = np.concatenate(list(mix.blocks())) / 32768
    assert mix.limiter_report.peak_before == 1.25
    assert mix.limiter_report.first_sample == pytest.approx(48_000 - 96, abs=1)
    assert heard[48_000, side] == pytest.approx(sign, abs=1e-4)
    assert heard[48_000, 1 - side] == pytest.approx(0.2, abs=1e-4)


def test_a_range_long_after_an_over_still_knows_of_it(tmp_path):
    samples = np.full((96_000, 1), 0.5)
    samples[48_000] = 50.0
    mix = Programme(tmp_path, 96_000).add(samples).mix()
    whole = mix.samples(0, 96_000)
    for start, end in ((47_500, 47_600), (52_000, 53_000), (57_000, 57_500), (57_590, 57_610)):
        assert mix.samples(start, end).tobytes() == whole[start:end].tobytes()
    assert whole[57_000, 0] < 0.5 == whole[57_700, 0]


def test_the_limiter_never_steps(tmp_path):
    samples = np.full((96_000, 1), 0.5)
    samples[48_000] = 1.5
    gains = Programme(tmp_path, 96_000).add(samples).mix().samples(0, 96_000)[:, 0] / samples[:, 0]
    assert np.diff(gains).min() > -1.01 / LOOK_AHEAD
    assert np.diff(gains).max() < 1.01 / RELEASE


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, UNITY), min_size=1, max_size=60), st.integers(1, UNITY), st.integers(1, UNITY))
def test_ramped_gains_are_the_highest_curve_under_the_needed_ones(needed, rise, fall):
    gains = np.array(needed, dtype=np.int64)
    ramp_gains(gains, rise, fall)
    at = np.arange(len(needed))
    distance = at[:, np.newaxis] - at
    reach = np.array(needed) + np.where(distance >= 0, distance * rise, -distance * fall)
    assert np.array_equal(gains, np.minimum(reach.min(axis=1), UNITY))
