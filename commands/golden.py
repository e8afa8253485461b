"""Golden recordings and comparing two videos."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import JSON, OUTPUT_PRESET, OUTSIDE, PREVIEW, SPEC
from commands.screen import progress_bar
from renderer.machine import MOST_JOBS, usable_cores

if TYPE_CHECKING:
    from golden.model import Comparison

FOLDER = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
JOBS = click.option(
    "--jobs", type=click.IntRange(1, MOST_JOBS), help="Segments rendered side by side; default: the cores."
)
MOVED_SPEC = click.option(
    "--spec", type=click.Path(path_type=Path), help="The story, where it no longer lies at its recorded place."
)
REPORT = click.option(
    "--report", "report", metavar="FILE", type=click.Path(path_type=Path), help="Write an HTML report, one file."
)


@click.group()
def golden() -> None:
    """Record what a story's video is, and check whether it still is that."""


@golden.command(name="record")
@SPEC
@FOLDER
@OUTPUT_PRESET
@PREVIEW
@OUTSIDE
@JOBS
def golden_record(
    spec: Path, folder: Path, preset: str | None, jobs: int | None, *, preview: bool, allow_outside: bool
) -> None:
    """Render SPEC and record it in the folder DIR."""
    from commands.options import story_options
    from golden.record import record
    from golden.store import RecordOptions

    story_options(preset=preset)  # refuses an unknown preset by name
    options = RecordOptions(output=preset, preview=preview, allow_outside=allow_outside)
    with progress_bar() as report:
        recorded = record(spec, folder, options, jobs=jobs or usable_cores(), report=report)
    for warning in recorded.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{folder}: {recorded.frames} frames, {recorded.size_bytes / 1e6:.2f} MB")


@golden.command(name="check")
@FOLDER
@MOVED_SPEC
@REPORT
@JOBS
@JSON
def golden_check(folder: Path, spec: Path | None, report: Path | None, jobs: int | None, *, as_json: bool) -> None:
    """Compare today's story with the golden in DIR; exit code 1 where the video is another."""
    from golden.check import CheckSettings, check

    _check_report(report, [])
    with progress_bar() as progress:
        settings = CheckSettings(spec, jobs or usable_cores(), evidence=report is not None, report=progress)
        found = check(folder, settings)
    _answer(found, report, as_json=as_json)


@golden.command(name="accept")
@FOLDER
@MOVED_SPEC
@JOBS
def golden_accept(folder: Path, spec: Path | None, jobs: int | None) -> None:
    """Record today's story into DIR, after its differences were looked at."""
    from golden.check import accept

    with progress_bar() as report:
        recorded = accept(folder, spec=spec, jobs=jobs or usable_cores(), report=report)
    for warning in recorded.warnings:
        click.echo(f"warning: {warning}", err=True)
    click.echo(f"{folder}: {recorded.frames} frames accepted, {recorded.size_bytes / 1e6:.2f} MB")


@click.command()
@click.argument("first", metavar="A", type=click.Path(path_type=Path))
@click.argument("second", metavar="B", type=click.Path(path_type=Path))
@REPORT
@click.option("--vmaf/--no-vmaf", default=True, show_default=True, help="Measure VMAF too; takes about as long again.")
@JSON
def compare(first: Path, second: Path, report: Path | None, *, vmaf: bool, as_json: bool) -> None:
    """Say what is other in video B than in video A; exit code 1 where something is."""
    from golden.compare import CompareSettings
    from golden.compare import compare as compare_videos

    _check_report(report, [first, second])
    with progress_bar() as progress:
        settings = CompareSettings(vmaf=vmaf, evidence=report is not None, threads=usable_cores(), report=progress)
        found = compare_videos(first, second, settings)
    _answer(found, report, as_json=as_json)


def _check_report(report: Path | None, originals: list[Path]) -> None:
    from renderer.publish import check_destination

    if report is not None:
        check_destination(report, originals, suffix=".html")


def _answer(found: Comparison, report: Path | None, *, as_json: bool) -> None:
    """Print the result, write the report, and end with the exit code."""
    if report is not None:
        from golden.report import write_report

        write_report(found, report)
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
    else:
        _print(found)
    if report is not None:
        click.echo(f"report: {report}", err=True)
    sys.exit(0 if found.passed else 1)


def _print(found: Comparison) -> None:
    count = len(found.failures)
    verdict = "the video is the same" if found.passed else f"{count} difference{'s' * (count != 1)}"
    click.echo(f"{found.after} against {found.before}: {verdict}")
    for item in found.failures:
        click.echo(f"  {item.sentence(found.rate)}")
    for item in found.notices:
        click.echo(f"  (noted) {item.sentence(found.rate)}")
    for fact in found.facts:
        click.echo(f"  {fact}", err=True)
