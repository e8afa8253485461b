"""Every question that can be asked before anything is sent: queue, bucket, role, and each source (A32, A33, X19).

All findings come at once. A definite no is a problem; a question that can't be asked is a warning (DESIGN §5).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.submission.congestion import queue_name
from backends.mediaconvert.submission.errors import ServiceError
from backends.mediaconvert.submission.findings import Finding, PreflightError, problem, unasked, warning
from backends.mediaconvert.submission.preflight_role import role_findings
from backends.mediaconvert.submission.reading import int_at, text_at
from backends.mediaconvert.submission.sources import Source, job_sources, output_url, split_s3_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Submission

ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")
LIST_OF_JOBS = "list of jobs"


def preflight(session: Session, submission: Submission) -> tuple[Finding, ...]:
    """Everything that is wrong or unknown. Objects that will be uploaded are not asked for.

    A service that can't be reached is asked once, and said once.
    """
    if not session.services.signed:
        return (warning("everything", "could not be checked: no AWS credentials were found"),)
    queue = _queue(session, str(submission.job.get("Queue") or "Default"))
    if any(finding.about == "credentials" for finding in queue):
        return tuple(queue)
    bucket = _bucket(session, submission.bucket)
    return (
        *queue,
        *([] if _unreachable(queue) else _listing(session)),
        *bucket,
        *role_findings(session, submission),
        *([] if _unreachable(bucket) else _further(session, submission)),
    )


def _further(session: Session, submission: Submission) -> Iterator[Finding]:
    yield from _output_bucket(session, submission)
    for source in _foreign(submission):
        yield from _source(session, source)


def _unreachable(findings: list[Finding]) -> bool:
    return any(finding.unreachable for finding in findings)


def refuse_problems(findings: tuple[Finding, ...], submission: Submission) -> None:
    """Raises: PreflightError."""
    if any(finding.kind == "problem" for finding in findings):
        raise PreflightError(findings, submission.private)


def _foreign(submission: Submission) -> list[Source]:
    ours = {f"s3://{submission.bucket}/{upload.key}" for upload in submission.uploads}
    return [source for source in job_sources(submission.job) if source.url not in ours]


def _queue(session: Session, queue: str) -> list[Finding]:
    about, name = f"queue {queue_name(queue)}", queue_name(queue)
    try:
        status = text_at(session.mediaconvert("GetQueue", Name=name), "Queue", "Status")
    except ServiceError as error:
        return [problem(about, "does not exist")] if error.missing else [unasked(about, error)]
    return [] if status in ("ACTIVE", "") else [problem(about, f"is {status}: jobs in it don't start")]


def _listing(session: Session) -> list[Finding]:
    """Without a list of jobs, an interrupted submission can't be continued."""
    try:
        session.mediaconvert("ListJobs", MaxResults=1)
    except ServiceError as error:
        return [unasked(LIST_OF_JOBS, error)]
    return []


def _bucket(session: Session, bucket: str) -> list[Finding]:
    about = f"bucket {bucket}"
    try:
        region = text_at(session.s3("HeadBucket", Bucket=bucket), "BucketRegion")
    except ServiceError as error:
        return [_refused(about, error)]
    if region and session.services.iam is not None and region != session.services.region:
        return [warning(about, f"lies in {region}, the job runs in {session.services.region}: slower, and billed")]
    return []


def _refused(about: str, error: ServiceError) -> Finding:
    """S3 hides what a caller may not list: 403 says no more than this (X19)."""
    if error.missing:
        return problem(about, "does not exist")
    if error.denied:
        return problem(about, "is missing or forbidden", "s3:ListBucket")
    return unasked(about, error)


def _output_bucket(session: Session, submission: Submission) -> list[Finding]:
    outputs = {split_s3_url(url)[0] for url in output_url(submission.job)} - {submission.bucket, ""}
    return [finding for bucket in sorted(outputs) for finding in _bucket(session, bucket)]


def _source(session: Session, source: Source) -> list[Finding]:
    about = f"{source.pointer} {source.url}"
    bucket, key = split_s3_url(source.url)
    if not bucket:
        return [warning(about, "was not checked: only s3:// sources are")]
    try:
        answer = session.s3("HeadObject", Bucket=bucket, Key=key)
    except ServiceError as error:
        return [_source_refused(about, error)]
    if text_at(answer, "StorageClass") in ARCHIVED and 'ongoing-request="false"' not in text_at(answer, "Restore"):
        return [problem(about, "lies in an archive: restore it first")]
    return [problem(about, "is empty")] if int_at(answer, "ContentLength") == 0 else []


def _source_refused(about: str, error: ServiceError) -> Finding:
    if error.denied:
        return problem(about, "is missing or forbidden", "s3:GetObject and s3:ListBucket")
    return _refused(about, error)
