"""Queues, job templates, presets, queries, the policy and tags: named documents in the store."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.store.database import Database, Value

Kind = Literal["queues", "jobTemplates", "presets", "jobsQueries", "certificates"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A named document in PascalCase."""

    name: str
    created_ms: int
    updated_ms: int
    document: Job

    @classmethod
    def of(cls, row: tuple[Value, ...]) -> Resource:
        name, created_ms, updated_ms, document = row
        return cls(str(name), int(str(created_ms)), int(str(updated_ms)), cast("Job", json.loads(str(document))))


class Finder(Protocol):
    """Whatever knows named things."""

    def find(self, kind: Kind, name: str) -> Resource | None: ...


class Catalogue:
    """Everything with a name."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database, self._now_ms = database, now_ms

    def find(self, kind: Kind, name: str) -> Resource | None:
        row = self._database.row(
            "SELECT name, created_ms, updated_ms, document FROM resources WHERE kind = ? AND name = ?", (kind, name)
        )
        return None if row is None else Resource.of(row)

    def all(self, kind: Kind) -> list[Resource]:
        """In the order they were made."""
        rows = self._database.rows(
            "SELECT name, created_ms, updated_ms, document FROM resources WHERE kind = ? ORDER BY rowid", (kind,)
        )
        return [Resource.of(row) for row in rows]

    def add(self, kind: Kind, name: str, document: Job) -> Resource:
        """Raises: KeyError where the name is taken."""
        now = self._now_ms()
        changed = self._database.run(
            "INSERT OR IGNORE INTO resources VALUES (?, ?, ?, ?, ?)", (kind, name, now, now, json.dumps(document))
        )
        if not changed:
            raise KeyError(name)
        return Resource(name, now, now, document)

    def replace(self, kind: Kind, name: str, document: Job) -> Resource:
        """Raises: KeyError where there is none of that name."""
        changed = self._database.run(
            "UPDATE resources SET updated_ms = ?, document = ? WHERE kind = ? AND name = ?",
            (self._now_ms(), json.dumps(document), kind, name),
        )
        found = self.find(kind, name)
        if not changed or found is None:
            raise KeyError(name)
        return found

    def remove(self, kind: Kind, name: str) -> bool:
        """Whether there was one."""
        return self._database.run("DELETE FROM resources WHERE kind = ? AND name = ?", (kind, name)) > 0

    def tags(self, arn: str) -> Job:
        rows = self._database.rows("SELECT key, value FROM tags WHERE arn = ? ORDER BY key", (arn,))
        return {str(key): str(value) for key, value in rows}

    def tag(self, arn: str, tags: Job) -> None:
        with self._database.change():
            for key, value in tags.items():
                self._database.run("INSERT OR REPLACE INTO tags VALUES (?, ?, ?)", (arn, key, str(value)))

    def untag(self, arn: str, keys: list[str] | None) -> None:
        """Take tags off; None takes all."""
        with self._database.change():
            if keys is None:
                self._database.run("DELETE FROM tags WHERE arn = ?", (arn,))
            for key in keys or ():
                self._database.run("DELETE FROM tags WHERE arn = ? AND key = ?", (arn, key))

    def setting(self, key: str) -> Job | None:
        """A document of which there is one, such as the policy."""
        row = self._database.row("SELECT value FROM settings WHERE key = ?", (key,))
        return None if row is None else cast("Job", json.loads(str(row[0])))

    def set_setting(self, key: str, document: Job | None) -> None:
        if document is None:
            self._database.run("DELETE FROM settings WHERE key = ?", (key,))
        else:
            self._database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", (key, json.dumps(document)))
