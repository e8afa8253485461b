"""Video codec settings → FFmpeg's arguments: rate control, groups of pictures, profiles and levels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

from backends.mediaconvert.service.unknowns import CBR_BUFFER_S, GOP_FRAMES, PRESETS, QVBR_CRF

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.service.translate.plan import Arguments, Fields
    from backends.mediaconvert.service.translate.reader import Reader

AUTO_GOP_S = 2
"""Seconds between keyframes where the service is to choose (GopSizeUnits AUTO): whole segments of every usual length
begin with one."""
_FIELDS: dict[str, Fields] = {"TOP_FIELD": "tff", "BOTTOM_FIELD": "bff"}
_PROFILES = {"BASELINE": "baseline", "MAIN": "main", "HIGH": "high"}
_SVT_PRESET = 8
_VPX_SPEED = {"MULTI_PASS_HQ": 2, "MULTI_PASS": 4}


@dataclass(frozen=True, slots=True)
class VideoCodec:
    """How a picture is encoded. `bitrate` is what names and manifests call its bit rate."""

    name: str
    arguments: Arguments
    bitrate: int
    raw_format: str
    fields: Fields = "prog"


def video_codec(video: Reader, rate: Fraction) -> VideoCodec:
    """Raises: JobFailure for a codec that is not offered."""
    codecs = video.node("CodecSettings")
    codec = codecs.text("Codec")
    found = _CODECS.get(codec)
    if found is None:
        codecs.fail(f"{codec} is not offered by this local endpoint", name="Codec")
    member, read = found
    return read(codecs.node(member), rate)


def gop_frames(settings: Reader, rate: Fraction) -> int:
    """Frames from one keyframe to the next."""
    size, units = settings.number("GopSize"), settings.text("GopSizeUnits", "FRAMES")
    settings.whole("GopClosedCadence")
    if units == "AUTO":
        return max(1, round(AUTO_GOP_S * rate))
    if not size:
        return GOP_FRAMES
    return max(1, round(Fraction(size).limit_denominator(1000) * (rate if units == "SECONDS" else 1)))


def _rate_control(settings: Reader, mode: str) -> tuple[Arguments, int]:
    """Bit rates and buffer, or a constant quality under a ceiling; and the nominal bit rate."""
    bitrate, ceiling = settings.whole("Bitrate"), settings.whole("MaxBitrate")
    buffer = settings.whole("HrdBufferSize")
    if mode == "QVBR":
        quality = settings.node("QvbrSettings")
        level = (quality.whole("QvbrQualityLevel") or 7) + (quality.number("QvbrQualityLevelFineTune") or 0.0)
        average = quality.whole("MaxAverageBitrate")
        limit = ceiling or average or 5_000_000
        return {"crf": round(_crf(level), 2), "maxrate": limit, "bufsize": buffer or int(limit * CBR_BUFFER_S)}, limit
    rate = bitrate or ceiling or 5_000_000
    most = rate if mode == "CBR" else ceiling or rate
    found: Arguments = {"video_bitrate": rate, "maxrate": most, "bufsize": buffer or int(most * CBR_BUFFER_S)}
    if mode == "CBR":
        found["minrate"] = rate
    return found, rate


def _crf(level: float) -> float:
    below = min(len(QVBR_CRF), max(1, int(level)))
    above = min(len(QVBR_CRF), below + 1)
    part = level - int(level)
    return QVBR_CRF[below - 1] * (1 - part) + QVBR_CRF[above - 1] * part


def _h264(settings: Reader, rate: Fraction) -> VideoCodec:
    mode = settings.text("RateControlMode", "VBR")
    control, bitrate = _rate_control(settings, mode)
    profile = _PROFILES.get(settings.text("CodecProfile", "MAIN"), "high")
    arguments: Arguments = {
        "vcodec": "libx264",
        "preset": PRESETS[settings.text("QualityTuningLevel", "SINGLE_PASS_HQ")],
        "profile:v": profile,
        "pix_fmt": "yuv420p",
        **control,
        **_pictures(settings, rate),
    }
    extra = [f"slices={settings.whole('Slices') or 1}"]
    fill = settings.whole("HrdBufferInitialFillPercentage")
    if fill is not None:
        extra.append(f"vbv-init={min(100, fill) / 100:g}")
    if mode == "CBR":
        extra += ["nal-hrd=cbr", "force-cfr=1"]
    if settings.text("EntropyEncoding", "CABAC") == "CAVLC" or profile == "baseline":
        extra.append("cabac=0")
    if profile == "baseline":
        arguments["bf"] = 0
    elif settings.text("GopBReference", "ENABLED") == "DISABLED":
        extra.append("b-pyramid=none")
    softness = settings.whole("Softness")
    if softness is not None and softness > 64:
        extra.append("deblock=1,1")
    level = settings.text("CodecLevel", "AUTO")
    if level != "AUTO":
        arguments["level:v"] = level.removeprefix("LEVEL_").replace("_", ".")
    fields = _FIELDS.get(settings.text("InterlaceMode", "PROGRESSIVE"), "prog")
    if fields != "prog":
        if profile == "baseline":
            settings.fail("the baseline profile has no interlaced pictures", name="InterlaceMode")
        arguments["flags:v"] = f"{arguments['flags:v']}+ildct+ilme"
        extra.append(f"{fields}=1")
    arguments["x264-params"] = ":".join(extra)
    return VideoCodec("H_264", arguments, bitrate, "h264", fields)


def _pictures(settings: Reader, rate: Fraction) -> Arguments:
    """Keyframes, B pictures, reference pictures, scene changes."""
    between, references = (
        settings.whole("NumberBFramesBetweenReferenceFrames"),
        settings.whole("NumberReferenceFrames"),
    )
    least = settings.whole("MinIInterval")
    gop = gop_frames(settings, rate)
    found: Arguments = {"g": gop, "flags:v": "+cgop", "keyint_min": min(gop, least) if least else min(gop, 25)}
    if between is not None:
        found["bf"] = between
    if references is not None:
        found["refs"] = references
    if settings.text("SceneChangeDetect", "ENABLED") == "DISABLED":
        found["sc_threshold"] = 0
    return found


def _h265(settings: Reader, rate: Fraction) -> VideoCodec:
    mode = settings.text("RateControlMode", "VBR")
    control, bitrate = _rate_control(settings, mode)
    pictures = _pictures(settings, rate)
    ten_bit = "10" in settings.text("CodecProfile", "MAIN_MAIN")
    extra = ["log-level=error", "open-gop=0", f"keyint={pictures['g']}", f"min-keyint={pictures['keyint_min']}"]
    for key, name in (("bf", "bframes"), ("refs", "ref")):
        if key in pictures:
            extra.append(f"{name}={pictures[key]}")
    if "sc_threshold" in pictures:
        extra.append("scenecut=0")
    slices = settings.whole("Slices")
    if slices:
        extra.append(f"slices={slices}")
    if settings.text("SampleAdaptiveOffsetFilterMode", "DEFAULT") == "OFF":
        extra.append("no-sao=1")
    if settings.text("Deblocking", "ENABLED") == "DISABLED":
        extra.append("no-deblock=1")
    extra += [f"vbv-{member}={int(control[member] or 0) // 1000}" for member in ("maxrate", "bufsize")]
    if mode == "CBR":
        extra.append("strict-cbr=1")
    level = settings.text("CodecLevel", "AUTO")
    if level != "AUTO":
        extra.append(f"level-idc={level.removeprefix('LEVEL_').replace('_', '.')}")
    rates: Arguments = {key: control[key] for key in ("video_bitrate", "crf") if key in control}
    arguments: Arguments = {
        "vcodec": "libx265",
        "preset": PRESETS[settings.text("QualityTuningLevel", "SINGLE_PASS_HQ")],
        "pix_fmt": "yuv420p10le" if ten_bit else "yuv420p",
        "x265-params": ":".join(extra),
        "tag:v": "hev1" if settings.text("WriteMp4PackagingType") == "HEV1" else "hvc1",
        **rates,
    }
    return VideoCodec("H_265", arguments, bitrate, "hevc")


def _vpx(settings: Reader, rate: Fraction, *, name: str, encoder: str) -> VideoCodec:
    settings.text("RateControlMode")
    control, bitrate = _rate_control(settings, "VBR")
    size = settings.number("GopSize")
    arguments: Arguments = {
        "vcodec": encoder,
        "pix_fmt": "yuv420p",
        "g": round(size) if size else GOP_FRAMES,
        "deadline": "good",
        "cpu-used": _VPX_SPEED[settings.text("QualityTuningLevel", "MULTI_PASS")],
        **control,
    }
    if encoder == "libvpx-vp9":
        arguments["row-mt"] = 1
    del rate  # groups of pictures count in frames here
    return VideoCodec(name, arguments, bitrate, "ivf")


def _av1(settings: Reader, rate: Fraction) -> VideoCodec:
    mode = settings.text("RateControlMode", "QVBR")
    control, bitrate = _rate_control(settings, mode)
    between = settings.whole("NumberBFramesBetweenReferenceFrames")
    size = settings.number("GopSize")
    ten_bit = settings.text("BitDepth", "BIT_8") == "BIT_10"
    arguments: Arguments = {
        "vcodec": "libsvtav1",
        "preset": _SVT_PRESET,
        "pix_fmt": "yuv420p10le" if ten_bit else "yuv420p",
        "g": round(size) if size else max(1, round(AUTO_GOP_S * rate)),
    }
    if mode == "QVBR":
        crf = control["crf"] or 30
        arguments |= {"crf": round(float(crf) * 63 / 51), "svtav1-params": f"mbr={bitrate // 1000}k"}
    else:
        arguments |= {"video_bitrate": bitrate, "svtav1-params": "rc=1"}
    if between is not None:
        params = str(arguments["svtav1-params"])
        levels = 5 if between >= 15 else 4 if between >= 7 else 3
        arguments["svtav1-params"] = f"{params}:hierarchical-levels={levels}"
    return VideoCodec("AV1", arguments, bitrate, "ivf")


_PRORES = {"APPLE_PRORES_422_PROXY": 0, "APPLE_PRORES_422_LT": 1, "APPLE_PRORES_422": 2, "APPLE_PRORES_422_HQ": 3}


def _prores(settings: Reader, _: Fraction) -> VideoCodec:
    profile = _PRORES.get(settings.text("CodecProfile", "APPLE_PRORES_422"))
    if profile is None:
        settings.fail("this profile is not offered by this local endpoint", name="CodecProfile")
    arguments: Arguments = {"vcodec": "prores_ks", "profile:v": profile, "pix_fmt": "yuv422p10le", "vendor": "apl0"}
    return VideoCodec("PRORES", arguments, 0, "mov")


_CODECS: dict[str, tuple[str, Callable[[Reader, Fraction], VideoCodec]]] = {
    "H_264": ("H264Settings", _h264),
    "H_265": ("H265Settings", _h265),
    "VP8": ("Vp8Settings", partial(_vpx, name="VP8", encoder="libvpx")),
    "VP9": ("Vp9Settings", partial(_vpx, name="VP9", encoder="libvpx-vp9")),
    "AV1": ("Av1Settings", _av1),
    "PRORES": ("ProresSettings", _prores),
}
"""The service's word for a codec → the member with its settings, and who reads them."""
