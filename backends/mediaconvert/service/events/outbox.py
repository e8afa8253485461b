"""Events wait in the store until they are delivered, so that none is lost when the server is killed.

In order, at least once. One that can't be delivered is tried again for a while, then given up, so that it doesn't keep
the others waiting for ever (SAFETY P6).
"""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.events.sinks import DeliveryError

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.events.sinks import Sink
    from backends.mediaconvert.service.store.database import Database

log = logging.getLogger("storyreel.mediaconvert")
ATTEMPTS = 10
FIRST_WAIT_S = 0.2
LONGEST_WAIT_S = 10.0


class Outbox:
    """Events on their way to one sink; without a sink none is kept."""

    def __init__(self, database: Database, sink: Sink | None) -> None:
        self._database, self._sink = database, sink
        self._work, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._deliver_all, name="events", daemon=True)

    def put(self, event: Job) -> None:
        """Add an event; inside a transaction it goes with that transaction."""
        if self._sink is not None:
            self._database.run("INSERT INTO outbox (event) VALUES (?)", (json.dumps(event),))
            self._work.set()

    def start(self) -> None:
        if self._sink is not None:
            self._work.set()
            self._thread.start()

    def stop(self, *, patience_s: float = 5.0) -> None:
        """Let the waiting events go out, for a while."""
        if self._thread.is_alive():
            self._stopped.set()
            self._work.set()
            self._thread.join(patience_s)

    def _deliver_all(self) -> None:
        while True:
            self._work.wait(1.0)
            self._work.clear()
            while (row := self._database.row("SELECT number, event FROM outbox ORDER BY number LIMIT 1")) is not None:
                if not self._delivered(cast("Job", json.loads(str(row[1])))):
                    return
                self._database.run("DELETE FROM outbox WHERE number = ?", (row[0],))
            if self._stopped.is_set():
                return

    def _delivered(self, event: Job) -> bool:
        """True when done with, False where the endpoint stops meanwhile: the event then stays."""
        wait_s = FIRST_WAIT_S
        assert self._sink is not None  # noqa: S101  (the thread runs only with one)
        for attempt in range(ATTEMPTS):
            try:
                self._sink.deliver(event)
            except DeliveryError as error:
                log.warning("event %s not delivered (%d of %d): %s", event["id"], attempt + 1, ATTEMPTS, error)
                if self._stopped.wait(wait_s):
                    return False
                wait_s = min(LONGEST_WAIT_S, wait_s * 2)
            else:
                return True
        log.error("event %s given up: %s", event["id"], json.dumps(event))
        return True
