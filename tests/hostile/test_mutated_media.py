"""Small real files with bits flipped, parts lost or doubled: a result or a typed error, soon, every time (S11)."""

from __future__ import annotations

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
edits = st.lists(
    st.tuples(st.sampled_from(corpus.EDITS), st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4
)


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
    try:
        facts = door.facts(kind, data)
        planes = door.still(kind, data, 16, 12)
    except MediaError as error:
        assert str(error).startswith(f"{kind}: ")
    else:
        assert 0 < facts.width * facts.height <= 50_000_000
        assert len(planes.data) in {16 * 12 * 3 // 2, 16 * 12 * 2 + 16 * 12 * 3 // 4}
    assert time.monotonic() - started < 15


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac", "m4a", "ogg", "opus", "webm"])
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=edits)
def test_mutated_sound_ends_in_samples_or_a_typed_error(tmp_path_factory, small_sounds, kind, edits):
    folder = tmp_path_factory.mktemp("mutated")
    (folder / "sound").write_bytes(corpus.mutated(small_sounds[kind], edits))
    started = time.monotonic()
    try:
        facts = decoded(folder)
    except MediaError as error:
        assert error.name == "sound"
        assert not (folder / "pcm").exists()
    else:
        assert (folder / "pcm").stat().st_size == facts.samples_48k * facts.pcm_channels * 4
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
