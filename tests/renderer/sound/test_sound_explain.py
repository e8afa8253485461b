"""The mix plan as text, and as a picture: figures against arithmetic, lines and lanes where they belong."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from sound_material import RATE, Programme, tone

from renderer.sound import programme as programme_module
from renderer.sound.explain import explain_mix
from renderer.sound.levels_table import bar, clock
from renderer.sound.limiter import LimiterReport
from renderer.sound.loudness import Loudness
from renderer.sound.mastering import Mastering
from renderer.sound.plot import COLUMNS, plot_mix
from renderer.sound.plot_canvas import LEFT, WIDTH
from renderer.sound.programme import SoundReport
from renderer.sound.survey import survey_sound
from renderer.timeline.model import EnvelopePoint, Sound

POINTS = ((1.8, 0), (2, -20), (6, -20), (6.8, 0))


def speech(seconds):
    """A tone with a pause of 1 s in its middle."""
    samples = tone(1000, seconds, peak=0.5)
    middle = len(samples) // 2
    samples[middle - RATE // 2 : middle + RATE // 2] = 0
    return samples


@pytest.fixture
def story(tmp_path):
    """10 s: a voice from 2 s to 6 s that pauses from 3.5 s to 4.5 s, over looped, faded and ducked music."""
    points = tuple(EnvelopePoint(round(at * RATE), Fraction(db)) for at, db in POINTS)
    programme = Programme(tmp_path, 10 * RATE).add(speech(4), start=2 * RATE)
    return programme.add(
        tone(400, 3, peak=0.5, channels=2), role="music", end=10 * RATE, gain_db=-5, loop=2400,
        fades=(RATE, 2 * RATE), envelope=points,
    )  # fmt: skip


def reported(story, target_lufs=None):
    """What mixing it measures, and its survey."""
    sound = Sound(story.sample_count, tuple(story.tracks), target_lufs=target_lufs)
    programme = programme_module.Programme(sound, story.pcm)
    list(programme.blocks())
    report = programme.report
    return sound, report, survey_sound(sound, story.pcm, columns=COLUMNS, mastering=report.mastering)


def plan(story, target_lufs=None):
    """The lines before the table, by label; and the table."""
    lines = explain_mix(*reported(story, target_lufs))
    split = lines.index("")
    found, label = {}, ""
    for line in lines[:split]:
        label = line[:11].strip() or label
        found.setdefault(label, []).append(line[11:])
    return found, lines[split + 1 :]


def test_the_plan_says_what_sounds_when_and_how_loud(story):
    found, _ = plan(story)
    assert found["programme"] == ["10.00 s, 480,000 samples at 48 kHz, stereo"]
    assert found["narration"] == ["narration.wav: mono, 48 kHz, 4.00 s", "0:02.000 to 0:06.000 at +0.00 dB"]
    assert found["music"] == [
        "music.wav: stereo, 48 kHz, 3.00 s",
        "0:00.000 to 0:10.000 at -5.00 dB, fades in over 1 s, fades out over 2 s",
        "loops: 4 turns, the last for 1.15 s, seams of 50 ms",
        "lowered to -25.00 dB under the voice, 1 time",
    ]


def test_the_plan_says_how_far_the_voice_lies_above_the_music(story):
    (line,) = plan(story)[0]["clearance"]
    # Sines of equal level, one 25 dB lower; the filter of BS.1770 counts 1 kHz 0.7 dB higher than 400 Hz.
    assert line.startswith("the voice is 25.7 LU above the music while it speaks (WCAG 1.4.7 asks for 20), in 30%")


def test_music_alone_and_voice_alone_have_no_clearance(tmp_path):
    for role in ("music", "narration"):
        assert "clearance" not in plan(Programme(tmp_path, RATE).add(tone(400, 1), role=role))[0]


def test_a_voice_over_silent_music_is_said_to_be_alone(tmp_path):
    story = Programme(tmp_path, RATE).add(tone(1000, 1)).add(np.zeros((RATE, 2)), role="music")
    assert plan(story)[0]["clearance"] == ["the voice speaks with no music under it"]


def test_the_loudest_moments_are_named(story):
    first, second = plan(story)[0]["loudness"]
    assert first.startswith("-9.")
    assert "LUFS integrated, range" in first
    assert second.startswith("loudest: momentary -6.0 LUFS at 0:0")


def test_mastering_says_the_gain_the_target_and_what_the_limiter_did(tmp_path):
    loud = Programme(tmp_path, 5 * RATE).add(tone(1000, 0.1, peak=0.9)).add(tone(1000, 5, peak=0.1), role="music")
    first, second = plan(loud, Fraction(-12))[0]["mastering"]
    assert first.startswith("one gain of +")
    assert first.endswith(" dB to -12 LUFS, true peak held under -1 dBTP")
    assert second.startswith("the limiter acted: the sum reached +")
    assert second.endswith(", first at 0:00.000")
    quiet = Programme(tmp_path, RATE).add(tone(1000, 1, peak=0.1))
    assert plan(quiet)[0]["mastering"] == ["the limiter did not act"]


def test_the_table_holds_measured_levels_in_rows_of_round_times(story):
    _, table = plan(story)
    assert table[0].split()[:8] == ["from", "narration", "music", "gain", "dB", "mix", "LUFS", "peak"]
    assert [row.split()[0] for row in table[1:]] == [f"0:{second / 2:06.3f}" for second in range(20)]
    # At 5 s: a tone of −9.0 dBFS RMS on both sides, −6.0 LUFS at 1 kHz; music 25 dB below its source of −9.0.
    assert table[11].split()[:6] == ["0:05.000", "-9.0", "-34.0", "-25.0", "-6.0", "-5.6"]
    assert table[1].split()[1:5] == ["–", "-24.8", "–", "…"]


def test_the_table_shows_where_a_gain_moves_from_where_to_where(story):
    row = plan(story)[1][4]
    assert row.split()[:6] == ["0:01.500", "–", "-15.7", "-25.0", "…", "-5.0"]


def test_the_table_counts_the_mastering_as_part_of_the_tracks(tmp_path):
    story = Programme(tmp_path, 5 * RATE).add(tone(1000, 5, peak=0.1))
    plain, louder = (plan(story, target)[1][1].split() for target in (None, Fraction(-13)))
    assert float(louder[1]) - float(plain[1]) == pytest.approx(float(louder[2]) - float(plain[2]), abs=0.11)


def test_a_bar_grows_with_the_level_and_ticks_the_peak():
    assert bar(-60, -60) == " " * 30
    assert bar(0, 0) == "█" * 30
    assert bar(-30, -10) == "█" * 15 + " " * 9 + "│" + " " * 5
    assert bar(-29, -29).startswith("█" * 15 + "▌")
    assert bar(-100, -100) == " " * 30


def test_an_empty_programme_is_explained(tmp_path):
    found, table = plan(Programme(tmp_path, 0))
    assert found["programme"] == ["0.00 s, 0 samples at 48 kHz, stereo"]
    assert (found["silence"], found["loudness"]) == (["no track"], ["silence"])
    assert len(table) == 2


def test_clocks():
    assert [clock(samples) for samples in (0, 47_999, 60 * RATE, 3600 * RATE)] == [
        "0:00.000",
        "0:00.999",
        "1:00.000",
        "1:00:00.000",
    ]


@pytest.mark.parametrize("columns", [1, 7, 1000, 10_000])
def test_a_survey_covers_the_programme_without_a_gap(story, columns):
    survey = survey_sound(story.sound, story.pcm, columns=columns)
    assert (survey.edges[0], survey.edges[-1]) == (0, 480_000)
    assert columns <= len(survey.mix.energy) < columns + 20
    assert survey.edges[:: survey.row_columns].tolist() == list(range(0, 480_001, 24_000))
    assert survey.mix.high.max() == pytest.approx(story.mix().samples(0, 480_000).max())
    lengths = np.diff(survey.edges)
    assert (survey.mix.energy * lengths).sum() / 480_000 == pytest.approx((story.heard() ** 2).mean(), rel=1e-3)


def test_a_survey_knows_the_gain_in_every_column(story):
    survey = survey_sound(story.sound, story.pcm, columns=10_000)
    middles = (survey.edges[:-1] + survey.edges[1:]) / 2 / RATE
    music = survey.tracks[1]
    wanted = -5 + np.interp(middles, *zip(*POINTS, strict=True))
    inside = (middles > 1) & (middles < 8)
    assert np.abs((music.gain_low_db + music.gain_high_db) / 2 - wanted)[inside].max() < 0.01
    assert set(survey.tracks[0].gain_high_db[middles < 1.99]) == {-100.0}


def test_a_survey_finds_speech_and_what_the_limiter_took(tmp_path):
    story = Programme(tmp_path, 6 * RATE).add(speech(4), start=RATE)
    story.add(np.concatenate([np.zeros((5 * RATE, 1)), tone(400, 1, peak=1.9)]), role="music")
    survey = survey_sound(story.sound, story.pcm, columns=600)
    assert survey.speech == ((RATE, RATE * 5 // 2), (RATE * 7 // 2, 5 * RATE))
    assert survey.mix.gain_low_db.min() == pytest.approx(20 * np.log10(1 / 1.9), abs=0.01)
    assert not survey.mix.gain_low_db[:450].any()


# --- The picture ---------------------------------------------------------------------------------------------------


def drawn(story, target_lufs=None):
    _, report, survey = reported(story, target_lufs)
    stream = io.BytesIO()
    plot_mix("Title", report, survey, stream)
    return np.asarray(Image.open(io.BytesIO(stream.getvalue())).convert("RGB"))


def seconds_of(pixels, top, color):
    """The first and last second at which a colour is found in the lane at `top`."""
    columns = np.flatnonzero((pixels[top : top + 150] == color).all(axis=2).any(axis=0))
    columns = columns[(columns >= LEFT) & (columns < LEFT + COLUMNS)]
    return (columns[[0, -1]] - LEFT) / COLUMNS * 10 if len(columns) else None


VOICE, MUSIC, GAIN, SPEECH = (0x3F, 0x76, 0xB0), (0xB3, 0x86, 0x2F), (0xC0, 0x39, 0x2B), (0xE3, 0xEC, 0xF6)
BAND = (0xF2, 0xCF, 0xC9)
FIRST_LANE, SECOND_LANE = 92, 258


def test_the_plot_has_a_lane_for_each_track_the_mix_and_the_loudness(story):
    pixels = drawn(story)
    assert pixels.shape[1] == WIDTH
    assert pixels.shape[0] == 92 + 2 * 166 + 186 + 206 + 40


def test_waveforms_are_drawn_where_they_sound(story):
    pixels = drawn(story)
    assert seconds_of(pixels, FIRST_LANE, VOICE) == pytest.approx([2, 6], abs=0.02)
    assert seconds_of(pixels, SECOND_LANE, MUSIC) == pytest.approx([0.1, 9.9], abs=0.15)


def test_speech_is_tinted(story):
    assert seconds_of(drawn(story), SECOND_LANE, SPEECH) == pytest.approx([2, 6], abs=0.02)


def test_the_gain_line_follows_the_envelope(story):
    pixels = drawn(story)[SECOND_LANE : SECOND_LANE + 150]
    at = [LEFT + round(second / 10 * COLUMNS) for second in (1.4, 3.0, 7.3)]
    heights = [np.flatnonzero((pixels[:, x] == GAIN).all(axis=1)).mean() for x in at]
    assert heights[0] == pytest.approx(heights[2], abs=1)
    assert heights[1] - heights[0] > 50


def test_a_gain_that_moves_in_every_column_is_a_band_behind_the_waveform(tmp_path):
    points = tuple(EnvelopePoint(at * 100, Fraction(-20 * (at % 2))) for at in range(4800))
    story = Programme(tmp_path, 10 * RATE).add(tone(400, 10, peak=0.01), role="music", envelope=points)
    pixels = drawn(story)
    assert seconds_of(pixels, FIRST_LANE, BAND) == pytest.approx([0, 10], abs=0.02)
    assert seconds_of(pixels, FIRST_LANE, GAIN) is None


def test_the_limiter_hangs_from_the_top_of_the_mix_where_it_acted(tmp_path):
    story = Programme(tmp_path, 10 * RATE).add(tone(400, 2, peak=1.9), start=4 * RATE)
    assert seconds_of(drawn(story), SECOND_LANE, GAIN) == pytest.approx([4, 6], abs=0.25)
    assert seconds_of(drawn(Programme(tmp_path, 10 * RATE).add(tone(400, 2))), SECOND_LANE, GAIN) is None


def test_silence_and_a_programme_of_one_sample_can_be_drawn(tmp_path):
    for count in (0, 1, 10 * RATE):
        assert drawn(Programme(tmp_path, count)).shape[1] == WIDTH
    report = SoundReport(Loudness(-16.0, 5.0, -1.0), Mastering(3.0, -1.0), LimiterReport(480, -2.0, 100, 1.1), -16.0)
    assert report.warnings() == ("the sound's limiter acted: the sum reached +0.83 dBFS, lowered by up to 2.00 dB",)
