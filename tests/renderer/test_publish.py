"""A finished file appears at once and whole, or not at all; nothing else is left beside it (SAFETY P1)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from renderer.cache import process_exists
from renderer.errors import OutputError, UsageError
from renderer.publish import check_destination, check_free_space, unfinished_file


@pytest.fixture(params=["without a name", "with a hidden name"])
def way(request, monkeypatch):
    """Both ways of making the file: Linux's nameless files, and where a file system has none."""
    if request.param == "with a hidden name":
        monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    return request.param


def publish(target, content=b"new"):
    with unfinished_file(target) as unfinished:
        os.write(unfinished.descriptor, content)


def test_finished_file_takes_the_place_of_the_previous_one(tmp_path, way):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"previous and longer")
    publish(target)
    assert target.read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def write_and_fail(unfinished, error):
    os.write(unfinished.descriptor, b"half")
    raise error


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), OutputError("full")], ids=repr)
def test_failure_leaves_the_previous_file_and_nothing_else(tmp_path, way, error):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"previous")
    with pytest.raises(type(error)), unfinished_file(target) as unfinished:
        write_and_fail(unfinished, error)
    assert target.read_bytes() == b"previous"
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_file_is_not_there_before_it_is_finished(tmp_path, way):
    with unfinished_file(tmp_path / "out.mp4") as unfinished:
        os.write(unfinished.descriptor, b"x")
        assert not (tmp_path / "out.mp4").exists()
        assert Path(unfinished.url).read_bytes() == b"x"


def test_finished_file_has_the_usual_rights(tmp_path, way):
    before = os.umask(0o027)
    publish(tmp_path / "out.mp4")
    os.umask(before)
    assert (tmp_path / "out.mp4").stat().st_mode & 0o777 == 0o640


def test_killed_process_leaves_nothing_beside_the_target(tmp_path):
    program = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
        "from renderer.publish import unfinished_file\n"
        "with unfinished_file(Path(sys.argv[2])) as f: os.write(f.descriptor, b'x'); os.kill(os.getpid(), 9)"
    )
    project = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", program, project, str(tmp_path / "out.mp4")], check=False)
    assert list(tmp_path.iterdir()) == []


def dead_pid():
    return next(pid for pid in range(4_000_000, 4_100_000) if not process_exists(pid))


def test_what_a_dead_process_left_is_removed_and_nothing_else(tmp_path):
    kept = [f".out.mp4.{os.getppid()}.part", f".other.mp4.{dead_pid()}.part", ".out.mp4.part", "out.mp4.1.part"]
    for name in [*kept, f".out.mp4.{dead_pid()}.part"]:
        (tmp_path / name).write_bytes(b"x")
    publish(tmp_path / "out.mp4")
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "out.mp4"}


def test_link_planted_at_the_hidden_name_is_not_written_through(tmp_path, way):
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    target = tmp_path / "shared" / "out.mp4"
    target.parent.mkdir()
    target.with_name(f".out.mp4.{os.getpid()}.part").symlink_to(victim)
    publish(target)
    assert victim.read_bytes() == b"precious"
    assert target.read_bytes() == b"new"
    assert not target.is_symlink()


def test_output_name_that_is_a_link_is_replaced_and_not_followed(tmp_path, way):
    (tmp_path / "elsewhere.mp4").write_bytes(b"untouched")
    (tmp_path / "out.mp4").symlink_to("elsewhere.mp4")
    publish(tmp_path / "out.mp4")
    assert (tmp_path / "elsewhere.mp4").read_bytes() == b"untouched"
    assert not (tmp_path / "out.mp4").is_symlink()


def test_no_descriptor_stays_open(tmp_path, way):
    before = len(list(Path("/proc/self/fd").iterdir()))
    publish(tmp_path / "out.mp4")
    with pytest.raises(OutputError):
        publish(tmp_path / "gone" / "out.mp4")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


UNWRITABLE = {
    "folder that is not there": "gone/out.mp4",
    "file used as a folder": "file/out.mp4",
    "long name": "x" * 256,
}


@pytest.mark.parametrize("name", UNWRITABLE.values(), ids=UNWRITABLE)
def test_target_that_cannot_be_is_a_typed_error(tmp_path, way, name):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(OutputError):
        publish(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_url_of_a_file_with_a_hidden_name_is_no_address(tmp_path, monkeypatch):
    """FFmpeg takes what stands before a colon for a protocol; the name must reach it as a file's."""
    monkeypatch.delattr(os, "O_TMPFILE", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "http:").mkdir()
    with unfinished_file(Path("http:/out.mp4")) as unfinished:
        assert unfinished.url.startswith(("/", "file:", "./"))


def test_original_is_never_a_destination(tmp_path):
    original = tmp_path / "voice.mp4"
    original.write_bytes(b"x")
    (tmp_path / "link.mp4").symlink_to(original)
    os.link(original, tmp_path / "hard.mp4")
    for name in ("voice.mp4", "link.mp4", "hard.mp4", "../" + tmp_path.name + "/voice.mp4"):
        with pytest.raises(UsageError, match="one of the story's own files"):
            check_destination(tmp_path / name, [tmp_path / "gone.png", original])
    check_destination(tmp_path / "new.mp4", [original])


def test_ending_may_be_written_in_capitals(tmp_path):
    check_destination(tmp_path / "OUT.MP4", [])


def test_free_space_is_asked_of_the_right_folder(tmp_path):
    check_free_space(tmp_path, 1)
    with pytest.raises(OutputError, match="are needed to write the video"):
        check_free_space(tmp_path, 1 << 60)
