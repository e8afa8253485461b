"""One submission from first question to created job. Run again after any interruption, it goes on where it stood.

PENDING → (preflight, uploads, room in the queue) → SUBMITTING → SUBMITTED. A submission whose job is there already is
answered from the journal: nothing is asked, sent or created.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.attempts import (
    known_record,
    look_back,
    newest_attempt,
    record_to_go_on_with,
)
from backends.mediaconvert.submission.congestion import Congestion, await_room
from backends.mediaconvert.submission.create import LONGEST_TURN_S, Creator
from backends.mediaconvert.submission.findings import PreflightError, problem
from backends.mediaconvert.submission.preflight import preflight, refuse_problems
from backends.mediaconvert.submission.redaction import redact
from backends.mediaconvert.submission.upload import Uploaded, UploadSettings, upload_all

if TYPE_CHECKING:
    from backends.mediaconvert.submission.findings import Finding
    from backends.mediaconvert.submission.record import Record
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

    Raises: UsageError, PreflightError, RemoteJobError where the service refused, UnsureError, DeferredError, BusyError,
    RemoteError, OutputError, Cancelled; the record then stays for the next run.
    """
    settings = settings or SubmitSettings()
    if settings.hop is not None:
        settings.hop.refuse_impossible(submission.job.get("Queue"))
    unheard_of = newest_attempt(session, submission) is None
    findings = _preflight(session, submission, settings) if unheard_of else ()
    if unheard_of:
        look_back(session, submission, settings.look_back_s, findings)
    known = known_record(session, submission, again=settings.again)
    if known is not None and known.state == "SUBMITTING":
        known = _creator(session, submission, known, settings).reconcile() or known
    if known is not None and (known.has_job or known.finished):
        return Submitted(known, new=False, findings=findings)
    if not unheard_of:
        findings = _preflight(session, submission, settings)
    record = record_to_go_on_with(session, submission, again=settings.again)
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


def _creator(session: Session, submission: Submission, record: Record, settings: SubmitSettings) -> Creator:
    return Creator(session, submission, record.id, settings.hop, settings.longest_turn_s)
