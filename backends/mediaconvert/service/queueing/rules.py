"""When a waiting job may start, and when it hops to another queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.identity import bare_name

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.store.catalogue import Catalogue
    from backends.mediaconvert.service.store.jobs import JobStore
    from backends.mediaconvert.service.store.records import JobRecord


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

    def due_hop(self, job: JobRecord, now_ms: int) -> tuple[str, int] | None:
        """Queue and priority to move a waiting job to; None where none is due."""
        waited_ms = now_ms - self._jobs.queued_ms(job.id)
        visited = [str(item["DestinationQueue"]) for item in cast("list[Job]", job.facts.get("QueueTransitions") or [])]
        for hop in cast("list[Job]", job.request.get("HopDestinations") or [])[len(visited) :]:
            minutes = cast("int", hop.get("WaitMinutes", 0))
            if waited_ms < minutes * 60_000:
                return None
            return bare_name(str(hop.get("Queue", "Default"))), cast("int", hop.get("Priority", job.priority))
        return None


def _slots(queue: Job) -> int | None:
    plan = cast("Job", queue.get("ReservationPlan") or {})
    slots = plan.get("ReservedSlots") or queue.get("ConcurrentJobs")
    return slots if isinstance(slots, int) else None
