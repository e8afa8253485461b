"""Facts about media: right, remembered while the file stays the same, refused in words where it can't be used."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.cache import FactsCache
from renderer.errors import MediaError
from renderer.media import MediaFolder, MediaLimits
from renderer.picture.intake import Intake
from renderer.probe import Prober
from renderer.sound.pcm_store import PcmStore

LONG_AGO_NS = 1_600_000_000 * 10**9


@pytest.fixture(autouse=True)
def _settled_at_once(monkeypatch):
    """Facts are kept only for files that were last changed a second ago or longer: here, at once."""
    monkeypatch.setattr(FactsCache, "SETTLED_NS", -1)


@pytest.fixture
def prober(tmp_path, monkeypatch):
    """`prober(limits=None, use_cache=True)`: a prober of `tmp_path`, with a cache of this test's own."""
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    opened, intakes = [], []

    def make(limits=None, *, use_cache=True):
        limits = limits or MediaLimits()
        intake = Intake(limits)
        intakes.append(intake)
        store = PcmStore(tmp_path / "cache" / "pcm", limits)
        opened.append(Prober(MediaFolder(tmp_path), store, intake, limits=limits, use_cache=use_cache))
        return opened[-1]

    yield make
    for one in [*opened, *intakes]:
        one.close()


def test_picture_facts_are_those_of_the_file(prober, tmp_path, make_image):
    make_image(tmp_path / "a.png", (40, 30))
    source = prober().image("a.png")
    assert (source.path, source.width, source.height, source.alpha) == ("a.png", 40, 30, False)


def test_sound_facts_are_those_of_the_file(prober, tmp_path, make_tone):
    make_tone(tmp_path / "a.wav", 0.5, channels=2, rate=44_100)
    source = prober().audio("a.wav", "narration").source
    assert (source.path, source.sample_rate, source.channels, source.samples) == ("a.wav", 44_100, 2, 22_050)


def test_known_picture_is_not_decoded_again(prober, tmp_path, make_image, monkeypatch):
    make_image(tmp_path / "a.png", (40, 30))
    first = prober().image("a.png")
    monkeypatch.setattr("renderer.picture.intake.Intake.facts", lambda *_: pytest.fail("decoded again"))
    assert prober().image("a.png") == first


@pytest.mark.parametrize("how", ["other size", "same size, older time", "replaced by a rename"])
def test_changed_picture_is_looked_at_again(prober, tmp_path, make_image, how):
    path = make_image(tmp_path / "a.bmp.png", (40, 30))
    before = prober().image(path.name)
    other = (
        make_image(tmp_path / "b.png", (40, 30), (1, 2, 3)) if how != "other size" else make_image(tmp_path / "b.png")
    )
    if how == "replaced by a rename":
        other.replace(path)
    else:
        path.write_bytes(other.read_bytes())
        os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
    assert prober().image(path.name).sha256 != before.sha256


def test_picture_changed_within_one_clock_tick_is_looked_at_again(prober, tmp_path, make_image, monkeypatch):
    monkeypatch.setattr(FactsCache, "SETTLED_NS", 1_000_000_000)
    path = make_image(tmp_path / "a.png", (40, 30))
    before = prober().image("a.png")
    status = path.stat()
    path.write_bytes(make_image(tmp_path / "b.png", (40, 30), (1, 2, 3)).read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert prober().image("a.png").sha256 != before.sha256


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_known_file_still_has_to_keep_to_the_limits(prober, tmp_path, make_image, make_tone, kind):
    make_image(tmp_path / "a.png", (40, 30))
    make_tone(tmp_path / "a.wav", 2)
    look = (lambda one: one.image("a.png")) if kind == "picture" else (lambda one: one.audio("a.wav", "narration"))
    look(prober())
    with pytest.raises(MediaError, match=r"a\.(png|wav): "):
        look(prober(MediaLimits(image_pixels=100, audio_seconds=1)))


DAMAGE = {
    "no JSON": "garbage",
    "another JSON": "[1, 2]",
    "facts of another version": '{"sha256": "x", "size": [1, 2]}',
    "nothing": "",
}


@pytest.mark.parametrize("facts", DAMAGE.values(), ids=DAMAGE)
def test_damaged_facts_are_the_same_as_none(prober, tmp_path, make_image, facts):
    make_image(tmp_path / "a.png", (40, 30))
    known = prober().image("a.png")
    with sqlite3.connect(tmp_path / "cache" / "facts.sqlite") as connection:
        connection.execute("UPDATE facts SET facts = ?", (facts,))
    connection.close()
    assert prober().image("a.png") == known


def test_damaged_database_is_the_same_as_none(prober, tmp_path, make_image):
    make_image(tmp_path / "a.png", (40, 30))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "facts.sqlite").write_bytes(b"SQLite format 3\0" + os.urandom(4000))
    assert prober().image("a.png").width == 40


def test_facts_in_use_elsewhere_do_not_stop_a_run(prober, tmp_path, make_image):
    make_image(tmp_path / "a.png", (40, 30))
    prober().image("a.png")
    one, other = prober(), prober()
    assert one.image("a.png") == other.image("a.png")


@pytest.mark.parametrize("use_cache", [True, False], ids=["with cache", "without cache"])
def test_facts_are_kept_only_with_a_cache(prober, tmp_path, make_image, use_cache):
    make_image(tmp_path / "a.png", (40, 30))
    prober(use_cache=use_cache).image("a.png")
    assert Path(tmp_path / "cache" / "facts.sqlite").exists() == use_cache


def test_sound_that_is_written_to_while_it_is_decoded_is_said(prober, tmp_path, make_tone, monkeypatch):
    path = make_tone(tmp_path / "a.wav", 0.5)
    real = PcmStore.decode

    def decode_and_disturb(store, *arguments, **named):
        facts = real(store, *arguments, **named)
        path.write_bytes(path.read_bytes() + b"more")
        return facts

    monkeypatch.setattr(PcmStore, "decode", decode_and_disturb)
    with pytest.raises(MediaError, match=r"a\.wav: changed while it was read"):
        prober().audio("a.wav", "narration")


@pytest.mark.parametrize("name", ["gone.png", "gone.wav"])
def test_missing_file_is_named(prober, name):
    with pytest.raises(MediaError, match=f"{name}: file not found"):
        prober().image(name) if name.endswith("png") else prober().audio(name, "narration")


def test_picture_over_the_limit_is_refused_with_both_figures(prober, tmp_path, make_image):
    make_image(tmp_path / "a.png", (40, 30))
    with pytest.raises(MediaError, match=r"40×30 is over the limit of 0\.001 megapixels"):
        prober(MediaLimits(image_pixels=1000)).image("a.png")


def test_where_a_voice_speaks_is_remembered(prober, tmp_path, make_tone, monkeypatch):
    make_tone(tmp_path / "voice.wav", 1.0)
    source = prober().audio("voice.wav", "narration").source
    found = prober().speech(source)
    assert found == ((0, 48_000),)
    monkeypatch.setattr("renderer.sound.speech.speech_intervals", lambda *_: pytest.fail("looked again"))
    assert prober().speech(source) == found


@pytest.mark.parametrize("damage", ["", "{}", '{"speech-1": 5}', '{"speech-1": [[0]]}'])
def test_damaged_memory_of_speech_is_found_again(prober, tmp_path, make_tone, damage):
    make_tone(tmp_path / "voice.wav", 1.0)
    source = prober().audio("voice.wav", "narration").source
    (record,) = (tmp_path / "cache" / "pcm").glob("*.json")
    whole = record.read_text()
    record.write_text(whole[:-1] + ", " + damage[1:] if damage.startswith('{"') else damage)
    assert prober().speech(source) == ((0, 48_000),)


def test_compiling_needs_no_kernels_until_a_sound_is_new():
    code = "import sys, renderer.story; sys.exit('numba' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
