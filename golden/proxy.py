"""The small reference video of a golden: every frame, at most 640 pixels wide, with the sound, at most 1.2 MB a minute.

The encoder's rate is capped (ITU-T H.264 Annex C buffering), so the size is a promise, not a hope: 80 kbit/s of
picture and 64 kbit/s of sound, 1.08 MB a minute, and 50 KB of container.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, cast

from golden.planes import Yuv, shrink, shrink_factor, shrunk_size
from renderer.ffmpeg_process import ArgumentGraph, Child, Limits, compile_argv
from renderer.timebase import SAMPLE_RATE, format_rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from renderer.timeline.model import Timeline

MAX_WIDTH = 640
_PICTURE_KBIT, _BUFFER_KBIT, _SOUND_BIT = 80, 160, 64_000
_PATIENCE = Limits(wall_s=3_600, trusted=True)


def proxy_factor(timeline: Timeline) -> int:
    """How many full-size samples become one, along each axis."""
    return shrink_factor(timeline.width, timeline.height, MAX_WIDTH)


def proxy_size(timeline: Timeline) -> tuple[int, int]:
    """(width, height) of the reference video."""
    return shrunk_size(timeline.width, timeline.height, proxy_factor(timeline))


def to_proxy(frame: Yuv, timeline: Timeline) -> Yuv:
    return shrink(frame, proxy_factor(timeline))


def encode_proxy_picture(timeline: Timeline, frames: Iterable[Yuv], target: Path) -> None:
    """Encode frames of `proxy_size` in order. Raises: ToolError."""
    import ffmpeg

    width, height = proxy_size(timeline)
    source = ffmpeg.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", s=f"{width}x{height}", framerate=format_rate(timeline.rate)
    )
    labelled = source.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    options = {
        "maxrate": f"{_PICTURE_KBIT}k",
        "bufsize": f"{_BUFFER_KBIT}k",
        "flags:v": "+bitexact",
        "fflags": "+bitexact",
        "bsf:v": "filter_units=remove_types=6",
        "video_track_timescale": timeline.rate.numerator,
    }
    graph = labelled.output(
        f"file:{target}",
        format="mp4",
        vcodec="libx264",
        preset="medium",
        crf=24,
        threads=1,
        g=300,
        **options,
    )
    _feed(compile_argv(cast("ArgumentGraph", graph)), (frame.tobytes() for frame in frames))


def encode_proxy_sound(blocks: Iterator[bytes], target: Path) -> None:
    """Encode 16-bit stereo at 48 kHz. Raises: ToolError."""
    import ffmpeg

    source = ffmpeg.input("pipe:0", format="s16le", ar=SAMPLE_RATE, ac=2)
    graph = source.output(
        f"file:{target}",
        format="mp4",
        acodec="aac",
        audio_bitrate=_SOUND_BIT,
        **{"flags:a": "+bitexact", "fflags": "+bitexact"},
    )
    _feed(compile_argv(cast("ArgumentGraph", graph)), blocks)


def join_proxy(picture: Path, sound: Path, target: Path) -> None:
    """Both into one file, index first, without encoding again. Raises: ToolError."""
    import ffmpeg

    video, audio = ffmpeg.input(f"file:{picture}").video, ffmpeg.input(f"file:{sound}").audio
    graph = ffmpeg.output(
        video, audio, f"file:{target}", format="mp4", c="copy", movflags="+faststart", fflags="+bitexact"
    )
    _feed(compile_argv(cast("ArgumentGraph", graph)), iter(()))


def _feed(argv: list[str], chunks: Iterable[bytes]) -> None:
    with Child(argv, stdin=subprocess.PIPE, limits=_PATIENCE) as encoder:
        for chunk in chunks:
            encoder.write(chunk)
        encoder.finish(silent=True)
