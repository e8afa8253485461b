"""What is there: presets, the schema, the cache, the installation's state."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from commands.options import JSON, OUTPUT_PRESET, OUTSIDE, PREVIEW, compiled_story, story_options
from renderer.cache import cache_root

if TYPE_CHECKING:
    from renderer.story import StoryOptions


@click.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for an editor."""
    from renderer.spec.schema import spec_json_schema

    click.echo(json.dumps(spec_json_schema(), indent=2, ensure_ascii=False))


@click.command()
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


@click.command()
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
        if action != "size":
            raise click.UsageError(f"--explain looks and {action} removes: call one after the other")
        _explain(spec, story_options(preset=preset, preview=preview, allow_outside=allow_outside))
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

    with compiled_story(spec, options) as (story, workspace):
        for item in explain_cache(story, workspace):
            frames = item.part.frames
            place = "" if frames is None else f" frames {frames.start} to {frames.end - 1},"
            click.echo(f"{item.part.name}:{place} {item.part.shows}: {'cached' if item.cached else 'missing'}")
            for reason in item.reasons:
                click.echo(f"    {reason}")


@click.command()
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
