"""Frames and mix → WebM with VP9 and Opus: the argument list, what its bytes depend on, reading it back."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

import av

from renderer.errors import OutputError
from renderer.ffmpeg_process import ArgumentGraph, compile_argv, find_ffmpeg
from renderer.ingredients import encoded_picture_ingredients, layer_ingredients, mix_ingredients
from renderer.timebase import format_rate

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.ingredients import Ingredients
    from renderer.output import OutputFormat
    from renderer.timeline.model import Timeline

OPUS_BITRATE = 128_000
_ENTRY_FORMAT = 1
_APART_S = Fraction(25, 1000)
"""How far sound and picture may end apart: one Opus frame of 20 ms, and the container's whole milliseconds."""


def webm_argv(timeline: Timeline, output: OutputFormat, mix: Path, target: Path) -> list[str]:
    """Raw frames on stdin and the mix → VP9 and Opus.

    One thread gives other bytes than several, and all other numbers the same (measured), so the number is fixed.
    5 s of the demo at 1080p take 13 s of CPU with `realtime`, speed 5, and 61 s with `good`, speed 4, at 0.1 dB more.
    Without equal bounds the rate came out at twice the wanted one.
    """
    import ffmpeg

    rate, size = format_rate(output.rate), f"{output.width}x{output.height}"
    bitrate = output.renditions.webm_bitrate or 0
    frames = ffmpeg.input("pipe:0", format="rawvideo", pix_fmt="yuv420p", s=size, framerate=rate)
    labelled = frames.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
    graph = ffmpeg.output(
        labelled,
        ffmpeg.input(f"file:{mix}").audio,
        f"file:{target}",
        format="webm",
        vcodec="libvpx-vp9",
        video_bitrate=bitrate,
        acodec="libopus",
        audio_bitrate=OPUS_BITRATE,
        metadata=f"title={timeline.title}",
        **{
            "minrate": bitrate,
            "maxrate": bitrate,
            "bufsize": 2 * bitrate,
            "deadline": "realtime",
            "cpu-used": 5,
            "threads": 4,
            "row-mt": 1,
            "tile-columns": 1,
            "g": output.keyframe_frames,
            "flags:v": "+bitexact",
            "flags:a": "+bitexact",
            "fflags": "+bitexact",
        },
    )
    return compile_argv(cast("ArgumentGraph", graph))


def webm_ingredients(timeline: Timeline, argv: list[str]) -> Ingredients:
    """What its bytes depend on."""
    return {
        "entry": _ENTRY_FORMAT,
        "layers": [layer_ingredients(layer) for layer in timeline.layers],
        "frames": timeline.frame_count,
        "size": [timeline.width, timeline.height],
        "mix": mix_ingredients(timeline.sound),
        **encoded_picture_ingredients(argv, f"FFmpeg {find_ffmpeg().version}"),
    }


def verify_webm(path: Path, timeline: Timeline) -> None:
    """Decode it wholly. Raises: OutputError where it is not what was planned."""
    try:
        with av.open(str(path)) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            facts = (video.codec_context.name, audio.codec_context.name, video.width, video.height)
            frames, heard = 0, Fraction(0)
            for picture in container.decode(video, audio):
                if isinstance(picture, av.VideoFrame):
                    frames += 1
                elif isinstance(picture, av.AudioFrame):
                    heard += Fraction(picture.samples, picture.sample_rate)
    except (av.FFmpegError, IndexError) as error:
        raise OutputError(f"the WebM can't be read back, and was thrown away: {error}") from error
    planned = (timeline.frame_count, timeline.width, timeline.height)
    if (frames, *facts[2:]) != planned or abs(heard - timeline.duration_s) > _APART_S:
        found = f"{frames} frames of {facts[2]}x{facts[3]} and {float(heard):.3f} s of sound"
        raise OutputError(f"the WebM is not what was planned, and was thrown away: {found}, planned {planned}")
