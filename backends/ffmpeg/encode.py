"""Frames → H.264 segments, samples → AAC: the argument lists, and feeding the encoders.

Each segment has its own x264 with one thread: the bytes do not depend on the core count or on `--jobs`, and the
cores are busy all the same (DESIGN §7). Colour is converted by the renderer and only labelled here.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, cast

from renderer.ffmpeg_process import ArgumentGraph, CancelToken, Child, Limits, compile_argv
from renderer.mp4_facts import h264_level
from renderer.timebase import SAMPLE_RATE, format_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.picture.compositor import Frame
    from renderer.sound.programme import Programme


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


_PATIENCE = Limits(wall_s=1_800, trusted=True)
"""Half an hour for one segment or one programme's sound: an encoder that takes longer is stuck (SAFETY P5)."""


def encode_segment(
    argv: list[str], frames: Iterator[Frame], *, cancel: CancelToken, on_frame: Callable[[], None]
) -> None:
    """Feed one segment's frames to its encoder. Raises: ToolError, MediaError, Cancelled."""
    with Child(argv, stdin=subprocess.PIPE, limits=_PATIENCE) as encoder:
        for frame in frames:
            cancel.raise_if_set()
            encoder.write(frame.data.data)
            on_frame()
        encoder.finish(silent=True)


def encode_sound(argv: list[str], programme: Programme, *, cancel: CancelToken) -> None:
    """Feed the programme mix to its encoder. Raises: ToolError, Cancelled."""
    with Child(argv, stdin=subprocess.PIPE, limits=_PATIENCE) as encoder:
        for block in programme.blocks():
            cancel.raise_if_set()
            encoder.write(block.data)
        encoder.finish(silent=True)
