"""When a waiting job may start, and when it hops to another queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.identity import DEFAULT_QUEUE, bare_name

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.store.catalogue import Catalogue
    from backends.mediaconvert.service.store.jobs import JobStore
    from backends.mediaconvert.service.store.records import JobRecord

HOP_FAILED = 100_000
"""The service's warning code of a hop to a queue that is not there (user guide, "warning codes")."""


class QueueRules:
    """Reads the queues; changes nothing."""

    def __init__(self, catalogue: Catalogue, jobs: JobStore) -> None:
        self._catalogue, self._jobs = catalogue, jobs

    def may_start(self, job: JobRecord) -> bool:
        """Its queue is there, active, and has a slot free. On-demand queues have as many as there are workers."""
        queue = self._catalogue.find("queues", job.queue)
        if queue is None or queue.document.get("Status") == "PAUSED":
            return False
        slots = _slots(queue.document)
        return slots is None or self._jobs.counts(job.queue).get("PROGRESSING", 0) < slots

    def has_queue(self, name: str) -> bool:
        return self._catalogue.find("queues", name) is not None

    def due_hop(self, job: JobRecord, now_ms: int) -> tuple[str, int] | None:
        """Queue and priority to move a waiting job to; None where none is due."""
        waited_ms = now_ms - self._jobs.queued_ms(job.id)
        for hop in cast("list[Job]", job.request.get("HopDestinations") or [])[_tried(job) :]:
            minutes = cast("int", hop.get("WaitMinutes", 0))
            if waited_ms < minutes * 60_000:
                return None
            return bare_name(str(hop.get("Queue", DEFAULT_QUEUE))), cast("int", hop.get("Priority", job.priority))
        return None


def _tried(job: JobRecord) -> int:
    """How many hops are done with: those made, and those that failed."""
    return len(cast("list[Job]", job.facts.get("QueueTransitions") or [])) + failed_hops(job)


def failed_hops(job: JobRecord) -> int:
    warnings = cast("list[Job]", job.facts.get("Warnings") or [])
    return sum(cast("int", item["Count"]) for item in warnings if item["Code"] == HOP_FAILED)


def _slots(queue: Job) -> int | None:
    plan = cast("Job", queue.get("ReservationPlan") or {})
    slots = plan.get("ReservedSlots") or queue.get("ConcurrentJobs")
    return slots if isinstance(slots, int) else None
