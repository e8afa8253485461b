"""The meter against the standard's own test signals and against FFmpeg's ebur128; targets against the meter."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sound_material import RATE, Programme, decode, tone

from renderer.ffmpeg_process import Child, find_ffmpeg
from renderer.sound.loudness import Loudness, LoudnessMeter
from renderer.sound.mastering import TARGETS_LUFS, master_to, measure, plan_loudness
from renderer.sound.mix import Mix

READINGS = Path("/usr/share/pocketsphinx/test/data/librivox")


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


@pytest.mark.skipif(not READINGS.exists(), reason="real speech: install pocketsphinx-testdata (docs: media)")
@pytest.mark.parametrize("number", ["0870", "0890", "0920"])
def test_agrees_with_ffmpeg_on_real_speech(tmp_path, number):
    path = tmp_path / "speech.wav"
    path.write_bytes((READINGS / f"sense_and_sensibility_01_austen_64kb-{number}.wav").read_bytes())
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


def test_a_plan_is_one_gain_and_says_whether_peaks_pass():
    quiet = plan_loudness(Loudness(-30.0, 5.0, -20.0), -16.0)
    loud = plan_loudness(Loudness(-30.0, 5.0, -12.0), -16.0)
    assert quiet.gain == pytest.approx(10 ** (14 / 20))
    assert (quiet.gain_db, quiet.needs_limiter, loud.needs_limiter) == (14.0, False, True)
    assert quiet.mastering.ceiling_dbtp is None
    assert loud.mastering.ceiling_dbtp == -1.0
    assert plan_loudness(Loudness(None, None, None), -16.0).gain == 1.0


@pytest.mark.parametrize("target", TARGETS_LUFS.values(), ids=TARGETS_LUFS)
def test_a_target_is_met_and_the_ceiling_kept(tmp_path, target):
    programme = Programme(tmp_path, 10 * RATE).add(music(10) * 0.4)
    mastering, before, after = master_to(target, lambda way: Mix(programme.sound, programme.pcm, way).blocks())
    mastered = np.concatenate(list(Mix(programme.sound, programme.pcm, mastering).blocks()))
    lufs, _, peak = by_ffmpeg(mastered / 32768.0)
    assert abs(before.integrated_lufs - target) > 0.5
    assert after.integrated_lufs == pytest.approx(target, abs=0.15)
    assert lufs == pytest.approx(target, abs=0.2)
    assert max(peak, after.true_peak_dbtp) <= -1.0


def test_what_the_limiter_takes_away_is_given_back(tmp_path):
    programme = Programme(tmp_path, 10 * RATE).add(music(10) * 0.4)

    def way(mastering):
        return Mix(programme.sound, programme.pcm, mastering).blocks()

    mastering, before, after = master_to(-9.0, way)
    assert after.integrated_lufs == pytest.approx(-9.0, abs=0.15)
    assert mastering.gain > 1.05 * plan_loudness(before, -9.0).gain


def test_a_target_leaves_silence_alone(tmp_path):
    programme = Programme(tmp_path, RATE)
    mastering, _, after = master_to(-16.0, lambda way: Mix(programme.sound, programme.pcm, way).blocks())
    assert (mastering.gain, after.integrated_lufs) == (1.0, None)
    assert measure(programme.mix().blocks()) == Loudness(None, None, None)
