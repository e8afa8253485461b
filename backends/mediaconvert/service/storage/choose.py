"""Which storage the command line names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from backends.mediaconvert.service.storage.folder import FolderStorage
from renderer.errors import UsageError

if TYPE_CHECKING:
    from backends.mediaconvert.service.storage.base import Storage


def open_storage(root: Path | None, endpoint_url: str | None, region: str) -> Storage:
    """A folder (the current one by default) or an S3 endpoint. Raises: UsageError where both are named."""
    if root is not None and endpoint_url is not None:
        raise UsageError("--s3-root and --s3-endpoint-url exclude each other")
    if endpoint_url is None:
        return FolderStorage(root or Path.cwd())
    from backends.mediaconvert.service.storage.remote import RemoteStorage

    if not endpoint_url.startswith(("http://", "https://")):
        raise UsageError(f"--s3-endpoint-url: expected http(s)://..., found {endpoint_url!r}")
    return RemoteStorage(endpoint_url, region)
