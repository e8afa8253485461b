"""One event as EventBridge would deliver it (MediaConvert user guide, "EventBridge events")."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.identity import Identity
    from backends.mediaconvert.service.store.records import JobRecord

EventStatus = Literal[
    "INPUT_INFORMATION",
    "PROGRESSING",
    "STATUS_UPDATE",
    "COMPLETE",
    "CANCELED",
    "ERROR",
    "NEW_WARNING",
    "QUEUE_HOP",
]


def job_event(status: EventStatus, job: JobRecord, identity: Identity, now_ms: int, extra: Job | None = None) -> Job:
    """The whole envelope; `extra` joins the detail."""
    time = dt.datetime.fromtimestamp(now_ms / 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "MediaConvert Job State Change",
        "source": "aws.mediaconvert",
        "account": identity.account,
        "time": time,
        "region": identity.region,
        "resources": [identity.arn("jobs", job.id)],
        "detail": {
            "timestamp": now_ms,
            "accountId": identity.account,
            "queue": identity.arn("queues", job.queue),
            "jobId": job.id,
            "status": status,
            "userMetadata": job.request.get("UserMetadata") or {},
            **(extra or {}),
        },
    }
