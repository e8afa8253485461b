"""Brings every object of a submission into the bucket, once: asks first, sends what is missing, checks what arrived.

Keys carry a hash, so the same key means the same content: an object that is there is never replaced by another
process's copy (If-None-Match), and one that is there but differs is replaced only as it was seen (If-Match). An object
appears whole or not at all; a parted upload that fails or is stopped is aborted.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import RemoteError, ServiceError
from backends.mediaconvert.submission.findings import PreflightError, problem
from backends.mediaconvert.submission.reading import int_at, text_at
from backends.mediaconvert.submission.services import ACTIONS
from backends.mediaconvert.submission.transfer import (
    META_BYTES,
    META_SHA256,
    LocalObject,
    PartLane,
    Transfer,
    base64_of,
)
from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backends.mediaconvert.submission.services import Answer
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Submission, Upload

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class UploadProgress:
    """Bytes and objects there, of all. `total_bytes` grows while objects are still being made."""

    done_bytes: int
    total_bytes: int
    done: int
    total: int


def ignore_uploads(_: UploadProgress) -> None:
    """For callers that do not watch."""


@dataclass(frozen=True, slots=True)
class UploadSettings:
    """From `threshold` bytes on an object goes in parts of `part` bytes. `workers` requests at once of each kind.

    Memory: at most two times `workers` parts. `report` is called from any thread.
    """

    threshold: int = 16 * MIB
    part: int = 8 * MIB
    workers: int = 4
    report: Callable[[UploadProgress], None] = ignore_uploads


@dataclass(frozen=True, slots=True)
class Uploaded:
    """`sent` objects were missing; `kept` were there."""

    sent: tuple[str, ...]
    kept: tuple[str, ...]


def upload_all(session: Session, submission: Submission, settings: UploadSettings) -> Uploaded:
    """Returns when every object is in the bucket.

    Files are made one after the other in this thread, while earlier ones are on their way.
    Raises: RemoteError, OutputError, Cancelled, and what making a file raises.
    """
    return _Uploads(session, submission, settings).run()


@dataclass(slots=True)
class _Tally:
    settings: UploadSettings
    total: int
    done: int = 0
    done_bytes: int = 0
    total_bytes: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, *, done: int = 0, sent_bytes: int = 0, known_bytes: int = 0) -> None:
        with self._lock:
            self.done += done
            self.done_bytes += sent_bytes
            self.total_bytes += known_bytes
            self.settings.report(UploadProgress(self.done_bytes, self.total_bytes, self.done, self.total))


class _Uploads:
    def __init__(self, session: Session, submission: Submission, settings: UploadSettings) -> None:
        self._session, self._submission, self._settings = session, submission, settings
        self._tally = _Tally(settings, len(submission.uploads))
        self._stop = threading.Event()

    def run(self) -> Uploaded:
        with self._pool() as pool, self._pool() as objects:  # objects end first: they wait for their parts
            lane = PartLane(pool, self._settings.workers, self._settings.part)
            etags = list(objects.map(self._look, self._submission.uploads))
            missing = [
                (item, etag) for item, etag in zip(self._submission.uploads, etags, strict=True) if etag != THERE
            ]
            self._check_writing([item for item, _ in missing])
            sending: list[Future[None]] = []
            for item, etag in missing:
                self._session.cancel.raise_if_set()
                _raise_first(sending)
                local = _measured(item)
                self._tally.add(known_bytes=local.size)
                sending.append(objects.submit(self._send, item, local, etag, lane))
            wait(sending, return_when=FIRST_EXCEPTION)
            _raise_first(sending)
        sent = tuple(item.key for item, _ in missing)
        return Uploaded(sent, tuple(item.key for item in self._submission.uploads if item.key not in sent))

    @contextlib.contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        """On an error nothing new starts, and what is on its way is aborted before the error goes on.

        What is queued is not cancelled by the pool: nobody is told of such a future, and who waits for it waits for
        ever. It starts, sees `_stop`, and ends.
        """
        pool = ThreadPoolExecutor(self._settings.workers)
        try:
            yield pool
        except BaseException:
            self._stop.set()
            raise
        finally:
            pool.shutdown(wait=True)

    def _look(self, item: Upload) -> str:
        """THERE, or what a PUT has to find in its place: an ETag, or nothing."""
        answer = head(self._session, self._submission.bucket, item.key)
        if answer is None:
            return ""
        if not matches(answer, item):
            return text_at(answer, "ETag")
        self._tally.add(done=1)
        return THERE

    def _check_writing(self, missing: list[Upload]) -> None:
        """Begin an upload in parts and drop it, before an object is made that would not be let in.

        Raises: PreflightError where writing is forbidden. Any other answer is left to the upload itself.
        """
        if not any(item.made for item in missing):
            return
        place = {"Bucket": self._submission.bucket, "Key": missing[0].key}
        try:
            begun = self._session.s3("CreateMultipartUpload", **place)
            self._session.s3("AbortMultipartUpload", UploadId=text_at(begun, "UploadId"), **place)
        except ServiceError as error:
            if error.denied:
                about = f"s3://{self._submission.bucket}/{missing[0].key}"
                permission = ACTIONS[error.operation]
                finding = problem(about, "may not be written", permission)
                raise PreflightError([finding], self._submission.private) from None

    def _send(self, item: Upload, local: LocalObject, etag: str, lane: PartLane) -> None:
        def sent(count: int) -> None:
            self._tally.add(sent_bytes=count)

        transfer = Transfer(self._session, self._submission.bucket, item, local, self._stop, sent)
        try:
            checksum = transfer.whole(etag) if local.size < self._settings.threshold else transfer.in_parts(etag, lane)
        except ServiceError as error:
            self._accept_other(item, error)
        else:
            self._verify(item, local, checksum)
        self._tally.add(done=1)

    def _accept_other(self, item: Upload, error: ServiceError) -> None:
        """After an error the object may be there: ours with its answer lost, or another process's copy."""
        answer = head(self._session, self._submission.bucket, item.key)
        if answer is None or not matches(answer, item):
            raise error

    def _verify(self, item: Upload, local: LocalObject, checksum: str) -> None:
        answer = head(self._session, self._submission.bucket, item.key)
        if answer is None or not arrived(answer, local, checksum):
            raise RemoteError(f"{item.key}: sent {local.size} bytes, and something else is in the bucket")


THERE = "there"


def head(session: Session, bucket: str, key: str) -> Answer | None:
    """What is known of an object, None where it is missing. Raises: ServiceError."""
    try:
        return session.s3("HeadObject", Bucket=bucket, Key=key, ChecksumMode="ENABLED")
    except ServiceError as error:
        if error.missing:
            return None
        raise


def matches(answer: Answer, item: Upload) -> bool:
    """Whether an object is the one that the upload would make: by its hash where that is known, else by our mark."""
    size, marked = int_at(answer, "ContentLength"), text_at(answer, "Metadata", META_BYTES)
    if item.size is not None and size != item.size:
        return False
    if item.sha256 is None:
        return marked == str(size)
    return item.sha256 == text_at(answer, "Metadata", META_SHA256) or base64_of(item.sha256) == _checksum(answer)


def arrived(answer: Answer, local: LocalObject, checksum: str) -> bool:
    """Whether what lies in the bucket is what was sent. A store that keeps no checksums is taken at its size."""
    same = int_at(answer, "ContentLength") == local.size and text_at(answer, "Metadata", META_SHA256) == local.sha256
    return same and _checksum(answer).partition("-")[0] in ("", checksum)


def _checksum(answer: Answer) -> str:
    return text_at(answer, "ChecksumSHA256")


def _raise_first(sending: list[Future[None]]) -> None:
    for future in sending:
        if future.done():
            future.result()


def _measured(item: Upload) -> LocalObject:
    """Raises: OutputError where the file is not the one that its key promises."""
    path: Path = item.file()
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        raise OutputError(f"can't read what is to be uploaded as {item.key}: {error}") from error
    if size == 0 or item.sha256 not in (None, digest) or item.size not in (None, size):
        raise OutputError(f"what is to be uploaded as {item.key} has {size} bytes and another content than planned")
    return LocalObject(path, size, digest)
