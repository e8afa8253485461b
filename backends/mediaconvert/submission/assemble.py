"""A planned job and its assets, made into a submission. Assets are produced only where the bucket lacks them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol, TypeVar

from backends.mediaconvert.submission.submission import Submission, Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from renderer.timeline.canonical import JSONValue

CONTENT_TYPES: Mapping[str, str] = {
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".wav": "audio/wav",
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".tga": "image/x-tga",
}


class Asset(Protocol):
    """What a plan says of one object. Of an `original` the ingredients hold the `sha256` of its bytes."""

    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def describes(self) -> str: ...
    @property
    def ingredients(self) -> Mapping[str, JSONValue]: ...


AnyAsset = TypeVar("AnyAsset", bound=Asset)


@dataclass(frozen=True, slots=True)
class Story:
    """Whose job it is. `key` is the caller's own idempotency key; `private` words stand in no message."""

    id: str
    timeline_sha256: str
    key: str | None = None
    private: tuple[str, ...] = ()


def assemble(
    job: Mapping[str, JSONValue],
    assets: Iterable[AnyAsset],
    produce: Callable[[AnyAsset], Path],
    *,
    bucket: str,
    story: Story,
    prefix: str = "",
    outputs: tuple[str, ...] = (),
) -> Submission:
    """`produce` makes one asset as a local file; it is called in the caller's thread, one asset after the other."""
    uploads = tuple(_upload(asset, functools.partial(produce, asset)) for asset in assets)
    named = (story.id, story.timeline_sha256, story.key, story.private)
    return Submission(job, bucket, uploads, *named, prefix=prefix, outputs=outputs)


def _upload(asset: Asset, file: Callable[[], Path]) -> Upload:
    content = CONTENT_TYPES.get(PurePosixPath(asset.key).suffix.lower(), "application/octet-stream")
    sha256 = str(asset.ingredients["sha256"]) if asset.kind == "original" else None
    what = f"{asset.kind} of {asset.describes}"
    return Upload(asset.key, file, content, sha256, what=what, made=asset.kind != "original")
