"""One output → one file: frames on stdin, prepared sounds beside it, one FFmpeg that encodes and muxes."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.execute.burning import burnt_in
from backends.mediaconvert.service.execute.pictures import PictureSource
from backends.mediaconvert.service.execute.sounds import correction, pan_text
from backends.mediaconvert.service.faults import UNSUPPORTED_TOGETHER, JobFailure
from backends.mediaconvert.service.translate.audio_codecs import LAYOUTS
from backends.mediaconvert.service.unknowns import FIRST_CAPTURE
from renderer.errors import ToolError
from renderer.ffmpeg_process import ArgumentGraph, Child, Limits, compile_argv
from renderer.timebase import SAMPLE_RATE, format_rate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backends.mediaconvert.service.execute.media import JobMedia
    from backends.mediaconvert.service.execute.sounds import SoundMaker
    from backends.mediaconvert.service.translate.plan import Arguments, OutputPlan, PicturePlan, SoundPlan
    from renderer.ffmpeg_process import CancelToken

MUXERS = {
    "MP4": "mp4",
    "MOV": "mov",
    "M2TS": "mpegts",
    "WEBM": "webm",
    "OGG": "ogg",
    "MXF": "mxf",
    "F4V": "f4v",
    "M3U8": "mp4",
    "MPD": "mp4",
    "CMFC": "mp4",
}
"""By container; what is packaged later is an MP4 until then."""
RAW_MUXERS = {"H_264": "h264", "H_265": "hevc", "PRORES": "mov"}
_PATIENCE = Limits(wall_s=24 * 3600, trusted=True)
_QUIET = {"SVT_LOG": "1"}
"""SVT-AV1 tells of its settings on stderr, where only errors belong."""
_LABELS = {"range": "tv", "color_primaries": "bt709", "color_trc": "bt709", "colorspace": "bt709"}


@dataclass(frozen=True, slots=True)
class Encoding:
    """What encoding one output needs."""

    media: JobMedia
    sounds: SoundMaker
    scratch: Path
    cancel: CancelToken
    count: Callable[[int], None]


def encode_output(plan: OutputPlan, target: Path, encoding: Encoding) -> None:
    """Make `target`. Raises: JobFailure, MediaError, Cancelled."""
    argv = output_argv(plan, target, encoding)
    source = PictureSource(plan.picture, encoding.media, encoding.cancel, encoding.count) if plan.picture else None
    try:
        stdin = subprocess.PIPE if source else subprocess.DEVNULL
        with Child(argv, stdin=stdin, limits=_PATIENCE, env=_QUIET) as encoder:
            if source is not None:
                source.feed(encoder)
            encoder.finish(silent=True)
    except ToolError as error:
        said = [line for line in error.stderr_tail.strip().splitlines() if line]
        reason = said[-1] if said else error.message
        raise JobFailure(UNSUPPORTED_TOGETHER, f"Error encoding {plan.settings.pointer}: [{reason}]") from error


def output_argv(plan: OutputPlan, target: Path, encoding: Encoding) -> list[str]:
    """The encoder's argument list. Raises: JobFailure."""
    import ffmpeg

    streams, arguments = [], cast("Arguments", dict(plan.arguments))
    if plan.picture is not None:
        streams.append(_picture(plan.picture, encoding))
        arguments |= plan.picture.arguments
        arguments["chroma_sample_location"] = "left"
    for index, sound in enumerate(plan.sounds):
        streams.append(_sound(sound, encoding.sounds.track(sound)))
        arguments |= _track_arguments(sound, index)
    muxer = _muxer(plan)
    arguments |= {"format": muxer, "map_metadata": -1, "fflags": "+bitexact"}
    if plan.picture is not None and muxer in ("mp4", "mov"):
        arguments["video_track_timescale"] = _timescale(plan.picture)
    graph = ffmpeg.output(*streams, f"file:{target}", **arguments)
    return compile_argv(cast("ArgumentGraph", graph))


def _timescale(picture: PicturePlan) -> int:
    """A multiple of the rate's numerator large enough for every player."""
    numerator = picture.timeline.rate.numerator
    return numerator * max(1, -(-10_000 // numerator))


def _muxer(plan: OutputPlan) -> str:
    if plan.container != "RAW":
        return MUXERS[plan.container]
    if plan.picture is not None:
        return RAW_MUXERS.get(plan.picture.codec, "mp4")
    return plan.sounds[0].raw_format


def frames_input(picture: PicturePlan):  # type: ignore[no-untyped-def]  # noqa: ANN201  (the library has no types)
    """Raw frames on stdin with their labels."""
    import ffmpeg

    timeline = picture.timeline
    raw = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pix_fmt="yuv420p",
        s=f"{timeline.width}x{timeline.height}",
        framerate=format_rate(timeline.rate),
        thread_queue_size=64,
    )
    return raw.filter("setparams", field_mode=picture.fields, **_LABELS)


def _picture(picture: PicturePlan, encoding: Encoding):  # type: ignore[no-untyped-def]  # noqa: ANN202
    stream = burnt_in(frames_input(picture), picture, encoding.media, encoding.scratch)
    aspect = picture.pixel_aspect
    return stream.filter("setsar", f"{aspect.numerator}/{aspect.denominator}")


def _sound(sound: SoundPlan, track: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202
    import ffmpeg

    channels = len(sound.matrix)
    stream = ffmpeg.input(f"file:{track}", f="f32le", ar=SAMPLE_RATE, ac=channels)
    layout = LAYOUTS.get(channels)
    if layout is not None:
        identity = tuple(tuple(float(i == o) for i in range(channels)) for o in range(channels))
        stream = stream.filter("pan", args=pan_text(identity, layout))
    if sound.loudness is not None:
        gain_db, limit_db = correction(track, channels, sound.loudness)
        stream = stream.filter("volume", f"{gain_db:.3f}dB", precision="float")
        if limit_db is not None:
            limit = max(0.0625, 10 ** (limit_db / 20))
            stream = stream.filter("alimiter", limit=f"{limit:.6f}", level=0, attack=2, release=50)
    if sound.sample_rate != SAMPLE_RATE:
        stream = stream.filter("aresample", sound.sample_rate)
    return stream


_OF_ONE_TRACK = {
    "acodec": "c:a",
    "audio_bitrate": "b:a",
    "q:a": "q:a",
    "sample_fmt": "sample_fmt",
    "dialnorm": "dialnorm",
}


def _track_arguments(sound: SoundPlan, index: int) -> Arguments:
    """The codec's arguments for one of several tracks."""
    found: Arguments = {}
    for name, value in sound.arguments.items():
        kind = _OF_ONE_TRACK[name]
        found[f"{kind}:{index}" if kind.endswith(":a") else f"{kind}:a:{index}"] = value
    if sound.language:
        found[f"metadata:s:a:{index}"] = f"language={sound.language}"
    return found


def capture_argv(picture: PicturePlan, folder: Path, encoding: Encoding) -> list[str]:
    """Frames on stdin → numbered JPEGs in `folder`."""
    stream = burnt_in(frames_input(picture), picture, encoding.media, encoding.scratch)
    stream = stream.filter("scale", in_range="tv", out_range="pc", flags="accurate_rnd+bitexact")
    quality = picture.captures.quality if picture.captures is not None else 80
    graph = stream.filter("format", "yuvj420p").output(
        f"file:{folder}/%07d.jpg",
        format="image2",
        vcodec="mjpeg",
        start_number=FIRST_CAPTURE,
        fps_mode="passthrough",
        **{"q:v": round(2 + (100 - quality) * 29 / 99), "flags": "+bitexact"},
    )
    return compile_argv(cast("ArgumentGraph", graph))


def capture_frames(plan: OutputPlan, folder: Path, encoding: Encoding) -> list[Path]:
    """JPEGs in order. Raises: JobFailure, MediaError, Cancelled."""
    assert plan.picture is not None  # noqa: S101  (captures are pictures)
    argv = capture_argv(plan.picture, folder, encoding)
    with Child(argv, stdin=subprocess.PIPE, limits=_PATIENCE) as encoder:
        PictureSource(plan.picture, encoding.media, encoding.cancel, encoding.count).feed(encoder)
        encoder.finish()
    return sorted(folder.glob("*.jpg"))
