"""Rows → a table on the terminal, one JSON document, and the chart."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING

from benchmarks.chart import draw_chart
from benchmarks.measure import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.context import Row

RESULTS = PROJECT / "benchmarks" / "results" / "latest.json"
CHART = PROJECT / "docs" / "images" / "benchmark.svg"


def print_row(row: Row) -> None:
    """One line: figure, target, whether it is met, how it was measured."""
    if row.value is None:
        print(f"{row.name:<44} {'skipped':>9}   {row.skipped}", flush=True)
        return
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    print(f"{row.name:<44} {row.value:>9.3f} {row.unit:<9} {_target(row):<8} {verdict:<7} {row.detail}", flush=True)


def _target(row: Row) -> str:
    return "" if row.target is None else f"{'≥' if row.at_least else '≤'} {row.target:g}"


def result(rows: Sequence[Row], machine: Mapping[str, object], settings: Mapping[str, object]) -> dict[str, object]:
    """The whole run as one document."""
    return {
        "schema": "storyreel.benchmark/1",
        "measured": dt.datetime.now(dt.UTC).date().isoformat(),
        "machine": dict(machine),
        "settings": dict(settings),
        "rows": [dataclasses.asdict(row) | {"met": row.met} for row in rows],
    }


def write_results(document: dict[str, object], *, complete: bool) -> None:
    """Write the JSON; the chart only after a complete run, so that all of it is from one machine and hour."""
    RESULTS.parent.mkdir(exist_ok=True)
    path = RESULTS if complete else RESULTS.with_name("partial.json")
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    if complete:
        CHART.write_text(draw_chart(document), encoding="utf-8")
