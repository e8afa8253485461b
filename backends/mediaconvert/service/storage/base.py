"""What executing a job asks of a storage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class OpenObject:
    """An object, open for reading: `descriptor` is seekable; nobody can swap what it refers to."""

    url: str
    descriptor: int
    size: int
    modified_s: int


class Storage(Protocol):
    """Where `s3://` addresses lead."""

    def open(self, url: str, scratch: Path) -> AbstractContextManager[OpenObject]:
        """Raises: LocationError, JobFailure (1404, 1401, 1010)."""
        ...

    def publish(self, url: str, file: Path) -> None:
        """Make `file` the object at `url`, whole or not at all. Raises: LocationError, JobFailure."""
        ...

    def check(self, url: str) -> None:
        """Refuse an address that could not be opened or written. Raises: LocationError."""
        ...
