"""Rules about the settings of audio codecs, and the limits that the model only names (V41)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, missing, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import View

AAC_BITRATES = (
    *(6000, 8000, 10000, 12000, 14000, 16000, 20000, 24000, 28000, 32000, 40000, 48000, 56000, 64000, 80000, 96000),
    *(112000, 128000, 160000, 192000, 224000, 256000, 288000, 320000, 384000, 448000, 512000, 576000, 640000, 768000),
    *(896000, 1024000),
)
AAC_LC_RANGES = {
    "CODING_MODE_1_0": {
        8000: (8000, 14000),
        12000: (8000, 14000),
        16000: (8000, 28000),
        22050: (24000, 28000),
        24000: (24000, 28000),
        32000: (32000, 192000),
        44100: (56000, 256000),
        48000: (56000, 288000),
        88200: (288000, 288000),
        96000: (128000, 288000),
    },
    "CODING_MODE_2_0": {
        8000: (16000, 20000),
        12000: (16000, 20000),
        16000: (16000, 32000),
        22050: (32000, 32000),
        24000: (32000, 32000),
        32000: (40000, 384000),
        44100: (64000, 512000),
        48000: (64000, 1024000),
    },
}
"""Bit/s by coding mode and sample rate, AAC-LC at a constant rate: the rows of the service's table that are known.
The upper end of the last row is not, and stands for no limit."""

OPUS_SAMPLE_RATES = (16000, 24000, 48000)
FLAC_CHANNELS = (0, 1, 2, 4, 6, 8)


@rule("V41")
def hidden_limits(_view: View) -> Iterator[Found]:
    """V41: Limits that the model states only in a shape's name hold: remix values -60..6 dB, TargetLkfs -59..0,
    TruePeakLimiterThreshold -8..0, QvbrQualityLevelFineTune 0..1, GopSize from 0, MaxQualityLevel 1..10 and others.
    [model: __doubleMin...Max...]"""
    yield from ()  # checked with the shapes, which report it under this id


@rule("V44")
def aac_bitrates_exist(view: View) -> Iterator[Found]:
    """V44: An AAC Bitrate is one of the listed ones, and fits profile, coding mode and sample rate as far as the
    table is known (LC in mono and stereo). [model: AacSettings] [doc: live:aac-support]"""
    for settings in _settings(view, "AAC"):
        bitrate = settings.whole("Bitrate")
        if bitrate is None or settings.text("RateControlMode") == "VBR":
            continue
        if bitrate not in AAC_BITRATES:
            close = min(AAC_BITRATES, key=lambda listed: abs(listed - bitrate))
            yield Found(settings.at("Bitrate"), "Should be one of the listed AAC bitrates", f"the nearest is {close}")
        elif settings.text("CodecProfile") in {"LC", None}:
            rates = AAC_LC_RANGES.get(settings.text("CodingMode") or "", {})
            low, high = rates.get(settings.whole("SampleRate") or 0, (0, 1024000))
            if not low <= bitrate <= high:
                message = f"Should be from {low} to {high} with this coding mode and sample rate"
                yield Found(settings.at("Bitrate"), message)


@rule("V45")
def aac_vbr_has_a_quality(view: View) -> Iterator[Found]:
    """V45: AAC with RateControlMode VBR has VbrQuality. [model: AacSettings] [lint]"""
    yield from _quality(view, "AAC")


@rule("V46")
def loas_is_raw(view: View) -> Iterator[Found]:
    """V46: AAC with RawFormat LATM_LOAS stands only in container RAW. [model: AacSettings]"""
    for audio in view.audios:
        container = audio.output.container
        loas = audio.codec == "AAC" and audio.settings is not None and audio.settings.text("RawFormat") == "LATM_LOAS"
        if loas and audio.settings is not None and container not in {"RAW", None}:
            yield Found(audio.settings.at("RawFormat"), f"LATM_LOAS needs container RAW; found {container}")


@rule("V47")
def mp3_vbr_has_a_quality(view: View) -> Iterator[Found]:
    """V47: MP3 with RateControlMode VBR has VbrQuality. [model: Mp3Settings]"""
    yield from _quality(view, "MP3")


@rule("V48")
def other_codecs_have_listed_values(view: View) -> Iterator[Found]:
    """V48: Opus, AC3 and EAC3 bitrates are multiples of 8000, Opus sample rates 16000, 24000 or 48000, and FLAC has 0,
    1 or an even number of channels. [model: OpusSettings, FlacSettings, Ac3Settings, Eac3Settings] [lint]"""
    for codec in ("OPUS", "AC3", "EAC3"):
        for settings in _settings(view, codec):
            if (settings.whole("Bitrate") or 0) % 8000:
                yield Found(settings.at("Bitrate"), "Should be a multiple of 8000")
    for settings in _settings(view, "OPUS"):
        if settings.whole("SampleRate") not in {None, *OPUS_SAMPLE_RATES}:
            yield Found(settings.at("SampleRate"), "Should be 16000, 24000 or 48000")
    for settings in _settings(view, "FLAC"):
        if settings.whole("Channels") not in {None, *FLAC_CHANNELS}:
            yield Found(settings.at("Channels"), "Should be 0, 1, 2, 4, 6 or 8")


def _settings(view: View, codec: str) -> list[Node]:
    return [audio.settings for audio in view.coded_audios if audio.codec == codec and audio.settings is not None]


def _quality(view: View, codec: str) -> Iterator[Found]:
    for settings in _settings(view, codec):
        if settings.text("RateControlMode") == "VBR":
            yield from missing(settings, "VbrQuality", "rateControlMode is VBR")
