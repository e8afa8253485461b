"""A job while it runs: its cancel token, how far it is, and the events that tell of it."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from renderer.ffmpeg_process import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.events.envelope import EventStatus
    from backends.mediaconvert.service.store.records import JobRecord

Phase = Literal["PROBING", "TRANSCODING", "UPLOADING"]
PHASES: tuple[Phase, ...] = ("PROBING", "TRANSCODING", "UPLOADING")
_SHARE = {"PROBING": (0, 2), "TRANSCODING": (2, 96), "UPLOADING": (98, 2)}
"""Percent of a job before each phase, and percent that the phase is."""


@dataclass(slots=True)
class RunningJob:
    """What one worker and the wire share about a job."""

    job: JobRecord
    emit: Callable[[EventStatus, JobRecord, Job | None], None]
    cancel: CancelToken = field(default_factory=CancelToken)
    phase: Phase = "PROBING"
    phase_percent: int = 0
    frames: int = 0
    _told_s: float = field(default_factory=time.monotonic)

    def enter(self, phase: Phase) -> None:
        self.phase, self.phase_percent = phase, 0

    def advance(self, frames: int, total: int) -> None:
        """`frames` of `total` are made. Tells the world every StatusUpdateInterval. Raises: Cancelled."""
        self.cancel.raise_if_set()
        self.frames = frames
        self.phase_percent = min(100, 100 * frames // max(1, total))
        if time.monotonic() - self._told_s >= self._interval_s():
            self._told_s = time.monotonic()
            self.emit("STATUS_UPDATE", self.job, self._status_detail())

    def inputs(self, details: list[Job]) -> None:
        """Tell what the inputs hold."""
        self.emit("INPUT_INFORMATION", self.job, {"inputDetails": list(details)})

    def warn(self, code: int, message: str) -> None:
        """Tell of a warning with one of the service's codes."""
        self.emit("NEW_WARNING", self.job, {"warningCode": str(code), "warningMessage": message})

    @property
    def percent(self) -> int:
        before, share = _SHARE[self.phase]
        return before + share * self.phase_percent // 100

    def progress_facts(self) -> Job:
        """As GetJob shows them."""
        return {"JobPercentComplete": self.percent, "CurrentPhase": self.phase}

    def _interval_s(self) -> int:
        match = re.fullmatch(r"SECONDS_(\d+)", str(self.job.request.get("StatusUpdateInterval", "SECONDS_60")))
        return int(match[1]) if match else 60

    def _status_detail(self) -> Job:
        reached = PHASES.index(self.phase)
        phases: Job = {}
        for index, phase in enumerate(PHASES):
            state = "COMPLETE" if index < reached else "PROGRESSING" if index == reached else "PENDING"
            percent = 100 if index < reached else self.phase_percent if index == reached else 0
            phases[phase] = {"status": state, "percentComplete": percent}
        return {
            "framesDecoded": self.frames,
            "jobProgress": {
                "phaseProgress": phases,
                "jobPercentComplete": self.percent,
                "currentPhase": self.phase,
                "retryCount": self.job.attempts - 1,
            },
        }
