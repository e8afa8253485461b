"""What happens far away, on the screen: objects being made, bytes on their way, a job's progress.

Bars on a terminal; elsewhere a line on stderr where a job changes its state.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from backends.base import Progress
    from backends.mediaconvert.submission.record import Record
    from backends.mediaconvert.submission.upload import UploadProgress


class RemoteScreen:
    """One bar for each kind of work, shown once it begins. May be called from any thread."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._tasks: dict[str, TaskID] = {}
        self._state = ""

    def making(self, progress: Progress) -> None:
        """Frames of the object that is being made here."""
        self._show("making", progress.frames, progress.total, f"{progress.frames}/{progress.total} frames")

    def sending(self, progress: UploadProgress) -> None:
        """Bytes that arrived, of all that are known so far; nothing where nothing had to be sent."""
        if not progress.total_bytes:
            return
        amount = f"{progress.done_bytes / 1e6:.1f}/{progress.total_bytes / 1e6:.1f} MB"
        objects = f"{progress.done} of {progress.total} objects"
        self._show("uploading", progress.done_bytes, progress.total_bytes, f"{amount}, {objects}")

    def following(self, record: Record) -> None:
        """Percent of the job, and its phase."""
        progress = record.progress
        percent = progress.percent or 0
        self._show((progress.phase or record.state).lower(), percent, 100, f"{percent} %", name="job")
        if record.state != self._state and not self._bar.console.is_terminal:
            click.echo(f"job {record.job_id}: {record.state}", err=True)
        self._state = record.state

    def say(self, text: str) -> None:
        """A sentence for people, above the bars."""
        if self._bar.console.is_terminal:
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
        else:
            click.echo(text, err=True)

    def _show(self, title: str, completed: int, total: int, amount: str, name: str = "") -> None:
        name = name or title
        if name not in self._tasks:
            self._tasks[name] = self._bar.add_task(title, total=total, amount=amount)
        self._bar.update(self._tasks[name], description=title, completed=completed, total=total, amount=amount)


@contextlib.contextmanager
def remote_screen() -> Iterator[RemoteScreen]:
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield RemoteScreen(bar)
