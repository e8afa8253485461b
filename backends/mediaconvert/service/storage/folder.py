"""A folder that stands for S3: `DIR/bucket/key`. Nothing outside it is read or written, links included."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from backends.mediaconvert.service.faults import (
    ACCESS_DENIED,
    CANNOT_OPEN_FILE,
    CANNOT_OPEN_INPUT,
    DISK_FULL,
    NOT_FOUND,
    JobFailure,
)
from backends.mediaconvert.service.storage.base import OpenObject
from backends.mediaconvert.service.storage.locations import parse_location
from renderer.errors import MediaError, OutputError, UsageError
from renderer.media import MediaFolder
from renderer.publish import unfinished_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.service.storage.locations import Location

_BUFFER = 1 << 20


class FolderStorage:
    """Objects below one folder."""

    def __init__(self, root: Path) -> None:
        """Raises: UsageError where the folder is missing."""
        if not root.is_dir():
            raise UsageError(f"--s3-root {root}: is no folder")
        self._root = Path(os.path.realpath(root))
        self._folder = MediaFolder(self._root)

    def check(self, url: str) -> None:
        parse_location(url)

    @contextlib.contextmanager
    def open(self, url: str, scratch: Path) -> Iterator[OpenObject]:  # noqa: ARG002
        location = parse_location(url)
        path = self._root / location.bucket / location.key
        if not os.path.lexists(path):
            raise JobFailure(NOT_FOUND, f"Unable to open input file [{url}]: [The object or bucket does not exist]")
        with contextlib.ExitStack() as stack:
            try:
                medium = stack.enter_context(self._folder.open(f"{location.bucket}/{location.key}"))
            except MediaError as error:
                reason = "lies outside the root" if "outside" in error.reason else error.reason
                raise JobFailure(CANNOT_OPEN_INPUT, f"Unable to open input file [{url}]: [{reason}]") from error
            status = medium.status
            yield OpenObject(url, medium.descriptor, status.st_size, int(status.st_mtime))

    def publish(self, url: str, file: Path) -> None:
        location = parse_location(url)
        target = self._target(location)
        try:
            with (
                unfinished_file(target) as unfinished,
                file.open("rb") as source,
                os.fdopen(os.dup(unfinished.descriptor), "wb") as stream,
            ):
                shutil.copyfileobj(source, stream, _BUFFER)
        except OutputError as error:
            raise JobFailure(CANNOT_OPEN_FILE, f"Unable to write output [{url}]: [{error}]") from error
        except OSError as error:
            raise JobFailure(DISK_FULL, f"Unable to write output [{url}]: [{error.strerror}]") from error

    def _target(self, location: Location) -> Path:
        """The path to write, its folders made; no part of it may be a link."""
        target = self._root / location.bucket / location.key
        folder = self._root
        for part in target.parent.relative_to(self._root).parts:
            folder /= part
            if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
                raise JobFailure(ACCESS_DENIED, f"Unable to write output [{location.url}]: [{part} is no folder]")
            folder.mkdir(exist_ok=True)
        if target.is_symlink() or target.is_dir():
            raise JobFailure(ACCESS_DENIED, f"Unable to write output [{location.url}]: [the name is taken]")
        return target
