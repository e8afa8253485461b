"""The records of one submission: attempts numbered from 1, each a record of its own, the newest the one that counts.

What the journal does not know is looked for in the service's own list first, so that a journal that was lost with its
machine is written anew rather than its jobs submitted again.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import ServiceError
from backends.mediaconvert.submission.lookup import recent_jobs
from backends.mediaconvert.submission.preflight import LIST_OF_JOBS
from backends.mediaconvert.submission.record import Record, heard
from backends.mediaconvert.submission.redaction import redact
from renderer.errors import UsageError

if TYPE_CHECKING:
    from backends.mediaconvert.submission.findings import Finding
    from backends.mediaconvert.submission.lookup import Listed
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Submission


def look_back(session: Session, submission: Submission, look_back_s: float, findings: tuple[Finding, ...]) -> None:
    """Write into the journal what the service lists of this submission: another machine's, or of a lost journal.

    A list that can't be read is no reason to stop: nothing here says that anything was ever sent.
    """
    if look_back_s <= 0 or any(finding.about == LIST_OF_JOBS for finding in findings):
        return
    try:
        known = recent_jobs(session, session.clock.now() - look_back_s)
    except ServiceError as error:
        session.say(redact(f"warning: not searched for earlier submissions: {error}", submission.private))
        return
    attempt = 1
    while listed := known.get(submission.identity(session.services.scope, attempt)):
        _remember(session, _fresh(session, submission, attempt), listed)
        attempt += 1


def _remember(session: Session, fresh: Record, listed: Listed) -> None:
    """A caller's key may have stood for another story: its content is then not this one's."""
    now, same = session.clock.now(), listed.timeline_sha256 == fresh.timeline_sha256
    new = fresh if same else dataclasses.replace(fresh, content_sha256="", timeline_sha256=listed.timeline_sha256)
    session.journal.update(fresh.id, lambda record: heard(record or new, listed.message, now))


def known_record(session: Session, submission: Submission, *, again: bool) -> Record | None:
    """The record to go on with, None where there is none yet, or `again` asks for a new one.

    Raises: UsageError where the caller's key stands for another job.
    """
    _, newest = _newest(session, submission)
    return None if newest is None or (newest.finished and again) else _same_job(newest, submission)


def record_to_go_on_with(session: Session, submission: Submission, *, again: bool) -> Record:
    """The same, and where there is none a new one: from now on, an interrupted run leaves a trace.

    Raises: UsageError.
    """
    attempt, newest = _newest(session, submission)
    if newest is not None and newest.finished and again:
        attempt += 1
    fresh = _fresh(session, submission, attempt)

    def renewed(existing: Record | None) -> Record:
        if existing is None or (_replaceable(existing) and existing.content_sha256 != fresh.content_sha256):
            return fresh if existing is None else dataclasses.replace(fresh, notes=existing.notes)
        return existing

    return _same_job(session.journal.update(fresh.id, renewed) or fresh, submission)


def _replaceable(record: Record) -> bool:
    """No request of it has ever left, or the service refused it: the key may stand for a mended job."""
    return record.state == "PENDING" and record.first_sent_at is None


def _same_job(record: Record, submission: Submission) -> Record:
    if record.content_sha256 != submission.content_sha256() and not _replaceable(record):
        raise UsageError(f"the key {submission.key!r} was used for another job: choose a new key")
    return record


def newest_attempt(session: Session, submission: Submission) -> Record | None:
    """The record of this submission's last attempt, None where there was none."""
    return _newest(session, submission)[1]


def _newest(session: Session, submission: Submission) -> tuple[int, Record | None]:
    """Attempts are numbered from 1; the first where there is none yet."""
    scope = session.services.scope
    attempt, newest = 1, session.journal.read(submission.identity(scope, 1))
    while newest is not None:
        following = session.journal.read(submission.identity(scope, attempt + 1))
        if following is None:
            break
        attempt, newest = attempt + 1, following
    return attempt, newest


def _fresh(session: Session, submission: Submission, attempt: int) -> Record:
    now = session.clock.now()
    return Record(
        id=submission.identity(session.services.scope, attempt),
        story_id=submission.story_id,
        timeline_sha256=submission.timeline_sha256,
        content_sha256=submission.content_sha256(),
        scope=session.services.scope,
        bucket=submission.bucket,
        queue=str(submission.job.get("Queue") or "Default"),
        key=submission.key,
        prefix=submission.prefix,
        outputs=submission.outputs,
        created_at=now,
        updated_at=now,
    )
