"""EventBridge events and GetJob answers, read into the one message that the state machine takes.

Both come from outside: nothing in them is trusted to be there or to have the documented type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import RemoteError
from backends.mediaconvert.submission.progress import PHASES, STATES, JobMessage, JobOutput, JobWarning, State
from backends.mediaconvert.submission.reading import at, int_at, list_at, text_at, texts_at
from backends.mediaconvert.submission.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from renderer.timeline.canonical import JSONValue

SOURCE = "aws.mediaconvert"
DETAIL_TYPE = "MediaConvert Job State Change"
SUBMISSION_ID = "submissionId"
"""The key of a job's user metadata under which this package finds its own jobs again."""

EVENT_STATES: Mapping[str, State | None] = {
    "SUBMITTED": "SUBMITTED",
    "PROGRESSING": "PROGRESSING",
    "INPUT_INFORMATION": "PROGRESSING",
    "STATUS_UPDATE": "PROGRESSING",
    "NEW_WARNING": None,
    "QUEUE_HOP": None,
    "COMPLETE": "COMPLETE",
    "CANCELED": "CANCELED",
    "ERROR": "ERROR",
}


class EventError(RemoteError):
    """A document is no job state change of this service."""

    exit_code = 2


def message_from_event(document: Mapping[str, JSONValue]) -> JobMessage:
    """Read one EventBridge event. A status that nobody documented becomes a note.

    Raises: EventError naming what is missing.
    """
    if text_at(document, "source") != SOURCE or text_at(document, "detail-type") != DETAIL_TYPE:
        raise EventError(f"expected a {DETAIL_TYPE!r} from {SOURCE}, found {text_at(document, 'detail-type')!r}")
    detail = at(document, "detail")
    status, job_id, at_ms = text_at(detail, "status"), text_at(detail, "jobId"), int_at(detail, "timestamp")
    if not job_id or not status or at_ms is None:
        raise EventError("an event without detail.jobId, detail.status or detail.timestamp")
    return JobMessage(
        job_id,
        at_ms,
        EVENT_STATES.get(status),
        submission_id=text_at(detail, "userMetadata", SUBMISSION_ID),
        percent=_percent(int_at(detail, "jobProgress", "jobPercentComplete")),
        phase=_phase(text_at(detail, "jobProgress", "currentPhase")),
        queue=text_at(detail, "queue"),
        code=text_at(detail, "errorCode"),
        text=redact(text_at(detail, "errorMessage")),
        warnings=_event_warnings(detail),
        outputs=_event_outputs(detail),
        note="" if status in EVENT_STATES else f"unknown event status {status[:40]!r}",
    )


def message_from_job(job: object, now_ms: int) -> JobMessage:
    """Read the `Job` of a GetJob, ListJobs or CreateJob answer that came at `now_ms`."""
    status = text_at(job, "Status")
    state = next((known for known in STATES if known == status), None)
    return JobMessage(
        text_at(job, "Id"),
        now_ms,
        state,
        submission_id=text_at(job, "UserMetadata", SUBMISSION_ID),
        percent=_percent(int_at(job, "JobPercentComplete")),
        phase=_phase(text_at(job, "CurrentPhase")),
        queue=text_at(job, "Queue"),
        code=text_at(job, "ErrorCode"),
        text=redact(text_at(job, "ErrorMessage")),
        warnings=_warnings(list_at(job, "Warnings"), "Code", "Count"),
        outputs=_job_outputs(job),
        note=_job_note(job, status, known=state is not None),
    )


def _job_note(job: object, status: str, *, known: bool) -> str:
    if not known:
        return f"unknown job status {status[:40]!r}"
    return redact("; ".join(texts_at(job, "Messages", "Warning")))


def _percent(value: int | None) -> int | None:
    return None if value is None else min(100, max(0, value))


def _phase(name: str) -> str:
    return name if name in PHASES else ""


def _event_warnings(detail: object) -> tuple[JobWarning, ...]:
    newest = int_at(detail, "warningCode")
    single = () if newest is None else (JobWarning(newest, redact(text_at(detail, "warningMessage"))),)
    return (*single, *_warnings(list_at(detail, "warnings"), "code", "count"))


def _warnings(entries: list[object], code_key: str, count_key: str) -> tuple[JobWarning, ...]:
    codes = ((int_at(entry, code_key), int_at(entry, count_key)) for entry in entries)
    return tuple(JobWarning(code, count=count) for code, count in codes if code is not None)


def _event_outputs(detail: object) -> tuple[JobOutput, ...]:
    found = []
    for group in list_at(detail, "outputGroupDetails"):
        playlists = texts_at(group, "playlistFilePaths")
        found += [JobOutput(playlists)] if playlists else []
        for output in list_at(group, "outputDetails"):
            video = at(output, "videoDetails")
            size = int_at(video, "widthInPx"), int_at(video, "heightInPx")
            found.append(JobOutput(texts_at(output, "outputFilePaths"), int_at(output, "durationInMs"), *size))
    return tuple(found)


def _job_outputs(job: object) -> tuple[JobOutput, ...]:
    outputs = (output for group in list_at(job, "OutputGroupDetails") for output in list_at(group, "OutputDetails"))
    return tuple(
        JobOutput(
            (),
            int_at(output, "DurationInMs"),
            int_at(output, "VideoDetails", "WidthInPx"),
            int_at(output, "VideoDetails", "HeightInPx"),
        )
        for output in outputs
    )
