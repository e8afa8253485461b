"""Jobs in the store: added once, claimed by one worker, ended once; terminal states stay."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from backends.mediaconvert.service.identity import new_job_id
from backends.mediaconvert.service.store.records import COLUMNS, JobRecord, JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.store.database import Database, Value

TOKEN_MEMORY_MS = 60_000
"""For how long a client request token names the job it made (service model: one minute)."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """A job to add, everything checked."""

    request: Job
    settings: Job
    queue: str
    priority: int
    facts: Job
    token: str | None
    tags: Job


@dataclass(frozen=True, slots=True)
class Page:
    """One page of jobs; `after` leads to the next one, None on the last."""

    jobs: tuple[JobRecord, ...]
    after: int | None


class JobStore:
    """All jobs of one endpoint."""

    def __init__(self, database: Database, now_ms: Callable[[], int]) -> None:
        self._database, self._now_ms = database, now_ms

    def add(self, job: NewJob) -> tuple[JobRecord, bool]:
        """The job, and whether it is new: a token used within the last minute names the job it made."""
        now = self._now_ms()
        with self._database.change():
            known = self._by_token(job.token, now)
            if known is not None:
                return known, False
            identifier = new_job_id(now)
            self._database.run(
                "INSERT INTO jobs (id, queue, priority, status, token, created_ms, queued_ms, request, settings, facts)"
                " VALUES (?, ?, ?, 'SUBMITTED', ?, ?, ?, ?, ?, ?)",
                (
                    identifier,
                    job.queue,
                    job.priority,
                    job.token,
                    now,
                    now,
                    *map(json.dumps, (job.request, job.settings, job.facts)),
                ),
            )
            return self.get(identifier), True

    def _by_token(self, token: str | None, now: int) -> JobRecord | None:
        if token is None:
            return None
        found = self._select(
            "token = ? AND created_ms > ? ORDER BY number DESC LIMIT 1", (token, now - TOKEN_MEMORY_MS)
        )
        return found[0] if found else None

    def _select(self, condition: str, values: tuple[Value, ...]) -> list[JobRecord]:
        rows = self._database.rows(f"SELECT {COLUMNS} FROM jobs WHERE {condition}", values)  # noqa: S608  (own text)
        return [JobRecord.of(row) for row in rows]

    def get(self, identifier: str) -> JobRecord:
        """Raises: KeyError where there is no such job."""
        found = self._select("id = ?", (identifier,))
        if not found:
            raise KeyError(identifier)
        return found[0]

    def page(
        self,
        *,
        status: str | None = None,
        queue: str | None = None,
        order: Literal["ASCENDING", "DESCENDING"] = "DESCENDING",
        size: int = 20,
        after: int | None = None,
        where: Callable[[JobRecord], bool] | None = None,
    ) -> Page:
        """Jobs by age. `where` keeps those that no column tells apart."""
        direction, sign = ("ASC", ">") if order == "ASCENDING" else ("DESC", "<")
        conditions, values = ["1"], cast("list[Value]", [])
        for column, value in (("status", status), ("queue", queue)):
            if value is not None:
                conditions.append(f"{column} = ?")
                values.append(value)
        kept: list[JobRecord] = []
        while len(kept) <= size:
            place = [] if after is None else [f"number {sign} {after}"]
            condition = " AND ".join([*conditions, *place])
            found = self._select(f"{condition} ORDER BY number {direction} LIMIT 100", tuple(values))
            kept += [job for job in found if where is None or where(job)]
            if len(found) < 100:
                break
            after = found[-1].number
        return Page(tuple(kept[:size]), kept[size - 1].number if len(kept) > size else None)

    def claim(self, may_start: Callable[[JobRecord], bool]) -> JobRecord | None:
        """The waiting job that comes first, by priority and then by age, now PROGRESSING; None where none may start."""
        with self._database.change():
            for job in self._select("status = 'SUBMITTED' ORDER BY priority DESC, number", ()):
                if may_start(job):
                    self._database.run(
                        "UPDATE jobs SET status = 'PROGRESSING', attempts = attempts + 1 WHERE id = ?", (job.id,)
                    )
                    return self.get(job.id)
        return None

    def waiting(self) -> list[JobRecord]:
        """Every job that has not started, in the order they would start in."""
        return self._select("status = 'SUBMITTED' ORDER BY priority DESC, number", ())

    def queued_ms(self, identifier: str) -> int:
        """When the job entered the queue it is in."""
        row = self._database.row("SELECT queued_ms FROM jobs WHERE id = ?", (identifier,))
        return int(str(row[0])) if row else 0

    def note(self, identifier: str, facts: Job) -> JobRecord:
        """Add to what is known about a job."""
        with self._database.change():
            merged = self.get(identifier).facts | facts
            self._database.run("UPDATE jobs SET facts = ? WHERE id = ?", (json.dumps(merged), identifier))
            return self.get(identifier)

    def end(self, identifier: str, status: JobStatus, facts: Job) -> JobRecord | None:
        """End a job; None where it has ended before: the first end counts."""
        with self._database.change():
            changed = self._database.run(
                "UPDATE jobs SET status = ? WHERE id = ? AND status IN ('SUBMITTED', 'PROGRESSING')",
                (status, identifier),
            )
            return self.note(identifier, facts) if changed else None

    def return_to_queue(self, identifier: str) -> None:
        """A job whose worker is gone waits again, in its old place."""
        self._database.run(
            "UPDATE jobs SET status = 'SUBMITTED' WHERE id = ? AND status = 'PROGRESSING'", (identifier,)
        )

    def hop(self, identifier: str, queue: str, priority: int, facts: Job) -> JobRecord:
        """Move a waiting job to another queue."""
        with self._database.change():
            self._database.run(
                "UPDATE jobs SET queue = ?, priority = ?, queued_ms = ? WHERE id = ?",
                (queue, priority, self._now_ms(), identifier),
            )
            return self.note(identifier, facts)

    def request_cancel(self, identifier: str) -> None:
        """Remember that a running job is to stop, also across a restart."""
        self._database.run("UPDATE jobs SET cancelled = 1 WHERE id = ?", (identifier,))

    def running(self) -> list[JobRecord]:
        """Every job in PROGRESSING."""
        return self._select("status = 'PROGRESSING' ORDER BY number", ())

    def counts(self, queue: str) -> dict[str, int]:
        """Status → number of jobs in a queue."""
        rows = self._database.rows("SELECT status, COUNT(*) FROM jobs WHERE queue = ? GROUP BY status", (queue,))
        return {str(status): int(str(count)) for status, count in rows}
