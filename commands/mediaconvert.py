"""AWS Elemental MediaConvert jobs: made and checked, offline."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import ALLOW, JSON, OUTPUT_PRESET, OUTSIDE, SPEC, STRATEGY, compiled_story, story_options
from commands.remote import BUCKET, DESTINATION, PREFIX, target_options

if TYPE_CHECKING:
    from backends.mediaconvert.job import JobOptions, JobTarget, Strategy
    from renderer.story import Story, Workspace


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
@click.argument("job", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@JSON
def mediaconvert_validate(job: Path, *, as_json: bool) -> None:
    """Check any job, settings, template or preset against the service's model and its unwritten rules."""
    from backends.mediaconvert.validation import validate_text

    validation = validate_text(job.read_bytes(), str(job))
    click.echo(validation.to_json() if as_json else validation.report(str(job)))
    sys.exit(validation.exit_code)


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
