"""The same minute made in other ways: size, rate, length, photographs, logo, sound and x264 settings are the same.

The two slowest render a part, every photograph for a second, which is scaled to the pictures' whole length; cards and
sound are left out, in the rival's favour. A part of one or two photographs would not do: x264 takes three times as long
over some as over others.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from typing import TYPE_CHECKING

from assets import asset_path
from benchmarks.context import Row, encoder_settings
from benchmarks.measure import Measured, median_cpu, median_wall, run
from renderer.ffmpeg_process import find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.context import Context

ZOOM = 0.12
INTRO_S, OUTRO_S = 3, 2


def zoompan(context: Context) -> Iterator[Row]:
    """One FFmpeg with a zoompan for each picture: shakes by whole pixels."""
    total = context.scale.voice_s + INTRO_S + OUTRO_S
    runs = [run(story_graph(context)) for _ in range(context.repeats)]
    yield _row(context, "zoompan graph", runs, 1.0, f"all {total} s")


def zoompan_8000(context: Context) -> Iterator[Row]:
    """The folk remedy against the shaking: pictures 8000 pixels wide."""
    total = context.scale.voice_s + INTRO_S + OUTRO_S
    runs = [run(story_graph(context, prescale=True)) for _ in range(context.repeats)]
    yield _row(context, "scale to 8000, zoompan", runs, 4.0, f"all {total} s")


def moviepy(context: Context) -> Iterator[Row]:
    """A plain MoviePy script, as its documentation would have it."""
    name = "MoviePy"
    try:
        import moviepy as _  # noqa: F401
    except ImportError:
        yield Row(name, None, "× ours", skipped="MoviePy is not installed")
        return
    pictures = [str(context.material.folder / photo) for photo in context.material.photos()]
    settings = [str(context.scale.width), str(context.scale.height), context.output.video.preset]
    script = [sys.executable, "-W", "ignore", "-m", "benchmarks.moviepy_story"]
    seconds = [str(context.scale.parts_s), str(context.output.video.crf)]
    yield _part(context, name, [*script, str(context.target), *settings, *seconds, *pictures], 15.0)


def mlt(context: Context) -> Iterator[Row]:
    """MLT's affine filter, pictures only."""
    name = "MLT affine"
    program = shutil.which("melt")
    if program is None:
        yield Row(name, None, "× ours", skipped="melt is not installed")
        return
    yield _part(context, name, melt_argv(context, program), 5.0)


def _part(context: Context, name: str, argv: list[str], at_least: float) -> Row:
    scale = context.scale.voice_s / context.scale.parts_s
    runs = [run(argv) for _ in range(context.repeats)]
    measured = f"measured on {context.scale.parts_s:g} s, every photograph in turn, times {scale:.3g}"
    return _row(context, name, runs, at_least, measured, scale)


def _row(  # noqa: PLR0917  (all of them say how one figure came about)
    context: Context, name: str, runs: list[Measured], at_least: float, measured: str, scale: float = 1
) -> Row:
    ratios = tuple(round(item.wall_s * scale / context.cold_s(), 3) for item in runs)
    cpu = median_cpu(runs) * scale
    seconds = f"{median_wall(runs) * scale:.1f} s, CPU {cpu:.0f} s ({cpu / median_cpu(context.cold()):.1f} × ours)"
    return Row(
        name, statistics.median(ratios), "× ours", f"{seconds}; {measured}", at_least, at_least=True, samples=ratios
    )


def story_graph(context: Context, *, prescale: bool = False) -> list[str]:
    """The whole story as one FFmpeg graph."""
    scale, photos = context.scale, context.material.photos()
    frames = round(scale.voice_s * 30 / len(photos))
    folder = context.material.folder
    argv = [str(find_ffmpeg().path), "-v", "error", "-nostdin"]
    for photo in photos:
        argv += ["-i", str(folder / photo)]
    card = ["-loop", "1", "-framerate", "30", "-i", str(asset_path("brand/warm-background.png"))]
    logo = ["-i", str(asset_path("brand/logo.png"))]
    voice = ["-i", str(folder / context.material.voice(scale.voice_s))]
    argv += [*card, *logo, *voice, "-stream_loop", "-1", "-i", str(folder / context.material.music())]
    size = f"{scale.width}x{scale.height}"
    count = len(photos)
    big, small, margin = (scale.height * length // 1080 for length in (600, 200, 40))
    graph = [f"[{index}:v]{_zoompan(frames, size, prescale=prescale)}[p{index}]" for index in range(count)]
    graph += [
        f"[{count}:v]scale={size.replace('x', ':')},split[c1][c2]",
        f"[{count + 1}:v]split[l1][l2];[l1]scale={big}:-2,split[b1][b2]",
        f"[l2]scale={small}:-2,format=rgba,colorchannelmixer=aa=0.8[corner]",
        f"[c1][b1]overlay=(W-w)/2:(H-h)/2,trim=duration={INTRO_S},setsar=1,format=yuv420p[intro]",
        f"[c2][b2]overlay=(W-w)/2:(H-h)/2,trim=duration={OUTRO_S},setsar=1,format=yuv420p[outro]",
        "".join(f"[p{index}]" for index in range(count)) + f"concat=n={count}[pictures]",
        f"[pictures][corner]overlay=W-w-{margin}:H-h-{margin},setsar=1,format=yuv420p[content]",
        "[intro][content][outro]concat=n=3[picture]",
        f"[{count + 2}:a]adelay={INTRO_S}s:all=1,apad[voice];[{count + 3}:a]volume=-25dB[music]",
        "[voice][music]amix=inputs=2:normalize=0[sound]",
    ]
    maps = ["-filter_complex", ";".join(graph), "-map", "[picture]", "-map", "[sound]"]
    total = scale.voice_s + INTRO_S + OUTRO_S
    sound = ["-c:a", "aac", "-b:a", str(context.output.audio.bitrate), "-ac", "2", "-ar", "48000"]
    return [*argv, *maps, *encoder_settings(context.output), *sound, "-t", str(total), "-y", str(context.target)]


def _zoompan(frames: int, size: str, *, prescale: bool = False) -> str:
    """Crop to the frame's shape, then zoom in on the middle by 12 %."""
    large = "scale=8000:-2," if prescale else ""
    zoom = f"z='1+{ZOOM}*on/{frames - 1}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
    return f"crop=iw:iw*9/16,{large}zoompan={zoom}:d={frames}:s={size}:fps=30,setsar=1"


def melt_argv(context: Context, program: str) -> list[str]:
    """Pictures one after the other, each with a moving rectangle, encoded as ours are."""
    scale, photos = context.scale, context.material.photos()
    width, height = scale.width, scale.height
    frames = round(scale.parts_s * 30 / len(photos))
    rows, columns = round(height * ZOOM / 2), round(width * ZOOM / 2)
    end = f"-{columns} -{rows} {width + 2 * columns} {height + 2 * rows} 1"
    argv = [program, "-silent", "-profile", "atsc_1080p_30"]
    for photo in photos:
        argv += [str(context.material.folder / photo), f"out={frames - 1}", "-attach", "affine"]
        argv.append(f"transition.rect=0=0 0 {width} {height} 1;{frames - 1}={end}")
    video = context.output.video
    settings = ["vcodec=libx264", f"preset={video.preset}", f"crf={video.crf}", f"g={context.output.keyframe_frames}"]
    return [
        *argv,
        *("-consumer", f"avformat:{context.target}", *settings, f"width={width}", f"height={height}"),
        *("rescale=bicubic", "real_time=-2", "threads=0", "an=1"),
    ]
