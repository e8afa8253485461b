"""Where a narration speaks, and the envelope that makes room for it."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sound_material import LIBRIVOX, NO_SPEECH, RATE, Programme, decode, tone

from renderer.sound.speech import WINDOW, duck_envelope, merge_intervals, speech_intervals

DEPTH, ATTACK, RELEASE, GAP = Fraction(-25), 9_600, 38_400, 28_800


def spoken(tmp_path, samples):
    path = tmp_path / "speech.f32"
    path.write_bytes(samples.astype("<f4").tobytes())
    return speech_intervals(path, samples.shape[1])


def bursts(*ranges, seconds=6, noise=0.0, channels=1):
    """Tones of −12 dBFS in the given ranges of seconds, over noise."""
    samples = np.random.default_rng(2).standard_normal((seconds * RATE, 1)) * noise
    for start, end in ranges:
        samples[round(start * RATE) : round(end * RATE)] += tone(200, end - start, peak=0.25)
    return samples.repeat(channels, axis=1)


def duck(intervals, *, sample_count=20 * RATE, offset=0, attack=ATTACK, release=RELEASE, gap=GAP):
    return duck_envelope(
        intervals,
        offset=offset,
        duck_db=DEPTH,
        attack=attack,
        release=release,
        merge_gap=gap,
        sample_count=sample_count,
    )


@pytest.mark.parametrize("channels", [1, 2])
def test_bursts_are_found_to_the_window(tmp_path, channels):
    found = spoken(tmp_path, bursts((1, 2), (3.5, 4.2), channels=channels))
    assert found == [(RATE, 2 * RATE), (168_000, 201_600)]


@pytest.mark.parametrize("side", [0, 1])
def test_speech_on_one_side_only_is_speech(tmp_path, side):
    samples = np.zeros((6 * RATE, 2))
    samples[:, side] = bursts((1, 2))[:, 0]
    assert spoken(tmp_path, samples) == [(RATE, 2 * RATE)]


def test_a_soft_voice_well_above_the_noise_is_speech_beside_a_loud_one(tmp_path):
    samples = bursts((1, 2), noise=0.0005)  # noise at −66 dBFS
    samples[3 * RATE : 4 * RATE] += tone(200, 1, peak=0.0141)  # −40 dBFS RMS, 25 dB under the other
    assert spoken(tmp_path, samples) == [(RATE, 2 * RATE), (3 * RATE, 4 * RATE)]


def test_noise_under_the_floor_rule_is_no_speech(tmp_path):
    found = spoken(tmp_path, bursts((1, 2), (3, 5), noise=0.02))
    assert merge_intervals(found, WINDOW + 1) == [(RATE, 2 * RATE), (3 * RATE, 5 * RATE)]


def test_a_voice_without_a_pause_is_speech_throughout(tmp_path):
    assert spoken(tmp_path, tone(200, 3)) == [(0, 3 * RATE)]


def test_silence_and_whispers_under_minus_45_are_no_speech(tmp_path):
    assert spoken(tmp_path, np.zeros((RATE, 1))) == []
    assert spoken(tmp_path, np.zeros((0, 1))) == []
    assert spoken(tmp_path, tone(200, 2, peak=0.005)) == []


def test_gaps_shorter_than_the_merge_gap_are_closed():
    assert merge_intervals([(0, 100), (150, 200), (250, 300)], 51) == [(0, 300)]
    assert merge_intervals([(0, 100), (150, 200), (251, 300)], 50) == [(0, 100), (150, 200), (251, 300)]


def test_full_depth_is_reached_before_an_interval_and_held_to_its_end():
    points = duck([(96_000, 144_000)])
    assert [(point.sample, point.gain_db) for point in points] == [
        (96_000 - ATTACK, 0),
        (96_000, DEPTH),
        (144_000, DEPTH),
        (144_000 + RELEASE, 0),
    ]


def test_a_pause_too_short_for_the_whole_release_hurries_it():
    points = duck([(96_000, 144_000), (180_000, 240_000)])
    back = 180_000 - ATTACK
    assert [(point.sample, point.gain_db) for point in points[2:5]] == [(144_000, DEPTH), (back, 0), (180_000, DEPTH)]


def test_a_pause_too_short_for_two_attacks_turns_back_half_way():
    points = duck([(96_000, 144_000), (156_000, 240_000)], gap=0)
    turn = points[3]
    assert turn.sample == 150_000
    assert turn.gain_db == DEPTH * (1 - Fraction(6_000, ATTACK))
    assert [point.gain_db for point in points] == [0, DEPTH, DEPTH, turn.gain_db, DEPTH, DEPTH, 0]


def test_an_interval_at_the_start_begins_ducked_as_far_as_the_attack_allows():
    points = duck([(2_400, 48_000)])
    assert (points[0].sample, points[0].gain_db) == (0, DEPTH * Fraction(3, 4))


def test_an_interval_at_the_end_keeps_its_depth_there():
    points = duck([(40_000, 48_000)], sample_count=48_000)
    assert points[-1].gain_db == DEPTH
    assert points[-1].sample == 47_999


def test_nothing_spoken_needs_no_envelope():
    assert duck([]) == ()
    assert duck([(100, 200)], offset=30 * RATE) == ()
    assert duck([(100, 200)], sample_count=0) == ()


INTERVALS = st.lists(st.integers(0, 4_000), min_size=2, max_size=14, unique=True).map(
    lambda edges: list(zip(sorted(edges)[0:-1:2], sorted(edges)[1::2], strict=False))
)


def gains_at_all(points, count):
    if not points:
        return np.zeros(count)
    return np.interp(np.arange(count), [point.sample for point in points], [float(point.gain_db) for point in points])


@settings(max_examples=300, deadline=None)
@given(
    intervals=INTERVALS,
    offset=st.integers(-1_000, 1_000),
    attack=st.integers(0, 900),
    release=st.integers(0, 900),
    gap=st.integers(0, 600),
)
def test_any_envelope_is_deep_in_speech_never_faster_than_the_attack_and_back_in_long_gaps(
    intervals, offset, attack, release, gap
):
    count = 4_000
    points = duck(intervals, sample_count=count, offset=offset, attack=attack, release=release, gap=gap)
    gains = gains_at_all(points, count)
    for start, end in intervals:
        assert np.all(gains[max(0, start + offset) : max(0, end + offset)] == -25)
    steps = np.diff(gains)
    assert steps.min(initial=0) >= -25 / max(1, attack) - 1e-9
    fastest = min(max(1, attack), max(1, release))
    assert steps.max(initial=0) <= 25 / fastest + 1e-9
    for (_, end), (start, _) in itertools.pairwise(merge_intervals(intervals, gap)):
        pause = gains[max(0, end + offset) : max(0, start + offset)]
        assert np.all(pause[max(1, release) : -max(1, attack)] == 0)
        if start - end >= max(1, attack) + fastest and end + offset >= 0 and start + offset < count:
            assert pause.max() == 0
    assert [point.sample for point in points] == sorted({point.sample for point in points})


@pytest.mark.skipif(not LIBRIVOX.exists(), reason=NO_SPEECH)
def test_music_under_real_speech_is_exactly_as_deep_as_asked(tmp_path):
    reading = LIBRIVOX / "sense_and_sensibility_01_austen_64kb-0880.wav"
    (tmp_path / "one.wav").write_bytes(reading.read_bytes())
    _, voice = decode(tmp_path / "one.wav")
    pause = np.zeros((2 * RATE, 1))
    narration = np.concatenate([voice, pause, voice]).astype(float)
    intervals = spoken(tmp_path, narration)
    count = len(narration) + 2 * RATE
    level = np.full((count, 1), 0.5)
    envelope = duck(intervals, offset=RATE, sample_count=count)
    bed = 20 * np.log10(Programme(tmp_path, count).add(level, envelope=envelope).mix().samples(0, count)[:, 0] / 0.5)
    inside = np.concatenate([bed[start + RATE : end + RATE] for start, end in intervals])
    merged = merge_intervals(intervals, GAP)
    assert np.abs(inside + 25).max() < 0.1
    assert len(merged) == 2
    assert np.all(bed[merged[0][1] + RATE + RELEASE : merged[1][0] + RATE - ATTACK] == 0)
    assert np.diff(bed).min() >= -25 / ATTACK - 1e-3
