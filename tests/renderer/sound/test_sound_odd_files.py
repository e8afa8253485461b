"""Honest files that few programs write: heard as their makers meant them, and what is left out or guessed is said."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from sound_material import RATE, centre_s, decode, encode, level_db, pulse, run_ffmpeg, tone, write_wav

from renderer.errors import MediaError

INTEGER, FLOAT = 1, 3


def write_extensible(path, data, *, channels, mask, bits, valid, subtype):
    """A WAVE_FORMAT_EXTENSIBLE file at 48 kHz around `data`."""
    block = channels * bits // 8
    layout = (0xFFFE, channels, RATE, RATE * block, block, bits, 22, valid, mask, subtype)
    chunk = struct.pack("<HHIIHHHHIH", *layout) + bytes.fromhex("000000001000800000aa00389b71")
    body = b"WAVEfmt " + struct.pack("<I", len(chunk)) + chunk + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def float_wav(path, samples):
    data = samples.astype("<f4").tobytes()
    return write_extensible(path, data, channels=1, mask=4, bits=32, valid=32, subtype=FLOAT)


SPEAKERS = {"FL": (0, None), "FR": (None, 0), "FC": (-3.01, -3.01), "LFE": (None, None), "BR": (None, -3.01)}
CODECS = {"flac": ("flac",), "m4a": ("aac", "-b:a", "512k"), "opus": ("libopus", "-b:a", "512k"), "ogg": ("libvorbis",)}


@pytest.mark.parametrize("speaker", SPEAKERS)
@pytest.mark.parametrize("kind", CODECS)
def test_every_codec_keeps_the_speakers_of_5_1_in_its_own_order(tmp_path, kind, speaker):
    source, target = write_wav(tmp_path / "tone.wav", tone(1000, 0.5)), tmp_path / f"surround.{kind}"
    run_ffmpeg("-i", source, "-af", f"pan=5.1|{speaker}=c0", "-c:a", *CODECS[kind], target)
    facts, samples = decode(target)
    found = level_db(samples[4800:19200].astype(float), 1000) - 20 * np.log10(0.5)
    assert (facts.channels, facts.warnings) == (6, ())
    for side, wanted in zip(found, SPEAKERS[speaker], strict=True):
        assert side < -60 if wanted is None else side == pytest.approx(wanted, abs=0.1)


@pytest.mark.parametrize(
    ("channels", "mask", "taken_as"), [(3, 0, "2.1"), (4, 0, "4.0"), (4, 3, "4.0"), (6, 0, "5.1"), (6, 0x3F, None)]
)
def test_channels_without_names_are_folded_by_a_guess_that_is_said(tmp_path, channels, mask, taken_as):
    data = np.rint(tone(1000, 0.2, channels=channels) * 32768).astype("<i2").tobytes()
    path = write_extensible(tmp_path / "a.wav", data, channels=channels, mask=mask, bits=16, valid=16, subtype=INTEGER)
    sentence = f"does not say which of its {channels} channels is which; folded to stereo as {taken_as}"
    assert decode(path)[0].warnings == ((sentence,) if taken_as else ())


def test_plain_wav_and_opus_can_not_name_more_than_two_channels(tmp_path):
    plain = write_wav(tmp_path / "a.wav", tone(1000, 0.2, channels=4))
    opus = encode(tmp_path / "a.opus", tone(1000, 0.2, channels=4), "-mapping_family", "255")
    for path in (plain, opus):
        assert "does not say which of its 4 channels is which" in decode(path)[0].warnings[0]


@pytest.mark.parametrize("kind", ["m4a", "webm", "ogg"])
def test_a_second_sound_track_is_left_out_and_said(tmp_path, kind):
    first, second = write_wav(tmp_path / "1.wav", tone(1000, 1.0)), write_wav(tmp_path / "2.wav", tone(3000, 2.0))
    codec = "aac" if kind == "m4a" else "libopus"
    run_ffmpeg("-i", first, "-i", second, "-map", "0", "-map", "1", "-c:a", codec, tmp_path / f"two.{kind}")
    facts, samples = decode(tmp_path / f"two.{kind}")
    assert (facts.samples, facts.warnings) == (RATE, ("holds 2 sound tracks; the first is used",))
    assert level_db(samples.astype(float), 1000)[0] == pytest.approx(-6.02, abs=0.2)


def with_silence_first(m4a, seconds):
    """`m4a` (index at its end) with an empty edit before its only one."""
    data, at = bytearray(m4a), m4a.index(b"elst")
    clock = m4a.index(b"mvhd") + 16
    ticks = round(seconds * int.from_bytes(m4a[clock : clock + 4], "big"))
    data[at + 8 : at + 12] = (2).to_bytes(4, "big")
    data[at + 12 : at + 12] = struct.pack(">IiI", ticks, -1, 65536)
    for box in (b"elst", b"edts", b"trak", b"moov"):
        size = data.rindex(box, 0, at + 4) - 4
        data[size : size + 4] = (int.from_bytes(data[size : size + 4], "big") + 12).to_bytes(4, "big")
    return bytes(data)


def test_silence_that_an_edit_list_asks_for_is_heard_first(tmp_path):
    plain = encode(tmp_path / "plain.m4a", pulse(1.25, 2.5), "-c:a", "aac", "-b:a", "192k")
    (tmp_path / "late.m4a").write_bytes(with_silence_first(plain.read_bytes(), 0.5))
    facts, samples = decode(tmp_path / "late.m4a")
    assert (facts.samples, facts.samples_48k, facts.warnings) == (144_000, 144_000, ())
    assert abs(centre_s(samples, 1.75) - 1.75) * RATE < 0.4
    assert not samples[:20_000].any()


@pytest.mark.parametrize("seconds", [61, 80_000])
def test_an_edit_list_that_asks_for_endless_silence_is_refused(tmp_path, seconds):
    plain = encode(tmp_path / "plain.m4a", pulse(0.1, 0.2), "-c:a", "aac")
    (tmp_path / "late.m4a").write_bytes(with_silence_first(plain.read_bytes(), seconds))
    with pytest.raises(MediaError, match=f"puts {seconds} s of silence first; at most 60 s are accepted"):
        decode(tmp_path / "late.m4a")


def test_a_sound_that_starts_later_than_its_file_keeps_its_place(tmp_path):
    plain = encode(tmp_path / "plain.m4a", pulse(1.25, 2.5), "-c:a", "aac", "-b:a", "192k")
    run_ffmpeg("-itsoffset", "0.5", "-i", plain, "-c", "copy", tmp_path / "late.m4a")
    facts, samples = decode(tmp_path / "late.m4a")
    assert abs(centre_s(samples, 1.75) - 1.75) * RATE < 0.4
    assert facts.duration_s == 3


def test_24_bits_in_32_are_integers(tmp_path):
    data = (np.rint(tone(1000, 0.5) * 2**31).astype("<i4") & ~0xFF).tobytes()
    path = write_extensible(tmp_path / "a.wav", data, channels=1, mask=4, bits=32, valid=24, subtype=INTEGER)
    facts, samples = decode(path)
    assert (facts.codec, facts.samples, facts.warnings) == ("pcm_s32le", 24_000, ())
    assert np.abs(samples - tone(1000, 0.5)).max() < 2**-22


@pytest.mark.parametrize("codec", ["adpcm_ms", "adpcm_ima_wav"])
def test_the_end_of_the_last_adpcm_block_is_padding(tmp_path, codec):
    facts, samples = decode(encode(tmp_path / "a.wav", tone(440, 1.0), "-c:a", codec))
    assert (facts.samples, len(samples), facts.warnings) == (RATE, RATE, ())


def test_samples_that_are_no_numbers_are_silent_and_said(tmp_path):
    samples = tone(1000, 0.5)
    samples[100:110], samples[200], samples[300] = np.nan, np.inf, -np.inf
    facts, heard = decode(float_wav(tmp_path / "a.wav", samples))
    assert facts.warnings == ("holds samples that are no numbers, 12 of them: they are silent",)
    assert not heard[[*range(100, 110), 200, 300]].any()
    assert facts.peak == pytest.approx(0.5, abs=1e-4)


def test_floats_that_were_never_scaled_are_suspected(tmp_path):
    facts, _ = decode(float_wav(tmp_path / "a.wav", tone(1000, 0.2) * 32768))
    assert facts.warnings == ("its samples reach +84 dBFS: were they scaled to ±1?",)
    assert decode(float_wav(tmp_path / "b.wav", tone(1000, 0.2) * 4))[0].warnings == ()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_samples_have_their_length(tmp_path, count):
    facts, samples = decode(write_wav(tmp_path / "a.wav", np.full((count, 1), 0.5), rate=8_000))
    assert (facts.samples, len(samples), facts.warnings) == (count, 6 * count, ())
