"""The cache folder: private, movable, and free of what killed runs left."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from renderer.cache import FactsCache, cache_root, process_exists, scratch_folder
from renderer.errors import OutputError


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def dead_pid():
    return next(pid for pid in range(4_000_000, 4_100_000) if not process_exists(pid))


def test_folders_are_the_owners_alone(root):
    with scratch_folder() as scratch:
        modes = [path.stat().st_mode & 0o777 for path in (root, scratch.parent, scratch)]
    assert modes == [0o700] * 3


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"STORYREEL_CACHE_DIR": "{}/named"}, "named"),
        ({"STORYREEL_CACHE_DIR": "", "XDG_CACHE_HOME": "{}/xdg"}, "xdg/storyreel"),
        ({"STORYREEL_CACHE_DIR": "", "XDG_CACHE_HOME": "", "HOME": "{}/home"}, "home/.cache/storyreel"),
    ],
    ids=["its own variable", "the desktop's variable", "the home folder"],
)
def test_cache_lies_where_the_environment_says(tmp_path, monkeypatch, variables, expected):
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(tmp_path))
    assert cache_root() == tmp_path / expected
    assert cache_root().is_dir()


def test_scratch_is_gone_after_the_block_however_it_ends(root):
    with pytest.raises(ZeroDivisionError), scratch_folder() as scratch:
        (scratch / "file").write_bytes(bytes(1 // 0))
    assert list((root / "scratch").iterdir()) == []


def test_scratch_of_a_dead_process_is_removed_and_of_a_living_one_kept(root):
    folder = root / "scratch"
    for name in (f"{dead_pid()}-x", f"{os.getppid()}-x", "strange"):
        (folder / name).mkdir(parents=True)
        (folder / name / "file").write_bytes(b"x")
    with scratch_folder() as scratch:
        assert {path.name for path in folder.iterdir()} == {f"{os.getppid()}-x", "strange", scratch.name}


def test_link_in_the_scratch_folder_is_not_followed(root, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_bytes(b"x")
    (root / "scratch").mkdir(parents=True)
    (root / "scratch" / f"{dead_pid()}-x").symlink_to(precious)
    with scratch_folder():
        assert (precious / "file").read_bytes() == b"x"


def test_two_scratch_folders_at_once_are_two():
    with scratch_folder() as one, scratch_folder() as other:
        assert one != other
        assert one.is_dir()


@pytest.mark.parametrize("part", ["", "scratch"], ids=["cache is a file", "scratch is a file"])
def test_folder_that_cannot_be_made_is_a_typed_error(root, part):
    path = root / part if part else root
    path.parent.mkdir(exist_ok=True)
    path.write_text("a file")
    with pytest.raises(OutputError, match="STORYREEL_CACHE_DIR"), scratch_folder():
        pass


def test_process_is_known_by_its_id():
    ended = subprocess.Popen([sys.executable, "-S", "-c", ""])
    ended.wait()
    assert process_exists(os.getpid())
    assert process_exists(1)
    assert not process_exists(ended.pid)


def test_facts_are_kept_for_the_very_same_file_only(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    cache, status = FactsCache(), path.stat()
    cache.SETTLED_NS = -1
    cache.put("image", status, "facts")
    assert cache.get("image", status) == "facts"
    assert cache.get("audio", status) is None
    os.utime(path, ns=(1, 1))
    assert cache.get("image", path.stat()) is None
    cache.close()


def test_facts_of_a_file_just_written_are_not_kept(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x")
    cache = FactsCache()
    cache.put("image", path.stat(), "facts")
    assert cache.get("image", path.stat()) is None
    cache.close()


def test_switched_off_it_keeps_nothing_and_writes_nothing(root, tmp_path):
    cache = FactsCache(enabled=False)
    cache.put("image", tmp_path.stat(), "facts")
    assert cache.get("image", tmp_path.stat()) is None
    assert not root.exists()
