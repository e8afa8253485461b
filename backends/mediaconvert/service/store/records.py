"""A job as the store keeps it, and as the service shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.identity import Identity
    from backends.mediaconvert.service.store.database import Value

JobStatus = Literal["SUBMITTED", "PROGRESSING", "COMPLETE", "CANCELED", "ERROR"]
TERMINAL: frozenset[JobStatus] = frozenset({"COMPLETE", "CANCELED", "ERROR"})
COLUMNS = "number, id, queue, priority, status, created_ms, attempts, cancelled, request, settings, facts"
_SHOWN: tuple[str, ...] = (
    "AccelerationSettings",
    "BillingTagsSource",
    "ClientRequestToken",
    "HopDestinations",
    "JobEngineVersion",
    "JobTemplate",
    "SimulateReservedQueue",
    "StatusUpdateInterval",
    "UserMetadata",
)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One job. `request` is what was sent, `settings` what is run (templates and presets merged in).

    `facts` are members of the service's Job that came about later, such as ErrorCode and Timing; all in PascalCase.
    """

    number: int
    id: str
    queue: str
    priority: int
    status: JobStatus
    created_ms: int
    attempts: int
    cancelled: bool
    request: Job
    settings: Job
    facts: Job

    @classmethod
    def of(cls, row: tuple[Value, ...]) -> JobRecord:
        """A row of `COLUMNS`."""
        number, identifier, queue, priority, status, created_ms, attempts, cancelled, *documents = row
        request, settings, facts = (cast("Job", json.loads(str(text))) for text in documents)
        return cls(
            int(str(number)),
            str(identifier),
            str(queue),
            int(str(priority)),
            cast("JobStatus", status),
            int(str(created_ms)),
            int(str(attempts)),
            bool(cancelled),
            request,
            settings,
            facts,
        )

    def shown(self, identity: Identity) -> Job:
        """The service's Job object in PascalCase."""
        kept = {key: self.request[key] for key in _SHOWN if key in self.request}
        requested = kept.pop("JobEngineVersion", None)
        mode = cast("Job", self.request.get("AccelerationSettings") or {}).get("Mode", "DISABLED")
        document: Job = {
            "AccelerationSettings": {"Mode": "DISABLED"},
            "StatusUpdateInterval": "SECONDS_60",
            "BillingTagsSource": "JOB",
            **kept,
            "AccelerationStatus": "NOT_APPLICABLE" if mode == "DISABLED" else "NOT_ACCELERATED",
            "Arn": identity.arn("jobs", self.id),
            "CreatedAt": self.created_ms // 1000,
            "Id": self.id,
            "Priority": self.priority,
            "Queue": identity.arn("queues", self.queue),
            "Role": self.request.get("Role"),
            "Settings": self.settings,
            "Status": self.status,
            **self.facts,
        }
        return document if requested is None else document | {"JobEngineVersionRequested": requested}
