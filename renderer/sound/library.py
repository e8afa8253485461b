"""A music library on disk, `<mood>/<Track>/<Track>-<N>s.<ext>`, and the piece of it that fits a programme (A37).

Looks at names only: no file is opened, none is followed out of the library. The choice depends on nothing but names,
length and seed.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path

EXTENSIONS = frozenset({".mp3", ".wav", ".flac", ".m4a", ".mp4", ".ogg", ".opus", ".webm"})
_PIECE = re.compile(r"^(?P<track>.+)-(?P<seconds>\d{1,5})s$")


@dataclass(frozen=True, slots=True, order=True)
class Piece:
    """One length of one track. `seconds` is what its name says."""

    mood: str
    track: str
    seconds: int
    path: Path


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file in the library that is no piece, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Library:
    """What `scan_library` found, ordered by mood, track and length. `moods` also holds folders without a piece."""

    root: Path
    moods: tuple[str, ...]
    pieces: tuple[Piece, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def empty_moods(self) -> tuple[str, ...]:
        """Moods that `pick` refuses."""
        return tuple(mood for mood in self.moods if all(piece.mood != mood for piece in self.pieces))


@dataclass(frozen=True, slots=True)
class Choice:
    """The piece for a programme; with `loop` it is shorter than the programme and repeats."""

    path: Path
    seconds: int
    track: str
    mood: str
    loop: bool


def scan_library(root: Path) -> Library:
    """Read the names under `root`.

    Raises: UsageError where `root` is no folder.
    """
    if not root.is_dir():
        raise UsageError(f"the music library is not a folder: {root}")
    folders = _folders(root)
    pieces: list[Piece] = []
    skipped: list[Skipped] = []
    for found in (item for mood in folders for item in _scan_mood(root, mood)):
        if isinstance(found, Piece):
            pieces.append(found)
        else:
            skipped.append(found)
    return Library(root, tuple(mood.name for mood in folders), tuple(sorted(pieces)), tuple(skipped))


def _folders(folder: Path) -> list[Path]:
    return sorted(item for item in folder.iterdir() if item.is_dir() and not item.name.startswith("."))


def _scan_mood(root: Path, mood: Path) -> Iterator[Piece | Skipped]:
    for track in _folders(mood):
        for file in sorted(track.iterdir()):
            if file.name.startswith("."):
                continue
            problem = _why_not(root, track, file)
            match = _PIECE.match(file.stem)
            if problem is None and match is not None:
                yield Piece(mood.name, track.name, int(match["seconds"]), file)
            else:
                yield Skipped(file, problem or f"expected {track.name}-<seconds>s, found {file.stem}")


def _why_not(root: Path, track: Path, file: Path) -> str | None:
    """Why a file is no piece of its track; None where nothing but its length is left to read."""
    match = _PIECE.match(file.stem)
    if file.suffix.lower() not in EXTENSIONS:
        return f"not a sound file: {file.suffix or 'no extension'}"
    if not file.resolve().is_relative_to(root.resolve()):
        return "leads out of the library"
    if not file.is_file():
        return "not a regular file"
    if match is not None and (match["track"] != track.name or int(match["seconds"]) == 0):
        return f"expected {track.name}-<seconds>s, found {file.stem}"
    return None


def pick(library: Library, *, mood: str, length_s: Fraction | float, seed: int | str = 0) -> Choice:
    """The piece of `mood` for a programme of `length_s` seconds.

    An exact fit, else the next longer one (it is trimmed), else the longest (it loops). Of several tracks with that
    length, `seed` decides; the same seed always gives the same track.

    Raises: UsageError for an unknown mood, with the nearest name, and for a mood without a piece.
    """
    if mood not in library.moods:
        raise UsageError(f"no mood {mood!r} in the music library {library.root}{_suggestion(mood, library.moods)}")
    pieces = [piece for piece in library.pieces if piece.mood == mood]
    if not pieces:
        raise UsageError(f"mood {mood!r} has no music: expected {library.root / mood}/<Track>/<Track>-<seconds>s.mp3")
    long_enough = [piece.seconds for piece in pieces if piece.seconds >= length_s]
    seconds = min(long_enough) if long_enough else max(piece.seconds for piece in pieces)
    fitting = [piece for piece in pieces if piece.seconds == seconds]
    chosen = fitting[_draw(seed, mood) % len(fitting)]
    return Choice(chosen.path, chosen.seconds, chosen.track, mood, loop=not long_enough)


def _draw(seed: int | str, mood: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}\0{mood}".encode()).digest()[:8], "big")


def _suggestion(mood: str, moods: tuple[str, ...]) -> str:
    if not moods:
        return ": it is empty"
    by_folded = {name.casefold(): name for name in moods}
    near = difflib.get_close_matches(mood.casefold(), by_folded, n=1)
    return f": did you mean {by_folded[near[0]]!r}?" if near else f": it has {', '.join(moods)}"
