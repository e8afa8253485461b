"""A compiled story → everything a submission needs: the job, proven by the validator, its objects, its price.

Nothing is rendered and nobody is asked. Objects are made when the bucket turns out to lack them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.codecs import sniffed_codecs
from backends.mediaconvert.cost import Estimate, estimate_plan
from backends.mediaconvert.job import JobOptions, JobPlan, JobTarget, Strategy
from backends.mediaconvert.produce import Producer, Production, object_folder
from backends.mediaconvert.rates import load_rates
from backends.mediaconvert.strategies import build_job
from backends.mediaconvert.submission import assemble
from backends.mediaconvert.validation import validate_job
from renderer.errors import StoryreelError
from renderer.ffmpeg_process import CancelToken
from renderer.renditions import output_names, story_name
from renderer.timeline.canonical import timeline_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.base import Progress
    from backends.mediaconvert.submission.submission import Submission
    from backends.mediaconvert.validation import Validation
    from renderer.story import Story, Workspace


class InvalidJobError(StoryreelError):
    """A job that the service would refuse. `validation` holds every finding."""

    exit_code = 2

    def __init__(self, validation: Validation) -> None:
        self.validation = validation
        super().__init__(validation.report("the job"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """How to submit a story. `key` is the caller's own idempotency key."""

    strategy: Strategy
    target: JobTarget
    allow_approximate: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is going to be submitted, and what is known of it before."""

    planned: JobPlan
    submission: Submission
    estimate: Estimate

    @property
    def outputs(self) -> tuple[str, ...]:
        """URLs of what the job is going to write."""
        return self.submission.outputs


def prepare(
    story: Story,
    workspace: Workspace,
    wanted: Wanted,
    *,
    report: Callable[[Progress], None],
    cancel: CancelToken | None = None,
) -> Prepared:
    """Build and prove the job. `report` hears of objects that are being made.

    Raises: UnsupportedError for what the strategy can't do; InvalidJobError for a job that the service would refuse.
    """
    timeline, target = story.timeline, wanted.target
    options = JobOptions(wanted.allow_approximate, sniffed_codecs(timeline, workspace))
    planned = build_job(wanted.strategy, timeline, story.output, target, options)
    planned.refuse_what_is_refused()
    validation = validate_job(planned.job)
    if not validation.passed:
        raise InvalidJobError(validation)
    names = output_names(story_name(timeline), story.output.renditions, timeline.duration_s)
    production = Production(object_folder(workspace), cancel or CancelToken(), report)
    submission = assemble.assemble(
        planned.job,
        planned.assets,
        Producer(story, workspace, production).file,
        bucket=target.bucket,
        story=assemble.Story(timeline.id, timeline_sha256(timeline), wanted.key),
        prefix=target.prefix,
        outputs=tuple(target.output_url(name) for name in names),
    )
    return Prepared(planned, submission, estimate_plan(planned.job, wanted.strategy, timeline, load_rates()))
