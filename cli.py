"""The `storyreel` command: reads its arguments, calls one function of the library, prints or writes the result.

Data goes to stdout, people's text and progress to stderr. Exit codes are those of `renderer.errors` (DESIGN §5).
Everything heavy is imported by the command that needs it: `storyreel --help` stays under 0.3 s.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from renderer.cache import cache_root
from renderer.errors import Cancelled, OutputError, StoryreelError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from backends.base import Backend, Plan, Progress, RunResult
    from backends.mediaconvert.job import JobOptions, Strategy
    from renderer.story import Story, StoryOptions, Workspace

SPEC = click.argument("spec", type=click.Path(path_type=Path))
OUTSIDE = click.option("--allow-outside", is_flag=True, help="Let the spec name files outside its own folder.")
OUTPUT_PRESET = click.option("--output", "preset", metavar="PRESET", help="An output preset instead of the spec's own.")
NO_CACHE = click.option("--no-cache", is_flag=True, help="Neither read nor write the cache.")
PREVIEW = click.option("--preview", is_flag=True, help="Small and fast, with the same timing.")
BACKEND = click.option(
    "--backend",
    type=click.Choice(["ffmpeg", "mediaconvert", "reference"]),
    default="ffmpeg",
    show_default=True,
    help="What executes the timeline.",
)
STRATEGY = click.option(
    "--strategy",
    type=click.Choice(["mezzanine", "overlays", "stills", "classic"]),
    help="How a MediaConvert job shows the pictures; default: mezzanine.",
)
ALLOW = click.option(
    "--allow",
    type=click.Choice(["approximate"]),
    help="Drop what a strategy can't do, and say so, instead of refusing.",
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")


class _Program(click.Group):
    """Turns the library's errors into a message on stderr and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        _stop_on_sigterm()
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Cancelled):
            click.echo("stopped", err=True)
            code = Cancelled.exit_code
        except StoryreelError as error:
            click.echo(f"{error}", err=True)
            code = error.exit_code
        except BrokenPipeError:
            _discard_stdout()
            code = 0
        raise click.exceptions.Exit(code)


def _stop_on_sigterm() -> None:
    """A SIGTERM ends a run as Ctrl-C does: nothing half-written, no child left."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


def _discard_stdout() -> None:
    """The reader of a pipe went away: nothing to say, and no second error at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=_Program, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="storyreel")
def main() -> None:
    """Pictures, a voice and music become a video, reproducibly.

    Try: storyreel demo
    """


@main.command()
@click.option("-o", "target", type=click.Path(path_type=Path), default=Path("demo.mp4"), show_default=True)
@click.option("--jobs", type=click.IntRange(1, 64), help="Segments rendered side by side; default: the cores.")
@PREVIEW
def demo(target: Path, jobs: int | None, *, preview: bool) -> None:
    """Render the bundled example: real photographs, a real voice, music."""
    from assets import DEMO_STORY, asset_path

    result = _render(asset_path(DEMO_STORY), target, _options(preview=preview), jobs)
    click.echo(f"{result.output}: {result.frames} frames, {result.duration_s:g} s. Open it in any player.")


@main.command()
@SPEC
@OUTSIDE
def validate(spec: Path, *, allow_outside: bool) -> None:
    """Check a spec and its media; report every problem at once."""
    with _story(spec, _options(allow_outside=allow_outside)) as (story, _):
        timeline = story.timeline
        count = len(story.spec.images)
        click.echo(
            f"{spec}: good. {count} image{'s' * (count != 1)}, {timeline.frame_count} frames,"
            f" {float(timeline.duration_s):g} s, {timeline.width}x{timeline.height}"
        )


@main.command(name="compile")
@SPEC
@click.option("-o", "target", type=click.Path(path_type=Path), help="Write here instead of to stdout.")
@OUTPUT_PRESET
@OUTSIDE
def compile_(spec: Path, target: Path | None, preset: str | None, *, allow_outside: bool) -> None:
    """Compile a spec to its canonical timeline JSON."""
    from renderer.timeline.canonical import timeline_json

    with _story(spec, _options(preset=preset, allow_outside=allow_outside)) as (story, _):
        text = timeline_json(story.timeline)
        if target is None:
            click.echo(text, nl=False)
            return
        with _written(target, story) as stream:
            stream.write(text.encode())


@main.command()
@SPEC
@BACKEND
@STRATEGY
@ALLOW
@OUTPUT_PRESET
@PREVIEW
@OUTSIDE
@JSON
def plan(
    spec: Path,
    backend: str,
    strategy: Strategy | None,
    allow: str | None,
    preset: str | None,
    *,
    preview: bool,
    allow_outside: bool,
    as_json: bool,
) -> None:
    """Show exactly what would run, and how faithful it would be."""
    if backend != "mediaconvert" and (strategy is not None or allow is not None):
        raise click.UsageError("--strategy and --allow belong to --backend mediaconvert")
    options = _options(preset=preset, preview=preview, allow_outside=allow_outside)
    with _story(spec, options) as (story, workspace):
        if backend == "mediaconvert":
            from backends.mediaconvert.backend import MediaConvertBackend

            job_options = _job_options(story, workspace, allow)
            executor: Backend = MediaConvertBackend(strategy or "mezzanine", job_options)
        else:
            executor = _backend(backend)
        planned = executor.plan(story.timeline, story.output, Path(f"{story.timeline.id}.mp4"))
    if as_json:
        click.echo(json.dumps(planned.to_json(), indent=1))
    else:
        _print_plan(planned)
    planned.refuse_what_is_refused()


def _job_options(story: Story, workspace: Workspace, allow: str | None) -> JobOptions:
    from backends.mediaconvert.codecs import sniffed_codecs
    from backends.mediaconvert.job import JobOptions
    from backends.mediaconvert.renditions import preset_renditions

    return JobOptions(
        allow_approximate=allow == "approximate",
        codecs=sniffed_codecs(story.timeline, workspace),
        renditions=preset_renditions(story.output.preset),
    )


def _print_plan(planned: Plan) -> None:
    import shlex

    for step in planned.steps:
        click.echo(f"{step.name}: {step.does}")
        if step.argv:
            click.echo(f"    {shlex.join(step.argv)}")
    click.echo("\nconformance")
    for item in planned.conformance:
        click.echo(f"    {item.where:<16} {item.feature:<12} {item.verdict} {item.detail}".rstrip())


@main.command()
@SPEC
@click.option("-o", "target", type=click.Path(path_type=Path), required=True, help="The video to write, .mp4.")
@OUTPUT_PRESET
@PREVIEW
@BACKEND
@NO_CACHE
@click.option("--jobs", type=click.IntRange(1, 64), help="Segments rendered side by side; default: the cores.")
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
    options = _options(preset=preset, preview=preview, allow_outside=allow_outside, no_cache=no_cache)
    result = _render(spec, target, options, jobs, full_verify=verify == "full", executor=_backend(backend))
    if as_json:
        click.echo(json.dumps(_result_json(result), indent=1))
    else:
        click.echo(f"{result.output}: {result.frames} frames, {result.duration_s:g} s, in {result.wall_s:.1f} s")


def _result_json(result: RunResult) -> dict[str, object]:
    return {
        "output": str(result.output),
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


@main.command()
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

    options = _options(preset=preset, preview=preview, allow_outside=allow_outside, no_cache=no_cache)
    with _story(spec, options) as (story, workspace):
        selected = parse_range(wanted, story.timeline.frame_count)
        with _written(target, story, suffix=".y4m") as stream, _frame_bar(len(selected)) as advance:
            write_frames(story, workspace, selected, stream, advance)


@main.command()
@SPEC
@click.option("-o", "target", type=click.Path(path_type=Path, allow_dash=True), help=".wav, or - (stdout).")
@click.option("--explain", is_flag=True, help="Print the mix plan, with levels over time.")
@click.option("--plot", type=click.Path(path_type=Path), help="Draw waveforms, gains and levels as a PNG.")
@NO_CACHE
@OUTSIDE
def mix(
    spec: Path, target: Path | None, plot: Path | None, *, explain: bool, no_cache: bool, allow_outside: bool
) -> None:
    """Write the programme mix before the encoder (WAV, 48 kHz, stereo, 16 bit), or explain it."""
    from renderer import export

    if target is None and plot is None and not explain:
        raise click.UsageError("nothing to do: give -o FILE.wav, --explain or --plot FILE.png")
    with _story(spec, _options(allow_outside=allow_outside, no_cache=no_cache)) as (story, workspace):
        with _written(target or Path(os.devnull), story, suffix=".wav") as stream:
            report = export.write_mix(story, workspace, stream)
        for warning in report.warnings():
            click.echo(f"warning: {warning}", err=True)
        if explain:
            click.echo("\n".join(export.explain_story_mix(story, workspace, report)), err=str(target) == "-")
        if plot is not None:
            with _written(plot, story, suffix=".png") as stream:
                export.plot_story_mix(story, workspace, report, stream)


@main.group()
def music() -> None:
    """Look into a music library: MOOD/TRACK/TRACK-SECONDSs.mp3."""


@music.command(name="list")
@click.argument("library", type=click.Path(path_type=Path))
@JSON
def music_list(library: Path, *, as_json: bool) -> None:
    """List every mood, track and length, and what is no piece of music and why."""
    from renderer.sound.library import scan_library

    found = scan_library(library)
    if as_json:
        rows = [{"mood": p.mood, "track": p.track, "seconds": p.seconds, "file": str(p.path)} for p in found.pieces]
        click.echo(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        for piece in found.pieces:
            click.echo(f"{piece.mood:<16} {piece.track:<24} {piece.seconds:>5} s  {piece.path}")
    for skipped in found.skipped:
        click.echo(f"skipped {skipped.path}: {skipped.reason}", err=True)


@music.command(name="pick")
@click.argument("library", type=click.Path(path_type=Path))
@click.option("--mood", required=True, help="A folder of the library.")
@click.option("--length", required=True, metavar="TIME", help='Length of the programme: 65, "65s", "90000ms".')
@click.option("--seed", default="", help="Chooses among tracks that fit equally well.")
@JSON
def music_pick(library: Path, mood: str, length: str, seed: str, *, as_json: bool) -> None:
    """Say which piece a story of this mood and length gets."""
    from renderer.sound.library import pick, scan_library
    from renderer.timebase import parse_time

    try:
        time = parse_time(length)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--length") from error
    if time.kind != "seconds":
        raise click.BadParameter("give seconds: frames mean nothing without a rate", param_hint="--length")
    chosen = pick(scan_library(library), mood=mood, length_s=time.seconds, seed=int(seed) if seed.isdigit() else seed)
    if as_json:
        row = {"file": str(chosen.path), "track": chosen.track, "seconds": chosen.seconds, "loop": chosen.loop}
        click.echo(json.dumps(row, indent=1, ensure_ascii=False))
    else:
        click.echo(f"{chosen.path}{' (loops)' if chosen.loop else ''}")


@main.group()
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

    with _story(spec, _options(preset=preset, allow_outside=allow_outside)) as (story, workspace):
        target, options = JobTarget(bucket, role, queue), _job_options(story, workspace, allow)
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


@main.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for an editor."""
    from renderer.spec.schema import spec_json_schema

    click.echo(json.dumps(spec_json_schema(), indent=2, ensure_ascii=False))


@main.command()
@JSON
def presets(*, as_json: bool) -> None:
    """List output formats, camera moves and brands."""
    from presets import KINDS, load_preset, preset_names

    listed = {kind: {name: load_preset(kind, name) for name in preset_names(kind)} for kind in KINDS}
    if as_json:
        click.echo(json.dumps(listed, indent=1, ensure_ascii=False))
        return
    for kind, entries in listed.items():
        click.echo(kind)
        for name, content in entries.items():
            click.echo(f"    {name:<20} {content['description']}")


@main.command()
@click.argument("action", type=click.Choice(["size", "prune", "clear"]), default="size")
@click.option(
    "--explain", "spec", metavar="SPEC", type=click.Path(path_type=Path), help="Which segments are cached, and why not."
)
@OUTPUT_PRESET
@PREVIEW
@OUTSIDE
def cache(action: str, spec: Path | None, preset: str | None, *, preview: bool, allow_outside: bool) -> None:
    """Show what the cache holds, cut it to its limit, empty it, or explain its misses."""
    from backends.ffmpeg import cache as store

    if spec is not None:
        _explain(spec, _options(preset=preset, preview=preview, allow_outside=allow_outside))
        return
    match action:
        case "prune":
            click.echo(f"freed {store.prune() / 1e6:.1f} MB")
        case "clear":
            click.echo(f"freed {store.clear() / 1e6:.1f} MB")
        case _:
            for part in store.sizes():
                click.echo(f"{part.part:<10} {part.entries:>6} entries {part.size_bytes / 1e6:>10.1f} MB")
            click.echo(f"limit {store.max_cache_bytes() / 1e6:.0f} MB (STORYREEL_CACHE_MAX_BYTES), in {cache_root()}")


def _explain(spec: Path, options: StoryOptions) -> None:
    from backends.ffmpeg.backend import explain_cache

    with _story(spec, options) as (story, workspace):
        for item in explain_cache(story, workspace):
            frames = item.part.frames
            place = "" if frames is None else f" frames {frames.start} to {frames.end - 1},"
            click.echo(f"{item.part.name}:{place} {item.part.shows}: {'cached' if item.cached else 'missing'}")
            for reason in item.reasons:
                click.echo(f"    {reason}")


@main.command()
@JSON
def doctor(*, as_json: bool) -> None:
    """Say what is installed, in which version, and what is missing."""
    from renderer.doctor import examine

    findings = examine()
    if as_json:
        rows = [{"name": item.name, "state": item.state, "detail": item.detail} for item in findings]
        click.echo(json.dumps(rows, indent=1))
    else:
        for item in findings:
            click.echo(f"{item.state:<8} {item.name:<16} {item.detail}")
    if any(item.state == "missing" for item in findings):
        sys.exit(4)


def _options(
    *,
    preset: str | None = None,
    preview: bool = False,
    allow_outside: bool = False,
    no_cache: bool = False,
) -> StoryOptions:
    from presets import preset_names
    from renderer.story import StoryOptions

    if preset is not None and preset not in preset_names("outputs"):
        raise click.BadParameter(f"{preset!r}; there are {', '.join(preset_names('outputs'))}", param_hint="--output")
    return StoryOptions(output=preset, preview=preview, allow_outside=allow_outside, use_cache=not no_cache)


@contextlib.contextmanager
def _story(spec: Path, options: StoryOptions) -> Iterator[tuple[Story, Workspace]]:
    """Compile a spec in a workspace that lasts as long as the block; its warnings go to stderr."""
    from renderer.story import compile_story, open_workspace

    with open_workspace(spec, options) as workspace:
        story = compile_story(spec, workspace, options)
        for warning in story.warnings:
            click.echo(f"warning: {warning}", err=True)
        yield story, workspace


def _backend(name: str) -> Backend:
    match name:
        case "mediaconvert":
            from backends.mediaconvert.backend import MediaConvertBackend

            return MediaConvertBackend()
        case "reference":
            from backends.reference.backend import ReferenceBackend

            return ReferenceBackend()
        case _:
            from backends.ffmpeg.backend import FFmpegBackend

            return FFmpegBackend()


def _render(
    spec: Path,
    target: Path,
    options: StoryOptions,
    jobs: int | None,
    *,
    full_verify: bool = False,
    executor: Backend | None = None,
) -> RunResult:
    from backends.base import RunSettings
    from renderer.publish import check_destination

    executor = executor or _backend("ffmpeg")
    with _story(spec, options) as (story, workspace):
        check_destination(target, story.originals())
        executor.plan(story.timeline, story.output, target).refuse_what_is_refused()
        with _progress_bar() as report:
            settings = RunSettings(target, jobs or _cores(), full_verify=full_verify, report=report)
            result = executor.run(story.timeline, story.output, workspace, settings)
    for warning in result.warnings:
        click.echo(f"warning: {warning}", err=True)
    return result


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextlib.contextmanager
def _written(target: Path, story: Story, *, suffix: str = ".json") -> Iterator[BinaryIO]:
    """A stream to a new file that appears only when it is complete, or to stdout for `-`."""
    from renderer.publish import check_destination, unfinished_file

    if str(target) == "-":
        yield sys.stdout.buffer
        return
    if str(target) == os.devnull:
        with target.open("wb") as stream:
            yield stream
        return
    check_destination(target, story.originals(), suffix=suffix)
    try:
        with unfinished_file(target) as unfinished, os.fdopen(os.dup(unfinished.descriptor), "wb") as stream:
            yield stream
    except OSError as error:
        raise OutputError(f"{target} can't be written: {error.strerror}") from error


@contextlib.contextmanager
def _progress_bar() -> Iterator[Callable[[Progress], None]]:
    """Frame count, speed and time left on a terminal; silence elsewhere."""
    with _bar() as (bar, task):

        def report(progress: Progress) -> None:
            names = {"prepare": "preparing", "render": "rendering", "finish": "finishing"}
            bar.update(
                task,
                completed=progress.frames,
                total=progress.total,
                description=names[progress.stage],
                speed=_speed(bar),
            )

        yield report


@contextlib.contextmanager
def _frame_bar(total: int) -> Iterator[Callable[[], None]]:
    with _bar() as (bar, task):
        bar.update(task, total=total, description="rendering")

        def advance() -> None:
            bar.advance(task)
            bar.update(task, speed=_speed(bar))

        yield advance


@contextlib.contextmanager
def _bar() -> Iterator[tuple[Bar, TaskID]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("frames, {task.fields[speed]}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield bar, bar.add_task("preparing", total=None, speed="")


def _speed(bar: Bar) -> str:
    speed = bar.tasks[0].speed
    return "" if speed is None else f"{speed:.0f} a second"


if __name__ == "__main__":
    main()
