"""Rows → a table on the terminal, one JSON document, the table in the docs, and the chart."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from typing import TYPE_CHECKING, cast

from benchmarks.chart import draw_chart
from benchmarks.measure import PROJECT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.context import Row

RESULTS = PROJECT / "benchmarks" / "results" / "latest.json"
PAGE = PROJECT / "docs" / "benchmarks.md"
TABLE_STARTS, TABLE_ENDS = "<!-- measured: begin -->", "<!-- measured: end -->"
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
        publish(document)


def publish(document: Mapping[str, object]) -> None:
    """Put a complete run into the docs: the chart, and the table between its two marks."""
    CHART.write_text(draw_chart(document), encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(TABLE_STARTS)
    _, _, after = rest.partition(TABLE_ENDS)
    PAGE.write_text(f"{before}{TABLE_STARTS}\n{markdown(document)}{TABLE_ENDS}{after}", encoding="utf-8")


def markdown(document: Mapping[str, object]) -> str:
    """The machine and all rows."""
    machine = cast("Mapping[str, object]", document["machine"])
    load = cast("Mapping[str, object]", machine["load_average"])
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}"
    rows = cast("Sequence[Mapping[str, object]]", document["rows"])
    lines = [
        f"Measured {document['measured']} on {where}, Python {machine['python']}, FFmpeg {machine['ffmpeg']}.",
        f"Load average (1, 5, 15 minutes) {load['before']} before and {load['after']} after.",
        "",
        "| what | measured | target | how |",
        "|---|---|---|---|",
        *("| " + " | ".join(_cells(row)) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _cells(row: Mapping[str, object]) -> tuple[str, str, str, str]:
    value, target = row["value"], row["target"]
    if not isinstance(value, int | float):
        return str(row["name"]), "skipped", "", str(row["skipped"])
    sign = "≥" if row["at_least"] else "≤"
    verdict = "" if target is None else f"{sign} {target}: {'met' if row['met'] else '**missed**'}"
    return str(row["name"]), f"{value:.4g} {row['unit']}", verdict, str(row["detail"])
