"""A clip's frames as one FFmpeg argument list: raw planes on stdout, an exact number of them, at the programme's rate.

Which source picture a frame shows is decided by FFmpeg's `fps` filter against a grid that starts at the clip's first
frame. The grid is set `BIAS_S` early, so that source pictures which lie exactly between two frames of the programme
(60 a second shown at 30) always go to the later one, wherever decoding starts: every other picture is shown, from the
first on.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from renderer.ffmpeg_process import PROTOCOLS, ArgumentGraph, Limits, compile_argv, descriptor_url
from renderer.sound.decode import CODECS as SOUND_CODECS
from renderer.timebase import format_rate

if TYPE_CHECKING:
    from renderer.timeline.model import Clip

BIAS_S = Fraction(1, 10_000)
"""More than FFmpeg's rounding of times to microseconds, less than a quarter of a frame at 120 a second."""
MARGIN_S = Fraction(1)
"""Decoding starts so much earlier than the first frame wanted: the picture before it may be the one to show."""
SCALER = "bicubic+accurate_rnd+full_chroma_int+bitexact"
"""The same bits on every CPU (SAFETY R5)."""
CONTAINERS = "mov,matroska,mpegts,mxf,avi,flv,mpeg,wav,mp3,flac,ogg,aiff,aac,ac3,eac3"
"""Demuxers that may run at all (SAFETY S1)."""
FILE_CODECS = (
    "h264,hevc,vp8,vp9,libvpx,libvpx-vp9,libdav1d,av1,mpeg2video,mpeg1video,mpeg4,prores,dnxhd,mjpeg,qtrle,rawvideo,"
    "v210,png,ffv1,huffyuv,utvideo,vc1,wmv3,theora,h263,dvvideo,jpeg2000,libopenjpeg,"
    "ac3,eac3,ac3_fixed,wmav2,wmapro,dca,truehd,pcm_bluray,pcm_s24daud,pcm_s16be_planar,s302m,"
) + SOUND_CODECS
"""Decoders that may run. All of a file's tracks count: its demuxer opens each once, to learn what it holds."""
_MATRICES = {"bt601": "smpte170m", "bt709": "bt709", "bt2020": "bt2020nc"}


@dataclass(frozen=True, slots=True)
class ClipFrames:
    """Which frames of a clip are wanted: `count` from the `first` on, at `rate`, scaled to `size` (even).

    `pad` is the frame around them, (width, height, left, top), black; None for none.
    """

    rate: Fraction
    first: int
    count: int
    size: tuple[int, int]
    pad: tuple[int, int, int, int] | None = None


def clip_limits(frames: int) -> Limits:
    """What a decoder may use: time in proportion to what it is to deliver."""
    return Limits(cpu_s=600 + frames, address_space_bytes=8 << 30, open_files=64, wall_s=3_600 + 2 * frames)


def clip_argv(clip: Clip, descriptor: int, wanted: ClipFrames) -> list[str]:
    """Decode the file open at `descriptor`; Y, U and V of each frame, BT.709 limited, 4:2:0, on stdout."""
    import ffmpeg

    source = clip.source
    at_s = source.start_s + clip.start + wanted.first / wanted.rate
    seek_s = max(Fraction(0), at_s - MARGIN_S) if at_s > 2 * MARGIN_S else Fraction(0)
    options = {} if seek_s == 0 else {"ss": _seconds(seek_s)}
    stream = ffmpeg.input(
        descriptor_url(descriptor),
        f=source.container,
        protocol_whitelist=PROTOCOLS,
        format_whitelist=CONTAINERS,
        codec_whitelist=FILE_CODECS,
        noautorotate=None,
        **options,
    )[f"v:{source.stream}"]
    if source.interlaced and clip.deinterlace:
        stream = stream.filter("bwdif", mode="send_frame", deint="all")
    stream = stream.filter("fps", format_rate(wanted.rate), start_time=_seconds(at_s - seek_s - BIAS_S), round="near")
    stream = stream.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=wanted.count)
    stream = _turned(stream, source.rotation)
    if clip.crop is not None:
        left, top, width, height = clip.crop
        stream = stream.filter("crop", width, height, left, top, exact=1)
    if clip.denoise:
        stream = stream.filter("hqdn3d", luma_spatial=clip.denoise / 2)
    stream = _scaled(stream, clip, wanted.size)
    if wanted.pad is not None:
        width, height, left, top = wanted.pad
        stream = stream.filter("pad", width, height, left, top, color="black")
    graph = stream.output("pipe:1", format="rawvideo", pix_fmt="yuv420p", fps_mode="passthrough")
    return compile_argv(cast("ArgumentGraph", graph))


def _turned(stream, degrees: int):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202  (the library has no types)
    match degrees:
        case 90:
            return stream.filter("transpose", "clock")
        case 270:
            return stream.filter("transpose", "cclock")
        case 180:
            return stream.filter("hflip").filter("vflip")
        case _:
            return stream


def _scaled(stream, clip: Clip, size: tuple[int, int]):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """To `size`, BT.709 limited, chroma sited left. A file that is all this already passes untouched."""
    source = clip.source
    stream = stream.filter(
        "setparams", colorspace=_MATRICES[source.matrix], range="pc" if source.full_range else "tv", field_mode="prog"
    )
    if clip.size == size and source.matrix == "bt709" and not source.full_range:
        return stream.filter("format", "yuv420p")
    scaled = stream.filter(
        "scale", size[0], size[1], flags=SCALER, out_color_matrix="bt709", out_range="tv", out_h_chr_pos=0,
        out_v_chr_pos=128,
    )  # fmt: skip
    return scaled.filter("format", "yuv420p").filter("setsar", "1")


def _seconds(value: Fraction) -> str:
    """Microseconds are all that FFmpeg keeps."""
    return f"{float(value):.6f}"
