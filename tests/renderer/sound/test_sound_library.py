"""The music library: what is found, what is passed over, and which piece a programme gets."""

from __future__ import annotations

import pytest

from renderer.errors import UsageError
from renderer.sound.library import pick, scan_library

PRODUCTION = {
    "adventurous": {"Easy-Day": (30, 60, 240), "Yard-Sale": (30, 60, 240)},
    "family": {"Sunday": (60,)},
    "nostalgic": {"Old-Film": (30, 240)},
    "reflective": {},
}


@pytest.fixture
def library(tmp_path):
    for mood, tracks in PRODUCTION.items():
        (tmp_path / mood).mkdir()
        for track, lengths in tracks.items():
            (tmp_path / mood / track).mkdir()
            for seconds in lengths:
                (tmp_path / mood / track / f"{track}-{seconds}s.mp3").write_bytes(b"")
    return tmp_path


def test_every_piece_is_found_in_order(library):
    found = scan_library(library)
    assert found.moods == tuple(PRODUCTION)
    assert [(piece.track, piece.seconds) for piece in found.pieces if piece.mood == "nostalgic"] == [
        ("Old-Film", 30),
        ("Old-Film", 240),
    ]
    assert len(found.pieces) == 9
    assert found.skipped == ()


@pytest.mark.parametrize(
    ("mood", "length_s", "seconds", "loop"),
    [
        ("nostalgic", 30, 30, False),
        ("nostalgic", 30.5, 240, False),
        ("nostalgic", 12, 30, False),
        ("nostalgic", 240, 240, False),
        ("nostalgic", 240.001, 240, True),
        ("family", 10, 60, False),
        ("family", 61, 60, True),
        ("adventurous", 59.9, 60, False),
    ],
    ids=[
        "exact", "between sizes", "shorter than all", "exactly the longest", "longer than the longest",
        "missing size, shorter", "missing size, longer", "two tracks",
    ],
)  # fmt: skip
def test_the_piece_fits_or_the_longest_loops(library, mood, length_s, seconds, loop):
    choice = pick(scan_library(library), mood=mood, length_s=length_s, seed=1)
    assert (choice.seconds, choice.loop, choice.mood) == (seconds, loop, mood)
    assert choice.path == library / mood / choice.track / f"{choice.track}-{seconds}s.mp3"


def test_a_seed_always_gives_the_same_track_and_seeds_give_all_tracks(library):
    found = scan_library(library)
    chosen = [pick(found, mood="adventurous", length_s=45, seed=seed).track for seed in range(20)]
    assert chosen == [pick(found, mood="adventurous", length_s=45, seed=seed).track for seed in range(20)]
    assert set(chosen) == {"Easy-Day", "Yard-Sale"}
    assert pick(found, mood="adventurous", length_s=45, seed="a-story").track == "Easy-Day"


@pytest.mark.parametrize(
    ("mood", "message"),
    [
        ("nostalgc", r"no mood 'nostalgc' in the music library .*: did you mean 'nostalgic'\?"),
        ("FAMILY", r"did you mean 'family'\?"),
        ("xyz", "it has adventurous, family, nostalgic, reflective"),
        ("reflective", r"mood 'reflective' has no music: expected .*reflective/<Track>/<Track>-<seconds>s.mp3"),
    ],
    ids=["a slip", "capitals", "nothing like it", "empty"],
)
def test_a_mood_that_can_not_be_served_is_refused(library, mood, message):
    with pytest.raises(UsageError, match=message):
        pick(scan_library(library), mood=mood, length_s=30)


def test_an_empty_and_a_missing_library_are_refused(tmp_path):
    with pytest.raises(UsageError, match="it is empty"):
        pick(scan_library(tmp_path), mood="family", length_s=30)
    with pytest.raises(UsageError, match="is not a folder"):
        scan_library(tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Sunday-60s.txt", "not a sound file: .txt"),
        ("Sunday", "not a sound file: no extension"),
        ("Monday-60s.mp3", "expected Sunday-<seconds>s, found Monday-60s"),
        ("Sunday-60.mp3", "expected Sunday-<seconds>s, found Sunday-60"),
        ("Sunday-0s.mp3", "expected Sunday-<seconds>s, found Sunday-0s"),
    ],
)
def test_other_files_are_passed_over_with_a_reason(library, name, reason):
    (library / "family" / "Sunday" / name).write_bytes(b"")
    found = scan_library(library)
    assert [(item.path.name, item.reason) for item in found.skipped] == [(name, reason)]
    assert len(found.pieces) == 9


def test_a_link_out_of_the_library_is_passed_over(library, tmp_path_factory):
    outside = tmp_path_factory.mktemp("elsewhere") / "secret.mp3"
    outside.write_bytes(b"")
    (library / "family" / "Sunday" / "Sunday-30s.mp3").symlink_to(outside)
    assert [item.reason for item in scan_library(library).skipped] == ["leads out of the library"]


def test_hidden_files_are_not_mentioned(library):
    (library / "family" / "Sunday" / ".DS_Store").write_bytes(b"")
    (library / ".git").mkdir()
    assert scan_library(library).skipped == ()
    assert ".git" not in scan_library(library).moods
