"""The page's small edits → the spec's text: checked before anything is written, undone in order, never over another's.

The page says which revision of the file it saw; where the file is another by now, the edit is refused as a conflict.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import UsageError
from renderer.publish import unfinished_file
from renderer.spec.edit import Value, move_item, remove_value, set_value
from renderer.spec.source import read_spec_file

if TYPE_CHECKING:
    from studio.session import Session, SpecState

MAX_UNDO = 100
_EASES = ("linear", "in", "out", "in-out")


class Conflict(UsageError):  # noqa: N818  (an answer, not a fault)
    """The file was changed elsewhere since the page read it; nothing was written."""


@dataclass(frozen=True, slots=True)
class _Step:
    before: bytes
    after: bytes


class Editor:
    """Writes to one session's spec. One edit at a time."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._path = Path(os.path.realpath(session.path))
        self._steps: deque[_Step] = deque(maxlen=MAX_UNDO)
        self._lock = threading.Lock()

    def edit(self, revision: str, request: dict[str, object]) -> SpecState:
        """Do what a request asks; returns the spec's new state.

        Raises: Conflict; UsageError for a request that makes no sense; SpecError where the story would be broken.
        """
        with self._lock:
            before = self._current(revision)
            text = before.decode("utf-8-sig")
            mark = before[: len(before) - len(text.encode())]
            after = mark + edited(text, request).encode()
            if after == before:
                with self._session.spec_lock:
                    return self._session.note(before)
            self._session.check(after)
            state = self._write(before, after)
            self._steps.append(_Step(before, after))
        return self._written(state)

    def undo(self, revision: str) -> SpecState:
        """Take the last edit back; returns the spec's new state. Raises: Conflict, UsageError where there is none."""
        with self._lock:
            if not self._steps:
                raise UsageError("there is nothing to undo")
            before = self._current(revision)
            step = self._steps[-1]
            if before != step.after:
                self._steps.clear()
                self._session.board.update(undo=False)
                raise Conflict("the file was changed elsewhere after the last edit here: undo it in your editor")
            state = self._write(before, step.before)
            self._steps.pop()
        return self._written(state)

    def _current(self, revision: str) -> bytes:
        content = read_spec_file(self._path)
        if hashlib.sha256(content).hexdigest() != revision:
            self._session.saved()
            raise Conflict("the file was changed elsewhere meanwhile; nothing was written: look at it again")
        return content

    def _write(self, before: bytes, after: bytes) -> SpecState:
        """Raises: Conflict where the file changed in this very moment; OutputError."""
        with self._session.spec_lock:
            with unfinished_file(self._path) as unfinished:
                os.fchmod(unfinished.descriptor, self._path.stat().st_mode & 0o7777)
                with os.fdopen(os.dup(unfinished.descriptor), "wb") as stream:
                    stream.write(after)
                if read_spec_file(self._path) != before:
                    raise Conflict("the file was changed elsewhere meanwhile; nothing was written: look at it again")
            return self._session.note(after)

    def _written(self, state: SpecState) -> SpecState:
        self._session.board.update(undo=bool(self._steps))
        self._session.saved()
        return state


def edited(text: str, request: dict[str, object]) -> str:
    """The spec's text after one edit of the page. Raises: UsageError, SpecError."""
    match request.get("op"):
        case "move":
            return move_item(text, ("images",), _index(request, "from"), _index(request, "to"))
        case "hold":
            location = ("images", _index(request, "image"), "hold")
            if request.get("seconds") is None:
                return remove_value(text, location)
            return set_value(text, location, f"{_number(request, 'seconds', 0.04, 7200):g}s")
        case "view":
            return _with_motion(text, ("images", _index(request, "image"), "motion"), request)
        case "music_gain":
            gain = round(_number(request, "gain_db", -120, 24), 2)
            return set_value(text, ("music", "gain_db"), gain)
        case _:
            raise UsageError("expected an edit: move, hold, view or music_gain")


def _with_motion(text: str, location: tuple[str | int, ...], request: dict[str, object]) -> str:
    """A move that is written out is changed value by value, so that its comments stay; any other is replaced."""
    from renderer.spec.parse import parse_document

    views = {key: _view(request, key) for key in ("from", "to")}
    ease = request.get("ease", "in-out")
    if ease not in _EASES:
        raise UsageError(f"expected one of {', '.join(_EASES)} as ease, found {str(ease)[:40]!r}")
    node = parse_document(text).node(location)
    if not isinstance(node.value, dict) or node.key != "motion" or "preset" in node.value:
        motion: dict[str, Value] = {**views, "ease": str(ease)}
        return set_value(text, location, motion)
    for key, view in views.items():
        for name, value in view.items():
            text = set_value(text, (*location, key, name), value)
    return set_value(text, (*location, "ease"), str(ease)) if "ease" in node.value or ease != "in-out" else text


def _view(request: dict[str, object], key: str) -> dict[str, Value]:
    view = request.get(key)
    if not isinstance(view, dict):
        raise UsageError(f"expected zoom and focus under {key}")
    focus = view.get("focus")
    if not isinstance(focus, list) or len(focus) != 2:
        raise UsageError(f"expected two numbers as focus under {key}")
    x, y = (round(_number({"focus": side}, "focus", 0, 1), 3) for side in focus)
    return {"zoom": round(_number(view, "zoom", 1, 20), 3), "focus": [x, y]}


def _index(request: dict[str, object], key: str) -> int:
    value = request.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 100_000:
        raise UsageError(f"expected a whole number as {key}")
    return value


def _number(request: dict[str, object], key: str, low: float, high: float) -> float:
    value = request.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise UsageError(f"expected a number from {low:g} to {high:g} as {key}")
    return float(value)
