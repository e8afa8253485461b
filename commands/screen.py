"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from backends.base import Progress


@contextlib.contextmanager
def progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Frame count, speed and time left on a terminal; silence elsewhere."""
    with _bar() as (bar, task):

        def report(progress: Progress) -> None:
            names = {"prepare": "preparing", "render": "rendering", "finish": "finishing", "webm": "WebM"}
            bar.update(
                task,
                completed=progress.frames,
                total=progress.total,
                description=names[progress.stage],
                speed=_speed(bar),
            )

        yield report


@contextlib.contextmanager
def frame_bar(total: int) -> Iterator[Callable[[], None]]:
    with _bar() as (bar, task):
        bar.update(task, total=total, description="rendering")

        def advance() -> None:
            bar.advance(task)
            bar.update(task, speed=_speed(bar))

        yield advance


@contextlib.contextmanager
def sound_bar(seconds: int) -> Iterator[Callable[[float | None], None]]:
    """`advance(seconds)` for sound that was mixed, `advance(None)` while it is still being measured."""
    with _bar("seconds of sound") as (bar, task):

        def advance(mixed_s: float | None) -> None:
            if mixed_s is None:
                bar.update(task, description="measuring")
            else:
                bar.update(task, total=seconds, advance=mixed_s, description="mixing", speed=_speed(bar))

        yield advance


@contextlib.contextmanager
def _bar(unit: str = "frames") -> Iterator[tuple[Bar, TaskID]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{unit}, {{task.fields[speed]}}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield bar, bar.add_task("preparing", total=None, speed="")


def _speed(bar: Bar) -> str:
    speed = bar.tasks[0].speed
    return "" if speed is None else f"{speed:.0f} a second"
