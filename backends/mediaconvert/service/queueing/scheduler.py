"""The workers: each takes the next job, runs it, and writes down how it ended, together with the event that says so."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from backends.mediaconvert.service.events.envelope import job_event
from backends.mediaconvert.service.faults import UNKNOWN, JobFailure
from backends.mediaconvert.service.queueing.rules import HOP_FAILED, failed_hops
from backends.mediaconvert.service.queueing.running import RunningJob
from renderer.errors import Cancelled, StoryreelError

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.events.envelope import EventStatus
    from backends.mediaconvert.service.events.outbox import Outbox
    from backends.mediaconvert.service.execute.outcome import JobOutcome
    from backends.mediaconvert.service.identity import Identity
    from backends.mediaconvert.service.queueing.rules import QueueRules
    from backends.mediaconvert.service.store.database import Database
    from backends.mediaconvert.service.store.jobs import JobStore
    from backends.mediaconvert.service.store.records import JobRecord, JobStatus

log = logging.getLogger("storyreel.mediaconvert")
MAX_ATTEMPTS = 3
"""A job that took the whole server down so often is not tried again."""
TICK_S = 1.0


class Scheduler:
    """Runs the jobs of one store. `execute` does the work and raises JobFailure or Cancelled."""

    def __init__(
        self,
        database: Database,
        jobs: JobStore,
        rules: QueueRules,
        outbox: Outbox,
        identity: Identity,
        *,
        execute: Callable[[RunningJob], JobOutcome],
        now_ms: Callable[[], int],
    ) -> None:
        self._database, self._jobs, self._rules, self._outbox = database, jobs, rules, outbox
        self._identity, self._execute, self._now_ms = identity, execute, now_ms
        self._wake = threading.Condition()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._running: dict[str, RunningJob] = {}

    def start(self, workers: int) -> None:
        """Recover what a killed server left, then work."""
        self._recover()
        targets: list[Callable[[], None]] = [self._work] * workers
        for index, target in enumerate([*targets, self._keep_time]):
            thread = threading.Thread(target=target, name=f"worker-{index}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Stop every running job; each waits again for the next start."""
        with self._wake:
            self._stopping.set()
            self._wake.notify_all()
        for running in list(self._running.values()):
            running.cancel.set()
        for thread in self._threads:
            thread.join(timeout=20)

    def wake(self) -> None:
        """There may be something to start."""
        with self._wake:
            self._wake.notify_all()

    def progress_of(self, identifier: str) -> Job:
        """Members of the service's Job that change while it runs."""
        running = self._running.get(identifier)
        return {} if running is None else running.progress_facts()

    def cancel(self, job: JobRecord) -> None:
        """End a waiting job now; tell a running one to stop. Raises: KeyError."""
        self._jobs.request_cancel(job.id)
        running = self._running.get(job.id)
        if running is not None:
            running.cancel.set()
        elif self._jobs.get(job.id).status == "SUBMITTED":
            self._end(job, "CANCELED", {}, {})

    def _recover(self) -> None:
        for job in self._jobs.running():
            if job.cancelled:
                self._end(job, "CANCELED", {}, {})
            elif job.attempts >= MAX_ATTEMPTS:
                reason = f"The endpoint stopped while it ran this job, {job.attempts} times."
                self._fail(job, JobFailure(UNKNOWN, reason))
            else:
                self._jobs.note(job.id, {"RetryCount": job.attempts})
                self._jobs.return_to_queue(job.id)

    def _work(self) -> None:
        while not self._stopping.is_set():
            running = self._next()
            if running is not None:
                self._run(running)

    def _next(self) -> RunningJob | None:
        with self._wake:
            if self._stopping.is_set():
                return None
            with self._database.change():
                job = self._jobs.claim(self._rules.may_start)
                if job is not None:
                    now = self._now_ms()
                    job = self._jobs.note(job.id, {"Timing": _timing(job, StartTime=now // 1000)})
                    self._emit("PROGRESSING", job)
            if job is None:
                self._wake.wait(TICK_S)
                return None
            running = RunningJob(job, self._emit)
            self._running[job.id] = running
            return running

    def _run(self, running: RunningJob) -> None:
        job = running.job
        try:
            outcome = self._execute(running)
        except Cancelled:
            self._stopped_early(job)
        except JobFailure as failure:
            self._fail(job, failure)
        except StoryreelError as error:
            self._fail(job, JobFailure(UNKNOWN, str(error)))
        except Exception as error:  # one bad job must not take the others down; the log has the reason
            log.exception("job %s", job.id)
            self._fail(job, JobFailure(UNKNOWN, f"The endpoint failed: {type(error).__name__}: {error}"))
        else:
            self._end(job, "COMPLETE", outcome.facts(self._jobs.get(job.id).facts), outcome.event_detail())
        finally:
            self._running.pop(job.id, None)
            self.wake()

    def _stopped_early(self, job: JobRecord) -> None:
        if self._jobs.get(job.id).cancelled:
            self._end(job, "CANCELED", {}, {})
        else:
            self._jobs.return_to_queue(job.id)

    def _fail(self, job: JobRecord, failure: JobFailure) -> None:
        facts: Job = {"ErrorCode": failure.code, "ErrorMessage": failure.message}
        self._end(job, "ERROR", facts, {"errorCode": failure.code, "errorMessage": failure.message})

    def _end(self, job: JobRecord, status: JobStatus, facts: Job, detail: Job) -> None:
        """The state and the event that tells of it, together."""
        with self._database.change():
            now = self._now_ms()
            timing = _timing(self._jobs.get(job.id), FinishTime=now // 1000)
            ended = self._jobs.end(job.id, status, facts | {"Timing": timing})
            if ended is not None and status in ("COMPLETE", "CANCELED", "ERROR"):
                self._emit(status, ended, detail)

    def _emit(self, status: EventStatus, job: JobRecord, detail: Job | None = None) -> None:
        self._outbox.put(job_event(status, job, self._identity, self._now_ms(), detail))

    def _keep_time(self) -> None:
        """Hops, once a second; a queue that is missing keeps the job where it is, with the service's warning."""
        while not self._stopping.wait(TICK_S):
            for job in self._jobs.waiting():
                if job.request.get("HopDestinations"):
                    self._hop_if_due(job)

    def _hop_if_due(self, job: JobRecord) -> None:
        due = self._rules.due_hop(job, self._now_ms())
        if due is None:
            return
        queue, priority = due
        if not self._rules.has_queue(queue):
            self._warn_of_hop(job, queue)
            return
        before = self._identity.arn("queues", job.queue)
        transition: Job = {
            "SourceQueue": before,
            "DestinationQueue": self._identity.arn("queues", queue),
            "Timestamp": self._now_ms() // 1000,
        }
        transitions = [*(job.facts.get("QueueTransitions") or []), transition]  # type: ignore[misc]
        with self._database.change():
            moved = self._jobs.hop(job.id, queue, priority, {"QueueTransitions": transitions})
            detail: Job = {"previousQueue": before, "priority": priority, "previousPriority": job.priority}
            self._emit("QUEUE_HOP", moved, detail)
        self.wake()

    def _warn_of_hop(self, job: JobRecord, queue: str) -> None:
        warning: Job = {"Code": HOP_FAILED, "Count": failed_hops(job) + 1}
        message = f"Could not hop to the queue {queue}: it does not exist."
        with self._database.change():
            noted = self._jobs.note(job.id, {"Warnings": [warning]})
            self._emit("NEW_WARNING", noted, {"warningCode": str(HOP_FAILED), "warningMessage": message})


def _timing(job: JobRecord, **times_s: int) -> Job:
    known = job.facts.get("Timing")
    return {**(known if isinstance(known, dict) else {}), **times_s}
