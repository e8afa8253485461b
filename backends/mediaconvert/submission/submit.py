"""One submission from first question to created job. Run again after any interruption, it goes on where it stood.

PENDING → (preflight, uploads, room in the queue) → SUBMITTING → SUBMITTED. A submission whose job is there already is
answered from the journal: nothing is asked, sent or created.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.congestion import Congestion, await_room
from backends.mediaconvert.submission.create import LONGEST_TURN_S, Creator
from backends.mediaconvert.submission.errors import ServiceError
from backends.mediaconvert.submission.findings import PreflightError, problem
from backends.mediaconvert.submission.lookup import recent_jobs
from backends.mediaconvert.submission.preflight import LIST_OF_JOBS, preflight, refuse_problems
from backends.mediaconvert.submission.record import Record, heard
from backends.mediaconvert.submission.redaction import redact
from backends.mediaconvert.submission.upload import Uploaded, UploadSettings, upload_all
from renderer.errors import UsageError

if TYPE_CHECKING:
    from backends.mediaconvert.submission.findings import Finding
    from backends.mediaconvert.submission.lookup import Listed
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Hop, Submission


DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class SubmitSettings:
    """`again` submits anew what has finished. With `hop` the service moves a waiting job, and nobody waits here.

    `longest_turn_s` is how long to wait for another process that creates the same job. `look_back_s` is how far back
    the service's own list is searched for a submission that the journal does not know; 0 where nobody loses a journal.
    """

    again: bool = False
    checked: bool = True
    uploads: UploadSettings = field(default_factory=UploadSettings)
    congestion: Congestion = field(default_factory=Congestion)
    hop: Hop | None = None
    longest_turn_s: float = LONGEST_TURN_S
    look_back_s: float = DAY_S


@dataclass(frozen=True, slots=True)
class Submitted:
    """`new` tells whether this call created the job; otherwise it was there. `findings` are warnings."""

    record: Record
    new: bool
    findings: tuple[Finding, ...] = ()
    uploads: Uploaded = field(default_factory=lambda: Uploaded((), ()))


def submit(session: Session, submission: Submission, settings: SubmitSettings | None = None) -> Submitted:
    """Submit once, whatever happened before.

    Raises: PreflightError, RemoteJobError where the service refused, UnsureError, DeferredError, BusyError,
    RemoteError, OutputError, Cancelled; the record then stays for the next run.
    """
    settings = settings or SubmitSettings()
    unheard_of = newest_attempt(session, submission) is None
    findings = _preflight(session, submission, settings) if unheard_of else ()
    if unheard_of:
        _look_back(session, submission, settings, findings)
    known = _known(session, submission, again=settings.again)
    if known is not None and known.state == "SUBMITTING":
        known = _creator(session, submission, known, settings).reconcile() or known
    if known is not None and (known.has_job or known.finished):
        return Submitted(known, new=False, findings=findings)
    if not unheard_of:
        findings = _preflight(session, submission, settings)
    record = _record(session, submission, again=settings.again)
    uploads = upload_all(session, submission, settings.uploads)
    if settings.hop is None:
        await_room(session, record.id, record.queue, settings.congestion)
    creator = _creator(session, submission, record, settings)
    made = creator.create()
    return Submitted(made, new=creator.created, findings=findings, uploads=uploads)


def upload(session: Session, submission: Submission, settings: SubmitSettings | None = None) -> Uploaded:
    """Bring the sources into the bucket, for a job that somebody else submits.

    Raises: PreflightError, RemoteError, OutputError, Cancelled.
    """
    settings = settings or SubmitSettings()
    _preflight(session, submission, settings)
    return upload_all(session, submission, settings.uploads)


def what_is_left(session: Session, submission: Submission) -> str:
    """For somebody who stopped a run: a sentence about what goes on, and how to continue."""
    record = newest_attempt(session, submission)
    if record is None or (record.state == "PENDING" and not record.job_id):
        return "stopped before a job was created: what is uploaded stays, and the same command goes on from there"
    if record.state == "SUBMITTING":
        return (
            "stopped while the job was created: the same command looks for it, and creates it only if it is not there"
        )
    return f"job {record.job_id} goes on: `storyreel jobs wait {record.job_id}` follows it, `jobs cancel` stops it"


def _preflight(session: Session, submission: Submission, settings: SubmitSettings) -> tuple[Finding, ...]:
    """Raises: PreflightError for a definite no, and where nobody can be asked anything."""
    if not settings.checked:
        return ()
    if not session.services.signed:
        none = problem(
            "credentials", "none were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        )
        raise PreflightError([none])
    findings = preflight(session, submission)
    refuse_problems(findings, submission)
    for finding in findings:
        session.say(redact(f"warning: {finding}", submission.private))
    return findings


def _look_back(
    session: Session, submission: Submission, settings: SubmitSettings, findings: tuple[Finding, ...]
) -> None:
    """Write into the journal what the service lists of this submission: another machine's, or of a lost journal.

    A list that can't be read is no reason to stop: nothing here says that anything was ever sent.
    """
    if settings.look_back_s <= 0 or any(finding.about == LIST_OF_JOBS for finding in findings):
        return
    try:
        known = recent_jobs(session, session.clock.now() - settings.look_back_s)
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


def _creator(session: Session, submission: Submission, record: Record, settings: SubmitSettings) -> Creator:
    return Creator(session, submission, record.id, settings.hop, settings.longest_turn_s)


def _known(session: Session, submission: Submission, *, again: bool) -> Record | None:
    """The record to go on with, None where there is none yet, or `again` asks for a new one.

    Raises: UsageError where the caller's key stands for another job.
    """
    _, newest = _newest(session, submission)
    return None if newest is None or (newest.finished and again) else _same_job(newest, submission)


def _record(session: Session, submission: Submission, *, again: bool) -> Record:
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
