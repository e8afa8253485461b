"""The programme mix, and the music library."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import click

from commands.files import written
from commands.options import JSON, NO_CACHE, OUTSIDE, SPEC, compiled_story, story_options
from commands.screen import sound_bar


@click.command()
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
    with compiled_story(spec, story_options(allow_outside=allow_outside, no_cache=no_cache)) as (story, workspace):
        with (
            written(target or Path(os.devnull), story, suffix=".wav") as stream,
            sound_bar(math.ceil(story.timeline.duration_s)) as on_mixed,
        ):
            report = export.write_mix(story, workspace, stream, on_mixed=on_mixed)
        for warning in report.warnings():
            click.echo(f"warning: {warning}", err=True)
        if not explain and plot is None:
            return
        survey = export.survey_story_mix(story, workspace, report)
        if explain:
            click.echo("\n".join(export.explain_story_mix(story, report, survey)), err=str(target) == "-")
        if plot is not None:
            with written(plot, story, suffix=".png") as stream:
                export.plot_story_mix(story, report, survey, stream)


@click.group()
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
    for mood in found.empty_moods:
        click.echo(f"mood {mood!r} has no music", err=True)
    if not found.moods:
        click.echo(f"no moods in {library}: expected folders MOOD/TRACK with TRACK-SECONDSs.mp3", err=True)


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
