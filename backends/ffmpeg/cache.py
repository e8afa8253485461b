"""Finished segments and sounds, named by what they are made from; only verified ones get in.

An entry is a media file and a small record beside it: ingredients, length, and the file's hash, which is compared at
every use. Entries appear whole by a rename, are handed out as hard links into the run's own folder, and are the least
recently used ones first to go, so several processes may share one cache without a lock.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from renderer.cache import cache_root
from renderer.errors import UsageError
from renderer.ingredients import Ingredients, ingredients_key

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_MAX_BYTES = 4_000_000_000
_PARTS = ("segments", "pcm", "objects")
"""`objects` are what a MediaConvert job reads, kept after they were uploaded."""
_MEDIA = (".mp4", ".f32", ".wav", ".png", ".part")

Facts = dict[str, object]
"""What is known of an entry besides its bytes, as JSON holds it."""


@dataclass(frozen=True, slots=True)
class CacheSize:
    """What one part of the cache holds."""

    part: str
    entries: int
    size_bytes: int


class SegmentCache:
    """The part of the cache that holds encoded pictures and sounds."""

    def __init__(self, root: Path | None = None) -> None:
        self._folder = (root or cache_root()) / "segments"

    def take(self, ingredients: Ingredients, target: Path) -> Facts | None:
        """Put the entry for `ingredients` at `target` and return its facts; None where it is missing or damaged."""
        return self.take_key(ingredients_key(ingredients), target)

    def take_key(self, key: str, target: Path) -> Facts | None:
        """As `take`, for ingredients of which only the key was kept."""
        media, record = self._paths(key)
        try:
            document = json.loads(record.read_text())
            expected, facts = document["sha256"], document["facts"]
            link_or_copy(media, target)
            found = _sha256(target)
            os.utime(media)
        except (OSError, ValueError, KeyError, TypeError):
            target.unlink(missing_ok=True)
            return None
        if found != expected:
            target.unlink(missing_ok=True)
            media.unlink(missing_ok=True)
            record.unlink(missing_ok=True)
            return None
        return cast("Facts", facts)

    def put(self, ingredients: Ingredients, source: Path, facts: Facts) -> None:
        """Keep a verified file and what was found out while making it.

        A cache that can't be written to is no reason to fail a render.
        """
        media, record = self._paths(ingredients_key(ingredients))
        with contextlib.suppress(OSError):
            media.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with source.open("rb") as content:
                sha256 = _appear(media, content)
            document: dict[str, object] = {"ingredients": ingredients, "sha256": sha256, "facts": facts}
            _appear(record, io.BytesIO(json.dumps(document, sort_keys=True).encode()))

    def _paths(self, key: str) -> tuple[Path, Path]:
        folder = self._folder / key[:2]
        return folder / f"{key}.mp4", folder / f"{key}.json"


def link_or_copy(media: Path, target: Path) -> None:
    """One file under two names, or its copy on file systems that know no hard links. Raises: OSError."""
    try:
        os.link(media, target)
    except FileNotFoundError:
        raise
    except OSError:
        shutil.copyfile(media, target)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _appear(path: Path, content: BinaryIO) -> str:
    """Returns the hash of what was written."""
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            while piece := content.read(1 << 20):
                digest.update(piece)
                stream.write(piece)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def max_cache_bytes() -> int:
    """The size the cache is cut to: `STORYREEL_CACHE_MAX_BYTES`, else 4 GB. Raises: UsageError."""
    text = os.environ.get("STORYREEL_CACHE_MAX_BYTES", str(DEFAULT_MAX_BYTES))
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise UsageError(f"STORYREEL_CACHE_MAX_BYTES: expected a number of bytes, found {text!r}")
    return int(text)


def prune(limit_bytes: int | None = None) -> int:
    """Remove the least recently used entries until the cache is within its limit; returns how many bytes went."""
    limit = max_cache_bytes() if limit_bytes is None else limit_bytes
    entries = sorted(_entries(), key=lambda entry: entry[1])
    total = sum(size for _, _, size in entries)
    freed = 0
    for path, _, size in entries:
        if total - freed <= limit:
            break
        path.unlink(missing_ok=True)
        path.with_suffix(".json").unlink(missing_ok=True)
        freed += size
    return freed


def clear() -> int:
    """Remove every entry, the facts about files, and the records of earlier renders; returns bytes freed."""
    freed = sum(part.size_bytes for part in sizes())
    root = cache_root()
    for part in (*_PARTS, "stories"):
        shutil.rmtree(root / part, ignore_errors=True)
    for path in root.glob("facts.sqlite*"):
        path.unlink(missing_ok=True)
    return freed


def sizes() -> list[CacheSize]:
    """How much each part holds."""
    counted: dict[str, list[int]] = {part: [] for part in _PARTS}
    for path, _, size in _entries():
        counted[path.relative_to(cache_root()).parts[0]].append(size)
    return [CacheSize(part, len(found), sum(found)) for part, found in counted.items()]


def _entries() -> Iterator[tuple[Path, float, int]]:
    """Every media file of the cache: path, time of last use, size with its record."""
    for part in _PARTS:
        for path in (cache_root() / part).rglob("*"):
            if path.suffix not in _MEDIA:
                continue
            with contextlib.suppress(OSError):
                status = path.stat()
                record = path.with_suffix(".json")
                beside = record.stat().st_size if record.exists() else 0
                yield path, status.st_mtime, status.st_size + beside
