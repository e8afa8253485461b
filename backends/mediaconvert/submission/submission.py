"""What is to be submitted: a job, the objects it needs, and the identity by which it is submitted only once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.events import SUBMISSION_ID
from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from renderer.timeline.canonical import JSONValue

TOKEN = "ClientRequestToken"  # noqa: S105  (the name of a field)
HOP_WAIT_MINUTES = range(1, 4321)


@dataclass(frozen=True, slots=True)
class Upload:
    """One object that has to be there before the job runs.

    `key` is made from a hash of the content or of everything the content depends on. `file` makes the local file, or
    names it; it is called only where the object is not there. `sha256` is that of the bytes, where it is known before.
    `what` says for people what it is; `made` whether it takes work to make.
    """

    key: str
    file: Callable[[], Path]
    content_type: str = "application/octet-stream"
    sha256: str | None = None
    size: int | None = None
    what: str = "object"
    made: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """A CreateJob request in PascalCase, and what belongs to it.

    `key` is the caller's own idempotency key. `private` lists words that no log or error may show. `prefix` is the
    folder that the sources lie in, `outputs` are the URLs of what the job is going to write.
    """

    job: Mapping[str, JSONValue]
    bucket: str
    uploads: tuple[Upload, ...]
    story_id: str
    timeline_sha256: str
    key: str | None = None
    private: tuple[str, ...] = field(default=(), repr=False)
    prefix: str = ""
    outputs: tuple[str, ...] = ()

    def content_sha256(self) -> str:
        """Hash of the job without its token, and of the keys and hashes of its objects."""
        job = {name: value for name, value in self.job.items() if name != TOKEN}
        assets: list[JSONValue] = [*sorted(f"{upload.key} {upload.sha256 or ''}" for upload in self.uploads)]
        return _hashed({"job": job, "bucket": self.bucket, "assets": assets})

    def identity(self, scope: str, attempt: int = 1) -> str:
        """64 hex digits: the same submission to the same service. `attempt` counts deliberate repetitions from 1."""
        what = self.content_sha256() if self.key is None else f"key {self.key}"
        return _hashed({"what": what, "scope": scope, "attempt": attempt})


@dataclass(frozen=True, slots=True)
class Hop:
    """Where the service moves a job that has waited too long. It takes the place of waiting here (REQUIREMENTS X6)."""

    queue: str
    wait_minutes: int = 15

    def refuse_impossible(self, queue: JSONValue) -> None:
        """For a job in `queue`. Raises: UsageError for a hop that the service refuses."""
        if self.queue == queue:
            raise UsageError(f"a job can't hop to the queue it is in, {self.queue}")
        if self.wait_minutes not in HOP_WAIT_MINUTES:
            raise UsageError(f"a job hops after 1 to {HOP_WAIT_MINUTES[-1]} minutes, found {self.wait_minutes}")


def request(submission: Submission, identity: str, hop: Hop | None = None) -> dict[str, JSONValue]:
    """The CreateJob request as it is sent: always the same bytes for the same submission.

    Raises: UsageError for a hop that the service refuses.
    """
    given = submission.job.get("UserMetadata")
    metadata: dict[str, JSONValue] = dict(given) if isinstance(given, dict) else {}
    ours: dict[str, JSONValue] = {
        SUBMISSION_ID: identity,
        "storyId": submission.story_id,
        "timelineSha256": submission.timeline_sha256,
    }
    made: dict[str, JSONValue] = {**submission.job, TOKEN: identity[:64], "UserMetadata": {**metadata, **ours}}
    if hop is not None:
        hop.refuse_impossible(submission.job.get("Queue"))
        made["HopDestinations"] = [{"Queue": hop.queue, "WaitMinutes": hop.wait_minutes}]
    return made


def _hashed(value: Mapping[str, JSONValue]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
