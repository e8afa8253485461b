"""AWS Elemental MediaConvert jobs: made and checked, offline."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import click

from commands.options import ALLOW, JSON, OUTPUT_PRESET, OUTSIDE, SPEC, STRATEGY, compiled_story, story_options
from commands.remote import BUCKET, DESTINATION, PREFIX, target_options

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.job import JobOptions, JobTarget, Strategy
    from backends.mediaconvert.validation import Validation
    from renderer.story import Story, Workspace
    from renderer.timeline.canonical import JSONValue


@click.group()
def mediaconvert() -> None:
    """Make and check AWS Elemental MediaConvert jobs, offline."""


@mediaconvert.command(name="job")
@SPEC
@STRATEGY
@ALLOW
@target_options
@OUTPUT_PRESET
@OUTSIDE
def mediaconvert_job(
    *,
    spec: Path,
    strategy: Strategy | None,
    allow: str | None,
    target: JobTarget,
    preset: str | None,
    allow_outside: bool,
) -> None:
    """Print the job for a spec, as the service's console shows it; nothing is rendered or sent."""
    from backends.mediaconvert.strategies import build_job

    with compiled_story(spec, story_options(preset=preset, allow_outside=allow_outside)) as (story, workspace):
        options = job_options(story, workspace, allow)
        planned = build_job(strategy or "mezzanine", story.timeline, story.output, target, options)
    planned.refuse_what_is_refused()
    click.echo(json.dumps(planned.job, indent=2, ensure_ascii=False))


@mediaconvert.command(name="validate")
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@JSON
def mediaconvert_validate(jobs: tuple[str, ...], *, as_json: bool) -> None:
    """Check jobs, settings, templates or presets against the service's model and its unwritten rules; - is stdin."""
    checked = [(name, *_validated(name)) for name in jobs]
    if as_json:
        objects = [_as_object(name, validation, unread) for name, validation, unread in checked]
        passed = all(item["passed"] for item in objects)
        click.echo(json.dumps(objects[0] if len(jobs) == 1 else {"passed": passed, "documents": objects}, indent=2))
    for name, validation, unread in checked:
        if validation is not None and not as_json:
            click.echo(validation.report(name))
        if unread:
            click.echo(unread, err=True)
    sys.exit(max(2 if validation is None else validation.exit_code for _, validation, _ in checked))


def _validated(name: str) -> tuple[Validation | None, str]:
    """What is found in a document; or None and why it can't be read, so that the others are checked all the same."""
    from backends.mediaconvert.validation import validate_text
    from renderer.errors import UsageError

    try:
        with click.open_file(name, "rb") as stream:
            return validate_text(stream.read(), "stdin" if name == "-" else name), ""
    except OSError as error:
        return None, f"{name}: can't be read: {error.strerror}"
    except UsageError as error:
        return None, str(error)


def _as_object(name: str, validation: Validation | None, unread: str) -> dict[str, JSONValue]:
    if validation is None:
        return {"file": name, "passed": False, "error": unread}
    return {"file": name, **validation.to_json()}


@mediaconvert.command(name="policy")
@BUCKET
@PREFIX
@DESTINATION
@click.option("--role-name", default="storyreel-mediaconvert", show_default=True, help="Name of the role for jobs.")
@click.option("--account", metavar="ID", help="The account's twelve digits; without it, fill in the role's ARN later.")
@click.option("--source-bucket", "more_sources", multiple=True, metavar="BUCKET", help="Another bucket that jobs read.")
@click.option("--journal-bucket", metavar="BUCKET", help="Where functions keep their records: adds their part.")
@click.option("--partition", default="aws", show_default=True, help="aws, aws-cn or aws-us-gov.")
@click.option(
    "--part",
    type=click.Choice(["all", "trust", "role", "submitter", "function"]),
    default="all",
    show_default=True,
    help="One policy document alone, to give to IAM as it is.",
)
def mediaconvert_policy(  # noqa: PLR0913  (one parameter for each option)
    *,
    bucket: str,
    prefix: str,
    destination: str,
    role_name: str,
    account: str | None,
    more_sources: tuple[str, ...],
    journal_bucket: str | None,
    partition: str,
    part: str,
) -> None:
    """Print the least that IAM has to grant: to the jobs' role, to who submits, to functions."""
    from backends.mediaconvert.submission.policy import PolicyScope, policies, policy_part

    if account is not None and not re.fullmatch(r"\d{12}", account):
        raise click.BadParameter(f"expected twelve digits, found {account!r}", param_hint="--account")
    if part == "function" and journal_bucket is None:
        raise click.UsageError("--part function needs --journal-bucket")
    scope = PolicyScope(bucket, role_name, prefix, destination, more_sources, account or "*", partition, journal_bucket)
    printed = policies(scope) if part == "all" else policy_part(scope, part)
    click.echo(json.dumps(printed, indent=2))


def job_options(story: Story, workspace: Workspace, allow: str | None) -> JobOptions:
    from backends.mediaconvert.codecs import sniffed_codecs
    from backends.mediaconvert.job import JobOptions

    return JobOptions(
        allow_approximate=allow == "approximate",
        codecs=sniffed_codecs(story.timeline, workspace),
    )
