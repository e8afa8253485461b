"""Did the job of a submission ever reach the service? Asked before anything is sent a second time (SAFETY P3).

Jobs are listed newest first, over all queues because a job may have hopped, down to the time of the first request.
Where the answer would be a guess, there is none: a job is never created on the strength of an incomplete list.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import RemoteError
from backends.mediaconvert.submission.events import message_from_job
from backends.mediaconvert.submission.reading import at, list_at, text_at, time_at
from backends.mediaconvert.submission.submission import TOKEN

if TYPE_CHECKING:
    from backends.mediaconvert.submission.progress import JobMessage
    from backends.mediaconvert.submission.session import Session

PAGE = 20
PAGES = 250
PAGES_BACK = 10
CLOCKS_APART_S = 900.0
"""Far more than the service lets a signature's time differ from its own."""


def find_job(session: Session, submission_id: str, since: float) -> JobMessage | None:
    """The job of a submission whose first request left at `since`, or None where there surely is none.

    Raises: ServiceError; RemoteError where the list is longer than PAGES pages.
    """
    oldest, token = since - CLOCKS_APART_S, ""
    for _ in range(PAGES):
        more = {"NextToken": token} if token else {}
        answer = session.mediaconvert("ListJobs", MaxResults=PAGE, Order="DESCENDING", **more)
        jobs = list_at(answer, "Jobs")
        mine = [job for job in jobs if _is_of(job, submission_id)]
        if mine:
            return _first(mine, session)
        token = text_at(answer, "NextToken")
        if not token or any(_created(job) < oldest for job in jobs):
            return None
    raise RemoteError(
        f"more than {PAGE * PAGES} jobs are newer than this submission: can't tell whether one of them is its own; "
        f"it would have submissionId {submission_id} in its user metadata"
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """A job of this package as the service lists it, and the hash of the timeline it was made from."""

    message: JobMessage
    timeline_sha256: str


def recent_jobs(session: Session, since: float) -> dict[str, Listed]:
    """Submission id → its first job, of this package's jobs since then; the newest PAGES_BACK pages at most.

    For a submission that nothing is known of here. Raises: ServiceError.
    """
    found: dict[str, Listed] = {}
    token = ""
    for _ in range(PAGES_BACK):
        more = {"NextToken": token} if token else {}
        answer = session.mediaconvert("ListJobs", MaxResults=PAGE, Order="DESCENDING", **more)
        jobs = list_at(answer, "Jobs")
        for job in jobs:
            message = message_from_job(job, int(session.clock.now() * 1000))
            if message.submission_id and _created(job) >= since:
                found[message.submission_id] = Listed(message, text_at(job, "UserMetadata", "timelineSha256"))
        token = text_at(answer, "NextToken")
        if not token or any(_created(job) < since for job in jobs):
            break
    return found


def _first(jobs: list[object], session: Session) -> JobMessage:
    return message_from_job(min(jobs, key=_created), int(session.clock.now() * 1000))


def _is_of(job: object, submission_id: str) -> bool:
    named = text_at(at(job, "UserMetadata"), "submissionId")
    return submission_id == named or submission_id[:64] == text_at(job, TOKEN)


def _created(job: object) -> float:
    """Jobs of unknown age count as new: the search goes on."""
    created = time_at(job, "CreatedAt")
    return float("inf") if created is None else created
