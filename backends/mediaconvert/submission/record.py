"""What the journal keeps of one submission, and every change to it as a pure function of the record before.

A lease says who is about to create the job. Its holder is gone when its process is; of another machine nothing is known
but the time, so there it ends by itself.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import socket
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.progress import RANK, JobMessage, JobProgress, advance
from backends.mediaconvert.submission.redaction import redact
from renderer.cache import process_exists

if TYPE_CHECKING:
    from backends.mediaconvert.submission.progress import State

LEASE_S = 180.0
"""Longer than one CreateJob may take with its time-outs; it is renewed before each."""
NOTES_KEPT = 60


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds a submission. `until` is seconds of the epoch; it counts only for other machines."""

    owner: str
    machine: str
    pid: int
    started: str
    until: float

    def is_held(self, now: float) -> bool:
        """Whether its holder may still be at work."""
        if self.machine != this_machine():
            return now < self.until
        return process_exists(self.pid) and self.started == process_start(self.pid)


def new_lease(now: float) -> Lease:
    pid = os.getpid()
    return Lease(uuid.uuid4().hex, this_machine(), pid, process_start(pid), now + LEASE_S)


@functools.cache
def this_machine() -> str:
    """Host, boot and process namespace: the same process id elsewhere is another process."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        space = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        boot = space = ""
    return f"{socket.gethostname()} {boot} {space}".strip()


def process_start(pid: int) -> str:
    """When a process started, in ticks of its machine; empty where the system doesn't say. Ids are used again."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


@dataclass(frozen=True, slots=True)
class Note:
    """One line of a submission's history; `at` is seconds of the epoch."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """One submission. Times are seconds of the epoch; `first_sent_at` is set before the first CreateJob leaves.

    `prefix` is the folder of the bucket that its sources lie in, `outputs` what the job is going to write.
    """

    id: str
    story_id: str
    timeline_sha256: str
    content_sha256: str
    scope: str
    bucket: str
    queue: str
    created_at: float
    updated_at: float
    key: str | None = None
    prefix: str = ""
    outputs: tuple[str, ...] = ()
    job_id: str = ""
    first_sent_at: float | None = None
    submitted_at: float | None = None
    lease: Lease | None = None
    progress: JobProgress = field(default_factory=JobProgress)
    notes: tuple[Note, ...] = ()

    @property
    def state(self) -> State:
        return self.progress.state

    @property
    def finished(self) -> bool:
        return self.progress.finished

    @property
    def has_job(self) -> bool:
        return RANK[self.state] >= RANK["SUBMITTED"] and bool(self.job_id)


def noted(record: Record, text: str, now: float) -> Record:
    """With one more line of history; the same line again is not written twice."""
    text = redact(text)
    if record.notes and record.notes[-1].text == text:
        return record
    return dataclasses.replace(record, notes=(*record.notes, Note(now, text))[-NOTES_KEPT:], updated_at=now)


def claimed(record: Record, lease: Lease, now: float) -> Record:
    """Held by `lease` and SUBMITTING, unless the job is there already or somebody else holds the record."""
    held = record.lease is not None and record.lease.owner != lease.owner and record.lease.is_held(now)
    if held or RANK[record.state] > RANK["SUBMITTING"]:
        return record
    first = now if record.first_sent_at is None else record.first_sent_at
    renewed = dataclasses.replace(lease, until=now + LEASE_S)
    return dataclasses.replace(_in_state(record, "SUBMITTING", now), lease=renewed, first_sent_at=first)


def released(record: Record, lease: Lease, now: float) -> Record:
    """No longer held; the state stays, so that whoever comes next knows that a request may have left."""
    held = record.lease is not None and record.lease.owner == lease.owner
    return dataclasses.replace(record, lease=None, updated_at=now) if held else record


def refused(record: Record, reason: str, now: float) -> Record:
    """Back to PENDING: the service said no, so there is no job. A job that is there already stays."""
    if record.state != "SUBMITTING":
        return record
    progress = dataclasses.replace(record.progress, state="PENDING")
    return noted(dataclasses.replace(record, progress=progress, lease=None, first_sent_at=None), reason, now)


def created(record: Record, job_id: str, now: float, *, found: bool = False) -> Record:
    """The job is known. A record that has a job keeps it, and says so where it hears of another."""
    if record.job_id:
        return record if record.job_id == job_id else noted(record, f"a second job appeared: {job_id}", now)
    changed = record if RANK[record.state] >= RANK["SUBMITTED"] else _in_state(record, "SUBMITTED", now)
    changed = dataclasses.replace(changed, job_id=job_id, submitted_at=now, lease=None)
    return noted(changed, f"job {job_id} {'found again' if found else 'created'}", now)


def heard(record: Record, message: JobMessage, now: float) -> Record:
    """After an event or a polling answer. One about another job changes nothing but the history."""
    if record.finished or not message.job_id:
        return record
    known = created(record, message.job_id, now, found=True)
    if known.job_id != message.job_id:
        return known
    progress = advance(known.progress, message)
    if progress == known.progress:
        return known
    changed = dataclasses.replace(known, progress=progress, updated_at=now)
    return changed if progress.state == known.state else noted(changed, f"state {progress.state}", now)


def ended(record: Record, state: State, code: str, reason: str, now: float) -> Record:
    """Ended by this side: the watchdog, or a user before the job was created. A finished record stays as it is."""
    if record.finished:
        return record
    progress = dataclasses.replace(record.progress, state=state, code=code, text=redact(reason))
    return noted(dataclasses.replace(record, progress=progress, lease=None), reason, now)


def _in_state(record: Record, state: State, now: float) -> Record:
    if record.state == state:
        return record
    progress = dataclasses.replace(record.progress, state=state)
    return noted(dataclasses.replace(record, progress=progress), f"state {state}", now)
