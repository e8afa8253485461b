"""A submission without sending anything: every question, and what the bucket holds already (`--dry-run`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.preflight import preflight, refuse_problems
from backends.mediaconvert.submission.upload import ObjectState, object_states

if TYPE_CHECKING:
    from backends.mediaconvert.submission.findings import Finding
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Submission


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
