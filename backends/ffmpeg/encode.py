"""Frames → H.264 segments, samples → AAC: the argument lists, and feeding the encoders.

Each segment has its own x264 with one thread: the bytes do not depend on the core count or on `--jobs`, and the
cores are busy all the same (DESIGN §7). Colour is converted by the renderer and only labelled here.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, cast

from renderer.ffmpeg_process import ArgumentGraph, CancelToken, Child, compile_argv
from renderer.timebase import SAMPLE_RATE, format_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.picture.compositor import Frame
    from renderer.sound.programme import Programme

# ITU-T H.264, table A-1: level × 10, macroblocks a second, macroblocks a frame.
_LEVELS = (
    (40, 245_760, 8_192),
    (42, 522_240, 8_704),
    (50, 589_824, 22_080),
    (51, 983_040, 36_864),
    (52, 2_073_600, 36_864),
    (60, 4_177_920, 139_264),
    (61, 8_355_840, 139_264),
    (62, 16_711_680, 139_264),
)


def h264_level(width: int, height: int, rate: Fraction) -> str:
    """Level 4.0, or the lowest above it that size and rate fit (DESIGN §7)."""
    macroblocks = -(-width // 16) * -(-height // 16)
    for level, per_second, per_frame in _LEVELS:
        if macroblocks <= per_frame and macroblocks * rate <= per_second:
            return f"{level // 10}.{level % 10}"
    return "6.2"


def segment_argv(output: OutputFormat, target: Path) -> list[str]:
    """Raw frames on stdin → one video-only file with a closed GOP, its times counted in whole frames."""
    import ffmpeg

    rate = format_rate(output.rate)
    frames = ffmpeg.input(
        "pipe:0", format="rawvideo", pix_fmt="yuv420p", s=f"{output.width}x{output.height}", framerate=rate
    )
    labelled = frames.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    graph = labelled.output(
        f"file:{target}",
        format="mp4",
        vcodec="libx264",
        preset=output.video.preset,
        crf=output.video.crf,
        threads=1,
        g=output.keyframe_frames,
        sc_threshold=0,
        **{
            "profile:v": "high",
            "x264-params": "8x8dct=1",  # ultrafast turns it off and falls back to the baseline profile
            "level:v": h264_level(output.width, output.height, output.rate),
            "chroma_sample_location": "left",
            "flags:v": "+bitexact+cgop",
            "fflags": "+bitexact",
            "bsf:v": "filter_units=remove_types=6",
            "video_track_timescale": output.rate.numerator,
        },
    )
    return compile_argv(cast("ArgumentGraph", graph))


def sound_argv(output: OutputFormat, target: Path) -> list[str]:
    """16-bit stereo at 48 kHz on stdin → AAC-LC in MP4, never raw ADTS: that starts 1024 samples late (measured)."""
    import ffmpeg

    samples = ffmpeg.input("pipe:0", format="s16le", ar=SAMPLE_RATE, ac=2)
    graph = samples.output(
        f"file:{target}",
        format="mp4",
        acodec="aac",
        audio_bitrate=output.audio.bitrate,
        **{"flags:a": "+bitexact", "fflags": "+bitexact"},
    )
    return compile_argv(cast("ArgumentGraph", graph))


def encode_segment(
    argv: list[str], frames: Iterator[Frame], *, cancel: CancelToken, on_frame: Callable[[], None]
) -> None:
    """Feed one segment's frames to its encoder. Raises: ToolError, MediaError, Cancelled."""
    with Child(argv, stdin=subprocess.PIPE) as encoder:
        for frame in frames:
            cancel.raise_if_set()
            encoder.write(frame.data.data)
            on_frame()
        encoder.finish(silent=True)


def encode_sound(argv: list[str], programme: Programme, *, cancel: CancelToken) -> None:
    """Feed the programme mix to its encoder. Raises: ToolError, Cancelled."""
    with Child(argv, stdin=subprocess.PIPE) as encoder:
        for block in programme.blocks():
            cancel.raise_if_set()
            encoder.write(block.data)
        encoder.finish(silent=True)
