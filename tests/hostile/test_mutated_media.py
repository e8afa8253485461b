"""Small real files with bits flipped, parts lost or doubled: a result or a typed error, soon, every time (S11)."""

from __future__ import annotations

import contextlib
import time

import corpus
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import MediaError
from renderer.media import MediaFolder, MediaLimits, sniff_audio
from renderer.picture.intake import Intake
from renderer.sound.decode import decode_audio

PICTURES = corpus.small_pictures()
edits = st.lists(st.tuples(st.sampled_from(corpus.EDITS), st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4)


@pytest.fixture(scope="module")
def door():
    with Intake() as intake:
        yield intake


@pytest.mark.parametrize("kind", PICTURES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=edits)
def test_mutated_picture_ends_in_planes_or_a_typed_error(door, kind, edits):
    data = corpus.mutated(PICTURES[kind], edits)
    data = corpus.with_right_sums(data) if "png" in kind else data
    started = time.monotonic()
    with contextlib.suppress(MediaError):
        facts = door.facts(kind, data)
        assert 0 < facts.width * facts.height <= 50_000_000
        planes = door.still(kind, data, 16, 12)
        assert len(planes.data) in {16 * 12 * 3 // 2, 16 * 12 * 2 + 16 * 12 * 3 // 4}
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a", "ogg", "opus", "webm"])
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=edits)
def test_mutated_sound_ends_in_samples_or_a_typed_error(tmp_path_factory, small_sounds, kind, edits):
    folder = tmp_path_factory.mktemp("mutated")
    (folder / "sound").write_bytes(corpus.mutated(small_sounds[kind], edits))
    started, facts = time.monotonic(), None
    with contextlib.suppress(MediaError):
        facts = decoded(folder)
    expected = None if facts is None else facts.samples_48k * facts.pcm_channels * 4
    assert ((folder / "pcm").stat().st_size if (folder / "pcm").exists() else None) == expected
    assert time.monotonic() - started < 15


def decoded(folder):
    with MediaFolder(folder).open("sound") as medium:
        kind = sniff_audio(medium.head())
        if kind is None:
            raise MediaError("sound", "is not a sound")
        limits = MediaLimits(audio_seconds=20)
        return decode_audio(
            medium.descriptor,
            name="sound",
            format_name=kind,
            pcm_path=folder / "pcm",
            max_seconds=limits.audio_seconds,
            max_bytes=limits.audio_bytes,
        )
