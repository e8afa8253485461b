"""Cold renders against the encoder alone, edit loops, preview, startup and compiling."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.context import Context, Row
from benchmarks.measure import Measured, median_cpu, median_wall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SOFTER_DB = -26
SETTLED_S = 1.2
"""The program trusts what it knows about a file only where that was written a second before it was read."""


def render(context: Context) -> Iterator[Row]:
    """Wall time of a cold render ÷ that of the encoder alone."""
    cold, floor = context.cold(), context.floor()
    pairs = tuple(round(a.wall_s / b.wall_s, 4) for a, b in zip(cold, floor, strict=True))
    seconds = f"{median_wall(cold):.2f} s ÷ {median_wall(floor):.2f} s, {len(pairs)} interleaved repeats"
    yield Row("render ÷ floor", median_wall(cold) / median_wall(floor), "×", seconds, 1.10, samples=pairs)
    yield Row("render ÷ floor, each pair", statistics.median(pairs), "×", "median of the pairs' ratios", 1.10)
    cpu = f"{median_cpu(cold):.1f} s ÷ {median_cpu(floor):.1f} s of CPU time"
    yield Row("CPU ÷ floor's CPU", median_cpu(cold) / median_cpu(floor), "×", cpu)


def edits(context: Context) -> Iterator[Row]:
    """What is rendered again after a change, with only the story before it in the cache."""
    material = context.material
    photos = material.photos()
    story = material.story("story")
    changes = {
        "nothing changed": (story, 0.04),
        "music gain changed": (material.story("softer", music={"file": material.music(), "gain_db": SOFTER_DB}), 0.08),
        "one of 12 images changed": (
            material.story("one-image", images=[*photos[:5], material.other_photo(), *photos[6:]]),
            0.15,
        ),
    }
    runs: dict[str, list[Measured]] = {name: [] for name in changes}
    for _ in range(context.repeats):
        context.forget()
        context.render(story)
        for name, (changed, _target) in changes.items():
            runs[name].append(context.render(changed))
    for name, (_, target) in changes.items():
        yield context.ratio(name, runs[name], "render again", target)


def preview(context: Context) -> Iterator[Row]:
    """The quick look at the same story, from nothing."""
    story, runs = context.material.story("story"), []
    for _ in range(context.repeats):
        context.forget()
        runs.append(context.render(story, "--preview"))
    yield context.ratio("preview, cold", runs, "render --preview", 0.25)


def startup(context: Context) -> Iterator[Row]:
    """The commands that should feel instant."""
    story = context.material.story("story")
    context.storyreel("validate", str(story))
    yield _seconds("storyreel --help", lambda: context.storyreel("--help"), 5 * context.repeats, 0.3)
    yield _seconds(
        "storyreel validate, known media", lambda: context.storyreel("validate", str(story)), 2 * context.repeats
    )


def compiling(context: Context) -> Iterator[Row]:
    """Thousands of images, their facts already known."""
    sizes = context.scale.spec_sizes
    names = context.material.tiny_images(sizes[-1])
    time.sleep(SETTLED_S)
    medians = {}
    for size in sizes:
        spec = context.material.story(f"compile-{size}", images=names[:size], narration=None, length=f"{size}s")

        def compile_(spec: Path = spec) -> Measured:
            return context.storyreel(
                "compile", str(spec), "-o", str(context.scratch / "timeline.json"), STORYREEL_MAX_IMAGES="5000"
            )

        compile_()
        row = _seconds(f"compile {size} images", compile_, context.repeats, 2.0 if size == sizes[-1] else None)
        medians[size] = row.value or 0.0
        yield row
    first, middle, last = medians[sizes[0]], medians[sizes[1]], medians[sizes[2]]
    growth = ((last - middle) / (sizes[2] - sizes[1])) / ((middle - first) / (sizes[1] - sizes[0]))
    yield Row("compile: time for an image more, late ÷ early", growth, "×", "1 is linear growth")


def _seconds(name: str, action: Callable[[], Measured], repeats: int, target: float | None = None) -> Row:
    walls = tuple(round(action().wall_s, 3) for _ in range(repeats))
    return Row(name, statistics.median(walls), "s", f"median of {repeats}", target, samples=walls)
