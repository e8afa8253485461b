"""Children: limits that bite, a bare environment, no shell, capped output, and none that outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from renderer.errors import Cancelled, ToolError
from renderer.ffmpeg_process import (
    STDERR_TAIL_BYTES,
    CancelToken,
    Child,
    FFmpeg,
    Limits,
    compile_argv,
    describe_exit,
    find_ffmpeg,
    kill_children,
    live_children,
    run_process,
)

PROJECT = Path(__file__).parents[2]


def python(program, *arguments):
    return [sys.executable, "-I", "-S", "-c", program, *arguments]


def failure_of(argv, **settings):
    started = time.monotonic()
    with pytest.raises(ToolError) as caught:
        run_process(argv, **settings)
    return caught.value, time.monotonic() - started


@pytest.fixture(scope="module")
def busy():
    """How a child that computes for ever ends with a second of CPU time."""
    return failure_of(python("while True: pass"), limits=Limits(cpu_s=1, wall_s=30))


def test_cpu_time_is_limited(busy):
    error, took = busy
    assert error.returncode in {-signal.SIGKILL, -signal.SIGXCPU}
    assert took < 20


def test_used_up_cpu_time_is_said(busy):
    assert "used up its CPU time" in busy[0].message


def test_address_space_is_limited():
    error, _ = failure_of(python("bytearray(3 << 30)"), limits=Limits(address_space_bytes=1 << 30))
    assert "MemoryError" in error.stderr_tail


def test_file_size_is_limited(tmp_path):
    program = "import sys; f = open(sys.argv[1], 'wb', 0)\nfor _ in range(100): f.write(bytes(100_000))"
    error, _ = failure_of(python(program, str(tmp_path / "f")), limits=Limits(file_size_bytes=1_000_000))
    assert error.returncode != 0
    assert (tmp_path / "f").stat().st_size <= 1_000_000


def test_open_files_are_limited():
    program = "import os\nfor _ in range(100): os.open('/dev/null', os.O_RDONLY)"
    error, _ = failure_of(python(program), limits=Limits(open_files=32))
    assert "Too many open files" in error.stderr_tail


def test_wall_clock_ends_a_sleeper_and_what_it_started():
    program = "import subprocess, sys; subprocess.run([sys.executable, '-S', '-c', 'import time; time.sleep(60)'])"
    error, took = failure_of(python(program), limits=Limits(wall_s=0.5))
    assert error.message.endswith("stopped after 0.5 s of wall clock")
    assert took < 3


def test_wall_clock_holds_for_what_a_child_left_behind():
    """The child ends at once, but something it started keeps its output open."""
    started = time.monotonic()
    with pytest.raises(ToolError):
        run_process(["sh", "-c", "sleep 3 & exit 0"], limits=Limits(wall_s=0.5))
    assert time.monotonic() - started < 2.5


def test_core_files_are_never_written():
    program = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE))"
    assert run_process(python(program), limits=Limits(wall_s=20)).stdout == b"(0, 0)\n"


def test_limits_above_the_systems_own_are_no_error():
    program = "import resource; print(resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0)"
    assert run_process(python(program), limits=Limits(open_files=10**9)).stdout == b"True\n"


SECRETS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GITHUB_TOKEN", "LD_PRELOAD", "PYTHONPATH", "HOME", "FFREPORT")


@pytest.mark.parametrize("limits", [None, Limits(wall_s=20)], ids=["without limits", "with limits"])
def test_child_sees_nothing_of_the_environment_that_it_does_not_need(monkeypatch, limits):
    for name in SECRETS[:3]:
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("FFREPORT", "file=/tmp/x")
    seen = run_process(["env"], limits=limits).stdout.decode()
    names = {line.partition("=")[0] for line in seen.splitlines()}
    assert not names & set(SECRETS)
    assert "secret" not in seen
    assert "PATH" in names


def test_picture_child_sees_no_secret(monkeypatch, tmp_path, make_image):
    from renderer.picture.intake import Intake

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with Intake() as door:
        door.facts("a.png", make_image(tmp_path / "a.png").read_bytes())
        environment = Path(f"/proc/{door._child._popen.pid}/environ").read_bytes()
    assert b"AWS" not in environment
    assert b"secret" not in environment


NO_SHELL = ["$(touch x)", "`touch x`", "; touch x", "| touch x", "a b", "*", "-rf", "\n"]


@pytest.mark.parametrize("text", NO_SHELL, ids=repr)
@pytest.mark.parametrize("limits", [None, Limits(wall_s=20)], ids=["without limits", "with limits"])
def test_argument_is_never_read_by_a_shell(tmp_path, monkeypatch, text, limits):
    monkeypatch.chdir(tmp_path)
    assert run_process(["printf", "%s", text], limits=limits).stdout == text.encode()
    assert list(tmp_path.iterdir()) == []


def test_only_the_named_descriptors_are_inherited(tmp_path):
    first, second = os.open(tmp_path, os.O_RDONLY), os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(first, True)
    listed = run_process(["ls", "/proc/self/fd"], pass_fds=[second], limits=Limits(wall_s=20)).stdout.split()
    assert str(second).encode() in listed
    assert str(first).encode() not in listed
    os.close(first)
    os.close(second)


def test_stderr_is_kept_to_its_end():
    error, _ = failure_of(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' 'x' >&2; echo the end >&2; exit 1"])
    assert error.stderr_tail.endswith("the end\n")
    assert len(error.stderr_tail) <= STDERR_TAIL_BYTES


def test_stderr_that_is_no_text_is_shown_all_the_same():
    error, _ = failure_of(["sh", "-c", "printf '\\377\\376bad' >&2; exit 3"])
    assert error.stderr_tail == "\ufffd\ufffdbad"
    assert error.returncode == 3


def test_error_holds_the_facts_as_attributes():
    error, _ = failure_of(["sh", "-c", "exit 7"], limits=Limits(wall_s=20))
    assert (error.argv, error.returncode, error.message) == (("sh", "-c", "exit 7"), 7, "sh exited with 7")


@pytest.mark.parametrize("limits", [None, Limits(wall_s=20)], ids=["without limits", "with limits"])
def test_program_that_is_missing_is_a_typed_error(limits):
    error, _ = failure_of(["no-such-program"], limits=limits)
    assert "no-such-program" in error.message
    assert "Traceback" not in str(error)


def test_silent_child_that_prints_an_error_and_exits_0_has_failed():
    """As `finish` promises: FFmpeg exits 0 on a full disk while printing one (SAFETY R1)."""
    argv = ["sh", "-c", "echo Error writing trailer: No space left on device >&2; exit 0"]
    with Child(argv) as child, pytest.raises(ToolError, match="No space left"):
        child.finish(silent=True)


def feed_for_ever(child):
    while True:
        child.write(bytes(100_000))


def test_child_that_stops_reading_says_why():
    with Child(["sh", "-c", "echo no room >&2; exit 9"], stdin=subprocess.PIPE) as child:
        with pytest.raises(ToolError) as caught:
            feed_for_ever(child)
        assert (caught.value.returncode, caught.value.stderr_tail) == (9, "no room\n")


def test_cancelled_run_kills_its_child():
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        run_process(["cat"], stdin=(cancel.set() or b"x" for _ in range(2)), cancel=cancel)
    assert live_children() == 0


def test_killing_all_children_ends_them_from_another_thread():
    threading.Timer(0.3, kill_children).start()
    error, took = failure_of(["sleep", "30"])
    assert "stopped with its parent" in error.message
    assert took < 3
    assert live_children() == 0


def test_leaving_the_block_early_kills_the_child():
    with Child(["sleep", "30"]) as child:
        pass
    assert child._popen.returncode == -signal.SIGKILL
    assert live_children() == 0


def test_leaving_the_block_by_an_error_kills_the_child():
    with pytest.raises(ZeroDivisionError), Child(["sleep", "30"]) as child:
        child.write(bytes([1 // 0]))
    assert child._popen.returncode == -signal.SIGKILL


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_descriptor_and_no_thread_stays():
    run_process(["true"])
    files, threads = open_files(), threading.active_count()
    for _ in range(5):
        run_process(["true"], limits=Limits(wall_s=20))
        failure_of(["false"])
    time.sleep(0.1)
    assert open_files() == files
    assert threading.active_count() <= threads


ORPHAN = """
import os, sys; sys.path.insert(0, sys.argv[1])
from renderer.ffmpeg_process import Child, Limits
child = Child(["sleep", "60"], limits=Limits(wall_s=50))
import time; time.sleep(0.5); print(child._popen.pid, flush=True); os.kill(os.getpid(), 9)
"""


def test_limited_child_dies_with_its_killed_parent():
    parent = subprocess.run([sys.executable, "-c", ORPHAN, str(PROJECT)], capture_output=True, text=True, check=False)
    pid = int(parent.stdout)
    deadline = time.monotonic() + 2
    while running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(pid)


def running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False


def test_launcher_costs_little():
    """About 15 ms on a quiet machine; only something gone very wrong is caught here."""
    run_process(["true"], limits=Limits(wall_s=20))
    took = []
    for _ in range(5):
        started = time.monotonic()
        run_process(["true"], limits=Limits(cpu_s=5, open_files=64, wall_s=20))
        took.append(time.monotonic() - started)
    assert min(took) < 0.25


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (1, "exited with 1"),
        (-9, "was ended by SIGKILL"),
        (-24, "used up its CPU time"),
        (-25, "larger file than allowed"),
    ],
)
def test_exit_is_described(code, words):
    assert words in describe_exit(code)


@pytest.mark.parametrize(
    ("version", "knows"), [("5.1.9-0+deb12u1", False), ("6.0", True), ("n9.0.2-17-g2a5", True), ("N-12345-gabc", False)]
)
def test_fd_protocol_is_known_by_version(version, knows):
    assert FFmpeg(Path("x"), version, "test").fd_protocol is knows


def test_argument_list_never_asks_and_never_reads_the_terminal(ffmpeg):
    import ffmpeg as graphs

    argv = compile_argv(graphs.input("file:-i.wav").output("file:-y.wav"))
    assert argv[0] == str(ffmpeg)
    assert {"-nostdin", "-hide_banner", "-y"} <= set(argv)
    assert argv[argv.index("-i") + 1] == "file:-i.wav"


def test_override_by_environment_is_used(debian_ffmpeg, monkeypatch):
    find_ffmpeg.cache_clear()
    monkeypatch.setenv("STORYREEL_FFMPEG", str(debian_ffmpeg))
    found = find_ffmpeg()
    find_ffmpeg.cache_clear()
    assert (found.path, found.origin) == (debian_ffmpeg, "STORYREEL_FFMPEG")
