"""The programme mix of an hour: speed against real time, with and without a loudness target, and flat memory.

The voice is the bundled recording, repeated and coded as MP3 at 44.1 kHz, so that it is decoded and resampled like an
author's; the music is the bundled piece, looped, faded and ducked.
"""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from assets import asset_path
from benchmarks.context import Context, Row
from benchmarks.material import FULL
from benchmarks.measure import Measured, median_cpu, median_wall, run
from renderer.ffmpeg_process import find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGET_FACTOR = 100.0
MUSIC = {"gain_db": -6, "duck": {"db": -18}, "fade_in": "2s", "fade_out": "4s"}


def mixing(context: Context) -> Iterator[Row]:
    """`storyreel mix` of an hour of narration with looped, ducked music."""
    seconds = 3600 if context.scale == FULL else 30
    plain, target = _spec(context, seconds), _spec(context, seconds, loudness="web")
    cold = [_cold(context, plain) for _ in range(context.repeats)]
    warm = [_mix(context, plain) for _ in range(context.repeats)]
    mastered = [_mix(context, target) for _ in range(context.repeats)]
    yield _factor("mix of an hour, decoding included", cold, seconds, target=TARGET_FACTOR)
    yield _factor("mix of an hour, sounds known", warm, seconds, target=TARGET_FACTOR)
    yield _factor("mix of an hour to -14 LUFS, sounds known", mastered, seconds)


def memory(context: Context) -> Iterator[Row]:
    """Peak memory of a mix: ten minutes against two hours."""
    short_s, long_s = (600, 7200) if context.scale == FULL else (10, 20)
    short, long = (_cold(context, _spec(context, seconds), watch_memory=True) for seconds in (short_s, long_s))
    yield Row("peak memory, mix of ten minutes", short.peak_mb, "MB", "whole process tree, decoding included", 400)
    yield Row("peak memory, mix of two hours", long.peak_mb / short.peak_mb, "×", f"{long.peak_mb:.0f} MB", 1.10)


def _spec(context: Context, seconds: int, **more: object) -> Path:
    """A story of one picture, so that sound is all there is to do."""
    narration, music = _coded(context, "narration", seconds), _coded(context, "music", 30)
    name = f"sound-{seconds}{'-'.join(['', *more])}"
    images = [context.material.photos()[0]]
    return context.material.story(
        name, brand=None, images=images, narration=narration, music={"file": music} | MUSIC, **more
    )


def _coded(context: Context, name: str, seconds: int) -> str:
    target = context.material.folder / f"{name}-{seconds}s.mp3"
    if not target.exists():
        argv = [str(find_ffmpeg().path), "-v", "error", "-nostdin", "-stream_loop", "-1"]
        coding = ["-ar", "44100", "-c:a", "libmp3lame", "-b:a", "128k"]
        unfinished = target.with_suffix(".part.mp3")
        run([*argv, "-i", str(asset_path(f"demo/{name}.flac")), "-t", str(seconds), *coding, "-y", str(unfinished)])
        unfinished.rename(target)
    return target.name


def _cold(context: Context, spec: Path, *, watch_memory: bool = False) -> Measured:
    context.forget()
    return _mix(context, spec, watch_memory=watch_memory)


def _mix(context: Context, spec: Path, *, watch_memory: bool = False) -> Measured:
    target = str(context.scratch / "mix.wav")
    return context.storyreel("mix", str(spec), "-o", target, watch_memory=watch_memory)


def _factor(name: str, runs: list[Measured], seconds: int, target: float | None = None) -> Row:
    """How many times faster than it plays."""
    factors = tuple(round(seconds / item.wall_s, 1) for item in runs)
    detail = f"{median_wall(runs):.1f} s for {seconds} s, CPU {median_cpu(runs):.1f} s"
    return Row(name, statistics.median(factors), "× real", detail, target, at_least=True, samples=factors)
