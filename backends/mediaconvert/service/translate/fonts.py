"""A font file's bytes → the name by which libass finds it.

libass chooses fonts by name only, so that a file in its folder is not used before its own name is asked for. Read from
the `name` table (OpenType 1.9, "name — Naming Table"); nothing else of the file is looked at.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = frozenset({b"\x00\x01\x00\x00", b"true", b"OTTO"})
_MICROSOFT, _UNICODE, _MACINTOSH = 3, 0, 1
_FAMILY, _FULL = 1, 4
_MOST_TABLES, _MOST_RECORDS = 64, 1000
_SAFE = re.compile(r"[\w .'&()+-]{1,100}")
"""What can stand in a style of a subtitles script, where commas separate fields."""


def font_name(content: bytes) -> str | None:
    """The full name, else the family's; None where the file is no single TrueType or OpenType font, or has no name
    that a subtitles script can hold."""
    try:
        names = list(_names(content))
    except struct.error:  # cut off
        return None
    for wanted in ((_MICROSOFT, _FULL), (_MICROSOFT, _FAMILY), (_UNICODE, _FAMILY), (_MACINTOSH, _FAMILY)):
        for platform, kind, name in names:
            if (platform, kind) == wanted and _SAFE.fullmatch(name):
                return name
    return None


def _names(content: bytes) -> Iterator[tuple[int, int, str]]:
    """(platform, kind, text) of each family and full name."""
    table = _name_table(content)
    _, count, storage = struct.unpack_from(">HHH", table)
    for index in range(min(count, _MOST_RECORDS)):
        platform, _, _, kind, length, offset = struct.unpack_from(">6H", table, 6 + 12 * index)
        if kind in (_FAMILY, _FULL):
            raw = table[storage + offset : storage + offset + length]
            encoding = "mac_roman" if platform == _MACINTOSH else "utf-16-be"
            yield platform, kind, raw.decode(encoding, errors="replace").strip()


def _name_table(content: bytes) -> bytes:
    """Raises: struct.error where there is none."""
    if content[:4] not in _KINDS:
        raise struct.error("no font")
    (count,) = struct.unpack_from(">H", content, 4)
    for index in range(min(count, _MOST_TABLES)):
        tag, _, offset, length = struct.unpack_from(">4s3L", content, 12 + 16 * index)
        if tag == b"name":
            return content[offset : offset + length]
    raise struct.error("no names")
