"""Homes that are not there, caches that others share, disks without room or hard links, names that are no text."""

from __future__ import annotations

import errno
import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli
from renderer import kernel_cache
from renderer.cache import cache_root, process_exists, scratch_folder
from renderer.errors import OutputError, ToolError
from renderer.picture import intake
from renderer.publish import unfinished_file


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """`own_cache(name)`: the cache is a new folder of that name."""

    def use(name):
        monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / name))
        return tmp_path / name

    return use


@pytest.fixture
def homeless(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))


@pytest.mark.usefixtures("homeless")
def test_without_a_home_the_named_cache_is_used(own_cache):
    named = own_cache("cache")
    assert cache_root() == named


@pytest.mark.usefixtures("homeless")
def test_without_a_home_and_a_cache_the_variable_is_named(monkeypatch):
    monkeypatch.delenv("STORYREEL_CACHE_DIR")
    with pytest.raises(OutputError, match="STORYREEL_CACHE_DIR"):
        cache_root()


def test_a_cache_named_from_here_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STORYREEL_CACHE_DIR", "a:b")
    assert cache_root() == tmp_path / "a:b"


def test_scratch_whose_owner_lives_where_ids_are_others_is_kept(own_cache):
    stranger = next(pid for pid in range(4_000_000, 4_100_000) if not process_exists(pid))
    folder = own_cache("cache") / "scratch" / f"{stranger}-x"
    folder.mkdir(parents=True)
    held = os.open(folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with scratch_folder():
        assert folder.exists()
    os.close(held)
    with scratch_folder():
        assert not folder.exists()


def test_a_run_holds_its_scratch_folder(own_cache):
    own_cache("cache")
    with scratch_folder() as scratch:
        other = os.open(scratch, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.close(other)


def test_kernels_go_to_the_cache_where_the_code_can_not_be_written(own_cache, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    assert kernel_cache.kernel_cache_folder() == ""
    monkeypatch.setattr(kernel_cache.os, "access", lambda *_: False)
    named = own_cache("cache")
    assert kernel_cache.kernel_cache_folder() == str(named / "kernels")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "/given")
    assert kernel_cache.kernel_cache_folder() == "/given"


NO_PLACE = """
import sys
sys.path.insert(0, sys.argv[1])
from renderer.picture import intake_child
def load():
    raise RuntimeError("no locator available")
intake_child._load_kernels = load
intake_child.main()
"""


def test_kernels_without_a_place_are_not_blamed_on_the_picture(tmp_path, make_image, monkeypatch):
    monkeypatch.setattr(intake, "_PROGRAM", NO_PLACE)
    content = make_image(tmp_path / "a.png").read_bytes()
    with intake.Intake() as door, pytest.raises(ToolError, match="can't load its kernels: .*no locator available"):  # noqa: RUF043
        door.moving("a.png", content, 8, 8)


def test_a_name_that_leaves_no_room_for_more_is_written(tmp_path):
    target = tmp_path / ("x" * 247 + ".mp4")
    with unfinished_file(target) as unfinished:
        os.write(unfinished.descriptor, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_a_disk_that_fails_where_nobody_looked_is_one_line_and_exit_4(spec_of_one, monkeypatch):
    def fail(*_given, **_how):
        raise OSError(errno.EIO, "Input/output error", "somewhere")

    monkeypatch.setattr("commands.stories.compiled_story", fail)
    result = CliRunner().invoke(cli.main, ["validate", str(spec_of_one)])
    assert (result.exit_code, result.stderr) == (4, "somewhere can't be read or written: Input/output error\n")


def test_a_closed_stdout_is_said(spec_of_one):
    program = "import sys; sys.argv[0] = 'storyreel'; from cli import main; main()"
    closed = ["sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-c", program]
    done = subprocess.run(
        [*closed, "frames", str(spec_of_one), "-o", "-"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(cli.__file__).parent,
        check=False,
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (4, "stdout is closed: name a file with -o")


@pytest.fixture
def spec_of_one(story_folder):
    return story_folder(images=1, narration_s=1)


@pytest.mark.parametrize("words", [["--jobs", "2"], ["--verify", "full"]], ids=" ".join)
def test_the_reference_takes_no_setting_it_would_ignore(spec_of_one, tmp_path, words):
    command = ["render", str(spec_of_one), "-o", str(tmp_path / "o.mp4"), "--backend", "reference", *words]
    result = CliRunner().invoke(cli.main, command)
    assert (result.exit_code, "leave out --jobs and --verify" in result.stderr) == (2, True)


def test_explaining_a_cache_and_emptying_it_are_two_calls(spec_of_one):
    result = CliRunner().invoke(cli.main, ["cache", "clear", "--explain", str(spec_of_one)])
    assert (result.exit_code, "one after the other" in result.stderr) == (2, True)
