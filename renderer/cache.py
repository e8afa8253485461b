"""Where derived data lives: one cache folder, private scratch folders inside it, nothing anywhere else.

`STORYREEL_CACHE_DIR`, else `$XDG_CACHE_HOME/storyreel`, else `~/.cache/storyreel` (DESIGN §7). A scratch folder carries
its owner's process id and is locked by it; one whose owner is gone was left by a killed run and is removed when the
next run starts. The lock counts where process ids mean nothing: two containers, or two machines, may share one cache.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator


def cache_root() -> Path:
    """The cache folder, made where it is missing, readable by its owner only.

    Raises: OutputError naming the folder and the variable that moves it.
    """
    named = os.environ.get("STORYREEL_CACHE_DIR")
    root = (Path(named) if named else _users_cache() / "storyreel").absolute()
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the cache folder {root} ({error}): set STORYREEL_CACHE_DIR") from error
    return root


def _users_cache() -> Path:
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError as error:  # no HOME, and no entry for this user either
        raise OutputError("there is no home folder to keep the cache in: set STORYREEL_CACHE_DIR") from error


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A private folder that is gone when the block ends, however it ends short of SIGKILL."""
    parent = cache_root() / "scratch"
    try:
        parent.mkdir(mode=0o700, exist_ok=True)
        _remove_abandoned(parent)
        unnamed = Path(tempfile.mkdtemp(prefix="new-", dir=parent))
        held = os.open(unnamed, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        hold(held)
        folder = unnamed.rename(parent / f"{os.getpid()}-{unnamed.name.removeprefix('new-')}")
    except OSError as error:
        raise OutputError(f"can't make a folder in {parent} ({error.strerror}): set STORYREEL_CACHE_DIR") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _remove_abandoned(parent: Path) -> None:
    for folder in parent.iterdir():
        owner = folder.name.partition("-")[0]
        if owner.isdigit() and is_abandoned(folder, int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def hold(descriptor: int) -> None:
    """Keep a file or folder from being taken for abandoned while the descriptor is open, where its file system can."""
    with contextlib.suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_abandoned(path: Path, pid: int) -> bool:
    """Whether what carries this process id belongs to nobody: no such process here, and nobody `hold`s it anywhere."""
    return not process_exists(pid) and not _is_held(path)


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


def process_exists(pid: int) -> bool:
    """Whether a process with this id runs on this machine."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class FactsCache:
    """What was found out about a file, kept for as long as the file's identity stays the same.

    The identity is device, inode, size, mtime and ctime in nanoseconds. As in git, an entry is kept only for a file
    that was last written a while before it was read: a later write within one clock tick would go unseen.
    A cache that can't be opened, or is damaged, is the same as an empty one. Safe to share between threads.
    """

    SETTLED_NS = 1_000_000_000

    def __init__(self, *, enabled: bool = True) -> None:
        self._connection = self._connect() if enabled else None
        self._lock = threading.Lock()

    @staticmethod
    def _connect() -> sqlite3.Connection | None:
        try:
            connection = sqlite3.connect(
                cache_root() / "facts.sqlite", timeout=10, isolation_level=None, check_same_thread=False
            )
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute("CREATE TABLE IF NOT EXISTS facts (identity TEXT PRIMARY KEY, facts TEXT NOT NULL)")
        except (sqlite3.Error, OSError):
            return None
        return connection

    def get(self, kind: str, status: os.stat_result) -> str | None:
        if self._connection is None:
            return None
        with self._lock, contextlib.suppress(sqlite3.Error):
            row = self._connection.execute(
                "SELECT facts FROM facts WHERE identity = ?", (_identity(kind, status),)
            ).fetchone()
            return str(row[0]) if row else None
        return None

    def put(self, kind: str, status: os.stat_result, facts: str) -> None:
        settled = time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > self.SETTLED_NS
        if self._connection is not None and settled:
            with self._lock, contextlib.suppress(sqlite3.Error):
                self._connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_identity(kind, status), facts))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _identity(kind: str, status: os.stat_result) -> str:
    parts = (kind, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
    return ":".join(map(str, parts))
