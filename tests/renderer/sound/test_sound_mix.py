"""The mix against arithmetic: levels, sides, places, fades, loops and silence, and the three historic failures."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from sound_material import RATE, Programme, decode, level_db, run_ffmpeg, tone

from renderer.errors import OutputError
from renderer.sound.wav import write_wav
from renderer.timeline.model import EnvelopePoint

SECOND = RATE
VOICE_HZ, MUSIC_HZ = 1000, 400
PAIRS = list(itertools.product((1, 2), (1, 2)))


def story(tmp_path, voice_channels=1, music_channels=2):
    """Four seconds of music at −25 dB, with a voice from 1 s to 3 s."""
    voice = tone(VOICE_HZ, 2, peak=0.5, channels=voice_channels)
    music = tone(MUSIC_HZ, 4, peak=0.5, channels=music_channels)
    programme = Programme(tmp_path, 4 * SECOND)
    return programme.add(voice, start=SECOND).add(music, role="music", gain_db=-25)


@pytest.mark.parametrize(("voice", "music"), PAIRS)
def test_levels_are_exact_in_every_pair_of_mono_and_stereo(tmp_path, voice, music):
    heard = story(tmp_path, voice, music).heard()[SECOND + 4800 : 3 * SECOND - 4800]
    source = 20 * np.log10(0.5)
    assert level_db(heard, VOICE_HZ) == pytest.approx([source, source], abs=0.001)
    assert level_db(heard, MUSIC_HZ) == pytest.approx([source - 25, source - 25], abs=0.005)


@pytest.mark.parametrize(("voice", "music"), PAIRS)
def test_levels_hold_after_aac(tmp_path, voice, music):
    programme = story(tmp_path, voice, music)
    with (tmp_path / "mix.wav").open("wb") as stream:
        write_wav(stream, programme.mix().blocks(), sample_count=programme.sample_count)
    run_ffmpeg("-i", tmp_path / "mix.wav", "-c:a", "aac", "-b:a", "128k", tmp_path / "mix.m4a")
    heard = decode(tmp_path / "mix.m4a")[1].astype(float)[SECOND + 4800 : 3 * SECOND - 4800]
    source = 20 * np.log10(0.5)
    assert level_db(heard, VOICE_HZ) == pytest.approx([source, source], abs=0.3)
    assert level_db(heard, MUSIC_HZ) == pytest.approx([source - 25, source - 25], abs=0.3)


def test_regression_music_over_speech(tmp_path):
    heard = story(tmp_path).heard()[SECOND + 4800 : 3 * SECOND - 4800]
    assert np.all(level_db(heard, VOICE_HZ) - level_db(heard, MUSIC_HZ) > 24.9)


@pytest.mark.parametrize(("voice", "music"), PAIRS)
def test_regression_complete_silence(tmp_path, voice, music):
    heard = story(tmp_path, voice, music).heard()
    for hz in (VOICE_HZ, MUSIC_HZ):
        assert np.all(level_db(heard[SECOND + 4800 : 3 * SECOND - 4800], hz) > -40)


@pytest.mark.parametrize(("voice", "music"), PAIRS)
def test_regression_left_right_imbalance(tmp_path, voice, music):
    heard = story(tmp_path, voice, music).heard()
    left, right = 20 * np.log10(np.sqrt((heard**2).mean(axis=0)))
    assert abs(left - right) < 0.1
    assert np.array_equal(heard[:, 0], heard[:, 1])


def test_stereo_keeps_its_sides(tmp_path):
    sides = np.concatenate([tone(300, 1), tone(700, 1)], axis=1)
    heard = Programme(tmp_path, SECOND).add(sides).heard()
    assert np.abs(heard - sides).max() <= 0.5 / 32768


def test_a_click_stands_on_its_exact_sample(tmp_path):
    click = np.zeros((100, 1))
    click[17] = 0.5
    heard = Programme(tmp_path, 2 * SECOND).add(click, start=31_337).heard()
    assert np.flatnonzero(heard[:, 0]).tolist() == [31_337 + 17]
    assert heard[31_354].tolist() == [0.5, 0.5]


def test_a_single_track_at_0_db_passes_bit_for_bit(tmp_path):
    samples = np.random.default_rng(3).integers(-32768, 32768, (SECOND, 2)) / 32768.0
    programme = Programme(tmp_path, SECOND).add(samples)
    mix = programme.mix()
    assert np.array_equal(np.concatenate(list(mix.blocks())), (samples * 32768).astype(np.int16))
    assert not mix.limiter_report.acted


def test_silence_is_exactly_zero_outside_the_tracks(tmp_path):
    heard = Programme(tmp_path, 3 * SECOND).add(tone(440, 1), start=SECOND).heard()
    assert not heard[:SECOND].any()
    assert not heard[2 * SECOND :].any()
    assert Programme(tmp_path, SECOND).heard().shape == (SECOND, 2)
    assert not Programme(tmp_path, SECOND).heard().any()


def test_a_source_shorter_than_its_track_is_followed_by_silence(tmp_path):
    heard = Programme(tmp_path, 2 * SECOND).add(tone(440, 1), end=2 * SECOND).heard()
    assert heard[: SECOND - 10].any()
    assert not heard[SECOND:].any()


def test_a_track_is_trimmed_at_its_end(tmp_path):
    heard = Programme(tmp_path, 2 * SECOND).add(tone(440, 2), end=SECOND).heard()
    assert not heard[SECOND:].any()


def test_fades_are_linear_in_amplitude_and_mirror_each_other(tmp_path):
    level = np.full((SECOND, 1), 0.5)
    heard = Programme(tmp_path, SECOND).add(level, fades=(1000, 1000)).heard()[:, 0]
    assert heard[:1000] == pytest.approx(0.5 * (np.arange(1000) + 0.5) / 1000, abs=1 / 32768)
    assert np.array_equal(heard[:1000], heard[:-1001:-1])
    assert np.all(heard[1000:-1000] == 0.5)


@pytest.mark.parametrize("fades", [(1000, 0), (0, 1000)], ids=["in", "out"])
def test_a_fade_at_one_end_leaves_the_other_alone(tmp_path, fades):
    heard = Programme(tmp_path, SECOND).add(np.full((SECOND, 1), 0.5), fades=fades).heard()[:, 0]
    assert (heard[:1000].max() < 0.5, heard[-1000:].max() < 0.5) == (bool(fades[0]), bool(fades[1]))
    assert np.all(heard[1000:-1000] == 0.5)


def test_an_envelope_is_linear_in_db_between_its_points_and_rests_outside(tmp_path):
    points = (EnvelopePoint(10_000, Fraction(-6)), EnvelopePoint(20_000, Fraction(-20)), EnvelopePoint(30_000, -20))
    level = np.full((SECOND, 1), 0.5)
    found = 20 * np.log10(Programme(tmp_path, SECOND).add(level, envelope=points).mix().samples(0, SECOND)[:, 0] / 0.5)
    wanted = np.interp(np.arange(SECOND), [10_000, 20_000], [-6.0, -20.0])
    assert np.abs(found - wanted).max() < 1e-5


def test_a_point_at_the_sample_of_another_makes_a_step(tmp_path):
    points = (EnvelopePoint(5000, Fraction(0)), EnvelopePoint(5000, Fraction(-6)))
    heard = Programme(tmp_path, 10_000).add(np.full((10_000, 1), 0.5), envelope=points).mix().samples(0, 10_000)
    assert heard[4999, 0] == 0.5
    assert heard[5000, 0] == pytest.approx(0.5 * 10 ** (-6 / 20))


def test_a_loop_repeats_with_a_seam_of_equal_gain(tmp_path):
    length, seam = 10_000, 2400
    ramp = np.linspace(0, 0.9, length)[:, np.newaxis]
    heard = Programme(tmp_path, 40_000).add(ramp, end=40_000, loop=seam).mix().samples(0, 40_000)[:, 0]
    period = length - seam
    assert heard[:period] == pytest.approx(ramp[:period, 0])
    rising = (np.arange(seam) + 0.5) / seam
    assert heard[period : period + seam] == pytest.approx(ramp[:seam, 0] * rising + ramp[period:, 0] * (1 - rising))
    assert heard[period : 2 * period] == pytest.approx(heard[2 * period : 3 * period])


def test_a_loop_has_no_click_at_its_seam(tmp_path):
    music = tone(441.7, 1.0, peak=0.5)
    heard = Programme(tmp_path, 5 * SECOND).add(music, end=5 * SECOND, loop=2400).heard()[:, 0]
    steepest = 0.5 * 2 * np.pi * 441.7 / RATE
    assert np.abs(np.diff(heard)).max() < 1.1 * steepest


def test_a_constant_stays_constant_over_the_seam(tmp_path):
    heard = Programme(tmp_path, 60_000).add(np.full((9000, 1), 0.25), end=60_000, loop=2400).heard()
    assert np.all(heard == 0.25)


@pytest.mark.parametrize("length", [1, 2, 3, 100, 4799, 4800])
def test_a_source_shorter_than_two_seams_still_loops(tmp_path, length):
    heard = Programme(tmp_path, 10_000).add(np.full((length, 1), 0.25), end=10_000, loop=2400).heard()
    assert np.all(heard == 0.25)


def test_equal_samples_come_from_an_equal_sum_in_any_track_order(tmp_path):
    first = Programme(tmp_path, SECOND).add(tone(300, 1)).add(tone(500, 1), role="music", gain_db=-6)
    second = Programme(tmp_path, SECOND).add(tone(500, 1), role="music", gain_db=-6).add(tone(300, 1))
    assert np.array_equal(first.heard(), second.heard())


def test_a_range_outside_the_programme_is_refused(tmp_path):
    mix = Programme(tmp_path, 100).add(tone(440, 1), end=100).mix()
    with pytest.raises(ValueError, match=r"expected samples within \[0, 100\], found \[50, 101\)"):
        mix.samples(50, 101)


def test_a_decoded_file_that_lost_its_end_is_refused(tmp_path):
    programme = Programme(tmp_path, SECOND).add(tone(440, 1))
    path = next(iter(programme.pcm.values()))
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(OutputError, match=r"narration\.wav has 47999 samples, expected 48000"):
        programme.mix()
