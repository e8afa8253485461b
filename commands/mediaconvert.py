"""AWS Elemental MediaConvert jobs: made and checked, offline."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import ALLOW, JSON, OUTPUT_PRESET, OUTSIDE, SPEC, STRATEGY, compiled_story, story_options

if TYPE_CHECKING:
    from backends.mediaconvert.job import JobOptions, Strategy
    from renderer.story import Story, Workspace


@click.group()
def mediaconvert() -> None:
    """Make and check AWS Elemental MediaConvert jobs, offline."""


@mediaconvert.command(name="job")
@SPEC
@STRATEGY
@ALLOW
@click.option("--bucket", required=True, help="S3 bucket of sources and results.")
@click.option("--role", required=True, metavar="ARN", help="IAM role that the service takes on.")
@click.option("--queue", default="Default", show_default=True, help="Name or ARN of the queue.")
@OUTPUT_PRESET
@OUTSIDE
def mediaconvert_job(  # noqa: PLR0917
    spec: Path,
    strategy: Strategy | None,
    allow: str | None,
    bucket: str,
    role: str,
    queue: str,
    preset: str | None,
    *,
    allow_outside: bool,
) -> None:
    """Print the job for a spec, as the service's console shows it; nothing is rendered or sent."""
    from backends.mediaconvert.job import JobTarget
    from backends.mediaconvert.strategies import build_job

    with compiled_story(spec, story_options(preset=preset, allow_outside=allow_outside)) as (story, workspace):
        target, options = JobTarget(bucket, role, queue), job_options(story, workspace, allow)
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


def job_options(story: Story, workspace: Workspace, allow: str | None) -> JobOptions:
    from backends.mediaconvert.codecs import sniffed_codecs
    from backends.mediaconvert.job import JobOptions

    return JobOptions(
        allow_approximate=allow == "approximate",
        codecs=sniffed_codecs(story.timeline, workspace),
    )
