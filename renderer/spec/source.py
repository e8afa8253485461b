"""A spec file -> its text: kind and size of the file, encoding, characters (SAFETY S5). Knows nothing of YAML."""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from renderer.errors import Problem, SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES = 1_000_000

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff\u2028\u2029]")
"""Control characters, halves of characters, and line breaks that editors don't show (YAML 1.1 takes them for some)."""

_BYTE_ORDER_MARKS: Mapping[bytes, str] = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}


def read_spec_file(path: str | os.PathLike[str]) -> bytes:
    """The content of a spec file; its kind and size are checked before anything is read.

    Raises: SpecError.
    """
    source = os.fspath(path)
    try:
        # O_NONBLOCK: opening a named pipe that nobody writes to would otherwise wait for ever
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except (OSError, ValueError) as error:
        raise _refused(source, _reason(error)) from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _refused(source, f"expected a file, found {_kind_of_file(status.st_mode)}")
        _check_size(status.st_size, source)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)  # one byte more: a file that grew meanwhile is refused, not cut
    except OSError as error:
        raise _refused(source, _reason(error)) from None
    finally:
        os.close(descriptor)


def decode_spec(data: str | bytes, source: str) -> str:
    """The text of a spec, without a byte order mark.

    Raises: SpecError for other encodings than UTF-8, control characters, and more than `MAX_BYTES`.
    """
    _check_size(len(data), source)
    text = data if isinstance(data, str) else _decode(data, source)
    text = text.removeprefix("\ufeff")
    if found := _FORBIDDEN.search(text):
        before = text[: found.start()]
        line, column = before.count("\n") + 1, found.start() - before.rfind("\n")
        message = f"expected printable text, found the character U+{ord(found[0]):04X}"
        raise _refused(source, message, "remove it, or write it as an escape in quotes", line, column)
    return text


def _decode(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line, column = before.count(b"\n") + 1, error.start - before.rfind(b"\n")
        encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if data.startswith(mark)), None)
        found = f"{encoding} text" if encoding else f"byte 0x{data[error.start]:02X}"
        raise _refused(
            source, f"expected UTF-8, found {found} at byte {error.start}", "save the file as UTF-8", line, column
        ) from None


def _check_size(size: int, source: str) -> None:
    if size > MAX_BYTES:
        raise _refused(source, f"expected at most {MAX_BYTES:,} bytes, found {size:,}")


def _refused(
    source: str, message: str, hint: str | None = None, line: int | None = None, column: int | None = None
) -> SpecError:
    return SpecError(source, [Problem("$", message, hint, line, column)])


def _reason(error: OSError | ValueError) -> str:
    match error:
        case FileNotFoundError():
            return "file not found"
        case OSError():
            return f"can't be read: {error.strerror}"
        case ValueError():
            return "can't be read: not a file name"


def _kind_of_file(mode: int) -> str:
    kinds: Mapping[int, str] = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    return kinds.get(stat.S_IFMT(mode), "something else")
