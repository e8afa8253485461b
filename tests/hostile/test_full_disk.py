"""A disk that is full, at the start, in the middle, at the trailer: exit 4, the previous file intact, nothing left."""

from __future__ import annotations

import shutil

import pytest

PREVIOUS = b"the previous good film"


@pytest.fixture
def render_with(tmp_path, noisy_story, storyreel, small_disk, leave_free):
    """`render_with(free)`: renders onto a disk with `free` bytes left; the result, the disk, and the previous file."""

    def render(free, *, command="render", suffix="mp4"):
        disk = small_disk()
        target = disk / f"out.{suffix}"
        target.write_bytes(PREVIOUS)
        leave_free(disk, free)
        return storyreel(command, noisy_story(tmp_path / "story"), "-o", target), disk, target

    return render


def assert_nothing_happened(result, disk, target, free):
    assert (result.exit_code, type(result.exception)) == (4, SystemExit), result.output + result.stderr
    assert target.read_bytes() == PREVIOUS
    assert sorted(path.name for path in disk.iterdir()) == ["filler", target.name]
    assert shutil.disk_usage(disk).free == free


@pytest.fixture(scope="module")
def film_bytes(tmp_path_factory, noisy_story):
    """How large the film of the noisy story is."""
    from click.testing import CliRunner

    from cli import main

    folder = tmp_path_factory.mktemp("measure")
    result = CliRunner().invoke(main, ["render", str(noisy_story(folder)), "-o", str(folder / "out.mp4")])
    assert result.exit_code == 0, result.stderr
    return (folder / "out.mp4").stat().st_size


@pytest.mark.parametrize("part", [0.0, 0.4, 0.7, 0.97], ids=["at the start", "middle", "later", "trailer"])
def test_film_on_a_full_disk_fails_and_leaves_nothing(render_with, film_bytes, monkeypatch, part):
    monkeypatch.setattr("backends.ffmpeg.backend.check_free_space", lambda *_: None)
    free = int(film_bytes * part) // 4096 * 4096
    assert_nothing_happened(*render_with(free), free)


def test_too_little_room_is_said_before_anything_is_rendered(render_with):
    result, disk, target = render_with(4096)
    assert_nothing_happened(result, disk, target, 4096)
    assert "are needed to write the video" in result.stderr


EXPORTS = [
    ("mix", "wav", 0),
    ("mix", "wav", 4096),
    ("frames", "y4m", 0),
    ("frames", "y4m", 4096),
    ("compile", "json", 0),
]


@pytest.mark.parametrize(("command", "suffix", "free"), EXPORTS, ids=[f"{row[0]} {row[2]} free" for row in EXPORTS])
def test_export_on_a_full_disk_fails_and_leaves_nothing(render_with, command, suffix, free):
    assert_nothing_happened(*render_with(free, command=command, suffix=suffix), free)


@pytest.mark.parametrize("free", [0, 8192, 40_960, 147_456], ids=lambda free: f"{free} bytes free")
def test_full_cache_disk_is_a_typed_error(tmp_path, story_folder, storyreel, small_disk, leave_free, monkeypatch, free):
    disk = small_disk()
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(disk))
    leave_free(disk, free)
    target = tmp_path / "out.mp4"
    result = storyreel("render", story_folder(images=1, narration_s=2), "-o", target)
    assert (result.exit_code, type(result.exception)) == (4, SystemExit), result.output
    assert not target.exists()


UNUSABLE_CACHES = {
    "a file": lambda path: path.write_text("x"),
    "its scratch is a file": lambda path: (path.mkdir(), (path / "scratch").write_text("x")),
    "its sounds are a file": lambda path: (path.mkdir(), (path / "pcm").write_text("x")),
    "behind a link to nothing": lambda path: path.symlink_to("gone/gone"),
}


@pytest.mark.parametrize("row", UNUSABLE_CACHES)
def test_unusable_cache_is_a_typed_error(tmp_path, story_folder, storyreel, monkeypatch, row):
    UNUSABLE_CACHES[row](tmp_path / "cache")
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    result = storyreel("validate", story_folder(images=1, narration_s=1))
    assert (result.exit_code, type(result.exception)) == (4, SystemExit), repr(result.exception)


def test_read_only_cache_is_a_typed_error(story_folder, storyreel, small_disk, monkeypatch):
    disk = small_disk()
    small_disk.freeze(disk)
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(disk))
    result = storyreel("validate", story_folder(images=1, narration_s=1))
    assert (result.exit_code, type(result.exception)) == (4, SystemExit), repr(result.exception)


@pytest.mark.parametrize("limit", ["many", "²", "-1"], ids=["word", "raised two", "below zero"])
def test_cache_limit_that_is_no_number_is_said_before_rendering(tmp_path, noisy_story, storyreel, monkeypatch, limit):
    monkeypatch.setenv("STORYREEL_CACHE_MAX_BYTES", limit)
    target = tmp_path / "out.mp4"
    result = storyreel("render", noisy_story(tmp_path / "story"), "-o", target)
    assert (result.exit_code, type(result.exception)) == (2, SystemExit), repr(result.exception)
    assert "STORYREEL_CACHE_MAX_BYTES" in result.stderr
    assert not target.exists()
