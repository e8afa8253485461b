"""One local MediaConvert: store, queue, events and workers put together. `http` speaks for it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.mediaconvert.service.events.outbox import Outbox
from backends.mediaconvert.service.identity import DEFAULT_QUEUE, Identity
from backends.mediaconvert.service.queueing.rules import QueueRules
from backends.mediaconvert.service.queueing.scheduler import Scheduler
from backends.mediaconvert.service.store.catalogue import Catalogue
from backends.mediaconvert.service.store.database import Database
from backends.mediaconvert.service.store.jobs import JobStore

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.events.sinks import Sink
    from backends.mediaconvert.service.execute.outcome import JobOutcome
    from backends.mediaconvert.service.queueing.running import RunningJob
    from backends.mediaconvert.service.storage.base import Storage
    from backends.mediaconvert.service.store.records import JobRecord


@dataclass(frozen=True, slots=True)
class EndpointOptions:
    """How one endpoint is set up. `workers` jobs run side by side."""

    state: Path
    storage: Storage
    workers: int = 2
    strict: bool = False
    sink: Sink | None = None
    identity: Identity = field(default_factory=Identity)


class Endpoint:
    """Everything behind the wire. `start` it before use, `stop` it after; a stopped one loses nothing.

    Raises: OutputError where its state can't be opened.
    """

    def __init__(self, options: EndpointOptions) -> None:
        self.identity, self._options = options.identity, options
        self.url = ""
        self._database = Database(options.state)
        self._clock = _Clock()
        self.jobs = JobStore(self._database, self._clock.now_ms)
        self.catalogue = Catalogue(self._database, self._clock.now_ms)
        self._outbox = Outbox(self._database, options.sink)
        if self.catalogue.find("queues", DEFAULT_QUEUE) is None:
            self.catalogue.add("queues", DEFAULT_QUEUE, {"PricingPlan": "ON_DEMAND", "Status": "ACTIVE"})
        self._scheduler = Scheduler(
            self._database,
            self.jobs,
            QueueRules(self.catalogue, self.jobs),
            self._outbox,
            self.identity,
            execute=self._execute,
            now_ms=self._clock.now_ms,
        )

    def start(self, url: str) -> None:
        """`url` is where clients reach it."""
        self.url = url
        self._outbox.start()
        self._scheduler.start(self._options.workers)

    def stop(self) -> None:
        """Running jobs are stopped and wait for the next start."""
        self._scheduler.stop()
        self._outbox.stop()
        self._database.close()

    def submit(self, body: bytes) -> JobRecord:
        """The job of a CreateJob request, or the one that its token made before. Raises: ServiceFault."""
        from backends.mediaconvert.service.admission import Admission

        new = Admission(self.catalogue, self._options.strict).admit(body)
        record, is_new = self.jobs.add(new)
        if is_new:
            submitted: Job = {"SubmitTime": record.created_ms // 1000}
            record = self.jobs.note(record.id, {"Timing": submitted, "RetryCount": 0})
            self.catalogue.tag(self.identity.arn("jobs", record.id), new.tags)
            self.wake()
        return record

    def wake(self) -> None:
        """Something may be able to start."""
        self._scheduler.wake()

    def cancel(self, record: JobRecord) -> None:
        self._scheduler.cancel(record)

    def has_job(self, identifier: str) -> bool:
        try:
            self.jobs.get(identifier)
        except KeyError:
            return False
        return True

    def with_progress(self, record: JobRecord) -> Job:
        """The service's Job, with how far it is."""
        shown = record.shown(self.identity)
        return shown | self._scheduler.progress_of(record.id) if record.status == "PROGRESSING" else shown

    def probe(self, url: str) -> Job:
        """A ProbeResult in PascalCase. Raises: JobFailure."""
        from backends.mediaconvert.service.execute.probing import probe_result

        return probe_result(self._options.storage, url)

    def _execute(self, running: RunningJob) -> JobOutcome:
        from backends.mediaconvert.service.execute.job import execute_job

        policy = self.catalogue.setting("policy") or {}
        return execute_job(running, self._options.storage, strict=self._options.strict, policy=policy)


class _Clock:
    """Milliseconds since 1970, never the same twice and never backwards, so that ages sort."""

    def __init__(self) -> None:
        self._last, self._lock = 0, threading.Lock()

    def now_ms(self) -> int:
        with self._lock:
            self._last = max(time.time_ns() // 1_000_000, self._last + 1)
            return self._last
