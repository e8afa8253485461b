"""Hostile and broken sound files: each ends in a typed error or in a stated result, never in silence about it."""

from __future__ import annotations

import os
import socket
import struct
import wave

import numpy as np
import pytest
from sound_material import decode, encode, run_ffmpeg, tone, write_wav

from renderer.errors import MediaError, ToolError
from renderer.ffmpeg_process import live_children
from renderer.sound.decode import _DEMUXERS, decode_audio

SOUND = tone(440, 2.0, rate=44_100, channels=2)
ENCODERS = {
    "a.wav": (),
    "a.mp3": (),
    "a.flac": (),
    "a.m4a": ("-c:a", "aac", "-movflags", "+faststart"),
    "a.ogg": ("-c:a", "libvorbis"),
    "a.opus": ("-c:a", "libopus"),
    "a.webm": ("-c:a", "libopus"),
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    noise = SOUND + np.random.default_rng(1).standard_normal(SOUND.shape) * 0.05
    return {name: encode(folder / name, noise, *args, rate=44_100).read_bytes() for name, args in ENCODERS.items()}


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.97])
def test_a_truncated_file_is_refused_or_said_to_be_cut(tmp_path, whole, name, kept):
    path = tmp_path / name
    path.write_bytes(whole[name][: int(len(whole[name]) * kept)])
    try:
        facts, samples = decode(path)
    except MediaError:
        return
    assert facts.samples_48k == len(samples) < 96_000
    assert any("cut off" in warning for warning in facts.warnings)


@pytest.mark.parametrize("name", ["a.ogg", "a.opus"])
def test_an_ogg_file_without_its_last_page_is_said_to_be_cut(tmp_path, whole, name):
    (tmp_path / name).write_bytes(whole[name][: whole[name].rindex(b"OggS")])
    facts, _ = decode(tmp_path / name)
    assert facts.warnings == (f"may be cut off after {float(facts.duration_s):.2f} s: its end mark is missing",)


@pytest.mark.parametrize("name", ENCODERS)
def test_damage_in_the_middle_ends_in_bounded_time_with_a_typed_result(tmp_path, whole, name):
    random = np.random.default_rng(7)
    for _ in range(4):
        data = bytearray(whole[name])
        for at in random.integers(0, len(data), 200):
            data[at] ^= 1 << random.integers(0, 8)
        path = tmp_path / name
        path.write_bytes(data)
        try:
            facts, samples = decode(path)
        except (MediaError, ToolError):
            assert not path.with_name(path.name + ".f32").exists()
        else:
            assert facts.samples_48k == len(samples) > 0
    assert live_children() == 0


@pytest.mark.parametrize("name", ENCODERS)
def test_zero_bytes_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(MediaError, match="the file is empty"):
        decode(tmp_path / name)


def test_a_file_of_zeros_is_refused(tmp_path):
    for name in ENCODERS:
        (tmp_path / name).write_bytes(bytes(100_000))
        with pytest.raises(MediaError, match=name):
            decode(tmp_path / name)


def patched(data: bytes, marker: bytes, offset: int, value: int) -> bytes:
    at = data.index(marker) + offset
    return data[:at] + struct.pack("<I", value) + data[at + 4 :]


@pytest.mark.parametrize(
    ("size", "warning"),
    [
        (1_000, "its header is wrong: it holds 2.00 s of sound where its header promises 0.01 s; all of it is used"),
        (0, None),
        (3_528_000, "cut off, or its header is wrong: it holds 2.00 s of sound where its header promises 20.00 s"),
        (0xFFFF_FFFF, None),
    ],
    ids=["too short", "zero, as a crash leaves it", "too long", "unknown, as streaming writers leave it"],
)
def test_a_wav_header_that_lies_about_its_length_gets_the_true_length(tmp_path, size, warning):
    data = write_wav(tmp_path / "true.wav", SOUND, rate=44_100).read_bytes()
    (tmp_path / "lie.wav").write_bytes(patched(data, b"data", 4, size))
    facts, _ = decode(tmp_path / "lie.wav")
    assert facts.samples == 88_200
    assert facts.warnings == ((warning,) if warning else ())


def test_an_mp3_header_that_promises_more_frames_gets_the_true_length(tmp_path, whole):
    at = whole["a.mp3"].index(b"Info") + 8
    (tmp_path / "lie.mp3").write_bytes(whole["a.mp3"][:at] + struct.pack(">I", 90_000) + whole["a.mp3"][at + 4 :])
    facts, _ = decode(tmp_path / "lie.mp3")
    assert 88_200 <= facts.samples <= 88_200 + 2 * 1152
    assert "its header promises 2350.98 s" in facts.warnings[0]


def test_chunks_after_the_data_are_not_sound(tmp_path):
    data = write_wav(tmp_path / "true.wav", SOUND, rate=44_100).read_bytes()
    (tmp_path / "a.wav").write_bytes(data + b"LIST" + struct.pack("<I", 400) + b"INFO" + bytes(396))
    facts, _ = decode(tmp_path / "a.wav")
    assert (facts.samples, facts.warnings) == (88_200, ())


def test_192_khz_8_bit_and_a_hundredth_of_a_second(tmp_path):
    fast, _ = decode(write_wav(tmp_path / "fast.wav", tone(440, 0.5, rate=192_000), rate=192_000))
    short, _ = decode(write_wav(tmp_path / "short.wav", tone(440, 0.01)))
    with wave.open(str(tmp_path / "coarse.wav"), "wb") as file:
        file.setparams((1, 1, 11_025, 0, "NONE", ""))
        file.writeframes(bytes(range(256)) * 100)
    coarse, samples = decode(tmp_path / "coarse.wav")
    assert (fast.sample_rate, fast.samples, fast.samples_48k) == (192_000, 96_000, 24_000)
    assert (short.samples, short.samples_48k) == (480, 480)
    assert (coarse.codec, coarse.samples) == ("pcm_u8", 25_600)
    assert np.abs(samples).max() < 1.3  # a saw tooth overshoots between its samples


def test_more_channels_than_any_arrangement_has_are_refused(tmp_path):
    write_wav(tmp_path / "a.wav", tone(440, 0.1, channels=17))
    with pytest.raises(MediaError, match="no stereo form"):
        decode(tmp_path / "a.wav")


def test_an_odd_pair_of_channels_is_taken_as_stereo(tmp_path):
    path = write_wav(tmp_path / "a.wav", np.concatenate([tone(440, 0.1), tone(880, 0.1)], axis=1))
    data = path.read_bytes()
    tail = struct.pack("<HHI", 22, 16, 0x3000) + bytes.fromhex("0100000000001000800000aa00389b71")
    path.write_bytes(data[:16] + struct.pack("<I", 40) + b"\xfe\xff" + data[22:36] + tail + data[36:])
    facts, samples = decode(path)
    assert (facts.channels, samples.shape) == (2, (4800, 2))


def test_a_rate_that_changes_on_the_way_is_said(tmp_path):
    first = encode(tmp_path / "1.mp3", tone(440, 1.0, rate=44_100), rate=44_100).read_bytes()
    second = encode(tmp_path / "2.mp3", tone(440, 1.0, rate=22_050), rate=22_050).read_bytes()
    (tmp_path / "a.mp3").write_bytes(first + second)
    facts, samples = decode(tmp_path / "a.mp3")
    assert any("changes its sample rate" in warning for warning in facts.warnings)
    assert 2.0 <= facts.duration_s < 2.2
    assert facts.samples_48k == len(samples)


@pytest.mark.parametrize("name", ["a.flac", "a.mp3", "a.ogg"])
def test_damage_in_the_middle_is_said_in_the_decoders_words(tmp_path, whole, name):
    data = bytearray(whole[name])
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(byte ^ 0x5A for byte in data[middle : middle + 400])
    (tmp_path / name).write_bytes(data)
    facts, _ = decode(tmp_path / name)
    assert facts.warnings[0].startswith("damaged or cut off; what could be decoded is used (the decoder said: ")
    assert 0.5 < facts.duration_s < 2.1


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{url}\n#EXT-X-ENDLIST\n",
    "hls-with-a-file": "#EXTM3U\n#EXTINF:10,\n{file}\n#EXT-X-ENDLIST\n",
    "ffconcat": "ffconcat version 1.0\nfile sibling.wav\n",
    "ffconcat-absolute": "ffconcat version 1.0\nfile {file}\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{url}</BaseURL></MPD>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="{url}"/></svg>',
}


@pytest.mark.parametrize("format_name", ["mp3", "wav", "flac", "mp4", "ogg", "webm"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_named_mp3_is_refused_and_reaches_nothing(tmp_path, kind, format_name):
    sibling = write_wav(tmp_path / "sibling.wav", SOUND)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/a.ts"
        (tmp_path / "list.mp3").write_text(PLAYLISTS[kind].format(url=url, file=sibling))
        with pytest.raises(MediaError, match=r"list\.mp3"):
            decode(tmp_path / "list.mp3", format_name)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert not (tmp_path / "list.mp3.f32").exists()


@pytest.mark.parametrize("demuxer", ["concat", "hls", "dash"])
def test_the_list_of_formats_holds_even_where_a_playlist_is_forced(tmp_path, monkeypatch, demuxer):
    monkeypatch.setitem(_DEMUXERS, "mp3", demuxer)
    sibling = write_wav(tmp_path / "sibling.wav", SOUND)
    for kind in ("ffconcat", "hls-with-a-file"):
        (tmp_path / "list.mp3").write_text(PLAYLISTS[kind].format(url="", file=sibling))
        with pytest.raises(MediaError, match="not accepted"):
            decode(tmp_path / "list.mp3")


def test_a_codec_outside_the_list_is_refused(tmp_path):
    source = write_wav(tmp_path / "true.wav", SOUND, rate=44_100)
    run_ffmpeg("-i", source, "-c:a", "adpcm_swf", "-ar", "44100", "-f", "wav", tmp_path / "odd.wav")
    with pytest.raises(MediaError, match="not accepted"):
        decode(tmp_path / "odd.wav")


def test_a_video_without_sound_is_refused(tmp_path):
    run_ffmpeg("-f", "lavfi", "-i", "testsrc=duration=0.2", "-c:v", "mpeg4", tmp_path / "mute.m4a")
    with pytest.raises(MediaError, match="holds no sound"):
        decode(tmp_path / "mute.m4a")


def test_size_and_length_limits_are_stated(tmp_path):
    path = write_wav(tmp_path / "long.wav", tone(440, 3.0))
    descriptor = os.open(path, os.O_RDONLY)
    limits = ({"max_bytes": 1000}, r"may have 0.001 MB"), ({"max_seconds": 1}, "may last 1 s")
    for limit, message in limits:
        with pytest.raises(MediaError, match=message):
            decode_audio(descriptor, name="long.wav", format_name="wav", pcm_path=tmp_path / "o.f32", **limit)
    os.close(descriptor)
    assert not (tmp_path / "o.f32").exists()


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(MediaError, match="expected one of wav, mp3"):
        decode(write_wav(tmp_path / "a.wav", SOUND), "concat")


def test_the_file_may_be_deleted_while_it_is_open(tmp_path):
    path = write_wav(tmp_path / "a.wav", SOUND, rate=44_100)
    descriptor = os.open(path, os.O_RDONLY)
    path.unlink()
    facts = decode_audio(descriptor, name="a.wav", format_name="wav", pcm_path=tmp_path / "o.f32")
    os.close(descriptor)
    assert facts.samples == 88_200


def test_a_full_disk_is_this_machines_fault(tmp_path):
    with pytest.raises(ToolError, match="No space left"):
        decode_to("/dev/full", write_wav(tmp_path / "a.wav", SOUND, rate=44_100))


def decode_to(pcm, path):
    from pathlib import Path

    class Kept(type(Path())):
        def unlink(self, *, missing_ok=False):
            """A device stays."""

    descriptor = os.open(path, os.O_RDONLY)
    try:
        return decode_audio(descriptor, name=path.name, format_name="wav", pcm_path=Kept(pcm))
    finally:
        os.close(descriptor)
