"""Rules about rate control, frame rates, GOPs and tools of the video codecs. What a field means in H264Settings it
means in the settings of other codecs as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, missing, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import Track, View

_BITRATE_MODES = {"H_264": {"CBR", "VBR"}, "H_265": {"CBR", "VBR"}, "MPEG2": {"CBR", "VBR"}, "AV1": {"CBR"}}
_QUANTIZERS = ("SpatialAdaptiveQuantization", "TemporalAdaptiveQuantization", "FlickerAdaptiveQuantization")
_BEST = "MULTI_PASS_HQ"
_AUTO_QUANTIZED = frozenset({"H_264", "H_265", "XAVC"})


@rule("V50")
def fixed_rates_have_a_bitrate(view: View) -> Iterator[Found]:
    """V50: RateControlMode CBR or VBR comes with Bitrate. [model: H264Settings]"""
    for video, settings in _coded(view):
        mode = settings.text("RateControlMode")
        if mode in _BITRATE_MODES.get(video.codec or "", set()) and not _automated(video):
            yield from missing(settings, "Bitrate", f"rateControlMode is {mode}")


@rule("V51")
def qvbr_has_a_maximum(view: View) -> Iterator[Found]:
    """V51: RateControlMode QVBR comes with MaxBitrate, outside automated ABR. [model: H264Settings]
    [job: awsdocs example]"""
    for video, settings in _coded(view):
        if settings.text("RateControlMode") == "QVBR" and not _automated(video):
            yield from missing(settings, "MaxBitrate", "rateControlMode is QVBR")


@rule("V52")
def qvbr_settings_need_qvbr(view: View) -> Iterator[Found]:
    """V52: QvbrSettings are set only with QVBR, and MaxAverageBitrate only with QVBR and MULTI_PASS_HQ.
    [model: H264QvbrSettings]"""
    for _, settings in _coded(view):
        qvbr = settings.node("QvbrSettings")
        if settings.has("QvbrSettings") and not _is(settings, "RateControlMode", "QVBR"):
            yield Found(settings.at("QvbrSettings"), "Should only be set with rateControlMode QVBR")
        elif qvbr is not None and qvbr.has("MaxAverageBitrate") and not _is(settings, "QualityTuningLevel", _BEST):
            yield Found(qvbr.at("MaxAverageBitrate"), f"Should only be set with qualityTuningLevel {_BEST}")


@rule("V53")
def specified_rates_are_given(view: View) -> Iterator[Found]:
    """V53: FramerateControl SPECIFIED comes with FramerateNumerator and FramerateDenominator.
    [model: H264Settings]"""
    yield from _fraction(view, "Framerate")


@rule("V54")
def specified_aspects_are_given(view: View) -> Iterator[Found]:
    """V54: ParControl SPECIFIED comes with ParNumerator and ParDenominator. [model: H264Settings]"""
    yield from _fraction(view, "Par")


@rule("V55", "warning")
def gop_sizes_have_units(view: View) -> Iterator[Found]:
    """V55: GopSize counts only with GopSizeUnits FRAMES or SECONDS. [model: H264Settings]"""
    for video, settings in _coded(view):
        sized = bool(settings.number("GopSize")) and video.codec in {"H_264", "H_265"}
        if sized and not _is(settings, "GopSizeUnits", "FRAMES", "SECONDS"):
            yield Found(settings.at("GopSize"), "Has no effect without gopSizeUnits FRAMES or SECONDS")


@rule("V56")
def slow_pal_is_25(view: View) -> Iterator[Found]:
    """V56: SlowPal ENABLED needs a SPECIFIED frame rate of 25. [model: H264Settings]"""
    for video, settings in _coded(view):
        if settings.text("SlowPal") == "ENABLED" and video.rate != 25:
            yield Found(settings.at("SlowPal"), "Needs framerateControl SPECIFIED with 25 frames per second")


@rule("V57")
def optimized_interlacing_is_interlaced(view: View) -> Iterator[Found]:
    """V57: INTERLACED_OPTIMIZE needs an InterlaceMode other than PROGRESSIVE and Telecine NONE or SOFT.
    [model: H264Settings]"""
    for _, settings in _coded(view):
        if settings.text("ScanTypeConversionMode") != "INTERLACED_OPTIMIZE":
            continue
        progressive = not settings.has("InterlaceMode") or settings.text("InterlaceMode") == "PROGRESSIVE"
        if progressive or settings.text("Telecine") == "HARD":
            wanted = "interlaceMode other than PROGRESSIVE" if progressive else "telecine NONE or SOFT"
            yield Found(settings.at("ScanTypeConversionMode"), f"INTERLACED_OPTIMIZE needs {wanted}")


@rule("V58")
def one_kind_of_noise_filter(view: View) -> Iterator[Found]:
    """V58: BandwidthReductionFilter and NoiseReducer exclude each other. [model: H264Settings, VideoPreprocessor]"""
    for video, settings in _coded(view):
        processors = video.node.node("VideoPreprocessors")
        if settings.has("BandwidthReductionFilter") and processors is not None and processors.has("NoiseReducer"):
            message = "bandwidthReductionFilter and noiseReducer exclude each other"
            yield Found(settings.at("BandwidthReductionFilter"), message)


@rule("V59")
def cabac_needs_a_profile(view: View) -> Iterator[Found]:
    """V59: EntropyEncoding CABAC needs a Main or High profile. [model: H264Settings]"""
    for _, settings in _coded(view):
        if settings.text("EntropyEncoding") == "CABAC" and settings.text("CodecProfile") == "BASELINE":
            yield Found(settings.at("EntropyEncoding"), "CABAC needs codecProfile MAIN or HIGH; found BASELINE")


@rule("V63", "warning")
def manual_quantization_is_not_auto(view: View) -> Iterator[Found]:
    """V63: Spatial, temporal and flicker quantization count only where AdaptiveQuantization is not AUTO, its default.
    [model: H264Settings]"""
    for video, settings in _coded(view):
        if video.codec in _AUTO_QUANTIZED and settings.text("AdaptiveQuantization") in {"AUTO", None}:
            for name in _QUANTIZERS:
                if settings.has(name):
                    hint = "adaptiveQuantization is AUTO, or absent, which means AUTO"
                    yield Found(settings.at(name), "Has no effect with adaptiveQuantization AUTO", hint)


def _coded(view: View) -> list[tuple[Track, Node]]:
    """Also settings of codecs that are not chosen: nobody knows whether the service passes over them."""
    return [(video, video.settings) for video in view.coded_videos if video.settings is not None]


def _automated(video: Track) -> bool:
    return video.output.group is not None and video.output.group.automated


def _is(node: Node, name: str, *values: str) -> bool:
    """Whether a member has one of these values; a wrong one, which is reported already, counts as if it had."""
    return node.text(name) in values or (node.has(name) and node.text(name) is None)


def _fraction(view: View, name: str) -> Iterator[Found]:
    for _, settings in _coded(view):
        if settings.text(f"{name}Control") == "SPECIFIED":
            for part in ("Numerator", "Denominator"):
                yield from missing(settings, f"{name}{part}", f"{name.lower()}Control is SPECIFIED")
