"""What is done with a story: check, compile, plan, render, write its frames."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.files import written
from commands.mediaconvert import job_options
from commands.options import (
    ALLOW,
    BACKEND,
    JSON,
    NO_CACHE,
    OUTPUT_PRESET,
    OUTSIDE,
    PREVIEW,
    SPEC,
    STRATEGY,
    backend_named,
    compiled_story,
    story_options,
)
from commands.screen import frame_bar, progress_bar
from renderer.machine import MOST_JOBS, usable_cores

if TYPE_CHECKING:
    from backends.base import Backend, Plan, RunResult
    from backends.mediaconvert.job import Strategy
    from backends.mediaconvert.service.parity import Parity
    from renderer.story import Story, StoryOptions, Workspace


@click.command()
@click.option("-o", "target", type=click.Path(path_type=Path), default=Path("demo.mp4"), show_default=True)
@click.option("--jobs", type=click.IntRange(1, MOST_JOBS), help="Segments rendered side by side; default: the cores.")
@PREVIEW
def demo(target: Path, jobs: int | None, *, preview: bool) -> None:
    """Render the bundled example: real photographs, a real voice, music."""
    from assets import DEMO_STORY, asset_path

    result = render_story(asset_path(DEMO_STORY), target, story_options(preview=preview, frames=True), jobs)
    click.echo(f"{result.output}: {result.frames} frames, {result.duration_s:g} s. Open it in any player.")


@click.command()
@SPEC
@OUTSIDE
def validate(spec: Path, *, allow_outside: bool) -> None:
    """Check a spec and its media; report every problem at once."""
    with compiled_story(spec, story_options(allow_outside=allow_outside)) as (story, _):
        timeline = story.timeline
        count = len(story.spec.images)
        click.echo(
            f"{spec}: good. {count} image{'s' * (count != 1)}, {timeline.frame_count} frames,"
            f" {float(timeline.duration_s):g} s, {timeline.width}x{timeline.height}"
        )


@click.command(name="compile")
@SPEC
@click.option("-o", "target", type=click.Path(path_type=Path), help="Write here instead of to stdout.")
@OUTPUT_PRESET
@OUTSIDE
def compile_(spec: Path, target: Path | None, preset: str | None, *, allow_outside: bool) -> None:
    """Compile a spec to its canonical timeline JSON."""
    from renderer.timeline.canonical import timeline_json

    with compiled_story(spec, story_options(preset=preset, allow_outside=allow_outside)) as (story, _):
        text = timeline_json(story.timeline)
        if target is None:
            click.echo(text, nl=False)
            return
        with written(target, story) as stream:
            stream.write(text.encode())


@click.command()
@SPEC
@BACKEND
@STRATEGY
@ALLOW
@OUTPUT_PRESET
@PREVIEW
@OUTSIDE
@click.option("--verify", is_flag=True, help="With mediaconvert: execute the job here and compare it with the render.")
@JSON
def plan(  # noqa: PLR0913
    spec: Path,
    backend: str,
    strategy: Strategy | None,
    allow: str | None,
    preset: str | None,
    *,
    preview: bool,
    allow_outside: bool,
    verify: bool,
    as_json: bool,
) -> None:
    """Show exactly what would run, and how faithful it would be."""
    if backend != "mediaconvert" and (strategy is not None or allow is not None or verify):
        raise click.UsageError("--strategy, --allow and --verify belong to --backend mediaconvert")
    options = story_options(preset=preset, preview=preview, allow_outside=allow_outside)
    with compiled_story(spec, options) as (story, workspace):
        if backend == "mediaconvert":
            from backends.mediaconvert.backend import MediaConvertBackend

            prepared = job_options(story, workspace, allow)
            executor: Backend = MediaConvertBackend(strategy or "mezzanine", prepared)
        else:
            executor = backend_named(backend)
        planned = executor.plan(story.timeline, story.output, Path(f"{story.timeline.id}.mp4"))
        refused = any(item.verdict == "refused" for item in planned.conformance)
        parity = _parity(story, workspace, strategy or "mezzanine", allow) if verify and not refused else None
    if as_json:
        found = {} if parity is None else {"parity": parity.to_json()}
        click.echo(json.dumps(planned.to_json() | found, indent=1))
    else:
        _print_plan(planned)
        for line in [] if parity is None else ["", "executed here, against the direct render", *parity.report()]:
            click.echo(line)
    planned.refuse_what_is_refused()
    if parity is not None and not parity.same_length:
        sys.exit(1)


def _parity(story: Story, workspace: Workspace, strategy: Strategy, allow: str | None) -> Parity:
    from backends.mediaconvert.service.parity import verify_strategy

    return verify_strategy(story, workspace, strategy, job_options(story, workspace, allow))


def _print_plan(planned: Plan) -> None:
    import shlex

    for step in planned.steps:
        click.echo(f"{step.name}: {step.does}")
        if step.argv:
            click.echo(f"    {shlex.join(step.argv)}")
    click.echo("\nconformance")
    for item in planned.conformance:
        click.echo(f"    {item.where:<16} {item.feature:<12} {item.verdict} {item.detail}".rstrip())


@click.command()
@SPEC
@click.option(
    "-o",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    help="The video to write, .mp4; or a folder, for the names that a MediaConvert job gives.",
)
@OUTPUT_PRESET
@PREVIEW
@BACKEND
@NO_CACHE
@click.option("--jobs", type=click.IntRange(1, MOST_JOBS), help="Segments rendered side by side; default: the cores.")
@click.option(
    "--verify",
    type=click.Choice(["packets", "full"]),
    default="packets",
    show_default=True,
    help="full: decode it all.",
)
@OUTSIDE
@JSON
def render(  # noqa: PLR0913, PLR0917  (one parameter for each option)
    spec: Path,
    target: Path,
    preset: str | None,
    backend: str,
    jobs: int | None,
    verify: str,
    *,
    preview: bool,
    no_cache: bool,
    allow_outside: bool,
    as_json: bool,
) -> None:
    """Render a spec to a video that plays everywhere."""
    if backend == "reference" and (jobs is not None or verify == "full"):
        raise click.UsageError("--backend reference has one job and one way to verify: leave out --jobs and --verify")
    options = story_options(preset=preset, preview=preview, allow_outside=allow_outside, no_cache=no_cache, frames=True)
    result = render_story(spec, target, options, jobs, full_verify=verify == "full", executor=backend_named(backend))
    if as_json:
        click.echo(json.dumps(_result_json(result), indent=1))
    else:
        click.echo(f"{result.output}: {result.frames} frames, {result.duration_s:g} s, in {result.wall_s:.1f} s")
        for file in result.renditions:
            click.echo(f"{file}")


def _result_json(result: RunResult) -> dict[str, object]:
    return {
        "output": str(result.output),
        "renditions": [str(file) for file in result.renditions],
        "frames": result.frames,
        "duration_s": result.duration_s,
        "segments": dict(result.segments),
        "wall_s": round(result.wall_s, 3),
        "timeline_sha256": result.timeline_sha256,
        "sound": dict(result.sound),
        "warnings": list(result.warnings),
        "checks": [
            {"name": check.name, "found": check.found, "expected": check.expected, "passed": check.passed}
            for check in result.checks
        ],
    }


@click.command()
@SPEC
@click.option(
    "-o", "target", type=click.Path(path_type=Path, allow_dash=True), required=True, help=".y4m, or - (stdout)."
)
@click.option("--range", "wanted", metavar="A:B", help="Frames A up to, not including, B.")
@OUTPUT_PRESET
@PREVIEW
@NO_CACHE
@OUTSIDE
def frames(
    spec: Path,
    target: Path,
    wanted: str | None,
    preset: str | None,
    *,
    preview: bool,
    no_cache: bool,
    allow_outside: bool,
) -> None:
    """Write the frames before the encoder, as YUV4MPEG2."""
    from renderer.export import parse_range, write_frames

    options = story_options(preset=preset, preview=preview, allow_outside=allow_outside, no_cache=no_cache, frames=True)
    with compiled_story(spec, options) as (story, workspace):
        selected = parse_range(wanted, story.timeline.frame_count)
        with written(target, story, suffix=".y4m") as stream, frame_bar(len(selected)) as advance:
            write_frames(story, workspace, selected, stream, advance)


def render_story(
    spec: Path,
    target: Path,
    options: StoryOptions,
    jobs: int | None,
    *,
    full_verify: bool = False,
    executor: Backend | None = None,
) -> RunResult:
    from backends.base import RunSettings
    from backends.ffmpeg.memory import give_large_blocks_back
    from renderer.publish import check_destination
    from renderer.renditions import rendition_files, video_path

    give_large_blocks_back()
    executor = executor or backend_named("ffmpeg")
    with compiled_story(spec, options) as (story, workspace):
        target = video_path(target, story.timeline)
        check_destination(target, story.originals())
        for file in rendition_files(target, story.output.renditions, story.timeline.duration_s):
            check_destination(file, story.originals(), suffix=file.suffix)
        executor.plan(story.timeline, story.output, target).refuse_what_is_refused()
        with progress_bar() as report:
            settings = RunSettings(target, jobs or usable_cores(), full_verify=full_verify, report=report)
            result = executor.run(story.timeline, story.output, workspace, settings)
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    return result
