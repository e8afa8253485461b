"""Runs that are killed, stopped or lose a child: no process and no part of a file stays; the next run cleans up."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from renderer.cache import process_exists
from renderer.ffmpeg_process import find_ffmpeg

PREVIOUS = b"the previous good film"


def table():
    """Every process that is no zombie: its id to (parent, start time, command line)."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(") ")[2].split()
                command = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
            except OSError:
                continue
            if fields[0] != "Z":
                found[int(folder.name)] = (int(fields[1]), fields[19], command)
    return found


def below(pid):
    """The processes started by `pid` and by those."""
    now = table()
    found, new = {}, {pid}
    while new:
        new = {child for child, (parent, _, _) in now.items() if parent in new and child not in found}
        found |= {child: now[child] for child in new}
    return found


def survivors(processes, within_s=2.0):
    """Which of them still run after that time."""
    deadline = time.monotonic() + within_s
    while True:
        now = table()
        left = {pid: entry for pid, entry in processes.items() if pid in now and now[pid][1] == entry[1]}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)


def until(condition, within_s=30):
    deadline = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < deadline, "the run never came so far"
        time.sleep(0.01)
    return found


def encoders(pid):
    return {child: entry for child, entry in below(pid).items() if "libx264" in entry[2]}


@pytest.fixture
def start_run(tmp_path, noisy_story, storyreel_process):
    """A real `storyreel render` of a minute, in the middle of encoding; `target`, `cache` and `children` beside it."""
    spec = noisy_story(tmp_path / "story", length="60s")
    target, cache = tmp_path / "output" / "out.mp4", tmp_path / "cache"
    target.parent.mkdir()
    target.write_bytes(PREVIOUS)

    def start(encoder):
        named = {"STORYREEL_FFMPEG": str(find_ffmpeg().path)} if encoder == "program" else {}
        environment = {"STORYREEL_CACHE_DIR": str(cache)} | named
        process = storyreel_process("render", spec, "-o", target, "--jobs", 2, **environment)
        until(lambda: any((cache / "scratch").glob("*/segment*")))
        if encoder == "program":
            until(lambda: encoders(process.pid))
        process.spec, process.target, process.cache, process.children = spec, target, cache, below(process.pid)
        return process

    return start


@pytest.fixture(params=["library", "program"])
def run(request, start_run):
    """Such a run, with either encoder of the pictures."""
    return start_run(request.param)


@pytest.fixture
def program_run(start_run):
    """Such a run, its pictures encoded by FFmpeg's program."""
    return start_run("program")


def assert_nothing_stays(run):
    assert survivors(run.children) == {}
    assert [path.name for path in run.target.parent.iterdir()] == ["out.mp4"]
    assert run.target.read_bytes() == PREVIOUS


def test_killed_parent_leaves_no_child_and_no_part(run, storyreel, monkeypatch):
    run.kill()
    run.wait()
    assert_nothing_stays(run)
    assert len(list((run.cache / "scratch").iterdir())) == 1
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(run.cache))
    assert storyreel("validate", run.spec).exit_code == 0
    assert list((run.cache / "scratch").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_stopped_run_ends_with_130_and_leaves_nothing(run, number):
    run.send_signal(number)
    out, err = run.communicate(timeout=10)
    assert (run.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert_nothing_stays(run)
    assert list((run.cache / "scratch").iterdir()) == []


def test_two_interrupts_at_once_leave_nothing(run):
    run.send_signal(signal.SIGINT)
    time.sleep(0.01)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=10)
    assert run.returncode != 0
    assert_nothing_stays(run)


def test_killed_encoder_is_a_typed_error(program_run):
    run = program_run
    found = until(lambda: encoders(run.pid))  # for a moment between two segments there is none
    os.kill(next(iter(found)), signal.SIGKILL)
    _, err = run.communicate(timeout=15)
    assert run.returncode == 4
    assert "SIGKILL" in err
    assert "Traceback" not in err
    assert_nothing_stays(run)


def test_stopped_encoder_does_not_stop_a_ctrl_c(program_run):
    run = program_run
    for pid in encoders(run.pid):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(0.3)
    run.send_signal(signal.SIGINT)
    run.communicate(timeout=10)
    assert run.returncode == 130
    assert_nothing_stays(run)


def test_killed_picture_child_is_a_typed_error_or_replaced(tmp_path, noisy_story, storyreel_process):
    process = storyreel_process(
        "render",
        noisy_story(tmp_path / "story"),
        "-o",
        tmp_path / "out.mp4",
        STORYREEL_CACHE_DIR=str(tmp_path / "cache"),
    )
    child = until(lambda: [pid for pid, entry in below(process.pid).items() if "intake_child" in " ".join(entry[2])])
    os.kill(child[0], signal.SIGKILL)
    _, err = process.communicate(timeout=30)
    assert process.returncode in {0, 2, 4}
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["validate", "mix"])
def test_killed_parent_leaves_no_decoder(tmp_path, write_spec, corpus, storyreel_process, command):
    spec = write_spec(tmp_path / "story", narration="long.wav", brand={"logo": "asset:brand/logo.png"}, images=[])
    corpus.sparse(corpus.wav(data=b"", claimed=380_000_000), 380_000_044)(spec.with_name("long.wav"))
    target = [] if command == "validate" else ["-o", tmp_path / "out.wav"]
    process = storyreel_process(command, spec, *target, STORYREEL_CACHE_DIR=str(tmp_path / "cache"))
    children = until(lambda: {p: e for p, e in below(process.pid).items() if "framecrc" in e[2]})
    process.kill()
    process.wait()
    assert survivors(children) == {}


def test_what_a_killed_decoder_left_in_the_cache_is_removed_by_the_next_run(
    tmp_path, story_folder, storyreel, monkeypatch
):
    gone = next(pid for pid in range(4_000_000, 4_100_000) if not process_exists(pid))
    left = tmp_path / "cache" / "pcm" / f"{gone}-abc123.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(bytes(1000))
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    result = storyreel("validate", story_folder(images=1, narration_s=1))
    assert result.exit_code == 0, result.stderr
    assert not left.exists()
