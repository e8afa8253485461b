"""`mediaconvert run`: one job file, executed here without a server, with the same refusals and warnings."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.admission import Admission
from backends.mediaconvert.service.execute.job import execute_job
from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.queueing.running import RunningJob
from backends.mediaconvert.service.store.catalogue import Kind, Resource
from backends.mediaconvert.service.store.records import JobRecord
from backends.mediaconvert.service.wire import named
from backends.mediaconvert.validation.documents import SETTINGS, read_document, recognise
from backends.mediaconvert.validation.model import service_model
from renderer.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.execute.outcome import JobOutcome
    from backends.mediaconvert.service.storage.base import Storage

NO_ROLE = "arn:aws:iam::000000000000:role/none"
"""Stands in for the role that a file of bare settings has not."""


def run_job_file(path: Path, storage: Storage, *, strict: bool) -> tuple[JobOutcome, tuple[str, ...]]:
    """The outcome, and every warning.

    Raises: UsageError where the job is refused, JobFailure where it fails, Cancelled.
    """
    request = _request(read_document(path.read_bytes(), str(path)), str(path))
    try:
        new = Admission(NoCatalogue(), strict=strict).admit(json.dumps(request).encode())
    except ServiceFault as fault:
        raise UsageError(f"{path}: {fault.message.replace(' | ', chr(10) + '  ')}") from fault
    now_ms = time.time_ns() // 1_000_000
    record = JobRecord(1, "local", new.queue, 0, "PROGRESSING", now_ms, 1, False, new.request, new.settings, new.facts)  # noqa: FBT003
    outcome = execute_job(RunningJob(record, lambda *_: None), storage, strict=strict, policy={})
    messages = cast("Job", new.facts.get("Messages") or {}).get("Warning") or []
    return outcome, (*cast("list[str]", messages), *outcome.messages)


def _request(document: Job, source: str) -> Job:
    """Any job document as a request: bare settings are wrapped, and a missing role is filled in."""
    kind = recognise(document, service_model(), source)
    if kind == SETTINGS:
        document = {"settings": named("JobSettings", document)}
    request = cast("Job", named("CreateJobRequest", document))
    return {"Role": NO_ROLE, **request}


class NoCatalogue:
    """Without a server there are no templates and presets, and only the default queue."""

    def find(self, kind: Kind, name: str) -> Resource | None:
        return Resource(name, 0, 0, {}) if kind == "queues" else None
