"""The queue before a job joins it: above a threshold warn, wait, look again, a bounded number of times (X6, X7).

The figure is GetQueue's count of waiting jobs. A deployment that is driven by events does not wait at all: it takes
`when_full="defer"` with no checks, and comes back later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from backends.mediaconvert.submission.errors import RemoteError, ServiceError
from backends.mediaconvert.submission.reading import int_at

if TYPE_CHECKING:
    from backends.mediaconvert.submission.session import Session


LOOK_S = 30.0


@dataclass(frozen=True, slots=True)
class Congestion:
    """More than `threshold` waiting jobs are too many; then up to `checks` waits of `wait_s`, and `when_full`."""

    threshold: int = 50
    wait_s: float = LOOK_S
    checks: int = 10
    when_full: Literal["submit", "defer"] = "submit"


class DeferredError(RemoteError):
    """The queue stayed full. The submission is kept: the same command later goes on with it."""

    def __init__(self, queue: str, waiting: int, retry_after_s: float) -> None:
        self.queue, self.waiting, self.retry_after_s = queue, waiting, retry_after_s
        super().__init__(f"{waiting} jobs wait in queue {queue}: not submitted, try again in {retry_after_s:.0f} s")


def await_room(session: Session, submission_id: str, queue: str, gate: Congestion) -> None:
    """Return when the job may join the queue. A queue that can't be read is no reason to wait.

    Raises: DeferredError, Cancelled.
    """
    for check in range(gate.checks + 1):
        waiting = _waiting(session, queue)
        if waiting is None or waiting <= gate.threshold:
            return
        if check < gate.checks:
            session.note(submission_id, f"{waiting} jobs wait in queue {queue}: waiting {gate.wait_s:.0f} s")
            session.clock.sleep(gate.wait_s)
            session.cancel.raise_if_set()
    if gate.when_full == "defer":
        session.note(submission_id, f"{waiting} jobs still wait in queue {queue}: deferred")
        raise DeferredError(queue, waiting or 0, gate.wait_s)
    session.note(submission_id, f"{waiting} jobs still wait in queue {queue}: submitted all the same")


def _waiting(session: Session, queue: str) -> int | None:
    try:
        answer = session.mediaconvert("GetQueue", Name=queue_name(queue))
    except ServiceError as error:
        session.say(f"the queue's length is unknown: {error}")
        return None
    return int_at(answer, "Queue", "SubmittedJobsCount")


def queue_name(queue: str) -> str:
    """GetQueue takes a name; a job may hold an ARN."""
    return queue.rpartition("/")[2] or "Default"
