"""What a preflight found out: definite obstacles, and questions that nobody could answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backends.mediaconvert.submission.errors import RemoteError, ServiceError
from backends.mediaconvert.submission.redaction import redact
from backends.mediaconvert.submission.services import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Finding:
    """`kind` "problem" is a definite no, "warning" an open question. `permission` is what would settle it, or empty.

    `unreachable` says that nobody answered at all.
    """

    kind: Literal["problem", "warning"]
    about: str
    text: str
    permission: str = ""
    unreachable: bool = False

    def __str__(self) -> str:
        needs = f" (needs {self.permission})" if self.permission else ""
        return f"{self.about}: {self.text}{needs}"


class PreflightError(RemoteError):
    """The job would fail. Carries every finding, problems first."""

    def __init__(self, findings: Iterable[Finding], private: Iterable[str] = ()) -> None:
        self.findings = tuple(sorted(findings, key=lambda finding: finding.kind))
        problems = [finding for finding in self.findings if finding.kind == "problem"]
        head = f"not submitted: {len(problems)} problem{'' if len(problems) == 1 else 's'}"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in problems)]), private=private)


def problem(about: str, text: str, permission: str = "") -> Finding:
    return Finding("problem", redact(about), redact(text), permission)


def warning(about: str, text: str, permission: str = "") -> Finding:
    return Finding("warning", redact(about), redact(text), permission)


def unasked(about: str, error: ServiceError) -> Finding:
    """A question that was denied, is not implemented or got no answer; credentials that are refused are a problem."""
    if error.credentials_refused:
        return problem("credentials", f"were refused: {error.code}: {error.text}")
    if error.denied:
        return warning(about, "could not be checked: permission denied", ACTIONS.get(error.operation, ""))
    return Finding("warning", redact(about), f"could not be checked: {error}", unreachable=error.status is None)
