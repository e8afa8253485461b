"""Sends one file as one object: in one request, or in parts. Every byte travels with its SHA-256, which S3 checks."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import ServiceError
from backends.mediaconvert.submission.reading import text_at
from renderer.errors import Cancelled, OutputError

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from pathlib import Path

    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Upload

META_SHA256 = "storyreel-sha256"
META_BYTES = "storyreel-bytes"
"""Written with an object and read back: a parted upload's own checksum is one of its parts' checksums."""
MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class LocalObject:
    """A file as it was when it was hashed."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PartLane:
    """The threads that send parts, for all objects together, and how long a part is."""

    pool: ThreadPoolExecutor
    workers: int
    part_bytes: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """One object on its way. `stop` ends it between two requests; `sent` counts bytes that arrived."""

    session: Session
    bucket: str
    item: Upload
    local: LocalObject
    stop: threading.Event
    sent: Callable[[int], None]

    def whole(self, etag: str) -> str:
        """The checksum that the object has to have. Raises: ServiceError, OutputError, Cancelled."""
        body = self._read(0, self.local.size)
        if hashlib.sha256(body).hexdigest() != self.local.sha256:
            raise OutputError(f"{self.local.path.name} changed while it was uploaded")
        checksum = base64_of(self.local.sha256)
        self._conditional("PutObject", etag, Body=body, ChecksumSHA256=checksum, **self._description())
        self.sent(len(body))
        return checksum

    def in_parts(self, etag: str, lane: PartLane) -> str:
        """The checksum of the parts' checksums.

        Raises: ServiceError, OutputError, Cancelled; the upload is then aborted.
        """
        place = {"Bucket": self.bucket, "Key": self.item.key}
        begun = self._ask("CreateMultipartUpload", ChecksumAlgorithm="SHA256", **self._description())
        upload_id = text_at(begun, "UploadId")
        try:
            parts = self._send_parts(upload_id, lane)
            self._conditional("CompleteMultipartUpload", etag, UploadId=upload_id, MultipartUpload={"Parts": parts})
        except BaseException:
            with contextlib.suppress(ServiceError, Cancelled):
                self.session.patience.ask(self.session.services.s3, "AbortMultipartUpload", UploadId=upload_id, **place)
            raise
        digests = b"".join(base64.b64decode(str(part["ChecksumSHA256"])) for part in parts)
        return base64_of(hashlib.sha256(digests).hexdigest())

    def _send_parts(self, upload_id: str, lane: PartLane) -> list[dict[str, object]]:
        """All parts, or none on its way any more. The bytes sent are those that were hashed before."""
        part_bytes = max(lane.part_bytes, -(-self.local.size // MOST_PARTS))
        offsets = range(0, self.local.size, part_bytes)
        digest = hashlib.sha256()
        sending: list[Future[dict[str, object]]] = []
        try:
            for number, offset in enumerate(offsets, start=1):
                body = self._read(offset, part_bytes)
                digest.update(body)
                sending.append(lane.pool.submit(self._send_part, upload_id, number, body))
                _keep_few(sending, 2 * lane.workers)
            wait(sending, return_when=FIRST_EXCEPTION)
            parts = [future.result() for future in sending]
        finally:
            for future in sending:
                future.cancel()
            wait(sending)
        if digest.hexdigest() != self.local.sha256:
            raise OutputError(f"{self.local.path.name} changed while it was uploaded")
        return parts

    def _send_part(self, upload_id: str, number: int, body: bytes) -> dict[str, object]:
        checksum = base64.b64encode(hashlib.sha256(body).digest()).decode()
        answer = self._ask("UploadPart", UploadId=upload_id, PartNumber=number, Body=body, ChecksumSHA256=checksum)
        self.sent(len(body))
        return {"PartNumber": number, "ETag": text_at(answer, "ETag"), "ChecksumSHA256": checksum}

    def _description(self) -> dict[str, object]:
        marks = {META_SHA256: self.local.sha256, META_BYTES: str(self.local.size)}
        return {"ContentType": self.item.content_type, "Metadata": marks}

    def _conditional(self, operation: str, etag: str, **parameters: object) -> None:
        """Only where the key still holds what was seen. A store without such conditions gets the request without."""
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            self._ask(operation, **condition, **parameters)
        except ServiceError as error:
            if error.status != 501 and error.code != "NotImplemented":
                raise
            self._ask(operation, **parameters)

    def _ask(self, operation: str, **parameters: object) -> object:
        if self.stop.is_set():
            raise Cancelled("another upload failed")
        return self.session.s3(operation, Bucket=self.bucket, Key=self.item.key, **parameters)

    def _read(self, offset: int, count: int) -> bytes:
        try:
            with self.local.path.open("rb") as stream:
                stream.seek(offset)
                return stream.read(count)
        except OSError as error:
            raise OutputError(f"can't read {self.local.path.name}: {error}") from error


def base64_of(hex_digest: str) -> str:
    """A digest as S3 writes it."""
    return base64.b64encode(bytes.fromhex(hex_digest)).decode()


def _keep_few(sending: list[Future[dict[str, object]]], most: int) -> None:
    """Wait until fewer than `most` parts are held in memory. Raises what a part raised."""
    while len(waiting := [future for future in sending if not future.done()]) >= most:
        wait(waiting, return_when=FIRST_COMPLETED)
    for future in sending:
        if future.done():
            future.result()
