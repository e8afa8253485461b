"""The one layer of retries: how often, how long, and when not to (SAFETY P4). Time is given, so tests need none."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backends.mediaconvert.submission.errors import ServiceError
from renderer.ffmpeg_process import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.submission.services import Answer, Service


class Clock(Protocol):
    """`now` is seconds of the epoch, and may jump; `elapsed` never goes back."""

    def now(self) -> float: ...
    def elapsed(self) -> float: ...
    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own. A sleep ends early where `cancel` is set: a Ctrl-C waits for nobody's patience."""

    LOOK_S = 0.1

    def __init__(self, cancel: CancelToken | None = None) -> None:
        self._cancel = cancel or CancelToken()

    def now(self) -> float:
        return time.time()

    def elapsed(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._cancel.is_set() and (left := end - time.monotonic()) > 0:
            time.sleep(min(self.LOOK_S, left))


class RetryBudget:
    """Retries that all calls of one job have together, from any thread."""

    def __init__(self, retries: int = 24) -> None:
        self._left = retries
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0


@dataclass(frozen=True, slots=True)
class Patience:
    """At most `attempts` for a call, exponential waits with full jitter; a Retry-After is waited out, or is the end."""

    clock: Clock = field(default_factory=SystemClock)
    budget: RetryBudget = field(default_factory=RetryBudget)
    attempts: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 20
    longest_retry_after_s: float = 120
    jitter: Callable[[], float] = random.random
    cancel: CancelToken = field(default_factory=CancelToken)

    def ask(self, service: Service, operation: str, /, **parameters: object) -> Answer:
        """For calls that may be repeated as they are, and so for anything but CreateJob.

        Raises: ServiceError, Cancelled.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                return service.ask(operation, **parameters)
            except ServiceError as error:
                self.pause(error, attempt)

    def pause(self, error: ServiceError, attempt: int) -> None:
        """Wait before attempt number `attempt` + 1. Raises: the error itself, where there is to be none; Cancelled."""
        wait = self._wait_s(error, attempt)
        if wait is None or not error.retryable or attempt >= self.attempts or not self.budget.take():
            raise error
        self.clock.sleep(wait)
        self.cancel.raise_if_set()

    def _wait_s(self, error: ServiceError, attempt: int) -> float | None:
        if error.retry_after_s is not None:
            return error.retry_after_s if error.retry_after_s <= self.longest_retry_after_s else None
        return self.jitter() * min(self.longest_wait_s, self.first_wait_s * 2.0 ** (attempt - 1))
