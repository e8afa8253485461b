"""The journal of submissions for a place without a disk that lasts: one small object in S3 for each submission.

A change is a conditional put: If-None-Match for a new record, If-Match with the ETag that was read for an old one. Who
loses the race reads again. Jobs are found by the submission id in their user metadata, so there is no index of job ids.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from backends.mediaconvert.submission.errors import RemoteError
from backends.mediaconvert.submission.record_json import record_from_json, record_to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.submission.record import Record

ROUNDS = 20
LOST = ("PreconditionFailed", "ConditionalRequestConflict")
GONE = ("NoSuchKey", "404")


class ObjectJournal:
    """Records as objects `PREFIX/SUBMISSION_ID.json`."""

    def __init__(self, client: object, bucket: str, prefix: str = "storyreel/journal") -> None:
        self._client, self._bucket, self._prefix = client, bucket, prefix

    def read(self, submission_id: str) -> Record | None:
        return self._get(submission_id)[0]

    def find_job(self, _: str) -> Record | None:
        return None

    def records(self) -> tuple[Record, ...]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=f"{self._prefix}/")
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        found = (self.read(key.rpartition("/")[2].removesuffix(".json")) for key in keys)
        return tuple(sorted((record for record in found if record), key=lambda record: -record.created_at))

    def update(self, submission_id: str, change: Callable[[Record | None], Record | None]) -> Record | None:
        """Raises: RemoteError where others are always faster."""
        for _ in range(ROUNDS):
            before, etag = self._get(submission_id)
            after = change(before)
            if after == before or self._put(submission_id, after, etag):
                return after
        raise RemoteError(f"the record {submission_id[:12]} changes too fast to be written")

    def _get(self, submission_id: str) -> tuple[Record | None, str]:
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=self._key(submission_id))
        except (BotoCoreError, ClientError) as error:
            if _code(error) in GONE:
                return None, ""
            raise RemoteError(f"the journal in {self._bucket} can't be read: {error}") from error
        return record_from_json(answer["Body"].read().decode()), answer["ETag"]

    def _put(self, submission_id: str, record: Record | None, etag: str) -> bool:
        """Whether nobody else was faster."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        key = self._key(submission_id)
        try:
            if record is None:
                self._client.delete_object(Bucket=self._bucket, Key=key, **condition)
            else:
                self._client.put_object(Bucket=self._bucket, Key=key, Body=record_to_json(record).encode(), **condition)
        except (BotoCoreError, ClientError) as error:
            if _code(error) in LOST:
                return False
            raise RemoteError(f"the journal in {self._bucket} can't be written: {error}") from error
        return True

    def _key(self, submission_id: str) -> str:
        return f"{self._prefix}/{submission_id}.json"


def _code(error: BotoCoreError | ClientError) -> str:
    return error.response["Error"]["Code"] if isinstance(error, ClientError) else ""
