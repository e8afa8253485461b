"""Frames → JPEGs for posters and thumbnails: the argument list, and reading them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import av

from renderer.errors import OutputError
from renderer.ffmpeg_process import ArgumentGraph, compile_argv

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.output import OutputFormat


def jpeg_argv(output: OutputFormat, pattern: Path) -> list[str]:
    """Raw frames on stdin → JPEGs numbered from 0, in the colours of JFIF: BT.601, full range."""
    import ffmpeg

    size = f"{output.width}x{output.height}"
    frames = ffmpeg.input("pipe:0", format="rawvideo", pix_fmt="yuv420p", s=size)
    labelled = frames.filter("setparams", range="tv", colorspace="bt709")
    full = labelled.filter(
        "scale",
        in_color_matrix="bt709",
        out_color_matrix="bt601",
        in_range="tv",
        out_range="pc",
        flags="bicubic+accurate_rnd+full_chroma_int+full_chroma_inp",
    ).filter("format", "yuvj420p")
    graph = full.output(
        f"file:{pattern}",
        format="image2",
        vcodec="mjpeg",
        start_number=0,
        fps_mode="passthrough",
        **{"q:v": 2, "flags:v": "+bitexact", "fflags": "+bitexact"},
    )
    return compile_argv(cast("ArgumentGraph", graph))


def verify_jpeg(path: Path, output: OutputFormat) -> None:
    """Raises: OutputError."""
    try:
        with av.open(str(path), format="image2") as container:
            picture = next(container.decode(video=0))
    except (av.FFmpegError, OSError, StopIteration) as error:
        raise OutputError(f"{path.name} can't be read back: {error}") from error
    if (picture.width, picture.height) != (output.width, output.height):
        raise OutputError(f"{path.name} has {picture.width}x{picture.height} pixels")
