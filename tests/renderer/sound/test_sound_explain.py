"""The mix plan as text, and as a picture."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from sound_material import RATE, Programme, tone

from renderer.sound.explain import Measured, clock, describe_loudness, explain_mix
from renderer.sound.limiter import LimiterReport
from renderer.sound.loudness import Loudness
from renderer.sound.mastering import Mastering
from renderer.sound.plot import WIDTH, plot_mix
from renderer.sound.survey import survey_sound
from renderer.timeline.model import EnvelopePoint

MUSIC_LINE = (
    "music      music.wav; stereo, 48000 Hz; 0:00.000 to 0:10.000; -5.00 dB; loops with a seam of 50 ms; "
    "fades in over 1000 ms; fades out over 2000 ms; envelope of 2 points down to -20.00 dB"
)


@pytest.fixture
def story(tmp_path):
    points = (EnvelopePoint(0, Fraction(0)), EnvelopePoint(2 * RATE, Fraction(-20)))
    programme = Programme(tmp_path, 10 * RATE).add(tone(1000, 4, peak=0.5), start=2 * RATE)
    return programme.add(
        tone(400, 3, peak=0.5, channels=2), role="music", end=10 * RATE, gain_db=-5, loop=2400,
        fades=(RATE, 2 * RATE), envelope=points,
    )  # fmt: skip


def test_the_plan_says_what_sounds_when_and_how_loud(story):
    lines = explain_mix(story.sound, story.pcm, rows=10)
    assert lines[:3] == [
        "programme  0:10.000, 480000 samples at 48 kHz, stereo",
        "narration  narration.wav; mono, 48000 Hz; 0:02.000 to 0:06.000; +0.00 dB",
        MUSIC_LINE,
    ]
    assert lines[4].split() == ["from", "narration", "dBFS", "gain", "dB", "music", "dBFS", "gain", "dB", "mix",
                                "dBFS", "peak"]  # fmt: skip
    assert len(lines) == 5 + 10


def test_the_table_holds_measured_levels(story):
    rows = [line.split() for line in explain_mix(story.sound, story.pcm, rows=10)[5:]]
    assert rows[4] == ["0:04.000", "-9.0", "0.0", "-34.0", "-25.0", "-9.0", "0.527"]
    assert rows[0][1:3] == ["–", "–"]


def test_what_was_measured_is_said(story):
    measured = Measured(Loudness(-16.04, 5.1, -1.2), LimiterReport(480, -2.0, 100, 1.1), Mastering(6.02, -1.0))
    lines = explain_mix(story.sound, story.pcm, measured=measured, rows=2)
    assert "mastering  one gain of +6.02 dB" in lines
    assert "limiter    acted: the sum reached +0.83 dBFS, lowered by up to 2.00 dB" in lines
    assert "loudness   -16.0 LUFS, range 5.1 LU, true peak -1.2 dBTP" in lines


def test_an_empty_programme_is_explained(tmp_path):
    lines = explain_mix(Programme(tmp_path, 0).sound, {})
    assert lines[:2] == ["programme  0:00.000, 0 samples at 48 kHz, stereo", "silence    no track"]
    assert describe_loudness(Loudness(None, None, None)) == "silence"


def test_clocks():
    assert [clock(samples) for samples in (0, 47_999, 60 * RATE, 3600 * RATE)] == [
        "0:00.000",
        "0:00.999",
        "1:00.000",
        "1:00:00.000",
    ]


@pytest.mark.parametrize("columns", [1, 7, 1000])
def test_a_survey_covers_the_programme_without_a_gap(story, columns):
    survey = survey_sound(story.sound, story.pcm, columns=columns)
    assert (survey.edges[0], survey.edges[-1], len(survey.mix.rms_db)) == (0, 480_000, columns)
    assert survey.mix.high.max() == pytest.approx(story.mix().samples(0, 480_000).max())


def test_the_plot_is_a_picture_with_a_lane_for_each_track_and_the_mix(story):
    stream = io.BytesIO()
    plot_mix(story.sound, story.pcm, stream)
    image = Image.open(io.BytesIO(stream.getvalue()))
    colors = {color for _, color in image.convert("RGB").getcolors(100_000)}
    assert image.size[0] == WIDTH
    assert image.size[1] > 3 * 220
    assert {(0xC0, 0x39, 0x2B), (0x14, 0x68, 0x3A), (0x9D, 0xBB, 0xDC), (0xD8, 0xC3, 0x9A)} <= colors


def test_the_narration_is_drawn_where_it_is(story):
    stream = io.BytesIO()
    plot_mix(story.sound, story.pcm, stream)
    pixels = np.asarray(Image.open(io.BytesIO(stream.getvalue())).convert("RGB"))
    drawn = np.flatnonzero((pixels[40:250] == (0x9D, 0xBB, 0xDC)).all(axis=2).any(axis=0))
    share = (drawn[[0, -1]] - 110) / (WIDTH - 180)
    assert share == pytest.approx([0.2, 0.6], abs=0.005)
