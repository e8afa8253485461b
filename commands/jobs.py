"""The jobs that this machine submitted: list them, ask about one, wait, cancel, and clear away what was left behind."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from commands.options import JSON
from commands.remote import POLL, SOURCES, Connection, connection_options, interruptible
from commands.remote_screen import remote_screen

if TYPE_CHECKING:
    from backends.mediaconvert.submission.record import Record

NAME = click.argument("name")


@click.group()
def jobs() -> None:
    """Look after submitted MediaConvert jobs; NAME is a job's id, the start of a submission's, or a story's."""


@jobs.command(name="list")
@click.option("--unfinished", is_flag=True, help="Leave out what has ended.")
@JSON
def jobs_list(*, unfinished: bool, as_json: bool) -> None:
    """List what was submitted from here, newest first, as far as is known without asking."""
    from backends.mediaconvert.submission import jobs as library
    from backends.mediaconvert.submission.journal import SqliteJournal
    from backends.mediaconvert.submission.report import record_json

    records = library.list_jobs(SqliteJournal.open_default(), unfinished=unfinished)
    if as_json:
        click.echo(json.dumps([record_json(record) for record in records], indent=1, ensure_ascii=False))
        return
    for record in records:
        name = record.job_id or f"({record.id[:12]})"
        click.echo(f"{name:<22} {_state(record):<16} {_age(record):>8}  {record.story_id}  {record.scope}")
    if not records:
        click.echo("nothing was submitted from here", err=True)


@jobs.command(name="show")
@NAME
@JSON
def jobs_show(name: str, *, as_json: bool) -> None:
    """Ask the service once, and say all that is known of one job."""
    from backends.mediaconvert.submission import jobs as library
    from backends.mediaconvert.submission.session import open_session

    with _of_record(name).services() as services:
        session = open_session(services, say=lambda text: click.echo(text, err=True), attempts=2)
        _print_record(library.show(session, name), as_json=as_json)


@jobs.command(name="wait")
@NAME
@POLL
@click.option("--time-limit", type=click.FloatRange(0), help="Minutes from the submission until it is cancelled.")
@JSON
def jobs_wait(name: str, poll: float, time_limit: float | None, *, as_json: bool) -> None:
    """Follow one job to its end; exit code 5 where it failed or was cancelled."""
    from backends.mediaconvert.submission import jobs as library
    from backends.mediaconvert.submission.session import open_session
    from backends.mediaconvert.submission.watch import Watch, raise_if_failed
    from backends.mediaconvert.submission.watch import wait as wait_for
    from renderer.ffmpeg_process import CancelToken

    cancel = CancelToken()
    with _of_record(name).services() as services, interruptible(cancel) as stopping, remote_screen() as screen:
        session = open_session(services, say=screen.say, cancel=cancel)
        stopping.explain = lambda: "stopped waiting; the job goes on"
        watch = Watch(poll, time_limit * 60 if time_limit else None, screen.following)
        record = wait_for(session, library.find(session.journal, name), watch)
    _print_record(record, as_json=as_json)
    raise_if_failed(record)


@jobs.command(name="cancel")
@NAME
@JSON
def jobs_cancel(name: str, *, as_json: bool) -> None:
    """Cancel one job, or withdraw a submission that has none yet."""
    from backends.mediaconvert.submission import jobs as library
    from backends.mediaconvert.submission.session import open_session

    with _of_record(name).services() as services:
        session = open_session(services, say=lambda text: click.echo(text, err=True))
        _print_record(library.cancel(session, name), as_json=as_json)


@jobs.command(name="gc")
@click.option("--dry-run", is_flag=True, help="List only.")
@click.option("--older-than", type=click.FloatRange(0), default=24.0, show_default=True, help="Hours.")
@click.option("--bucket", "buckets", multiple=True, help="Look here; default: every bucket submitted to from here.")
@click.option("--prefix", default=SOURCES, show_default=True, help="With --bucket: the folder to look in.")
@connection_options
@JSON
def jobs_gc(
    *,
    dry_run: bool,
    older_than: float,
    buckets: tuple[str, ...],
    prefix: str,
    connection: Connection,
    as_json: bool,
) -> None:
    """List uploads that nobody finishes and submissions that wait for nobody; deal with the old ones."""
    from backends.mediaconvert.submission import jobs as library
    from backends.mediaconvert.submission.report import orphan_json
    from backends.mediaconvert.submission.session import open_session

    with connection.services() as services:
        session = open_session(services, say=lambda text: click.echo(text, err=True))
        places = [(bucket, prefix) for bucket in buckets] or library.known_places(session)
        orphans = library.collect(session, places, age_s=older_than * 3600)
        done = () if dry_run else library.sweep(session, orphans)
    if as_json:
        found = {"orphans": [orphan_json(orphan) for orphan in orphans], "done": list(done)}
        click.echo(json.dumps(found, indent=1, ensure_ascii=False))
        return
    for orphan in orphans:
        click.echo(f"{orphan.kind:<8} {_ago(orphan.age_s):>8}  {'old' if orphan.old else 'young':<6} {orphan.name}")
        click.echo(f"{'':<26}{orphan.detail}")
    for sentence in done:
        click.echo(sentence)
    if not orphans:
        click.echo("nothing was left behind", err=True)


def _of_record(name: str) -> Connection:
    """The service that a submission was sent to. Nothing here asks S3: a stand-in stands for that as well."""
    from backends.mediaconvert.submission import jobs as library
    from backends.mediaconvert.submission.journal import SqliteJournal

    scope = library.find(SqliteJournal.open_default(), name).scope
    if scope.startswith("aws:"):
        return Connection(scope.removeprefix("aws:"), None, None)
    return Connection(None, scope, scope)


def _print_record(record: Record, *, as_json: bool) -> None:
    from backends.mediaconvert.submission.report import output_urls, record_json, utc

    if as_json:
        click.echo(json.dumps(record_json(record), indent=1, ensure_ascii=False))
        return
    progress = record.progress
    lines = [
        ("job", record.job_id or "none yet"),
        ("state", _state(record)),
        ("error", f"{progress.code} {progress.text}".strip()),
        ("story", record.story_id),
        ("submission", record.id),
        ("endpoint", record.scope),
        ("queue", progress.queue or record.queue),
        ("submitted", utc(record.submitted_at) or "not yet"),
        *(("warning", f"{warning}") for warning in progress.warnings),
        *(("output", url) for url in output_urls(record)),
        *(("history", f"{utc(note.at)} {note.text}") for note in record.notes),
    ]
    for name, text in lines:
        if text:
            click.echo(f"{name:<14} {text}")


def _state(record: Record) -> str:
    percent = record.progress.percent
    return f"{record.state} {percent} %" if percent is not None and not record.finished else record.state


def _age(record: Record) -> str:
    return _ago(time.time() - record.created_at)


def _ago(seconds: float) -> str:
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
