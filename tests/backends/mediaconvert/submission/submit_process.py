"""`storyreel submit …` in a process of its own, to be stopped and killed."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[4]
PATIENCE_S = 240


class Command:
    """By strategy `classic`, which renders nothing but a few pictures. `started` is when, on the monotonic clock."""

    def __init__(self, spec, bucket, *arguments):
        line = [sys.executable, "-m", "cli", "submit", spec, "--bucket", bucket, "--strategy", "classic", *arguments]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            [str(word) for word in line], cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def kill(self, after_s=0.0, number=signal.SIGKILL):
        """The signal, so many seconds after the start, or now where they are over; nothing once it has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, self.started + after_s - time.monotonic()))
        self.process.send_signal(number)

    def end(self):
        """Exit code, stdout, stderr."""
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, out, err
