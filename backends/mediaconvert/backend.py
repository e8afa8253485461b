"""The MediaConvert backend: says what would be made, uploaded and submitted; submitting is a command of its own."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NoReturn, cast

from backends.base import Plan, RunResult, RunSettings, Step
from backends.mediaconvert.cost import Estimate, estimate_plan
from backends.mediaconvert.job import Job, JobOptions, JobPlan, JobTarget, Strategy
from backends.mediaconvert.rates import load_rates
from backends.mediaconvert.strategies import build_job
from renderer.errors import Unsupported, UnsupportedError
from renderer.timeline.canonical import timeline_sha256

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.story import Workspace
    from renderer.timeline.model import Timeline

SOMEWHERE = JobTarget(bucket="BUCKET", role="ROLE")
"""Stands for a target in plans, which name no account."""
_MAKES = {
    "mezzanine": "render the picture into one silent intra file",
    "bed": "render background and cards into one silent file",
    "clip": "make a still clip of {}",
    "mix": "mix the programme into one WAV file",
    "slide": "make a PNG of {} on the background",
    "logo": "make a PNG of {} at its size",
    "original": "take the {} as it is",
}


class MediaConvertBackend:
    """Plans a job by one strategy."""

    name = "mediaconvert"

    def __init__(
        self,
        strategy: Strategy = "mezzanine",
        options: JobOptions | None = None,
        target: JobTarget = SOMEWHERE,
    ) -> None:
        self.strategy: Strategy = strategy
        self._options = options or JobOptions()
        self._target = target

    def plan(self, timeline: Timeline, output: OutputFormat, destination: Path) -> Plan:  # noqa: ARG002
        """What would be made here, uploaded and submitted; no request is sent and nothing is rendered."""
        planned = self.job(timeline, output)
        name, sha256 = f"{self.name}, strategy {self.strategy}", timeline_sha256(timeline)
        if not planned.job:
            return Plan(name, sha256, (), planned.conformance)
        estimate = estimate_plan(planned.job, self.strategy, timeline, load_rates())
        steps = tuple(_steps(planned, estimate, self._target))
        return Plan(name, sha256, steps, planned.conformance, {"estimate": estimate.to_json()})

    def job(self, timeline: Timeline, output: OutputFormat) -> JobPlan:
        """The job itself with its assets and conformance."""
        return build_job(self.strategy, timeline, output, self._target, self._options)

    def run(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> RunResult:  # noqa: ARG002
        """Raises: UnsupportedError: a job is submitted, not rendered."""
        return _refuse()


def _refuse() -> NoReturn:
    feature = Unsupported(
        "rendering by MediaConvert",
        "--backend",
        "print the job with `storyreel mediaconvert job`, or use --backend ffmpeg",
    )
    raise UnsupportedError("storyreel render", [feature])


def _steps(planned: JobPlan, estimate: Estimate, target: JobTarget) -> list[Step]:
    made = [Step("produce", f"{_MAKES[asset.kind].format(asset.describes)}: {asset.key}") for asset in planned.assets]
    uploads = Step(
        "upload", f"what s3://{target.bucket}/{target.prefix} does not hold of these {len(planned.assets)} objects"
    )
    return [*made, uploads, Step("submit", _summary(planned.job, estimate))]


def _summary(job: Job, estimate: Estimate) -> str:
    """Outputs and price of a job in one line."""
    settings = cast("Job", job["Settings"])
    outputs = [
        out for group in cast("list[Job]", settings["OutputGroups"]) for out in cast("list[Job]", group["Outputs"])
    ]
    boxes = Counter(str(cast("Job", out["ContainerSettings"])["Container"]) for out in outputs)
    listed = ", ".join(f"{count} {box}" for box, count in boxes.items())
    tiers = "/".join(sorted({output.tier for output in estimate.outputs}))
    return f"one job to queue {job['Queue']}, outputs: {listed}; {tiers} tier, {estimate}"
