"""The options that commands share, and what they become: a compiled story, a backend."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.base import Backend
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


def story_options(
    *,
    preset: str | None = None,
    preview: bool = False,
    allow_outside: bool = False,
    no_cache: bool = False,
    frames: bool = False,
) -> StoryOptions:
    from presets import preset_names
    from renderer.story import StoryOptions

    if preset is not None and preset not in preset_names("outputs"):
        raise click.BadParameter(f"{preset!r}; there are {', '.join(preset_names('outputs'))}", param_hint="--output")
    return StoryOptions(
        output=preset, preview=preview, allow_outside=allow_outside, use_cache=not no_cache, frames=frames
    )


@contextlib.contextmanager
def compiled_story(spec: Path, options: StoryOptions) -> Iterator[tuple[Story, Workspace]]:
    """Compile a spec in a workspace that lasts as long as the block; its warnings go to stderr."""
    from renderer.story import compile_story, open_workspace

    with open_workspace(spec, options) as workspace:
        story = compile_story(spec, workspace, options)
        for warning in story.warnings:
            click.echo(f"warning: {warning}", err=True)
        yield story, workspace


def backend_named(name: str) -> Backend:
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
