"""CreateJob exactly once.

The record says SUBMITTING before the request leaves, and SUBMITTED after its answer. Whoever finds SUBMITTING looks for
the job by its user metadata first. Repetitions carry the same token, so that inside the service's minute, in which a
new job may not be listed yet, the service itself answers with the first job.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import RemoteError, RemoteJobError, ServiceError
from backends.mediaconvert.submission.events import message_from_job
from backends.mediaconvert.submission.lookup import find_job
from backends.mediaconvert.submission.reading import at
from backends.mediaconvert.submission.record import (
    LEASE_S,
    Lease,
    Record,
    claimed,
    created,
    heard,
    new_lease,
    refused,
    released,
)
from backends.mediaconvert.submission.redaction import redact
from backends.mediaconvert.submission.submission import request
from renderer.errors import OutputError, UsageError

if TYPE_CHECKING:
    from backends.mediaconvert.submission.progress import JobMessage
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Hop, Submission
    from renderer.timeline.canonical import JSONValue

TURN_S = 0.5
LONGEST_TURN_S = 300.0


class BusyError(RemoteError):
    """Another process is creating the same job, or vanished lately. `retry_after_s` later that is decided."""

    def __init__(self, pid: int, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"process {pid} is submitting the same job: try again in {retry_after_s:.0f} s")


class UnsureError(RemoteError):
    """Nobody knows whether the job was created. The same command again looks first, and creates it only if not."""


@dataclass(slots=True)
class Creator:
    """Creates the job of one submission, whose record is in the journal; `created` tells whether this one did it."""

    session: Session
    submission: Submission
    identity: str
    hop: Hop | None = None
    longest_turn_s: float = LONGEST_TURN_S
    created: bool = False

    def create(self) -> Record:
        """The record with its job, whoever created it.

        Raises: RemoteJobError where the service refused; UnsureError, BusyError, UsageError, OutputError.
        """
        job = request(self.submission, self.identity, self.hop)
        turn = self._turn()
        try:
            record = turn.take()
            return record if record.has_job or record.finished else self._create(record, turn, job)
        finally:
            turn.give_back()

    def reconcile(self) -> Record | None:
        """For a record found SUBMITTING: the record with its job, or None where there is none yet."""
        turn = self._turn()
        try:
            record = turn.take()
            return record if record.has_job or record.finished else self._found(record)
        finally:
            turn.give_back()

    def _turn(self) -> _Turn:
        return _Turn(self.session, self.identity, self.submission, self.longest_turn_s)

    def _create(self, record: Record, turn: _Turn, job: dict[str, JSONValue]) -> Record:
        unsure, attempt = turn.resumed, 0
        while True:
            known = (self._found(record) if unsure else None) or turn.renew()
            if known.has_job:
                self.created = attempt > 0 and not turn.resumed
                return known
            attempt += 1
            try:
                answer = self.session.services.mediaconvert.ask("CreateJob", **job)
                return self._created(message_from_job(at(answer, "Job"), self._now_ms()))
            except ServiceError as error:
                unsure = unsure or _may_have_worked(error)
                self._next(error, attempt, unsure=unsure)

    def _created(self, message: JobMessage) -> Record:
        if not message.job_id:
            raise UnsureError("CreateJob answered without a job: run the same command again")
        now = self.session.clock.now()
        self.created = True
        try:
            return self.session.change(self.identity, lambda record: created(record, message.job_id, now))
        except OutputError as error:
            raise OutputError(f"job {message.job_id} was created, and will be found again: {error}") from error

    def _next(self, error: ServiceError, attempt: int, *, unsure: bool) -> None:
        """Wait for the next attempt. Raises: what ends the attempts."""
        try:
            self.session.cancel.raise_if_set()
            self.session.patience.pause(error, attempt)
        except ServiceError:
            now = self.session.clock.now()
            if unsure:
                raise UnsureError(f"{error}. Whether the job exists is unknown: run the same command again") from None
            text = redact(_explained(error), self.submission.private)
            self.session.change(self.identity, lambda record: refused(record, text, now))
            if error.status is None:
                raise RemoteError(f"no job was created: {text}") from None
            raise RemoteJobError("", error.code, text) from None
        self.session.say(redact(f"{error}: trying again", self.submission.private))

    def _found(self, record: Record) -> Record | None:
        since = record.first_sent_at or record.created_at
        try:
            message = find_job(self.session, self.identity, since)
        except ServiceError as error:
            raise UnsureError(f"can't look for the job of an interrupted submission: {error}") from None
        if message is None:
            return None
        now = self.session.clock.now()
        return self.session.change(self.identity, lambda known: heard(known, message, now))

    def _now_ms(self) -> int:
        return int(self.session.clock.now() * 1000)


class _Turn:
    """The lease on one record while its job is created."""

    def __init__(self, session: Session, identity: str, submission: Submission, longest_s: float) -> None:
        self._session, self._identity, self._longest_s = session, identity, longest_s
        self._key, self._content_sha256 = submission.key, submission.content_sha256()
        self._lease: Lease = new_lease(session.clock.now())
        self.resumed = False

    def take(self) -> Record:
        """Wait for whoever holds the record; the answer may be that its job is there.

        Raises: BusyError; UsageError where another process has put another job under the same key.
        """
        clock = self._session.clock
        give_up = clock.elapsed() + self._longest_s
        while True:
            record = self.renew(mine=False)
            if record.content_sha256 != self._content_sha256:
                raise UsageError(f"the key {self._key!r} was used for another job: choose a new key")
            if self._mine(record) or record.has_job or record.finished:
                return record
            if clock.elapsed() >= give_up:
                raise BusyError(record.lease.pid if record.lease else 0, LEASE_S)
            self._session.cancel.raise_if_set()
            clock.sleep(TURN_S)

    def renew(self, *, mine: bool = True) -> Record:
        """Written before each request. Raises: UnsureError where somebody took the lease over and made no job yet."""
        now = self._session.clock.now()

        def change(record: Record) -> Record:
            if not mine:
                self.resumed = record.first_sent_at is not None
            if record.content_sha256 != self._content_sha256:
                return record
            return claimed(record, self._lease, now)

        record = self._session.change(self._identity, change)
        if mine and not self._mine(record) and not record.has_job:
            raise UnsureError("another process took over this submission: run the same command again")
        return record

    def give_back(self) -> None:
        now = self._session.clock.now()
        self._session.change(self._identity, lambda record: released(record, self._lease, now))

    def _mine(self, record: Record) -> bool:
        return record.lease is not None and record.lease.owner == self._lease.owner


def _may_have_worked(error: ServiceError) -> bool:
    """Whether the job may exist although the answer says otherwise or never came."""
    if error.status is None:
        return error.reached
    return error.status >= 500 or error.status in (408, 409, 425)


def _explained(error: ServiceError) -> str:
    if not error.denied:
        return str(error)
    return f"{error}. It needs mediaconvert:CreateJob, and iam:PassRole on the job's role"
