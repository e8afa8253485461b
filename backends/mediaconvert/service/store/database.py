"""The SQLite file behind the endpoint: its tables, and one connection that threads share in turn.

Written ahead and synced with every change of state (SAFETY P2), so that a killed server loses nothing it answered for.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from typing import TYPE_CHECKING

from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Value = str | int | None
_SCHEMA_VERSION = 1
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE NOT NULL, queue TEXT NOT NULL, priority INTEGER NOT NULL,
    status TEXT NOT NULL, token TEXT, created_ms INTEGER NOT NULL, queued_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, cancelled INTEGER NOT NULL DEFAULT 0, request TEXT NOT NULL,
    settings TEXT NOT NULL, facts TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (status, priority DESC, number);
CREATE INDEX IF NOT EXISTS jobs_token ON jobs (token);
CREATE TABLE IF NOT EXISTS resources (
    kind TEXT NOT NULL, name TEXT NOT NULL, created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL,
    document TEXT NOT NULL, PRIMARY KEY (kind, name));
CREATE TABLE IF NOT EXISTS tags (arn TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (arn, key));
CREATE TABLE IF NOT EXISTS settings (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (number INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL);
"""


class Database:
    """One connection, used by one thread at a time. Use as a context manager, or call `close`.

    Raises: OutputError where the file can't be opened, is newer than this version, or serves another endpoint.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._owner = _own(path)
        try:
            self._connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, _SCHEMA_VERSION):
                raise OutputError(f"{path} was written by another version ({version}): choose another --state")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.executescript(_TABLES)
            self._connection.execute(f"PRAGMA user_version={_SCHEMA_VERSION}")
        except sqlite3.Error as error:
            os.close(self._owner)
            raise OutputError(f"{path} can't be used as the endpoint's state: {error}") from error

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """A transaction: all of the block's changes, or none. Nests."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, statement: str, values: Sequence[Value] = ()) -> int:
        """Run one statement; how many rows it changed."""
        with self._lock:
            return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, values: Sequence[Value] = ()) -> list[tuple[Value, ...]]:
        """All rows that a query finds."""
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: Sequence[Value] = ()) -> tuple[Value, ...] | None:
        """The first row, or None."""
        found = self.rows(statement, values)
        return found[0] if found else None

    def close(self) -> None:
        with self._lock:
            self._connection.close()
            os.close(self._owner)


def _own(path: Path) -> int:
    """A lock that ends with this process: two servers on one state would run each job twice."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(f"{path}.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise OutputError(f"{path.parent} can't hold the endpoint's state: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise OutputError(f"another endpoint uses {path}: stop it, or choose another --state") from error
    return descriptor
