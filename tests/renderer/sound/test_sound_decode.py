"""Ground truth for decoding: what FFmpeg was given comes back at its exact sample, level and length."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from sound_material import RATE, centre_s, decode, encode, level_db, pulse, run_ffmpeg, tone, write_wav

from renderer.ffmpeg_process import find_ffmpeg, run_process

KINDS = {
    "wav": ("clicks.wav",),
    "wav-24-bit": ("clicks.wav", "-c:a", "pcm_s24le"),
    "wav-float": ("clicks.wav", "-c:a", "pcm_f32le"),
    "flac": ("clicks.flac",),
    "mp3": ("clicks.mp3", "-b:a", "192k"),
    "mp3-vbr": ("clicks.mp3", "-q:a", "2"),
    "aac-in-m4a": ("clicks.m4a", "-c:a", "aac", "-b:a", "192k"),
    "aac-faststart": ("clicks.m4a", "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"),
    "alac": ("clicks.m4a", "-c:a", "alac"),
    "vorbis": ("clicks.ogg", "-c:a", "libvorbis", "-q:a", "7"),
    "opus": ("clicks.opus", "-c:a", "libopus", "-b:a", "192k"),
    "opus-in-webm": ("clicks.webm", "-c:a", "libopus", "-b:a", "192k"),
    "vorbis-in-webm": ("clicks.webm", "-c:a", "libvorbis", "-q:a", "7"),
}


def write_raw(path, samples):
    path.write_bytes(samples.astype("<f8").tobytes())
    return path


LOSSLESS = ("wav", "wav-24-bit", "wav-float", "flac", "alac")


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("kind", KINDS)
def test_a_pulse_lands_on_its_exact_sample_and_the_length_is_exact(tmp_path, kind, rate):
    name, *arguments = KINDS[kind]
    seconds, at = 2.5, 1.25
    facts, samples = decode(encode(tmp_path / name, pulse(at, seconds, rate=rate), *arguments, rate=rate))
    assert abs(centre_s(samples, at) - at) * RATE < (0.01 if kind in LOSSLESS else 0.4)
    assert facts.warnings == ()
    assert facts.samples_48k == len(samples)
    extra = 0 if kind != "vorbis-in-webm" else 1024  # where the file does not say how much of its end is padding
    assert 0 <= facts.samples - seconds * facts.sample_rate <= extra


def test_a_click_of_one_sample_keeps_its_sample_and_value_in_lossless_files(tmp_path):
    click = np.zeros((48_000, 1))
    click[12_345] = 0.75
    for name in ("a.wav", "a.flac"):
        _, samples = decode(encode(tmp_path / name, click))
        assert np.flatnonzero(samples).tolist() == [12_345]
        assert samples[12_345, 0] == 0.75


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 88_200, 96_000, 192_000])
def test_resampling_shifts_nothing_and_keeps_levels(tmp_path, rate):
    source = (
        pulse(1.0, 2.0, rate=rate)
        + tone(1000, 2.0, peak=0.25, rate=rate) * (np.arange(rate * 2) > rate * 1.25)[:, np.newaxis]
    )
    facts, samples = decode(write_wav(tmp_path / "a.wav", source, rate=rate))
    assert (facts.sample_rate, facts.samples, facts.samples_48k) == (rate, 2 * rate, 96_000)
    assert abs(centre_s(samples, 1.0) - 1.0) * RATE < 0.01
    assert level_db(samples[72_000:91_200].astype(float), 1000)[0] == pytest.approx(20 * np.log10(0.25), abs=0.01)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000])
def test_resampling_keeps_treble_and_adds_nothing(tmp_path, rate):
    hz = 0.4 * min(rate, RATE)
    samples = tone(hz, 2.0, rate=rate)
    run_ffmpeg("-f", "f64le", "-ar", str(rate), "-ac", "1", "-i", write_raw(tmp_path / "a.raw", samples),
               "-c:a", "pcm_f64le", tmp_path / "a.wav")  # fmt: skip
    heard = decode(tmp_path / "a.wav")[1].astype(float)[24_000:72_000, 0]
    at = np.arange(24_000, 72_000) / RATE * 2 * np.pi * hz
    waves = np.stack([np.sin(at), np.cos(at)], axis=1)
    (in_phase, across), *_ = np.linalg.lstsq(waves, heard, rcond=None)
    rest = heard - waves @ [in_phase, across]
    assert 20 * np.log10(np.hypot(in_phase, across) / 0.5) == pytest.approx(0, abs=0.001)
    assert abs(np.arctan2(across, in_phase)) < 1e-3
    assert 20 * np.log10(np.sqrt((rest**2).mean()) / 0.5) < -115


def test_facts_of_a_stereo_mp3(tmp_path):
    facts, samples = decode(encode(tmp_path / "a.mp3", tone(440, 1.0, rate=22_050, channels=2), rate=22_050))
    assert (facts.sample_rate, facts.channels, facts.codec, facts.samples) == (22_050, 2, "mp3", 22_050)
    assert samples.shape == (48_000, 2)


def test_mono_stays_one_channel_and_stereo_keeps_its_sides(tmp_path):
    sides = np.concatenate([tone(500, 1.0), 0.5 * tone(900, 1.0)], axis=1)
    _, mono = decode(write_wav(tmp_path / "mono.wav", sides[:, :1]))
    _, stereo = decode(write_wav(tmp_path / "stereo.wav", sides))
    assert mono.shape[1] == 1
    assert np.abs(stereo - sides).max() < 2e-5


SURROUND = {
    "5.1": {"FL": (0, None), "FR": (None, 0), "FC": (-3.01, -3.01), "LFE": (None, None), "BL": (-3.01, None)},
    "5.1(side)": {"SL": (-3.01, None), "SR": (None, -3.01)},
    "7.1": {"FC": (-3.01, -3.01), "BL": (-3.01, None), "SR": (None, -3.01), "LFE": (None, None)},
}


@pytest.mark.parametrize(
    ("layout", "speaker", "expected"),
    [(layout, speaker, sides) for layout, table in SURROUND.items() for speaker, sides in table.items()],
)
def test_surround_is_folded_by_the_standard_coefficients(tmp_path, layout, speaker, expected):
    source = write_wav(tmp_path / "tone.wav", tone(1000, 0.5))
    run_ffmpeg("-i", source, "-af", f"pan={layout}|{speaker}=c0", tmp_path / "surround.wav")
    facts, samples = decode(tmp_path / "surround.wav")
    found = level_db(samples[4800:19200].astype(float), 1000) - 20 * np.log10(0.5)
    assert facts.channels == (8 if layout == "7.1" else 6)
    for side, wanted in zip(found, expected, strict=True):
        assert side < -90 if wanted is None else side == pytest.approx(wanted, abs=0.01)


def test_a_fold_down_above_full_scale_is_kept_for_the_limiter(tmp_path):
    source = write_wav(tmp_path / "tone.wav", tone(1000, 0.5, peak=0.9))
    run_ffmpeg("-i", source, "-af", "pan=5.1|FL=c0|FR=c0|FC=c0|BL=c0|BR=c0", tmp_path / "loud.wav")
    _, samples = decode(tmp_path / "loud.wav")
    assert np.abs(samples).max() == pytest.approx(0.9 * (1 + 2 * 2**-0.5), rel=1e-3)


def test_one_channel_labelled_front_left_is_mono(tmp_path):
    source = write_wav(tmp_path / "tone.wav", tone(1000, 0.5))
    labelled = bytearray(source.read_bytes())
    extensible = (22).to_bytes(2, "little") + (16).to_bytes(2, "little") + (1).to_bytes(4, "little")
    subtype = bytes.fromhex("0100000000001000800000aa00389b71")
    labelled[16:36] = (40).to_bytes(4, "little") + b"\xfe\xff" + bytes(labelled[22:36]) + extensible + subtype
    (tmp_path / "left.wav").write_bytes(labelled)
    facts, samples = decode(tmp_path / "left.wav")
    assert (facts.channels, samples.shape) == (1, (24_000, 1))
    assert level_db(samples.astype(float), 1000)[0] == pytest.approx(-6.02, abs=0.01)


def test_a_vbr_mp3_without_a_header_has_its_true_length(tmp_path):
    noise = np.random.default_rng(1).standard_normal((96_000, 1)) * np.repeat([0.3, 0.001], 48_000)[:, np.newaxis]
    headless = encode(tmp_path / "a.mp3", noise, "-q:a", "4", "-write_xing", "0", "-id3v2_version", "0")
    facts, _ = decode(headless)
    assert 96_000 <= facts.samples <= 96_000 + 3 * 1152  # no tag, so the encoder's delay and padding stay
    assert facts.duration_s == Fraction(facts.samples, 48_000)


def test_the_padding_of_the_last_aac_frame_is_taken_off(tmp_path):
    facts, _ = decode(encode(tmp_path / "a.m4a", tone(440, 1.0, rate=44_100), "-c:a", "aac", rate=44_100))
    assert facts.samples == 44_100


def test_decoding_twice_gives_the_same_bits(tmp_path):
    path = encode(tmp_path / "a.mp3", tone(440, 1.0, rate=44_100), rate=44_100)
    first, second = decode(path), decode(path)
    assert first[0] == second[0]
    assert first[1].tobytes() == second[1].tobytes()


def test_a_picture_beside_the_sound_is_passed_over(tmp_path):
    source = write_wav(tmp_path / "tone.wav", tone(1000, 0.5))
    cover = ("-f", "lavfi", "-i", "color=red:size=64x64:rate=1:duration=1")
    run_ffmpeg("-i", source, *cover, "-map", "0:a", "-map", "1:v", "-c:v", "mjpeg", "-frames:v", "1", "-shortest",
               "-disposition:v", "attached_pic", "-c:a", "aac", tmp_path / "cover.m4a")  # fmt: skip
    facts, _ = decode(tmp_path / "cover.m4a")
    assert (facts.samples, facts.warnings) == (24_000, ())


def test_an_mp3_with_tags_at_both_ends_gives_no_warning(tmp_path):
    tags = ("-metadata", "title=x", "-id3v2_version", "3", "-write_id3v1", "1")
    facts, _ = decode(encode(tmp_path / "a.mp3", tone(440, 2.0, rate=44_100), *tags, rate=44_100))
    assert (facts.samples, facts.warnings) == (88_200, ())


HONEST = {
    "wav written to a pipe": ("wav", "-f", "wav"),
    "webm written to a pipe, without a length": ("webm", "-c:a", "libopus", "-f", "webm", "-live", "1"),
    "ogg written to a pipe": ("ogg", "-c:a", "libopus", "-f", "ogg"),
    "rf64": ("wav", "-f", "wav", "-rf64", "always"),
    "a-law": ("wav", "-f", "wav", "-c:a", "pcm_alaw"),
    "flac in ogg": ("ogg", "-f", "ogg", "-c:a", "flac"),
}


@pytest.mark.parametrize("kind", HONEST)
def test_honest_files_of_odd_makers_give_no_warning(tmp_path, kind):
    format_name, *arguments = HONEST[kind]
    source = write_wav(tmp_path / "source.wav", tone(440, 2.0, rate=44_100, channels=2), rate=44_100)
    argv = [str(find_ffmpeg().path), "-v", "error", "-i", str(source), *arguments, "pipe:1"]
    (tmp_path / "made").write_bytes(run_process(argv).stdout)
    facts, samples = decode(tmp_path / "made", format_name)
    assert (facts.duration_s, len(samples), facts.warnings) == (2, 96_000, ())
