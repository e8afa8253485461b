"""The meter against the standard's own test signals and against FFmpeg's ebur128; targets against the meter."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sound_material import LIBRIVOX, NO_SPEECH, RATE, Programme, decode, tone

from renderer.ffmpeg_process import Child, find_ffmpeg
from renderer.sound.loudness import Loudness, LoudnessMeter
from renderer.sound.mastering import DEEPEST_LIMITING_DB, TARGETS_LUFS, Mastering, master_to, plan_loudness
from renderer.sound.mix import Mix


def metered(samples, block=48_000):
    meter = LoudnessMeter()
    for start in range(0, len(samples), block):
        meter.add(samples[start : start + block])
    return meter.result()


def by_ffmpeg(samples):
    """What FFmpeg's own meter says of stereo samples: integrated loudness, range, true peak."""
    argv = [str(find_ffmpeg().path), "-hide_banner", "-nostats", "-f", "f32le", "-ar", "48000", "-ac", "2", "-i", "-"]
    with Child([*argv, "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"], stdin=-1) as child:
        child.write(samples.astype("<f4").tobytes())
        said = child.finish().stderr_tail
    return tuple(float(re.findall(rf"{name}:\s+(-?[\d.]+)", said)[-1]) for name in ("I", "LRA", "Peak"))


def db(*levels_and_seconds):
    """A 1 kHz stereo sine at given peak levels, each for so many seconds (EBU Tech 3341)."""
    return np.concatenate([tone(1000, s, peak=10 ** (level / 20), channels=2) for level, s in levels_and_seconds])


@pytest.mark.parametrize(
    ("signal", "lufs"),
    [
        (db((-23, 20)), -23.0),
        (db((-33, 20)), -33.0),
        (db((-36, 10), (-23, 60), (-36, 10)), -23.0),
        (db((-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)), -23.0),
        (db((-26, 20), (-20, 20.1), (-26, 20)), -23.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 5"],
)
def test_integrated_loudness_of_ebu_3341(signal, lufs):
    assert metered(signal).integrated_lufs == pytest.approx(lufs, abs=0.1)


@pytest.mark.parametrize(
    ("signal", "lu"),
    [
        (db((-20, 20), (-30, 20)), 10.0),
        (db((-20, 20), (-15, 20)), 5.0),
        (db((-40, 20), (-20, 20)), 20.0),
        (db((-50, 20), (-35, 20), (-20, 20), (-35, 20), (-50, 20)), 15.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4"],
)
def test_loudness_range_of_ebu_3342(signal, lu):
    assert metered(signal).range_lu == pytest.approx(lu, abs=1.0)


@pytest.mark.parametrize(("turn", "degrees"), [(4, 0), (4, 45), (6, 60), (8, 67.5)])
def test_true_peak_of_sines_whose_samples_miss_it(turn, degrees):
    time = np.arange(RATE)
    swell = np.minimum(1, np.minimum(time, time[::-1]) / 4800)
    signal = 0.5 * (swell * np.sin(2 * np.pi * time / turn + np.radians(degrees)))[:, np.newaxis].repeat(2, axis=1)
    assert metered(signal).true_peak_dbtp == pytest.approx(-6.02, abs=0.05)


def music(seconds=20, seed=1):
    """Chords with a beat and noise: something like music, with peaks between its samples."""
    random = np.random.default_rng(seed)
    at = np.arange(seconds * RATE) / RATE
    chords = sum(np.sin(2 * np.pi * hz * at + random.uniform(0, 6)) for hz in (110, 220.5, 331, 5512, 11_900))
    beat = np.exp(-((at * 2) % 1) * 6) * random.standard_normal(len(at))
    left, right = 0.1 * chords + 0.25 * beat, 0.1 * chords - 0.2 * beat
    return np.stack([left, right], axis=1) * (0.3 + 0.7 * (at % 10 > 5))[:, np.newaxis]


@pytest.mark.parametrize("factor", [0.05, 0.5, 1.5])
def test_agrees_with_ffmpeg_on_music(factor):
    signal = music() * factor
    lufs, _, peak = by_ffmpeg(signal)
    found = metered(signal)
    assert found.integrated_lufs == pytest.approx(lufs, abs=0.2)
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.3)


@pytest.mark.skipif(not LIBRIVOX.exists(), reason=NO_SPEECH)
@pytest.mark.parametrize("number", ["0870", "0890", "0920"])
def test_agrees_with_ffmpeg_on_real_speech(tmp_path, number):
    path = tmp_path / "speech.wav"
    path.write_bytes((LIBRIVOX / f"sense_and_sensibility_01_austen_64kb-{number}.wav").read_bytes())
    signal = decode(path)[1].repeat(2, axis=1)
    lufs, _, peak = by_ffmpeg(signal)
    found = metered(signal)
    assert found.integrated_lufs == pytest.approx(lufs, abs=0.2)
    assert found.true_peak_dbtp == pytest.approx(peak, abs=0.3)


def test_blocks_of_any_size_measure_the_same():
    signal = music(6)
    whole = metered(signal, len(signal))
    for block in (1, 7, 4801, 48_000):
        part = metered(signal[:30_000], block) if block < 100 else metered(signal, block)
        wanted = metered(signal[:30_000], 30_000) if block < 100 else whole
        assert part.integrated_lufs == pytest.approx(wanted.integrated_lufs, abs=1e-9)
        assert part.true_peak_dbtp == pytest.approx(wanted.true_peak_dbtp, abs=1e-9)


def test_silence_and_almost_nothing_have_no_loudness():
    assert metered(np.zeros((96_000, 2))) == Loudness(None, None, None)
    assert LoudnessMeter().result() == Loudness(None, None, None)
    short = metered(tone(440, 0.1, channels=2))
    assert (short.integrated_lufs, short.range_lu) == (None, None)
    assert short.true_peak_dbtp == pytest.approx(-6.02, abs=0.2)


def test_sixteen_bit_samples_count_as_full_scale_at_32768():
    signal = tone(1000, 5, peak=0.25, channels=2)
    coarse = metered(np.rint(signal * 32768).astype(np.int16))
    assert coarse.integrated_lufs == pytest.approx(metered(signal).integrated_lufs, abs=0.01)


def heard_by_a_meter(samples):
    meter = LoudnessMeter()
    meter.add(samples)
    return meter


@pytest.mark.parametrize("gain_db", [-12.0, 3.5, 30.0])
def test_a_meter_says_what_another_gain_would_have_given(gain_db):
    signal = music(12) * np.repeat([0.0003, 0.1], 6 * RATE)[:, np.newaxis]  # the first half passes the gate when raised
    louder, told = metered(signal * 10 ** (gain_db / 20)), heard_by_a_meter(signal).result(gain_db)
    for name in ("integrated_lufs", "range_lu", "true_peak_dbtp"):
        assert getattr(told, name) == pytest.approx(getattr(louder, name), abs=1e-6)


def test_a_plan_is_one_gain_and_says_whether_peaks_pass():
    meter = heard_by_a_meter(tone(1000, 5, peak=0.1, channels=2))
    quiet, loud = plan_loudness(meter, -16.0), plan_loudness(meter, -0.5)
    assert (quiet, loud) == (Mastering(3.99, None), Mastering(19.49, -1.0))
    assert quiet.gain == pytest.approx(10 ** (3.99 / 20), rel=1e-12)
    assert plan_loudness(heard_by_a_meter(np.zeros((RATE, 2))), -16.0) == Mastering()


def test_a_plan_counts_what_the_gate_lets_through_once_it_is_raised():
    signal = np.concatenate([tone(1000, 20, peak=10 ** (db / 20), channels=2) for db in (-72.0, -66.0)])
    meter = heard_by_a_meter(signal)
    mastering = plan_loudness(meter, -20.0)
    assert metered(signal * mastering.gain).integrated_lufs == pytest.approx(-20.0, abs=0.01)
    assert abs(mastering.gain_db - (-20.0 - meter.result().integrated_lufs)) > 1


def mastered(programme, target):
    """(mastering, how often the programme was mixed for it, what came out)."""
    mixes = []

    def mixed(mastering):
        mixes.append(mastering)
        return Mix(programme.sound, programme.pcm, mastering).blocks()

    mastering = master_to(target, programme.mix().unlimited_blocks(), mixed)
    return mastering, len(mixes), np.concatenate(list(Mix(programme.sound, programme.pcm, mastering).blocks()))


@pytest.mark.parametrize("target", TARGETS_LUFS.values(), ids=TARGETS_LUFS)
def test_a_target_is_met_and_the_ceiling_kept(tmp_path, target):
    programme = Programme(tmp_path, 10 * RATE).add(music(10) * 0.4)
    _, _, samples = mastered(programme, target)
    lufs, _, peak = by_ffmpeg(samples / 32768.0)
    assert abs(metered(programme.heard()).integrated_lufs - target) > 0.5
    assert metered(samples).integrated_lufs == pytest.approx(target, abs=0.11)
    assert lufs == pytest.approx(target, abs=0.2)
    assert max(peak, metered(samples).true_peak_dbtp) <= -1.0


def test_without_a_limiter_the_programme_is_mixed_once_only(tmp_path):
    mastering, mixes, _ = mastered(Programme(tmp_path, 5 * RATE).add(music(5) * 0.4), -30.0)
    assert (mixes, mastering.ceiling_dbtp) == (0, None)


@pytest.mark.parametrize("target", [-12.0, -10.0, -9.0])
def test_what_the_limiter_takes_away_is_given_back(tmp_path, target):
    programme = Programme(tmp_path, 10 * RATE).add(music(10) * 0.4)
    mastering, mixes, samples = mastered(programme, target)
    assert metered(samples).integrated_lufs == pytest.approx(target, abs=0.11)
    assert mastering.gain_db > plan_loudness(heard_by_a_meter(programme.heard()), target).gain_db
    assert mixes <= 6


def test_a_target_out_of_reach_ends_where_peaks_would_be_lowered_by_more_than_15_db(tmp_path):
    clicks = np.zeros((10 * RATE, 1))
    clicks[::4800] = 0.5
    programme = Programme(tmp_path, 10 * RATE).add(clicks)
    mastering, mixes, samples = mastered(programme, -5.0)
    assert metered(samples).integrated_lufs < -8
    assert mixes <= 2
    assert mastering.gain_db == pytest.approx(-1.15 + DEEPEST_LIMITING_DB - 20 * np.log10(0.5), abs=0.01)


def test_a_sum_beyond_full_scale_is_measured_before_it_is_limited(tmp_path):
    programme = Programme(tmp_path, 5 * RATE).add(music(5) * 4.0)
    mastering, _, samples = mastered(programme, -30.0)
    assert mastering.ceiling_dbtp is None
    assert metered(samples).integrated_lufs == pytest.approx(-30.0, abs=0.02)


def test_a_target_leaves_silence_alone(tmp_path):
    mastering, mixes, samples = mastered(Programme(tmp_path, RATE), -16.0)
    assert (mastering, mixes) == (Mastering(), 0)
    assert not samples.any()
