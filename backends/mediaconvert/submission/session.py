"""What every step of a submission needs: the services, the journal, patience, and somebody to talk to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.journal import SqliteJournal
from backends.mediaconvert.submission.patience import Patience, SystemClock
from backends.mediaconvert.submission.record import noted
from backends.mediaconvert.submission.redaction import redact
from renderer.ffmpeg_process import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.submission.journal import Journal
    from backends.mediaconvert.submission.patience import Clock
    from backends.mediaconvert.submission.record import Record
    from backends.mediaconvert.submission.services import Answer, Services


def say_nothing(_: str) -> None:
    """For callers that do not listen."""


def open_session(
    services: Services,
    *,
    say: Callable[[str], None] = say_nothing,
    cancel: CancelToken | None = None,
    attempts: int = 5,
) -> Session:
    """A session on this machine's own journal, whose waits end when `cancel` is set. Raises: OutputError."""
    cancel = cancel or CancelToken()
    patience = Patience(clock=SystemClock(cancel), attempts=attempts, cancel=cancel)
    return Session(services, SqliteJournal.open_default(), patience, say, cancel)


@dataclass(frozen=True, slots=True)
class Session:
    """One command's work. `say` gets sentences for people, without anything private in them."""

    services: Services
    journal: Journal
    patience: Patience = field(default_factory=Patience)
    say: Callable[[str], None] = say_nothing
    cancel: CancelToken = field(default_factory=CancelToken)

    @property
    def clock(self) -> Clock:
        return self.patience.clock

    def mediaconvert(self, operation: str, /, **parameters: object) -> Answer:
        """Repeated where that helps. Not for CreateJob. Raises: ServiceError, Cancelled."""
        self.cancel.raise_if_set()
        return self.patience.ask(self.services.mediaconvert, operation, **parameters)

    def s3(self, operation: str, /, **parameters: object) -> Answer:
        """Raises: ServiceError, Cancelled."""
        self.cancel.raise_if_set()
        return self.patience.ask(self.services.s3, operation, **parameters)

    def change(self, submission_id: str, change: Callable[[Record], Record]) -> Record:
        """Change a record that is there, and nothing else. Raises: OutputError; KeyError where it is gone."""

        def of_existing(record: Record | None) -> Record | None:
            return None if record is None else change(record)

        changed = self.journal.update(submission_id, of_existing)
        if changed is None:
            raise KeyError(submission_id)
        return changed

    def note(self, submission_id: str, text: str) -> None:
        """Say it, and write it into the submission's history."""
        self.say(redact(text))
        self.change(submission_id, lambda record: noted(record, text, self.clock.now()))
