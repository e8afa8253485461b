"""What the endpoint answers instead of a result, and how a job ends that did not complete."""

from __future__ import annotations

from typing import Literal

from renderer.errors import StoryreelError

FaultType = Literal[
    "BadRequestException",
    "ConflictException",
    "ForbiddenException",
    "InternalServerErrorException",
    "NotFoundException",
    "ServiceQuotaExceededException",
    "TooManyRequestsException",
    "UnprocessableEntityException",
]
STATUS: dict[FaultType, int] = {
    "BadRequestException": 400,
    "ServiceQuotaExceededException": 402,
    "ForbiddenException": 403,
    "NotFoundException": 404,
    "ConflictException": 409,
    "UnprocessableEntityException": 422,
    "TooManyRequestsException": 429,
    "InternalServerErrorException": 500,
}


class ServiceFault(StoryreelError):  # noqa: N818  (the service calls them faults)
    """A request is refused, in the service's own shape: an error type, its HTTP status, one message."""

    exit_code = 2

    def __init__(self, kind: FaultType, message: str, *, status: int | None = None) -> None:
        self.kind = kind
        self.message = message
        self.status = status or STATUS[kind]
        super().__init__(message)


class JobFailure(StoryreelError):  # noqa: N818  (how a job ends)
    """A job ends in ERROR with one of the service's codes (MediaConvert user guide, "error codes")."""

    exit_code = 5

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(f"{code}: {message}")


CANNOT_OPEN_INPUT = 1010
NO_VIDEO = 1020
NO_AUDIO = 1021
UNSUPPORTED_CODEC = 1030
UNSUPPORTED_TOGETHER = 1040
CANNOT_OPEN_FILE = 1056
CLIP_OUTSIDE = 1060
READ_FAILURE = 1076
ACCESS_DENIED = 1401
NOT_FOUND = 1404
DISK_FULL = 1507
UNKNOWN = 1999
FORBIDDEN_SOURCE = 3457
