"""A file that is either wholly there or not there at all: written without a name, verified, synced, moved into place.

On Linux the file has no name until it is finished, so that even a killed process leaves nothing behind; where a file
system can't do that, it is a hidden `.NAME.PID.part` beside the target, and the next run removes what a dead
process left (SAFETY P1). The previous file at the target survives every failure.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from renderer.cache import hold, is_abandoned
from renderer.errors import OutputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LONGEST_STEM = 230
_UNSUPPORTED = {errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL, errno.ENOSYS}


def check_destination(destination: Path, originals: Iterable[Path], *, suffix: str = ".mp4") -> None:
    """Refuse a target that is an input, has the wrong ending, or can't be written.

    Raises: UsageError, OutputError.
    """
    if destination.suffix.lower() != suffix:
        raise UsageError(f"the output's name must end in {suffix}, found {destination.name!r}")
    if destination.is_dir():
        raise UsageError(f"{destination} is a folder")
    if destination.exists() and not destination.is_file():
        raise UsageError(f"{destination} is no ordinary file")
    if not destination.parent.is_dir():
        raise OutputError(f"the folder {destination.parent} does not exist")
    if not os.access(destination.parent, os.R_OK | os.W_OK | os.X_OK):
        raise OutputError(f"the folder {destination.parent} can't be read and written")
    for original in originals:
        if destination.exists() and original.exists() and destination.samefile(original):
            raise UsageError(f"the output {destination} is one of the story's own files: choose another name")


def check_free_space(folder: Path, needed_bytes: int) -> None:
    """Moving the index to the front takes about twice the file (SAFETY P1). Raises: OutputError."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise OutputError(
            f"{folder} has {free / 1e6:.0f} MB free, about {needed_bytes / 1e6:.0f} MB are needed to write the video"
        )


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A file being written. `url` opens it, for writing and for reading back."""

    url: str
    descriptor: int
    folder: int


@contextlib.contextmanager
def unfinished_file(destination: Path) -> Iterator[Unfinished]:
    """A new file beside `destination` that takes its place when the block ends well, and vanishes otherwise.

    Raises: OutputError where it can't be made or moved.
    """
    _remove_abandoned(destination)
    part = destination.with_name(f".{_part_stem(destination)}.{os.getpid()}.part")
    try:
        folder = os.open(destination.parent, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise OutputError(f"the folder {destination.parent} can't be opened: {error.strerror}") from error
    try:
        descriptor, nameless = _open_new(destination.parent, part)
        hold(descriptor)
        try:
            url = f"/proc/self/fd/{descriptor}" if nameless else str(part.absolute())
            yield Unfinished(url, descriptor, folder)
            _move_into_place(descriptor, nameless, part, destination, folder)
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
    finally:
        os.close(folder)


@contextlib.contextmanager
def written_file(destination: Path) -> Iterator[BinaryIO]:
    """A stream to a new file that takes `destination`'s place when the block ends well.

    Raises: OutputError, also for what the disk refuses meanwhile.
    """
    try:
        with unfinished_file(destination) as unfinished, os.fdopen(os.dup(unfinished.descriptor), "wb") as stream:
            yield stream
    except OSError as error:
        raise OutputError(f"{destination} can't be written: {error.strerror}") from error


def _part_stem(destination: Path) -> str:
    """The target's name, or a hash of one that leaves no room for more within the 255 bytes of a name."""
    name = os.fsencode(destination.name)
    return destination.name if len(name) <= _LONGEST_STEM else hashlib.sha256(name).hexdigest()


def _open_new(folder: Path, part: Path) -> tuple[int, bool]:
    """A descriptor, and whether the file has no name."""
    if hasattr(os, "O_TMPFILE") and Path("/proc/self/fd").is_dir():
        try:
            return os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o666), True
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise OutputError(f"the folder {folder} can't be written to: {error.strerror}") from error
    try:
        part.unlink(missing_ok=True)
        return os.open(part, os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_RDWR | os.O_CLOEXEC, 0o666), False
    except OSError as error:
        raise OutputError(f"the folder {folder} can't be written to: {error.strerror}") from error


def _move_into_place(descriptor: int, nameless: bool, part: Path, destination: Path, folder: int) -> None:  # noqa: FBT001
    try:
        os.fsync(descriptor)
        if nameless:
            part.unlink(missing_ok=True)
            # naming a folder descriptor makes Python call linkat(), which alone follows the link to the open file
            os.link(f"/proc/self/fd/{descriptor}", part, src_dir_fd=folder, follow_symlinks=True)
        part.replace(destination)
        os.fsync(folder)
    except OSError as error:
        raise OutputError(f"{destination} can't be written: {error.strerror}") from error


def _remove_abandoned(destination: Path) -> None:
    """Remove what a killed run left beside this target."""
    pattern = re.compile(rf"\.{re.escape(_part_stem(destination))}\.(\d+)\.part")
    with contextlib.suppress(OSError):
        for path in destination.parent.iterdir():
            match = pattern.fullmatch(path.name)
            if match and is_abandoned(path, int(match[1])):
                path.unlink(missing_ok=True)
