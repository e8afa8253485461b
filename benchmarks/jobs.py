"""How long it takes to check a thousand MediaConvert jobs of the size that people publish, the model loaded once."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.context import Row
from benchmarks.measure import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.context import Context

FOLDER = PROJECT / "tests" / "backends" / "mediaconvert" / "public_jobs"
JOBS = 1000
LONGEST_S = 10.0


def validation(context: Context) -> Iterator[Row]:
    """A thousand public jobs, from JSON text to findings."""
    from backends.mediaconvert.validation import validate_text

    texts = [path.read_bytes() for path in sorted(FOLDER.glob("*__*.json"))]
    started = time.perf_counter()
    validate_text(texts[0], "job")
    yield Row("validate: the first job, with the model", time.perf_counter() - started, "s")
    samples = []
    for _ in range(context.repeats):
        started = time.perf_counter()
        for number in range(JOBS):
            validate_text(texts[number % len(texts)], "job")
        samples.append(round(time.perf_counter() - started, 3))
    size = f"{sum(map(len, texts)) / len(texts) / 1000:.1f} kB each"
    yield Row(f"validate {JOBS} jobs", statistics.median(samples), "s", size, LONGEST_S, samples=tuple(samples))
