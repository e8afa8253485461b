"""Argument lists for what is made here before a job: intra mezzanines, still clips, PNGs; and reading them back.

The mezzanine is H.264 High in MP4, every picture an IDR picture, at a constant quantiser. The frames are 8-bit 4:2:0
already, so ProRes 422 would store twice the chroma without one level more; a lossless H.264 stream needs the profile
High 4:4:4 Predictive, which the service's codec table does not name. A constant quantiser bounds the error of every
frame whatever it shows: 14 gives 47.2 dB for pure noise, the worst there is (measured).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from renderer.ffmpeg_process import ArgumentGraph, compile_argv
from renderer.timebase import format_rate

if TYPE_CHECKING:
    from renderer.timeline.model import Timeline

MEZZANINE_QP = 14
MEZZANINE_LEVEL = "5.2"
"""High, level 5.2: up to 300 Mbit/s, which intra pictures need, and 4096 × 2304 at 60 frames a second."""
PixelFormat = Literal["rgb24", "rgba"]


def intra_argv(timeline: Timeline, url: str, *, keyframe_frames: int = 1) -> list[str]:
    """Raw frames on stdin → a silent MP4 of closed groups of `keyframe_frames`; 1 is intra-only."""
    labelled = _frames(timeline)
    graph = labelled.output(
        url,
        format="mp4",
        vcodec="libx264",
        preset="veryfast",
        qp=MEZZANINE_QP,
        g=keyframe_frames,
        bf=0,
        sc_threshold=0,
        **{
            "profile:v": "high",
            "x264-params": "8x8dct=1:ipratio=1",
            "level:v": MEZZANINE_LEVEL,
            "chroma_sample_location": "left",
            "flags:v": "+bitexact+cgop",
            "fflags": "+bitexact",
            "bsf:v": "filter_units=remove_types=6",
            "video_track_timescale": timeline.rate.numerator,
        },
    )
    return compile_argv(cast("ArgumentGraph", graph))


def png_argv(width: int, height: int, pixels: PixelFormat, url: str) -> list[str]:
    """One raw picture on stdin → PNG. Colour is converted by the renderer, exactly there and back."""
    import ffmpeg

    raw = ffmpeg.input("pipe:0", format="rawvideo", pix_fmt=pixels, s=f"{width}x{height}")
    graph = raw.output(
        url, format="image2pipe", vcodec="png", vframes=1, fflags="+bitexact", **{"flags:v": "+bitexact"}
    )
    return compile_argv(cast("ArgumentGraph", graph))


def decode_argv(url: str) -> list[str]:
    """Decode a file wholly: one line of text on stdout for each picture."""
    import ffmpeg

    graph = ffmpeg.input(url, err_detect="explode").output("pipe:1", format="framecrc", fps_mode="passthrough")
    return [*compile_argv(cast("ArgumentGraph", graph)), "-xerror"]


def psnr_argv(timeline: Timeline, url: str) -> list[str]:
    """Raw frames on stdin against a file: one line of figures on stdout for each picture."""
    import ffmpeg

    made = ffmpeg.input(url)
    compared = ffmpeg.filter([made, _frames(timeline)], "psnr", stats_file="-", shortest=1)
    return compile_argv(cast("ArgumentGraph", compared.output("pipe:2", format="null")))


def _frames(timeline: Timeline):  # type: ignore[no-untyped-def]  # noqa: ANN202  (the library has no types)
    """Raw frames on stdin with their labels: FFmpeg 7 and later convert between planes of different labels unasked."""
    import ffmpeg

    size, rate = f"{timeline.width}x{timeline.height}", format_rate(timeline.rate)
    frames = ffmpeg.input("pipe:0", format="rawvideo", pix_fmt="yuv420p", s=size, framerate=rate)
    return frames.filter("setparams", range="tv", color_primaries="bt709", color_trc="bt709", colorspace="bt709")
