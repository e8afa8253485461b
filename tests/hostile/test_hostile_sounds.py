"""Sounds that must be refused, and what a decoder must never open: other files, addresses, other formats (F1-F9)."""

from __future__ import annotations

import os
import re
import subprocess
import time

import corpus
import pytest

BRAND = {"background": "#202020", "logo": "asset:brand/logo.png"}


@pytest.fixture(autouse=True)
def _short_sounds_only(monkeypatch):
    """20 s at most, so that a sound that is too long is found out soon, and writes little."""
    monkeypatch.setenv("STORYREEL_MAX_AUDIO_SECONDS", "20")


@pytest.mark.parametrize("row", corpus.SOUNDS)
def test_hostile_sound_is_refused_by_name_and_reason(tmp_path, write_spec, storyreel, row):
    file, make, reason = corpus.SOUNDS[row]
    make(tmp_path / file)
    started = time.monotonic()
    result = storyreel("validate", write_spec(tmp_path, narration=file, length="9s", images=[], brand=BRAND))
    assert time.monotonic() - started < 10
    assert (result.exit_code, type(result.exception)) == (2, SystemExit)
    assert "1 problem" in result.stderr
    assert re.search(f"narration.* {re.escape(file)}: .*({reason})", result.stderr)


def test_ogg_that_promises_a_million_years_ends_soon(tmp_path, write_spec, storyreel):
    (tmp_path / "years.ogg").write_bytes(corpus.ogg_page_bomb())
    result = storyreel("validate", write_spec(tmp_path, narration="years.ogg", images=[], brand=BRAND, length="9s"))
    assert result.exit_code in {0, 2}
    assert "years.ogg: " in result.stderr


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a", "ogg", "opus", "webm"])
def test_small_sound_of_every_kind_is_good(tmp_path, write_spec, storyreel, small_sounds, kind):
    (tmp_path / f"tone.{kind}").write_bytes(small_sounds[kind])
    result = storyreel("validate", write_spec(tmp_path, narration=f"tone.{kind}", brand=BRAND, images=[], length="9s"))
    assert result.exit_code == 0
    assert not re.search("cut off|damaged|header", result.stderr)


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a", "ogg", "opus", "webm"])
def test_sound_cut_in_half_is_refused_or_said(tmp_path, write_spec, storyreel, small_sounds, kind):
    (tmp_path / f"cut.{kind}").write_bytes(corpus.half(small_sounds[kind]))
    result = storyreel("validate", write_spec(tmp_path, narration=f"cut.{kind}", brand=BRAND, images=[], length="9s"))
    assert result.exit_code in {0, 2}
    assert f"cut.{kind}: " in result.stderr
    assert "cut off" in result.stderr


@pytest.mark.parametrize("suffix", ["mp3", "wav", "m4a"])
@pytest.mark.parametrize("start", [b"", b"ID3\4\0\0\0\0\0\0", b"RIFF\xff\0\0\0WAVE", b"OggS", b"fLaC"], ids=repr)
def test_playlist_makes_no_connection(tmp_path, write_spec, storyreel, listener, suffix, start):
    url = f"http://127.0.0.1:{listener.port}/segment.ts"
    (tmp_path / f"a.{suffix}").write_bytes(start + corpus.hls(url))
    (tmp_path / f"b.{suffix}").write_bytes(start + corpus.ffconcat(url))
    spec = write_spec(tmp_path, narration=f"a.{suffix}", music=f"b.{suffix}", length="9s", images=[], brand=BRAND)
    assert storyreel("validate", spec).exit_code == 2
    assert listener.connections == 0


def test_listener_would_notice_a_connection(tmp_path, listener, ffmpeg):
    """The proof that the test above can fail: FFmpeg without its guards does connect."""
    (tmp_path / "a.mp3").write_bytes(corpus.hls(f"http://127.0.0.1:{listener.port}/segment.ts"))
    guards_off = ["-protocol_whitelist", "file,http,tcp", "-extension_picky", "0", "-f", "hls"]
    naive = [ffmpeg, *guards_off, "-i", tmp_path / "a.mp3", "-f", "null", "-"]
    subprocess.run(naive, capture_output=True, check=False, timeout=20)
    assert listener.connections > 0


def everything_in(folder):
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("row", ["F3 ffconcat named mp4", "F3 ffconcat named mp3", "playlist behind a wav header"])
def test_sibling_is_not_read(tmp_path, write_spec, storyreel, monkeypatch, row):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "story"
    file, make, _ = corpus.SOUNDS[row]
    spec = write_spec(folder, narration=file, length="9s", images=[], brand=BRAND)
    make(folder / file)
    (folder / "sibling.wav").write_bytes(corpus.wav(data=corpus.CANARY * 400))
    result = storyreel("render", spec, "-o", tmp_path / "out.mp4")
    assert result.exit_code == 2
    assert corpus.CANARY not in everything_in(tmp_path / "cache") + result.output.encode() + result.stderr.encode()
    assert not (tmp_path / "out.mp4").exists()


def test_canary_would_be_noticed(tmp_path, ffmpeg):
    """The proof that the test above can fail: FFmpeg by itself reads the sibling."""
    (tmp_path / "f3.mp4").write_bytes(corpus.ffconcat("sibling.wav"))
    (tmp_path / "sibling.wav").write_bytes(corpus.wav(data=corpus.CANARY * 400))
    naive = [ffmpeg, "-v", "error", "-i", tmp_path / "f3.mp4", "-f", "s16le", tmp_path / "out"]
    subprocess.run(naive, check=True, timeout=20)
    assert corpus.CANARY in (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("name", ["sibling.wav", "../story/sibling.wav"])
def test_m4a_that_refers_to_a_sibling_does_not_open_it(
    tmp_path, write_spec, storyreel, small_sounds, monkeypatch, name
):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "story"
    spec = write_spec(folder, narration="refers.m4a", images=[], brand=BRAND, length="9s")
    (folder / "refers.m4a").write_bytes(corpus.m4a_that_refers_to(name, small_sounds["m4a"]))
    sibling = folder / "sibling.wav"
    sibling.write_bytes(corpus.wav(data=corpus.CANARY * 400))
    os.utime(sibling, ns=(1, 1))
    storyreel("validate", spec)
    assert sibling.stat().st_atime_ns == 1
    assert corpus.CANARY not in everything_in(tmp_path / "cache")


def test_sound_named_like_a_pattern_is_that_file(tmp_path, write_spec, storyreel, small_sounds):
    for name in ("real%03d.wav", "-i.wav", "pipe:0.wav", "concat:a|b.wav"):
        (tmp_path / name).write_bytes(small_sounds["wav"])
        result = storyreel("validate", write_spec(tmp_path, narration=name, brand=BRAND, images=[], length="9s"))
        assert result.exit_code == 0
