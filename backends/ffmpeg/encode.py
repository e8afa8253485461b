"""Frames → H.264 segments, samples → AAC: the argument lists, and feeding the encoders.

Each segment has its own x264 with one thread: the bytes do not depend on the core count or on `--jobs`, and the
cores are busy all the same (DESIGN §7). Colour is converted by the renderer and only labelled here.
"""

from __future__ import annotations

import functools
import importlib.metadata
import subprocess
from typing import TYPE_CHECKING, cast

from backends.ffmpeg import x264
from backends.ffmpeg.x264 import WITHOUT_SEI
from renderer.ffmpeg_process import ArgumentGraph, CancelToken, Child, FFmpeg, Limits, compile_argv, find_ffmpeg
from renderer.mp4_facts import h264_level
from renderer.timebase import SAMPLE_RATE, format_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.picture.compositor import Frame
    from renderer.sound.programme import Programme


def x264_options(output: OutputFormat) -> dict[str, str]:
    """What the encoder is told, by FFmpeg's own names: for its program and for its library alike."""
    return {
        "preset": output.video.preset,
        "crf": str(output.video.crf),
        "threads": "1",
        "g": str(output.keyframe_frames),
        "sc_threshold": "0",
        "profile": "high",
        "level": h264_level(output.width, output.height, output.rate),
        "x264-params": "8x8dct=1",  # ultrafast turns it off and falls back to the baseline profile
        "chroma_sample_location": "left",
        "flags": "+bitexact+cgop",
    }


COLOUR = {"color_range": "tv", "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709"}


def segment_argv(output: OutputFormat, target: Path) -> list[str]:
    """Raw frames on stdin → one video-only file with a closed GOP, its times counted in whole frames."""
    return [*_segment_argv(output, find_ffmpeg()), f"file:{target}"]


@functools.lru_cache(maxsize=16)
def _segment_argv(output: OutputFormat, program: FFmpeg) -> tuple[str, ...]:
    """All but the target, which stands last: building a graph takes 2.5 ms, and stories have hundreds of segments."""
    import ffmpeg

    rate = format_rate(output.rate)
    frames = ffmpeg.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", s=f"{output.width}x{output.height}", framerate=rate
    )
    labelled = frames.filter("setparams", **{name.replace("color_range", "range"): to for name, to in COLOUR.items()})
    for_video = {"profile", "level", "flags"}  # names that mean something else without a stream
    options = {f"{name}:v" if name in for_video else name: value for name, value in x264_options(output).items()}
    graph = labelled.output(
        "file:TARGET",
        format="mp4",
        vcodec="libx264",
        **options,
        **{"fflags": "+bitexact", "bsf:v": WITHOUT_SEI, "video_track_timescale": output.rate.numerator},
    )
    return tuple(compile_argv(cast("ArgumentGraph", graph), ffmpeg=program)[:-1])


def sound_argv(output: OutputFormat, target: Path) -> list[str]:
    """16-bit stereo at 48 kHz on stdin → AAC-LC in MP4, never raw ADTS: that starts 1024 samples late (measured)."""
    import ffmpeg

    samples = ffmpeg.input("pipe:0", format="s16le", ar=SAMPLE_RATE, ac=2)
    graph = samples.output(
        f"file:{target}",
        format="mp4",
        acodec="aac",
        aac_coder="fast",  # decision 0007
        audio_bitrate=output.audio.bitrate,
        **{"flags:a": "+bitexact", "fflags": "+bitexact"},
    )
    return compile_argv(cast("ArgumentGraph", graph))


_PATIENCE = Limits(wall_s=1_800, trusted=True)
"""Half an hour for one segment or one programme's sound: an encoder that takes longer is stuck (SAFETY P5)."""


def in_process() -> bool:
    """Whether pictures are encoded in this process: always, unless `STORYREEL_FFMPEG` names a program to use."""
    return find_ffmpeg().origin != "STORYREEL_FFMPEG"


def encoder_build() -> str:
    """Which build encodes pictures: another one may give other bytes."""
    return f"PyAV {importlib.metadata.version('av')}" if in_process() else f"FFmpeg {find_ffmpeg().version}"


def segment_place() -> str:
    """Where segments are encoded, for a plan; nothing where its argument list runs as it stands."""
    return f" in this process, by {encoder_build()}, as this command would" if in_process() else ""


def encode_segment(
    output: OutputFormat, target: Path, frames: Iterator[Frame], *, cancel: CancelToken, on_frame: Callable[[], None]
) -> str | None:
    """Encode one segment's frames.

    Returns the hash of its packets as they left the encoder; None where a program encoded, which hands out only a
    file. Raises: ToolError, OutputError, MediaError, Cancelled.
    """

    def watched() -> Iterator[Frame]:
        for frame in frames:
            cancel.raise_if_set()
            yield frame
            on_frame()

    if in_process():
        return x264.encode(
            watched(), target, x264_options(output) | COLOUR, size=(output.width, output.height), rate=output.rate
        )
    with Child(segment_argv(output, target), stdin=subprocess.PIPE, limits=_PATIENCE) as encoder:
        for frame in watched():
            encoder.write(frame.data.data)
        encoder.finish(silent=True)
    return None


def encode_sound(argv: list[str], programme: Programme, *, cancel: CancelToken) -> None:
    """Feed the programme mix to its encoder. Raises: ToolError, Cancelled."""
    with Child(argv, stdin=subprocess.PIPE, limits=_PATIENCE) as encoder:
        for block in programme.blocks():
            cancel.raise_if_set()
            encoder.write(block.data)
        encoder.finish(silent=True)
