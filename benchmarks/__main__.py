"""`python -m benchmarks`: measure everything, print the table, write `results/latest.json` and the docs' chart."""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import golden, jobs, local_job, memory, rendering, rivals, smoothness, sound
from benchmarks.context import Context, Row
from benchmarks.machine import describe_machine, load_average
from benchmarks.material import FULL, QUICK, Material
from benchmarks.measure import PROJECT, RunFailed
from benchmarks.report import print_row, result, write_results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEASUREMENTS: dict[str, Callable[[Context], Iterator[Row]]] = {
    "render": rendering.render,
    "zoompan": rivals.zoompan,
    "zoompan-8000": rivals.zoompan_8000,
    "moviepy": rivals.moviepy,
    "mlt": rivals.mlt,
    "edits": rendering.edits,
    "preview": rendering.preview,
    "memory-duration": memory.duration,
    "memory-images": memory.images,
    "sound": sound.mixing,
    "sound-memory": sound.memory,
    "smoothness": smoothness.easings,
    "shimmer": smoothness.shimmer,
    "compile": rendering.compiling,
    "startup": rendering.startup,
    "validation": jobs.validation,
    "endpoint-start": local_job.endpoint_startup,
    "endpoint-job": local_job.endpoint_job,
    "golden": golden.checks,
    "golden-size": golden.sizes,
}


def main(words: list[str]) -> int:
    """Returns the exit code: 1 where a measurement failed; a missed target is no failure."""
    options = _parsed(words)
    if options.list:
        for name, measurement in MEASUREMENTS.items():
            print(f"{name:<18} {measurement.__doc__}")
        return 0
    chosen = options.only or list(MEASUREMENTS)
    scale = QUICK if options.quick else FULL
    before, started = load_average(), time.monotonic()
    rows: list[Row] = []
    failed = False
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.scratch) as scratch:
        folder = _material_folder(options.scratch, quick=options.quick)
        context = Context(Material(folder, scale), options.repeats or scale.repeats, Path(scratch))
        for name in chosen:
            try:
                for measured in MEASUREMENTS[name](context):
                    row = dataclasses.replace(measured, target=None) if options.quick else measured
                    print_row(row)
                    rows.append(row)
            except RunFailed as error:
                failed = True
                print(f"{name}: {error}", file=sys.stderr)
                rows.append(Row(name, None, "", skipped=f"failed: {error}"))
        settings = {"scale": "quick" if options.quick else "full", "repeats": context.repeats}
    load = {"before": before, "after": load_average()}
    print(f"{time.monotonic() - started:.0f} s; load average {before} before, {load['after']} after")
    document = result(rows, describe_machine() | {"load_average": load}, settings)
    if not options.quick and not options.no_write:
        write_results(document, complete=options.only is None)
    return int(failed)


def _parsed(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke test: small, one repeat, no targets, no file")
    parser.add_argument("--repeats", type=int, metavar="N", help="runs for each figure; default 3")
    parser.add_argument("--only", nargs="+", metavar="NAME", choices=list(MEASUREMENTS), help="only these")
    parser.add_argument("--list", action="store_true", help="what can be measured")
    parser.add_argument("--no-write", action="store_true", help="print only")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()), help="needs 8 GB free")
    return parser.parse_args(words)


def _material_folder(scratch: Path, *, quick: bool) -> Path:
    """Kept from run to run: two hundred camera pictures take a minute to make."""
    folder = scratch / f"storyreel-benchmark-{os.getuid()}-{'quick' if quick else 'full'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


if __name__ == "__main__":
    os.chdir(PROJECT)
    sys.exit(main(sys.argv[1:]))
