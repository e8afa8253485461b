"""One measured child process: wall clock, CPU time and, where asked for, peak memory of its whole process tree."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE_S = 0.05
"""Memory is looked at this often."""


class RunFailed(Exception):  # noqa: N818  (reads as what happened)
    """A measured program ended badly; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one child, with everything it started and waited for, took. `peak_mb` is 0 where memory was not watched."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    stdout: str


def storyreel() -> list[str]:
    """The command under test, by this interpreter."""
    installed = Path(sys.executable).with_name("storyreel")
    return [str(installed)] if installed.exists() else [sys.executable, str(PROJECT / "cli.py")]


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    watch_memory: bool = False,
    cwd: Path | None = None,
    exit_code: int = 0,
) -> Measured:
    """Run one program to its end, which is to be `exit_code`, with its compiled modules kept as any installation does.

    Raises: RunFailed.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as printed:
        started = time.perf_counter()
        child = subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=printed, stderr=said, cwd=cwd, env=inherited | dict(env or {})
        )
        watcher = MemoryWatcher(child.pid) if watch_memory else None
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.terminate()
            raise
        wall_s = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        peak_mb = watcher.stop() if watcher else 0.0
        printed.seek(0)
        said.seek(0)
        if child.returncode != exit_code:
            tail = said.read().decode("utf-8", "replace")[-600:]
            raise RunFailed(f"{Path(argv[0]).name} {' '.join(argv[1:3])} … exited with {child.returncode}: {tail}")
        return Measured(wall_s, usage.ru_utime + usage.ru_stime, peak_mb, printed.read().decode("utf-8", "replace"))


class MemoryWatcher:
    """Samples the proportional set size of a process and all its descendants: shared pages count once."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak_kb, self._ended = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(SAMPLE_S):
            self._peak_kb = max(self._peak_kb, sum(map(_pss_kb, _tree(self._pid))))

    def stop(self) -> float:
        """The highest sum seen, in MB (10⁶ bytes)."""
        self._ended.set()
        self._thread.join()
        return self._peak_kb * 1024 / 1e6


def _tree(pid: int) -> Iterator[int]:
    yield pid
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return
    for thread in threads:
        try:
            children = (thread / "children").read_text().split()
        except OSError:
            continue
        for child in children:
            yield from _tree(int(child))


def _pss_kb(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except (OSError, ValueError):
        return 0
    return 0


def median_wall(runs: Sequence[Measured]) -> float:
    return statistics.median(run.wall_s for run in runs)


def median_cpu(runs: Sequence[Measured]) -> float:
    return statistics.median(run.cpu_s for run in runs)
