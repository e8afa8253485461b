"""Takes one event into the journal: what a function behind an EventBridge rule calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.submission.events import message_from_event
from backends.mediaconvert.submission.record import heard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backends.mediaconvert.submission.journal import Journal
    from backends.mediaconvert.submission.record import Record
    from renderer.timeline.canonical import JSONValue


def receive(journal: Journal, document: Mapping[str, JSONValue], now: float) -> Record | None:
    """The record after the event, or None where the job is nobody's here. The same event again changes nothing.

    Raises: EventError where the document is no job state change.
    """
    message = message_from_event(document)
    known = journal.read(message.submission_id) if message.submission_id else journal.find_job(message.job_id)
    if known is None:
        return None
    return journal.update(known.id, lambda record: None if record is None else heard(record, message, now))
