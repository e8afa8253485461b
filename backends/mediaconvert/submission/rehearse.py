"""A submission without sending anything: every question, and what the bucket holds already (`--dry-run`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backends.mediaconvert.submission.errors import ServiceError
from backends.mediaconvert.submission.preflight import preflight, refuse_problems
from backends.mediaconvert.submission.reading import int_at
from backends.mediaconvert.submission.upload import UploadSettings, head, matches

if TYPE_CHECKING:
    from backends.mediaconvert.submission.findings import Finding
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Submission, Upload


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What the bucket holds under the key of one upload. `size` is None where nothing is there, or nobody can tell."""

    key: str
    what: str
    state: Literal["there", "missing", "other content", "unknown"]
    size: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would be sent, and what stands in the way."""

    submission: Submission
    findings: tuple[Finding, ...]
    objects: tuple[ObjectState, ...]

    def refuse_problems(self) -> None:
        """Raises: PreflightError."""
        refuse_problems(self.findings, self.submission)


def rehearse(session: Session, submission: Submission) -> Rehearsal:
    """Ask everything. Where nobody answers, what the bucket holds stays unknown. Raises: Cancelled."""
    findings = preflight(session, submission)
    silent = not session.services.signed or any(
        finding.unreachable and finding.about.startswith("bucket ") for finding in findings
    )
    if silent:
        return Rehearsal(
            submission, findings, tuple(ObjectState(item.key, item.what, "unknown") for item in submission.uploads)
        )
    return Rehearsal(submission, findings, object_states(session, submission))


def object_states(session: Session, submission: Submission) -> tuple[ObjectState, ...]:
    """Each upload in turn, without sending anything. Raises: Cancelled."""
    with ThreadPoolExecutor(UploadSettings().workers) as pool:
        return tuple(pool.map(lambda item: _state(session, submission.bucket, item), submission.uploads))


def _state(session: Session, bucket: str, item: Upload) -> ObjectState:
    try:
        answer = head(session, bucket, item.key)
    except ServiceError as error:
        return ObjectState(item.key, item.what, "unknown", detail=str(error))
    if answer is None:
        return ObjectState(item.key, item.what, "missing", item.size)
    size = int_at(answer, "ContentLength")
    return ObjectState(item.key, item.what, "there" if matches(answer, item) else "other content", size)
