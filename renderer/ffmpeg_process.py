"""Finding FFmpeg, building its argument lists, and the one limited way to run a child process.

Every child of the program starts here: argument lists only, a bare environment (no cloud keys: SAFETY S10), its own
session, a wall clock, a capped stderr, and resource limits where its input is somebody else's (SAFETY S8). A child
never outlives this process: limited ones carry a death signal, and those fed through a pipe end at its end.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol, Self, cast

from renderer.errors import Cancelled, ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

STDERR_TAIL_BYTES = 16_384
_LAUNCHER = Path(__file__).with_name("limits_launcher.py")
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "SYSTEMROOT")

PROTOCOLS = "file,pipe,fd"
"""What a guarded FFmpeg may open: nothing that reaches a network or names a second file (SAFETY S1)."""


class ArgumentGraph(Protocol):
    """An ffmpeg-python output node: what `compile_argv` turns into an argument list."""

    def compile(self, cmd: str = ...) -> list[str]: ...


@dataclass(frozen=True, slots=True)
class FFmpeg:
    """One FFmpeg program: `version` is its first line's version word, `origin` how it was found."""

    path: Path
    version: str
    origin: str

    @property
    def fd_protocol(self) -> bool:
        """Whether it knows `fd:` (FFmpeg 6 and later); older ones open `/dev/fd/N` instead."""
        major = re.match(r"n?(\d+)", self.version)
        return major is not None and int(major[1]) >= 6


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may use (SAFETY S8). None leaves one as the system has it.

    An address space under 2 GB keeps some programs' loader from starting (measured, SAFETY S8).
    """

    cpu_s: int | None = None
    address_space_bytes: int | None = None
    file_size_bytes: int | None = None
    open_files: int | None = None
    wall_s: float | None = None
    trusted: bool = False
    """Only the wall clock counts: for children fed our own data, which end with their pipe. Saves 15 ms."""

    def for_launcher(self) -> str:
        pairs = {
            "CPU": self.cpu_s,
            "AS": self.address_space_bytes,
            "FSIZE": self.file_size_bytes,
            "NOFILE": self.open_files,
            "CORE": 0,
        }
        return ",".join(f"{name}={value}" for name, value in pairs.items() if value is not None)


@dataclass(frozen=True, slots=True)
class Completed:
    """A child that ended well: its whole stdout (empty where it was streamed) and the end of its stderr."""

    stdout: bytes
    stderr_tail: str


@dataclass(slots=True)
class CancelToken:
    """Set once when the user wants the run to stop; long loops call `raise_if_set`, children are killed."""

    _event: threading.Event = field(default_factory=threading.Event)

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()

    def raise_if_set(self) -> None:
        """Raises: Cancelled."""
        if self._event.is_set():
            raise Cancelled("stopped by the user")


@functools.cache
def find_ffmpeg() -> FFmpeg:
    """The FFmpeg to use: `STORYREEL_FFMPEG` where set, else the one inside the imageio-ffmpeg wheel.

    Raises: ToolError naming what was tried.
    """
    override = os.environ.get("STORYREEL_FFMPEG")
    if override:
        found = shutil.which(override)
        if found is None:
            raise ToolError(f"STORYREEL_FFMPEG names no program: {override}", argv=[], returncode=None)
        return _identified(Path(found).absolute(), "STORYREEL_FFMPEG")
    import imageio_ffmpeg

    try:
        bundled = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise ToolError(
            f"no FFmpeg for this platform in imageio-ffmpeg ({error}): set STORYREEL_FFMPEG", argv=[], returncode=None
        ) from error
    return _identified(Path(bundled), "imageio-ffmpeg")


def _identified(path: Path, origin: str) -> FFmpeg:
    first_line = (
        run_process([str(path), "-version"], limits=Limits(wall_s=20, trusted=True)).stdout.decode().partition("\n")[0]
    )
    match = re.match(r"ffmpeg version (\S+)", first_line)
    if match is None:
        raise ToolError(f"{path} is no FFmpeg: it says {first_line!r}", argv=[str(path), "-version"], returncode=0)
    return FFmpeg(path, match[1], origin)


def compile_argv(graph: ArgumentGraph, *, ffmpeg: FFmpeg | None = None) -> list[str]:
    """The argument list of an ffmpeg-python graph: quiet, deaf to stdin, overwriting its output, which stands last."""
    program = str((ffmpeg or find_ffmpeg()).path)
    argv = graph.compile(cmd=program)
    return [argv[0], "-hide_banner", "-nostdin", "-y", "-loglevel", "error", *argv[1:]]


def descriptor_url(descriptor: int) -> str:
    """How FFmpeg opens an inherited descriptor by name, seekable, with no path to swap underneath (SAFETY S4)."""
    return f"file:/dev/fd/{descriptor}"


_alive: set[Child] = set()
_registry_lock = threading.Lock()
_starter = ThreadPoolExecutor(1, "start")
"""Starts every child: a death signal is sent when the starting *thread* ends, and this one lasts (SAFETY R3)."""


class Child:
    """A running child process: write to it, then `finish` it; leaving the `with` block early kills it.

    stdout goes to `stdout` (a descriptor), or is streamed from `output`, or collected by `finish`. stderr is drained
    by a thread into a tail of 16 KB. The wall clock of `limits` kills the whole process group. One that `outlives_runs`
    serves several of them and is not ended when one is cancelled; its owner ends it.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int = subprocess.PIPE,
        pass_fds: Sequence[int] = (),
        limits: Limits | None = None,
        env: dict[str, str] | None = None,
        outlives_runs: bool = False,
    ) -> None:
        self.argv = list(argv)
        self.outlives_runs = outlives_runs
        self._why_killed: str | None = None
        try:
            self._popen = _starter.submit(
                subprocess.Popen,
                self._launched(limits),
                stdin=stdin,
                stdout=stdout,
                stderr=subprocess.PIPE,
                pass_fds=tuple(pass_fds),
                env=_bare_environment() | (env or {}),
                start_new_session=True,
                bufsize=0,
            ).result()
        except OSError as error:
            raise ToolError(f"can't start {self.argv[0]}: {error}", argv=self.argv, returncode=None) from error
        with _registry_lock:
            _alive.add(self)
        self._tail = bytearray()
        self._drain = threading.Thread(target=self._drain_stderr, name="stderr", daemon=True)
        self._drain.start()
        self._watchdog = self._start_watchdog(limits)

    def _launched(self, limits: Limits | None) -> list[str]:
        if limits is None or limits.trusted:
            return self.argv
        program = shutil.which(self.argv[0]) or self.argv[0]
        launcher = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid()), limits.for_launcher(), "--"]
        return [*launcher, program, *self.argv[1:]]

    def _start_watchdog(self, limits: Limits | None) -> threading.Timer | None:
        if limits is None or limits.wall_s is None:
            return None
        reason = f"stopped after {limits.wall_s:g} s of wall clock"
        watchdog = threading.Timer(limits.wall_s, self.kill, kwargs={"why": reason})
        watchdog.daemon = True
        watchdog.start()
        return watchdog

    def _drain_stderr(self) -> None:
        stream = cast("IO[bytes]", self._popen.stderr)
        while chunk := stream.read(65_536):
            self._tail += chunk
            del self._tail[:-STDERR_TAIL_BYTES]

    @property
    def output(self) -> IO[bytes]:
        """The child's stdout, for streaming reads."""
        return cast("IO[bytes]", self._popen.stdout)

    def pour(self, source: Child, on_bytes: Callable[[int], None]) -> int:
        """Pass all that `source` prints on to this child's stdin, without it coming through this process.

        Returns the number of bytes; `on_bytes` is told of each piece. Raises: ToolError where this child stops reading.
        """
        stream = cast("IO[bytes]", self._popen.stdin)
        total = 0
        try:
            while moved := _moved(source.output.fileno(), stream.fileno()):
                total += moved
                on_bytes(moved)
        except (BrokenPipeError, ValueError):
            self._popen.wait()
            raise self._failure() from None
        return total

    def write(self, data: bytes | memoryview) -> None:
        """Write all of `data` to the child's stdin.

        Raises: ToolError with what the child said where it stopped reading.
        """
        stream = cast("IO[bytes]", self._popen.stdin)
        view = memoryview(data).cast("B")
        try:
            while view:
                view = view[stream.write(view) :]
        except (BrokenPipeError, ValueError):
            self._popen.wait()
            raise self._failure() from None

    def close_input(self) -> None:
        if self._popen.stdin is not None:
            with suppress(BrokenPipeError):
                self._popen.stdin.close()

    def finish(self, *, silent: bool = False) -> Completed:
        """Close its input, collect the rest of its output, and wait.

        `silent` says that a good run prints nothing on stderr: FFmpeg exits 0 on a full disk while printing an error
        (SAFETY R1). Raises: ToolError where it was killed, exited other than 0, or was to be silent and was not.
        """
        self.close_input()
        stdout = self._popen.stdout.read() if self._popen.stdout is not None else b""
        self._popen.wait()
        self._release()
        complained = silent and bool(self._tail.strip())
        if self._why_killed is not None or self._popen.returncode != 0 or complained:
            raise self._failure()
        return Completed(stdout, self._stderr_text())

    def kill(self, *, why: str = "killed") -> None:
        """End the child and everything it started, now."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)  # what it started may outlive it and hold its output
            self._why_killed = why

    def _release(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._drain.join(timeout=5)
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        with _registry_lock:
            _alive.discard(self)

    def _stderr_text(self) -> str:
        return self._tail.decode("utf-8", "replace")

    def _failure(self) -> ToolError:
        self._drain.join(timeout=5)
        code = self._popen.returncode
        name = Path(self.argv[0]).name
        return ToolError(
            f"{name} {self._why_killed or describe_exit(code)}",
            argv=self.argv,
            returncode=code,
            stderr_tail=self._stderr_text(),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._popen.poll() is None:
            self.kill()
            self._popen.wait()
        self._release()


_PIPE_BYTES = 1 << 20


def _moved(source: int, target: int) -> int:
    """Move what is there from one pipe to another, up to a megabyte; 0 at the end."""
    if hasattr(os, "splice"):
        return os.splice(source, target, _PIPE_BYTES)
    chunk = os.read(source, _PIPE_BYTES)
    view = memoryview(chunk)
    while view:
        view = view[os.write(target, view) :]
    return len(chunk)


def describe_exit(code: int | None) -> str:
    """'exited with 1', or which limit's signal ended it (SAFETY S8)."""
    if code is None or code >= 0:
        return f"exited with {code}"
    causes = {signal.SIGXCPU: "used up its CPU time", signal.SIGXFSZ: "wrote a larger file than allowed"}
    name = signal.Signals(-code)
    return causes.get(name, f"was ended by {name.name}")


def run_process(
    argv: Sequence[str],
    *,
    limits: Limits | None = None,
    stdin: Iterable[bytes | memoryview] | None = None,
    stdout: int = subprocess.PIPE,
    pass_fds: Sequence[int] = (),
    cancel: CancelToken | None = None,
) -> Completed:
    """Run one child to its end, feeding it `stdin` chunk by chunk.

    Raises: ToolError (see `Child.finish`), Cancelled.
    """
    source = subprocess.DEVNULL if stdin is None else subprocess.PIPE
    with Child(argv, stdin=source, stdout=stdout, pass_fds=pass_fds, limits=limits) as child:
        for chunk in stdin or ():
            if cancel is not None:
                cancel.raise_if_set()
            child.write(chunk)
        return child.finish()


def kill_children() -> None:
    """End every child that is still running, but those that outlive runs: for Ctrl-C, and errors in another thread."""
    with _registry_lock:
        alive = [child for child in _alive if not child.outlives_runs]
    for child in alive:
        child.kill(why="stopped with its parent")


def live_children() -> int:
    """How many children are running now."""
    return len(_alive)


def _bare_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
