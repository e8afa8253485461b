"""Watching a story's files: its spec and every medium it names, by their folders, so that a save by rename is seen."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from watchfiles import watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from studio.session import Session

STEP_MS, DEBOUNCE_MS = 20, 200
"""How long nothing more must happen before a save counts, and the longest that is waited for."""
LOOK_AGAIN_MS = 1000
"""How soon a new set of folders is watched."""
MAX_FOLDERS = 64


def watched_files(session: Session) -> set[Path]:
    """The spec, and the media of the last good story; both where they are named and where links lead."""
    version = session.version
    files = {session.path} if version is None else {session.path, *version.story.originals()}
    return {path.absolute() for path in files} | {Path(os.path.realpath(path)) for path in files}


@contextlib.contextmanager
def watching(session: Session) -> Iterator[None]:
    """Tell the session of every save while the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(session, stop), name="watch")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _watch(session: Session, stop: threading.Event) -> None:
    while not stop.is_set():
        folders = _folders(session)
        # while the story is broken a medium that was never there may appear: anything in these folders counts
        for changes in watch(
            *folders,
            stop_event=stop,
            watch_filter=None,
            recursive=False,
            step=STEP_MS,
            debounce=DEBOUNCE_MS,
            rust_timeout=LOOK_AGAIN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
        ):
            names = {Path(name) for _, name in changes}
            broken = bool(session.board.snapshot()["problems"])
            if names and (broken or names & watched_files(session)):
                session.saved()
            if _folders(session) != folders:
                break


def _folders(session: Session) -> list[Path]:
    folders = sorted({path.parent for path in watched_files(session) if path.parent.is_dir()})
    return folders[:MAX_FOLDERS]
