"""The submitted jobs of this machine: list, show, wait, cancel, and what interrupted runs left behind (SAFETY P7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backends.mediaconvert.submission.errors import RemoteError, ServiceError
from backends.mediaconvert.submission.lookup import find_job
from backends.mediaconvert.submission.reading import at, list_at, text_at, time_at
from backends.mediaconvert.submission.record import ended, heard
from backends.mediaconvert.submission.watch import refresh, request_cancel
from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from backends.mediaconvert.submission.journal import Journal
    from backends.mediaconvert.submission.record import Record
    from backends.mediaconvert.submission.session import Session

DAY_S = 86_400.0
CANCEL_CHECKS = 5


def list_jobs(journal: Journal, *, unfinished: bool = False) -> tuple[Record, ...]:
    """Newest first, from the journal alone."""
    return tuple(record for record in journal.records() if not (unfinished and record.finished))


def find(journal: Journal, name: str) -> Record:
    """By job id, or by the start of a submission's id or of a story's id where that is only one.

    Raises: UsageError.
    """
    by_job = journal.find_job(name) if name else None
    if by_job is not None:
        return by_job
    records = journal.records()
    found = [record for record in records if name and record.id.startswith(name)]
    found = found or [record for record in records if record.story_id == name]
    if len(found) == 1:
        return found[0]
    raise UsageError(f"{len(found) or 'no'} submissions are called {name!r}: `storyreel jobs list` shows them")


def show(session: Session, name: str) -> Record:
    """What is known now, after asking the service where it can be asked. Raises: UsageError."""
    record = find(session.journal, name)
    try:
        return refresh(session, record) if record.scope == session.services.scope else record
    except ServiceError as error:
        session.say(f"warning: shown as it was known before: {error}")
        return record


def cancel(session: Session, name: str) -> Record:
    """The record after the request: CANCELED, or as the job ended before it.

    Raises: UsageError; RemoteError where the job may still run.
    """
    record = _reconciled(session, find(session.journal, name))
    if record.finished:
        return record
    now = session.clock.now()
    if not record.job_id:
        return session.change(record.id, lambda known: _withdrawn(known, now))
    request_cancel(session, record)
    for check in range(CANCEL_CHECKS):
        record = refresh(session, record)
        if record.finished:
            return record
        session.clock.sleep(2.0 * (check + 1))
    raise RemoteError(f"job {record.job_id} was asked to stop, and is still {record.state}")


def _withdrawn(record: Record, now: float) -> Record:
    """Only what nobody is about to create."""
    if record.lease is not None and record.lease.is_held(now):
        raise UsageError(f"process {record.lease.pid} is submitting it at this moment")
    return ended(record, "CANCELED", "", "cancelled before a job was created", now)


def _reconciled(session: Session, record: Record) -> Record:
    """For a record whose run ended between request and answer: with its job, if there is one."""
    if record.state != "SUBMITTING" or record.first_sent_at is None:
        return record
    message = find_job(session, record.id, record.first_sent_at)
    now = session.clock.now()
    return record if message is None else session.change(record.id, lambda known: heard(known, message, now))


@dataclass(frozen=True, slots=True)
class Orphan:
    """Something left behind. `old` ones are past the age limit, and `gc` without dry run deals with them."""

    kind: Literal["upload", "record"]
    name: str
    age_s: float
    old: bool
    detail: str
    upload_id: str = ""


def collect(session: Session, places: Iterable[tuple[str, str]], *, age_s: float = DAY_S) -> tuple[Orphan, ...]:
    """Every unfinished parted upload, and every record that waits for nobody, young ones included.

    `places` are pairs of a bucket and the folder in it; of one that is gone or forbidden the session hears.
    Raises: ServiceError where nobody answers.
    """
    uploads: list[Orphan] = []
    for bucket, prefix in places:
        try:
            uploads += _uploads(session, bucket, prefix, age_s)
        except ServiceError as error:
            if not (error.missing or error.denied):
                raise
            session.say(f"warning: bucket {bucket} can't be looked into: {error}")
    return (*uploads, *_stuck(session, age_s))


def sweep(session: Session, orphans: tuple[Orphan, ...]) -> tuple[str, ...]:
    """Deal with the old ones: abort uploads, look for jobs, forget what never became one. What was done, in sentences.

    Raises: ServiceError, RemoteError.
    """
    return tuple(_swept(session, orphan) for orphan in orphans if orphan.old)


def known_places(session: Session) -> tuple[tuple[str, str], ...]:
    """Bucket and folder of everything that was submitted to this service from here."""
    records = (record for record in session.journal.records() if record.scope == session.services.scope)
    return tuple(sorted({(record.bucket, record.prefix) for record in records}))


def _uploads(session: Session, bucket: str, prefix: str, age_s: float) -> Iterator[Orphan]:
    marker: dict[str, str] = {}
    while True:
        answer = session.s3("ListMultipartUploads", Bucket=bucket, Prefix=f"{prefix}/" if prefix else "", **marker)
        for upload in list_at(answer, "Uploads"):
            begun = time_at(upload, "Initiated")
            age = 0.0 if begun is None else session.clock.now() - begun
            name = f"s3://{bucket}/{text_at(upload, 'Key')}"
            yield Orphan("upload", name, age, age > age_s, "unfinished upload", text_at(upload, "UploadId"))
        if not at(answer, "IsTruncated"):
            return
        marker = {
            "KeyMarker": text_at(answer, "NextKeyMarker"),
            "UploadIdMarker": text_at(answer, "NextUploadIdMarker"),
        }


def _stuck(session: Session, age_s: float) -> Iterator[Orphan]:
    now = session.clock.now()
    for record in session.journal.records():
        held = record.lease is not None and record.lease.is_held(now)
        if record.finished or held or record.scope != session.services.scope:
            continue
        age = now - record.updated_at
        yield Orphan("record", record.id, age, age > age_s, f"{record.state} of story {record.story_id}")


def _swept(session: Session, orphan: Orphan) -> str:
    if orphan.kind == "upload":
        bucket, _, key = orphan.name.removeprefix("s3://").partition("/")
        session.s3("AbortMultipartUpload", Bucket=bucket, Key=key, UploadId=orphan.upload_id)
        return f"{orphan.name}: aborted"
    record = session.journal.read(orphan.name)
    if record is None:
        return f"{orphan.name[:12]}: gone"
    record = refresh(session, _reconciled(session, record))
    if record.job_id:
        return f"{orphan.name[:12]}: job {record.job_id} is {record.state}"
    now = session.clock.now()
    session.change(record.id, lambda known: _withdrawn(known, now))
    return f"{orphan.name[:12]}: never became a job, closed"
