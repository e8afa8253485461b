"""A story to MediaConvert: upload what is missing, submit once, follow it if asked to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from commands.options import (
    ALLOW,
    JSON,
    NO_CACHE,
    OUTPUT_PRESET,
    OUTSIDE,
    SPEC,
    STRATEGY,
    compiled_story,
    story_options,
)
from commands.remote import POLL, Connection, connection_options, interruptible, room_options, target_options
from commands.remote_screen import remote_screen

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.job import JobTarget, Strategy
    from backends.mediaconvert.prepare import Prepared
    from backends.mediaconvert.submission.congestion import Congestion
    from backends.mediaconvert.submission.record import Record
    from backends.mediaconvert.submission.rehearse import Rehearsal
    from backends.mediaconvert.submission.submission import Hop
    from backends.mediaconvert.submission.submit import Submitted

FIRST_COLUMN = 14


@click.command()
@SPEC
@target_options
@STRATEGY
@ALLOW
@OUTPUT_PRESET
@click.option("--dry-run", is_flag=True, help="Ask, check and estimate everything; send nothing.")
@click.option("--upload-only", is_flag=True, help="Upload what is missing and print the job; submit nothing.")
@click.option("--wait", is_flag=True, help="Follow the job to its end.")
@click.option(
    "--time-limit",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="With --wait: minutes from the submission until the job is cancelled; 0: never.",
)
@POLL
@click.option("--again", is_flag=True, help="Submit once more what has finished.")
@click.option("--key", metavar="TEXT", help="Your own name for this submission: one key, one job.")
@room_options
@connection_options
@NO_CACHE
@OUTSIDE
@JSON
def submit(  # noqa: PLR0913  (one parameter for each group of options)
    *,
    spec: Path,
    target: JobTarget,
    strategy: Strategy | None,
    allow: str | None,
    preset: str | None,
    dry_run: bool,
    upload_only: bool,
    wait: bool,
    time_limit: float,
    poll: float,
    again: bool,
    key: str | None,
    gate: Congestion,
    hop: Hop | None,
    connection: Connection,
    no_cache: bool,
    allow_outside: bool,
    as_json: bool,
) -> None:
    """Upload what is missing, submit the job once, and say what it will write."""
    from backends.ffmpeg.cache import prune
    from backends.mediaconvert.prepare import Wanted, prepare
    from backends.mediaconvert.submission.rehearse import rehearse
    from backends.mediaconvert.submission.session import open_session
    from backends.mediaconvert.submission.submit import SubmitSettings, upload, what_is_left
    from backends.mediaconvert.submission.submit import submit as submit_once
    from backends.mediaconvert.submission.upload import UploadSettings
    from backends.mediaconvert.submission.watch import Watch, raise_if_failed
    from backends.mediaconvert.submission.watch import wait as wait_for
    from renderer.ffmpeg_process import CancelToken

    if dry_run + upload_only + wait > 1:
        raise click.UsageError("--dry-run, --upload-only and --wait exclude each other")
    cancel, options = CancelToken(), story_options(preset=preset, allow_outside=allow_outside, no_cache=no_cache)
    wanted = Wanted(strategy or "mezzanine", target, allow_approximate=allow == "approximate", key=key)
    with connection.services() as services, interruptible(cancel) as stopping, remote_screen() as screen:
        session = open_session(services, say=screen.say, cancel=cancel, attempts=2 if dry_run else 5)
        settings = SubmitSettings(again, uploads=UploadSettings(report=screen.sending), congestion=gate, hop=hop)
        with compiled_story(spec, options) as (story, workspace):
            prepared = prepare(story, workspace, wanted, report=screen.making, cancel=cancel)
            stopping.explain = lambda: what_is_left(session, prepared.submission)
            rehearsal = rehearse(session, prepared.submission) if dry_run else None
            sent = upload(session, prepared.submission, settings) if upload_only else None
            done = None if rehearsal or sent else submit_once(session, prepared.submission, settings)
        watch = Watch(poll, time_limit * 60 or None, screen.following)
        record = None if done is None else wait_for(session, done.record, watch) if wait else done.record
    if rehearsal is not None:
        _print_rehearsal(prepared, rehearsal, as_json=as_json)
        rehearsal.refuse_problems()
    if sent is not None:
        click.echo(f"{len(sent.sent)} objects uploaded, {len(sent.kept)} were there", err=True)
        click.echo(json.dumps(prepared.planned.job, indent=2, ensure_ascii=False))
        prune()
    if done is not None and record is not None:
        _print_submitted(prepared, done, record, as_json=as_json)
        prune()
        raise_if_failed(record)


def _print_rehearsal(prepared: Prepared, rehearsal: Rehearsal, *, as_json: bool) -> None:
    if as_json:
        from backends.mediaconvert.submission.report import rehearsal_json

        click.echo(json.dumps(rehearsal_json(prepared, rehearsal), indent=1, ensure_ascii=False))
        return
    job = prepared.submission.job
    _line("job", f"good, strategy {prepared.planned.strategy}, queue {job['Queue']}")
    for item in rehearsal.objects:
        size = "" if item.size is None else f", {item.size / 1e6:.1f} MB"
        _line("object", f"{item.state}: {item.what}{size}: {item.key}")
    for url in prepared.outputs:
        _line("output", url)
    _line("cost", f"{prepared.estimate}")
    for note in prepared.estimate.notes:
        _line("", note)
    for verdict in prepared.planned.conformance:
        if verdict.verdict != "exact":
            _line(verdict.verdict, f"{verdict.where} {verdict.feature}: {verdict.detail}")
    for finding in rehearsal.findings:
        if finding.kind == "warning":
            _line("warning", f"{finding}")
    click.echo("nothing was sent", err=True)


def _print_submitted(prepared: Prepared, done: Submitted, record: Record, *, as_json: bool) -> None:
    from backends.mediaconvert.submission.report import output_urls, submitted_json

    if as_json:
        click.echo(json.dumps(submitted_json(prepared, done, record), indent=1, ensure_ascii=False))
        return
    _line("job", record.job_id or "was withdrawn before it was created")
    _line("state", record.state if done.new else f"{record.state}, submitted before; --again submits what has finished")
    if done.new:
        _line("uploads", f"{len(done.uploads.sent)} sent, {len(done.uploads.kept)} were there")
        _line("cost", f"{prepared.estimate}")
    for warning in record.progress.warnings:
        _line("warning", f"{warning}")
    for url in output_urls(record):
        _line("output", url)


def _line(name: str, text: str) -> None:
    click.echo(f"{name:<{FIRST_COLUMN}} {text}")
