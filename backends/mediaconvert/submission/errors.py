"""What goes wrong on the remote side, its facts as attributes. Nothing private stands in a message (SAFETY S10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.submission.redaction import redact
from renderer.errors import StoryreelError

if TYPE_CHECKING:
    from collections.abc import Iterable


class RemoteError(StoryreelError):
    """The remote side failed, refused or can't be reached. `private` lists words that the message must not show."""

    exit_code = 5

    def __init__(self, message: str, *, private: Iterable[str] = ()) -> None:
        self.message = redact(message, private)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message


class ServiceError(RemoteError):
    """One call got no good answer. `status` is None where there was no answer at all.

    `reached` says whether the service can have acted on it: a refused connection can't, a time-out may.
    """

    def __init__(
        self,
        operation: str,
        *,
        status: int | None,
        code: str,
        text: str,
        reached: bool = True,
        retry_after_s: float | None = None,
    ) -> None:
        self.operation = operation
        self.status = status
        self.code = code
        self.reached = reached
        self.retry_after_s = retry_after_s
        self.text = redact(text)
        found = code if status is None else f"{status} {code}".strip()
        super().__init__(f"{operation}: {found}: {text}".rstrip(": "))

    @property
    def denied(self) -> bool:
        """Whether the caller lacks a permission."""
        return self.status in (401, 403)

    @property
    def credentials_refused(self) -> bool:
        """Whether nobody looked at permissions, because the credentials themselves are wrong or old."""
        return self.code in CREDENTIALS_REFUSED

    @property
    def missing(self) -> bool:
        return self.status == 404

    @property
    def retryable(self) -> bool:
        """No answer, a fault of the server, or one of the four 4xx that pass by themselves (SAFETY P4)."""
        if self.status is None:
            return self.code not in NEVER_SENT
        return self.status in (408, 409, 425, 429) or (self.status >= 500 and self.status != 501)


CREDENTIALS_REFUSED = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
NEVER_SENT = frozenset({"ParamValidationError", "NoCredentialsError", "PartialCredentialsError", "NoRegionError"})
"""Refused on this side: asking again gives the same."""


class RemoteJobError(RemoteError):
    """A job that ended badly or was refused. `job_id` is empty where none was made; `code` is the service's own."""

    def __init__(self, job_id: str, code: str, message: str, warnings: tuple[str, ...] = ()) -> None:
        self.job_id = job_id
        self.code = code
        self.warnings = tuple(redact(warning) for warning in warnings)
        head = f"job {job_id}" if job_id else "the job was not accepted"
        super().__init__(f"{head}: {f'error {code}: ' if code else ''}{message}")

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  warning {warning}" for warning in self.warnings)])
