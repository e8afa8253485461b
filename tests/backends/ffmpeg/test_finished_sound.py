"""What a listener gets: the sound of finished MP4s, from real speech, real music, tones and clicks (ground truth).

The bundled recording is real speech with pauses; sources are decoded by PyAV here, never by the code under test.
"""

from __future__ import annotations

import itertools
import subprocess
import wave
from pathlib import Path

import av
import numpy as np
import pytest

from renderer.export import write_mix
from renderer.story import StoryOptions, compile_story, open_workspace

RATE = 48_000
DEMO = Path(__file__).parents[3] / "assets" / "demo"
SECONDS = 13
"""Of the recording: three sentences, with pauses of 1.18 s and 0.76 s between them."""
SMALL = {"width": 64, "height": 36, "rate": "25"}
BED_HZ, BED_DB, DEPTH_DB = 12_000, -9.0, -18.0
ATTACK_S, RELEASE_S, MERGE_GAP_S = 0.2, 0.8, 0.6


def samples_of(path, seconds=None):
    """(samples, channels) float64 at 48 kHz, by FFmpeg's own resampler."""
    resampler = av.AudioResampler("fltp", rate=RATE)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
        frames += resampler.resample(None)
    samples = np.concatenate([frame.to_ndarray().T for frame in frames]).astype(float)
    return samples if seconds is None else samples[: round(seconds * RATE)]


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setparams((samples.shape[1], 2, RATE, 0, "NONE", ""))
        file.writeframes(np.rint(samples * 32767).astype("<i2").tobytes())


@pytest.fixture(scope="session")
def speech():
    """The recording's first seconds, mono."""
    return samples_of(DEMO / "narration.flac", SECONDS)


@pytest.fixture(scope="session")
def render_sound(tmp_path_factory, make_image, write_spec, run_story, decode_audio):
    """`render_sound(sounds, **spec)`: a story around WAVs (name → samples); returns its folder and the MP4's sound."""

    def render(sounds, **fields):
        folder = tmp_path_factory.mktemp("heard")
        make_image(folder / "a.png", (64, 36))
        for name, samples in sounds.items():
            write_wav(folder / name, samples)
        run_story(write_spec(folder, output=SMALL, images=["a.png"], **fields), folder / "out.mp4")
        return folder, decode_audio(folder / "out.mp4").astype(float)

    return render


def rms_db(samples):
    return 20 * np.log10(np.sqrt((samples**2).mean(axis=0)) + 1e-9)


# --- The three failures that production recorded (REQUIREMENTS A2), on real speech over real music ----------------


@pytest.fixture(scope="session")
def spoken_story(render_sound, speech):
    """(heard in the MP4, voice, music), each (samples, 2): the bundled recording over the bundled music at −25 dB."""
    music = samples_of(DEMO / "music.flac", SECONDS)
    _, heard = render_sound({"voice.wav": speech, "bed.wav": music}, narration="voice.wav", music="bed.wav")
    count = min(len(heard), len(speech), len(music))
    return heard[:count], speech[:count].repeat(2, axis=1), music[:count]


def parts_db(heard, voice, music):
    """How loud voice and music are in one side of a mix, against their sources: least squares over all samples."""
    (voice_gain, music_gain), *_ = np.linalg.lstsq(np.stack([voice, music], axis=1), heard, rcond=None)
    return 20 * np.log10([abs(voice_gain), abs(music_gain)])


@pytest.mark.parametrize("side", [0, 1], ids=["left", "right"])
def test_regression_music_over_speech(spoken_story, side):
    heard, voice, music = (samples[:, side] for samples in spoken_story)
    assert parts_db(heard, voice, music) == pytest.approx([0, -25], abs=0.3)
    sentence = slice(round(0.6 * RATE), round(6.9 * RATE))
    assert rms_db(voice[sentence]) - rms_db(music[sentence]) + 25 > 15


def test_regression_complete_silence(spoken_story):
    heard, voice, _ = spoken_story
    seconds = [slice(start, start + RATE) for start in range(0, len(heard) - RATE, RATE)]
    assert min(rms_db(heard[second]).min() for second in seconds) > -50
    spoken = [second for second in seconds if rms_db(voice[second]).max() > -30]
    assert len(spoken) > 8
    assert all(abs(rms_db(heard[second]) - rms_db(voice[second])).max() < 1 for second in spoken)


def test_regression_left_right_imbalance(spoken_story):
    heard, voice, music = spoken_story
    left, right = (parts_db(heard[:, side], voice[:, side], music[:, side]) for side in (0, 1))
    assert np.abs(left - right).max() < 0.1


# --- The music makes room for a real recording ---------------------------------------------------------------------


def windows_db(samples):
    """RMS in windows of 20 ms."""
    whole = len(samples) // 960 * 960
    return 10 * np.log10((samples[:whole].reshape(-1, 960) ** 2).mean(axis=1) + 1e-20)


def spoken_ranges(speech):
    """Half-open ranges of seconds that are speech by the rule of the format, pauses under the merge gap closed."""
    levels = windows_db(speech[:, 0])
    loud = levels > max(-45.0, np.percentile(levels[levels > -90], 10) + 12)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(int))) * 0.02
    ranges = [list(pair) for pair in edges.reshape(-1, 2)]
    merged = ranges[:1]
    for start, end in ranges[1:]:
        if start - merged[-1][1] < MERGE_GAP_S:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    return merged


@pytest.fixture(scope="session")
def ducked_story(render_sound, speech):
    """(folder, heard in the MP4): a tone that the recording has no part of, lowered under the recording."""
    tone = 10 ** (BED_DB / 20) * np.sin(2 * np.pi * BED_HZ * np.arange(SECONDS * RATE) / RATE)
    duck = {"db": DEPTH_DB, "attack": ATTACK_S, "release": RELEASE_S, "merge_gap": MERGE_GAP_S}
    sounds = {"voice.wav": speech, "bed.wav": tone[:, np.newaxis]}
    return render_sound(sounds, narration="voice.wav", music={"file": "bed.wav", "duck": duck})


@pytest.fixture(scope="session")
def ducked_mix(ducked_story):
    """The same story before the encoder, as `storyreel mix` writes it."""
    folder, _ = ducked_story
    with open_workspace(folder / "story.yaml", StoryOptions(use_cache=False)) as workspace:
        story = compile_story(folder / "story.yaml", workspace, StoryOptions(use_cache=False))
        with (folder / "mix.wav").open("wb") as stream:
            write_mix(story, workspace, stream)
    return samples_of(folder / "mix.wav")


def bed_db(samples):
    """The tone's level against its source, in dB, every 5 ms, each from a window of 20 ms."""
    at = np.arange(len(samples))
    turned = samples[:, 0] * np.exp(-2j * np.pi * BED_HZ * at / RATE)
    smooth = np.convolve(turned, np.hanning(961) / np.hanning(961).sum(), "same")
    return 20 * np.log10(2 * np.abs(smooth[::240]) + 1e-9) - BED_DB


def inside(ranges, margin_s):
    """The 5 ms steps that lie in `ranges`, at least `margin_s` from their ends."""
    steps = [np.arange(round((start + margin_s) * 200), round((end - margin_s) * 200)) for start, end in ranges]
    return np.concatenate(steps)


def test_the_recording_has_pauses_longer_and_shorter_than_a_whole_release(speech):
    ranges = spoken_ranges(speech)
    pauses = [start - end for (_, end), (start, _) in itertools.pairwise(ranges)]
    assert [round(pause, 2) for pause in pauses] == [1.18, 0.76]


def test_music_is_exactly_as_deep_as_asked_while_a_real_voice_speaks(ducked_mix, speech):
    levels = bed_db(ducked_mix)[inside(spoken_ranges(speech), 0.012)]
    assert np.abs(levels - DEPTH_DB).max() < 0.1


def test_music_is_as_deep_in_the_finished_mp4(ducked_story, speech):
    misses = np.abs(bed_db(ducked_story[1])[inside(spoken_ranges(speech), 0.05)] - DEPTH_DB)
    assert misses.mean() < 0.1
    assert misses.max() < 0.5  # the encoder, from one window to the next


def test_music_comes_back_wholly_in_every_pause_and_never_faster_than_the_attack(ducked_mix, speech):
    levels, ranges = bed_db(ducked_mix), spoken_ranges(speech)
    for (_, end), (start, _) in itertools.pairwise(ranges):
        assert levels[inside([(end, start)], 0)].max() == pytest.approx(0, abs=0.3)  # a window is wider than the top
    assert np.abs(levels[4:50]).max() < 0.01  # before the first word; 20 ms from the ends the window is whole
    assert np.abs(np.diff(levels[4:-4])).max() <= -DEPTH_DB / ATTACK_S * 0.005 + 0.05


# --- Where things are heard ----------------------------------------------------------------------------------------

CODED = {"mp3": "libmp3lame", "m4a": "aac", "opus": "libopus", "flac": "flac"}


def bump(at_s, seconds):
    """A band-limited click around an exact time."""
    return 0.6 * np.exp(-(((np.arange(round(seconds * RATE)) / RATE - at_s) / 0.0005) ** 2))[:, np.newaxis]


def place_of(samples, near_s):
    """The centroid of a bump, in samples."""
    start = round((near_s - 0.02) * RATE)
    part = samples[start : start + round(0.04 * RATE), 0]
    weight = np.where(part > 0.2 * part.max(), part, 0)
    return start + (weight * np.arange(len(part))).sum() / weight.sum()


@pytest.mark.parametrize("kind", CODED)
def test_clicks_in_coded_voice_and_music_leave_the_mp4_on_their_samples(
    tmp_path, make_image, write_spec, run_story, decode_audio, ffmpeg, kind
):
    make_image(tmp_path / "a.png", (64, 36))
    for name, samples in (("voice", bump(0.3, 1.0)), ("bed", bump(0.9, 1.5))):
        write_wav(tmp_path / f"{name}.wav", samples)
        coded = ["-c:a", CODED[kind], "-b:a", "160k", tmp_path / f"{name}.{kind}"]
        subprocess.run([ffmpeg, "-v", "error", "-i", tmp_path / f"{name}.wav", *coded], check=True, timeout=20)
    narration, music = {"file": f"voice.{kind}", "start": "1s"}, {"file": f"bed.{kind}", "gain_db": 0, "start": "0.2s"}
    spec = write_spec(tmp_path, output=SMALL, images=["a.png"], narration=narration, music=music)
    run_story(spec, tmp_path / "out.mp4")
    heard = decode_audio(tmp_path / "out.mp4")
    assert place_of(heard, 1.3) == pytest.approx(1.3 * RATE, abs=0.5)
    assert place_of(heard, 1.1) == pytest.approx(1.1 * RATE, abs=0.5)
