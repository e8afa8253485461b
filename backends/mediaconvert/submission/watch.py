"""Follows a job to its end by polling, within this program's own time limit (REQUIREMENTS X8).

Past the limit the job is cancelled and its record says why. A job that finished meanwhile keeps its own end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import RemoteError, RemoteJobError, ServiceError
from backends.mediaconvert.submission.events import message_from_job
from backends.mediaconvert.submission.reading import at
from backends.mediaconvert.submission.record import ended, heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.submission.record import Record
    from backends.mediaconvert.submission.session import Session

WATCHDOG = "WATCHDOG"
"""Stands for the service's error code where this side ended the job."""


def ignore_record(_: Record) -> None:
    """For callers that do not watch."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Ask every `poll_s`; after `limit_s` since the submission cancel (None: never); tell `report` each news."""

    poll_s: float = 10
    limit_s: float | None = 1800
    report: Callable[[Record], None] = ignore_record


def refresh(session: Session, record: Record) -> Record:
    """Ask the service once. Raises: ServiceError."""
    if record.finished or not record.job_id:
        return record
    answer = session.mediaconvert("GetJob", Id=record.job_id)
    now = session.clock.now()
    message = message_from_job(at(answer, "Job"), int(now * 1000))
    return session.change(record.id, lambda known: heard(known, message, now))


def wait(session: Session, record: Record, watch: Watch) -> Record:
    """The finished record, or the one past whose time limit the job was cancelled.

    Raises: RemoteError where the record has no job; ServiceError; Cancelled, and the job then goes on.
    """
    if not record.job_id and not record.finished:
        raise RemoteError(f"submission {record.id[:12]} has no job yet: submit it again, it continues")
    clock = session.clock
    spent = max(0.0, clock.now() - (record.submitted_at or clock.now()))
    deadline = None if watch.limit_s is None else clock.elapsed() + max(0.0, watch.limit_s - spent)
    while True:
        record = refresh(session, record)
        watch.report(record)
        if record.finished:
            return record
        if deadline is not None and clock.elapsed() >= deadline:
            return _give_up(session, record, watch)
        session.cancel.raise_if_set()
        clock.sleep(watch.poll_s if deadline is None else min(watch.poll_s, max(0.0, deadline - clock.elapsed())))


def _give_up(session: Session, record: Record, watch: Watch) -> Record:
    reason = f"not finished {(watch.limit_s or 0) / 60:g} minutes after its submission: cancelled"
    request_cancel(session, record)
    record = refresh_unless_canceled(session, record)
    now = session.clock.now()
    record = session.change(record.id, lambda known: ended(known, "ERROR", WATCHDOG, reason, now))
    watch.report(record)
    return record


def request_cancel(session: Session, record: Record) -> None:
    """A job that can't be cancelled any more is no error here: its own end is asked for next. Raises: ServiceError."""
    try:
        session.mediaconvert("CancelJob", Id=record.job_id)
    except ServiceError as error:
        if error.status not in (400, 404, 409):
            raise


def refresh_unless_canceled(session: Session, record: Record) -> Record:
    """Take over an end that the job had before the request; CANCELED is our own doing, and gets our own reason."""
    answer = session.mediaconvert("GetJob", Id=record.job_id)
    now = session.clock.now()
    message = message_from_job(at(answer, "Job"), int(now * 1000))
    if message.state == "CANCELED":
        return record
    return session.change(record.id, lambda known: heard(known, message, now))


def raise_if_failed(record: Record) -> None:
    """Raises: RemoteJobError with code, message and warnings, for a job that ended in ERROR or CANCELED (A31)."""
    progress = record.progress
    if progress.state not in ("ERROR", "CANCELED"):
        return
    text = progress.text or ("cancelled" if progress.state == "CANCELED" else "failed without a message")
    warnings = (*map(str, progress.warnings), *progress.notes)
    raise RemoteJobError(record.job_id or record.id[:12], progress.code, text, warnings)
