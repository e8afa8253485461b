"""`s3://bucket/key` → bucket and key, with every trick refused that could lead a file name out of its folder."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from renderer.errors import StoryreelError

MAX_KEY_BYTES = 1024
"""S3's own limit for a key."""
MAX_PART_BYTES = 200
"""File systems end at 255; the rest is room for the name of an unfinished file."""
_BUCKET = re.compile(r"[A-Za-z0-9<>_$][A-Za-z0-9.<>_$-]{1,62}")


class LocationError(StoryreelError):
    """An address that this endpoint does not open; the message says why."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Location:
    """One object. Every part of `key` is a plain file name."""

    bucket: str
    key: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


def parse_location(url: str, *, s3_host: str | None = None) -> Location:
    """The object that a URL names; `s3_host` is the host and port of the S3 endpoint, whose http addresses count too.

    Raises: LocationError for other hosts and schemes, and for keys with `..`, empty parts or control characters.
    """
    if url.startswith("s3://"):
        bucket, _, key = url.removeprefix("s3://").partition("/")
        return checked_location(bucket, key)
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise LocationError(f"{url!r} is no address: {error}") from error
    if parts.scheme in ("http", "https") and s3_host is not None and parts.netloc == s3_host and not parts.query:
        bucket, _, key = unquote(parts.path.removeprefix("/")).partition("/")
        return checked_location(bucket, key)
    raise LocationError(f"{url!r}: this endpoint opens s3:// addresses only, and no other host")


def checked_location(bucket: str, key: str) -> Location:
    """Raises: LocationError."""
    if _BUCKET.fullmatch(bucket) is None or ".." in bucket:
        raise LocationError(f"{bucket!r} is no name of a bucket")
    if not key or len(key.encode("utf-8", "replace")) > MAX_KEY_BYTES:
        raise LocationError(f"a key has 1 to {MAX_KEY_BYTES} bytes, found {len(key)} characters")
    if "\\" in key or not key.isprintable():
        raise LocationError(f"{key!r}: backslashes and control characters name no file here")
    for part in key.split("/"):
        if part in ("", ".", ".."):
            raise LocationError(f"{key!r}: a part {part!r} of a key names no file here")
        if len(part.encode()) > MAX_PART_BYTES:
            raise LocationError(f"{key!r}: a part of a key has at most {MAX_PART_BYTES} bytes here")
    return Location(bucket, key)
