"""The state that the page shows, as one small object; whoever watches gets the newest, however slow they are."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from typing import TYPE_CHECKING

from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from renderer.timeline.canonical import JSONValue

MAX_WATCHERS = 8
"""Pages that may watch at once."""
STILL_HERE_S = 15.0
BREATH_S = 0.04
"""Between two messages: progress comes a hundred times a second, nobody can see that."""


class Board:
    """Written from any thread, watched from the event loop. Keeps the newest state only, so that nothing piles up."""

    def __init__(self) -> None:
        self._state: dict[str, JSONValue] = {}
        self._lock = threading.Lock()
        self._watchers: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}
        self._closed = False

    def update(self, **changes: JSONValue) -> None:
        """Change fields, and tell everybody."""
        with self._lock:
            self._state |= changes
            watchers = list(self._watchers.items())
        for event, loop in watchers:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                loop.call_soon_threadsafe(event.set)

    def snapshot(self) -> dict[str, JSONValue]:
        with self._lock:
            return dict(self._state)

    def close(self) -> None:
        """End every stream."""
        self._closed = True
        self.update()

    async def stream(self) -> AsyncIterator[str]:
        """The state now and after each change, as server-sent events.

        Raises: UsageError where too many watch already.
        """
        with self._watcher() as event:
            sent = ""
            yield "retry: 500\n\n"
            while not self._closed:
                text = json.dumps(self.snapshot(), ensure_ascii=False)
                if text != sent:
                    yield f"data: {text}\n\n"
                    sent = text
                    await asyncio.sleep(BREATH_S)
                try:
                    await asyncio.wait_for(event.wait(), STILL_HERE_S)
                except TimeoutError:
                    yield ": still here\n\n"
                event.clear()

    @property
    def full(self) -> bool:
        return len(self._watchers) >= MAX_WATCHERS

    @contextlib.contextmanager
    def _watcher(self) -> Iterator[asyncio.Event]:
        event = asyncio.Event()
        with self._lock:
            if self.full:
                raise UsageError(f"at most {MAX_WATCHERS} pages can watch one story")
            self._watchers[event] = asyncio.get_running_loop()
        try:
            yield event
        finally:
            with self._lock:
                self._watchers.pop(event, None)
