"""What is noticed about a narration before it goes into a video."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from sound_material import LIBRIVOX, NO_SPEECH, RATE, decode, tone

from renderer.sound.decode import AudioFacts
from renderer.sound.pitch import voice_pitch_hz
from renderer.sound.sanity import examine_music, examine_narration

READING = LIBRIVOX / "sense_and_sensibility_01_austen_64kb-0870.wav"


def facts(samples, rate=RATE):
    duration_s, peak = Fraction(len(samples), rate), float(np.abs(samples).max(initial=0.0))
    return AudioFacts(rate, samples.shape[1], len(samples), "pcm_s16le", len(samples), duration_s, peak)


def found(tmp_path, samples, rate=RATE):
    path = tmp_path / "narration.f32"
    path.write_bytes(samples.astype("<f4").tobytes())
    return [(finding.severity, finding.code) for finding in examine_narration(path, facts(samples, rate))]


def voice(peak, seconds=4):
    """A buzz at 120 Hz with pauses: enough like speech."""
    at = np.arange(seconds * RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * 120 * n * at) / n for n in range(1, 12))
    return (peak * buzz / np.abs(buzz).max() * (at % 1 < 0.7))[:, np.newaxis]


def test_a_good_recording_has_no_findings(tmp_path):
    assert found(tmp_path, voice(0.5)) == []


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.zeros((0, 1)), [("error", "no-samples")]),
        (np.zeros((RATE, 2)), [("warning", "silent")]),
        (voice(0.0005), [("warning", "silent")]),
        (voice(0.01), [("warning", "very-low"), ("warning", "mostly-silent")]),
        (np.clip(voice(3.0), -1, 1), [("warning", "clipped")]),
        (np.concatenate([voice(0.5, 1), np.zeros((20 * RATE, 1))]), [("warning", "mostly-silent")]),
    ],
    ids=["no samples", "digital silence", "hiss", "very low", "clipped", "mostly silent"],
)
def test_an_odd_recording_is_said_to_be(tmp_path, samples, expected):
    assert found(tmp_path, samples) == expected


def test_a_loud_tone_at_full_scale_is_not_clipped(tmp_path):
    assert ("warning", "clipped") not in found(tmp_path, tone(997, 2, peak=1.0))


def test_a_single_click_at_full_scale_is_not_clipping(tmp_path):
    samples = voice(0.5)
    samples[1000:1010] = 1.0
    assert found(tmp_path, samples) == []


@pytest.mark.parametrize("rate", [4_000, 384_000])
def test_a_rate_nobody_records_at_is_suspected(tmp_path, rate):
    assert found(tmp_path, voice(0.5), rate) == [("warning", "wrong-rate")]


@pytest.mark.parametrize("hz", [70, 123.4, 261.6, 440, 700])
def test_a_pitch_is_found_to_the_hertz(tmp_path, hz):
    path = tmp_path / "tone.f32"
    path.write_bytes(tone(hz, 4).astype("<f4").tobytes())
    assert voice_pitch_hz(path, 1) == pytest.approx(hz, rel=0.01)


@pytest.mark.skipif(not READING.exists(), reason=NO_SPEECH)
@pytest.mark.parametrize(("speed", "suspected"), [(0.5, True), (1, False), (2, False), (4, True)])
def test_real_speech_at_half_and_four_times_its_speed_is_suspected(tmp_path, speed, suspected):
    (tmp_path / "a.wav").write_bytes(READING.read_bytes())
    _, samples = decode(tmp_path / "a.wav")
    at = np.arange(0, len(samples) - 1, speed)
    other = np.interp(at, np.arange(len(samples)), samples[:, 0])[:, np.newaxis]
    assert (("warning", "wrong-rate") in found(tmp_path, other)) is suspected


def test_findings_are_sentences_with_the_measured_value(tmp_path):
    path = tmp_path / "narration.f32"
    path.write_bytes(voice(0.01).astype("<f4").tobytes())
    messages = [finding.message for finding in examine_narration(path, facts(voice(0.01)))]
    assert messages == ["very quiet: its loudest moment has -45 dBFS", "mostly silent: it speaks in 0% of its length"]
    assert examine_narration(path, replace(facts(voice(0.01)), samples=0))[0].message == "the recording has no samples"


@pytest.mark.parametrize(
    ("peak", "messages"),
    [
        (0.0, ["the music is silent: digital silence"]),
        (0.0005, ["the music is silent: its highest peak is at -66 dBFS"]),
        (0.002, []),
        (1.0, []),
    ],
)
def test_silent_music_is_noticed_and_a_loud_master_is_not(peak, messages):
    found = examine_music(facts(tone(440, 0.1, peak=peak)))
    assert [finding.message for finding in found] == messages
    assert examine_music(facts(np.zeros((0, 2))))[0].severity == "error"
