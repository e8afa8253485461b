"""One state machine for a job, whoever tells of it: events, polling, or this program's own steps.

`advance` is pure. What comes twice, late or in another order changes nothing that is known better already, and nothing
at all once a job is COMPLETE, ERROR or CANCELED (SAFETY P3).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

State = Literal["PENDING", "SUBMITTING", "SUBMITTED", "PROGRESSING", "COMPLETE", "ERROR", "CANCELED"]
STATES: tuple[State, ...] = ("PENDING", "SUBMITTING", "SUBMITTED", "PROGRESSING", "COMPLETE", "ERROR", "CANCELED")
TERMINAL: frozenset[State] = frozenset({"COMPLETE", "ERROR", "CANCELED"})
RANK = {"PENDING": 0, "SUBMITTING": 1, "SUBMITTED": 2, "PROGRESSING": 3, "COMPLETE": 4, "ERROR": 4, "CANCELED": 4}
PHASES = ("PROBING", "TRANSCODING", "UPLOADING")


@dataclass(frozen=True, slots=True)
class JobWarning:
    """`code` is the service's number; `message` is known from events only, `count` from the finished job only."""

    code: int
    message: str = ""
    count: int | None = None

    def __str__(self) -> str:
        times = f" ({self.count} times)" if self.count is not None and self.count > 1 else ""
        return f"{self.code}{times}{f': {self.message}' if self.message else ''}"


@dataclass(frozen=True, slots=True)
class JobOutput:
    """One output of a finished job. Only the COMPLETE event knows `paths`; polling leaves them empty."""

    paths: tuple[str, ...]
    duration_ms: int | None = None
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class JobMessage:
    """What one event or one polling answer says. `state` is None where it says nothing about it."""

    job_id: str
    at_ms: int
    state: State | None
    submission_id: str = ""
    percent: int | None = None
    phase: str = ""
    queue: str = ""
    code: str = ""
    text: str = ""
    warnings: tuple[JobWarning, ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class JobProgress:
    """All that is known of a job. `percent` is None until the service tells, `as_of_ms` the time of its newest news."""

    state: State = "PENDING"
    as_of_ms: int = 0
    percent: int | None = None
    phase: str = ""
    queue: str = ""
    code: str = ""
    text: str = ""
    warnings: tuple[JobWarning, ...] = ()
    outputs: tuple[JobOutput, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def finished(self) -> bool:
        return self.state in TERMINAL


def advance(progress: JobProgress, message: JobMessage) -> JobProgress:
    """What is known after `message`."""
    if progress.finished:
        return progress
    known = dataclasses.replace(
        progress,
        warnings=_merged(progress.warnings, message.warnings),
        notes=tuple(dict.fromkeys((*progress.notes, message.note))) if message.note else progress.notes,
    )
    if message.state in TERMINAL:
        return _finished(known, message, message.state)
    if message.state is not None and RANK[message.state] > RANK[known.state]:
        known = dataclasses.replace(known, state=message.state)
    return _refreshed(known, message) if message.at_ms >= progress.as_of_ms else known


def _finished(progress: JobProgress, message: JobMessage, state: State) -> JobProgress:
    return dataclasses.replace(
        progress,
        state=state,
        as_of_ms=max(message.at_ms, progress.as_of_ms),
        percent=100 if state == "COMPLETE" else progress.percent,
        code=message.code,
        text=message.text,
        outputs=message.outputs,
    )


def _refreshed(progress: JobProgress, message: JobMessage) -> JobProgress:
    """News at least as new as what is known; a later attempt of the service may well go back in percent."""
    return dataclasses.replace(
        progress,
        as_of_ms=message.at_ms,
        percent=progress.percent if message.percent is None else message.percent,
        phase=message.phase or progress.phase,
        queue=message.queue or progress.queue,
    )


def _merged(known: tuple[JobWarning, ...], new: tuple[JobWarning, ...]) -> tuple[JobWarning, ...]:
    """One entry for each code, in order of appearance."""
    merged = {warning.code: warning for warning in known}
    for warning in new:
        old = merged.get(warning.code, warning)
        count = old.count if warning.count is None else warning.count
        merged[warning.code] = JobWarning(warning.code, warning.message or old.message, count)
    return tuple(merged.values())
