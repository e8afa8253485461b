"""The durable memory of what was submitted: SQLite in the user's state folder, one row for each submission.

Every change is one read-modify-write under the write lock, synced before it counts. A process killed anywhere leaves
the record before or after the change, and two processes never both see it unclaimed.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from backends.mediaconvert.submission.record_json import record_from_json, record_to_json
from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.mediaconvert.submission.record import Record

BUSY_S = 30.0
_TABLE = """
CREATE TABLE IF NOT EXISTS submissions (
  id TEXT PRIMARY KEY, job_id TEXT NOT NULL, state TEXT NOT NULL, created_at REAL NOT NULL, record TEXT NOT NULL
)
"""
_PUT = "INSERT OR REPLACE INTO submissions VALUES (?, ?, ?, ?, ?)"


class Journal(Protocol):
    """Where records are kept. `change` is pure: it may be called again with what another process wrote meanwhile."""

    def read(self, submission_id: str) -> Record | None: ...

    def update(self, submission_id: str, change: Callable[[Record | None], Record | None]) -> Record | None:
        """Put what `change` makes of the record, as one step, and return it. None stands for no record."""
        ...

    def find_job(self, job_id: str) -> Record | None: ...

    def records(self) -> tuple[Record, ...]:
        """All of them, newest first."""
        ...


def state_root() -> Path:
    """`STORYREEL_STATE_DIR`, else `$XDG_STATE_HOME/storyreel`, else `~/.local/state/storyreel`; the owner's alone.

    Raises: OutputError naming the folder and the variable that moves it.
    """
    named = os.environ.get("STORYREEL_STATE_DIR")
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    root = Path(named) if named else base / "storyreel"
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"can't make the state folder {root} ({error}): set STORYREEL_STATE_DIR") from error
    return root


@dataclass(frozen=True, slots=True)
class SqliteJournal:
    """The journal of one machine, for any number of processes and threads. WAL needs a local file system."""

    path: Path

    @classmethod
    def open_default(cls) -> SqliteJournal:
        """Raises: OutputError."""
        return cls(state_root() / "submissions.sqlite")

    def read(self, submission_id: str) -> Record | None:
        """Raises: OutputError."""
        with self._connection() as connection:
            return _one(connection, "id", submission_id)

    def find_job(self, job_id: str) -> Record | None:
        """Raises: OutputError."""
        with self._connection() as connection:
            return _one(connection, "job_id", job_id)

    def records(self) -> tuple[Record, ...]:
        """Raises: OutputError."""
        with self._connection() as connection:
            rows = connection.execute("SELECT record FROM submissions ORDER BY created_at DESC, id").fetchall()
            return tuple(record_from_json(str(row[0])) for row in rows)

    def update(self, submission_id: str, change: Callable[[Record | None], Record | None]) -> Record | None:
        """Raises: OutputError; the record is then as it was."""
        with self._connection() as connection:
            connection.execute("BEGIN IMMEDIATE")
            before = _one(connection, "id", submission_id)
            after = change(before)
            if after is None:
                connection.execute("DELETE FROM submissions WHERE id = ?", (submission_id,))
            elif after != before:
                row = (after.id, after.job_id, after.state, after.created_at, record_to_json(after))
                connection.execute(_PUT, row)
            connection.execute("COMMIT")
            return after

    @contextlib.contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        """One connection for each step: threads and forked children never share any."""
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as connection:
                _prepare(connection, self.path)
                yield connection
        except (sqlite3.Error, ValueError) as error:
            raise OutputError(f"the journal {self.path} can't be used ({error}): see STORYREEL_STATE_DIR") from error


def _one(connection: sqlite3.Connection, column: str, value: str) -> Record | None:
    query = (
        "SELECT record FROM submissions WHERE id = ?"
        if column == "id"
        else ("SELECT record FROM submissions WHERE job_id = ? AND job_id <> '' LIMIT 1")
    )
    row = connection.execute(query, (value,)).fetchone()
    return None if row is None else record_from_json(str(row[0]))


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA synchronous=FULL")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        path.chmod(0o600)
        _switch_to_wal(connection)
    connection.execute(_TABLE)


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """The switch does not wait for a lock as other statements do: two first runs at once may meet here."""
    give_up = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.01)
        else:
            return
