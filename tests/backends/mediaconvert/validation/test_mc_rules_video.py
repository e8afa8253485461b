"""Rules of video codecs and picture sizes: what each accepts, what it refuses, and where."""

from __future__ import annotations

import pytest
from test_mc_cases import HLS, STORY, assert_accepted, assert_refused, h264_fields
from test_mc_jobs import GONE, H264, IMAGES, VIDEO, changed, h264, pointers

from backends.mediaconvert.validation import validate_job

QVBR = {"RateControlMode": "QVBR", "Bitrate": GONE, "QualityTuningLevel": "MULTI_PASS_HQ"}
AVERAGE = {"QvbrSettings": {"MaxAverageBitrate": 3000000}, "MaxBitrate": 5000000}
OPTIMIZED = {"ScanTypeConversionMode": "INTERLACED_OPTIMIZE"}
SMALL = {f"{VIDEO}/Height": 144, f"{VIDEO}/Width": 256}
FILTER = h264_fields(BandwidthReductionFilter={"Strength": "LOW"})
HEVC = h264(CodecProfile="MAIN_MAIN", CodecLevel="LEVEL_3")["H264Settings"]


def crop(y):
    return {f"{VIDEO}/Crop": {"X": 0, "Y": y, "Width": 1280, "Height": 720}}


# rule: (document, changes it accepts, changes it refuses, where)
CASES = {
    "V50": (STORY, h264_fields(RateControlMode="VBR"), h264_fields(RateControlMode="VBR", Bitrate=GONE), H264),
    "V51": (STORY, h264_fields(**QVBR, MaxBitrate=5000000), h264_fields(**QVBR), H264),
    "V52": (
        STORY,
        h264_fields(**QVBR, **AVERAGE),
        h264_fields(QvbrSettings={"QvbrQualityLevel": 8}),
        f"{H264}/QvbrSettings",
    ),
    "V53": (
        HLS,
        h264_fields(FramerateControl="INITIALIZE_FROM_SOURCE", FramerateDenominator=GONE),
        h264_fields(FramerateDenominator=GONE),
        H264,
    ),
    "V54": (
        STORY,
        h264_fields(ParControl="SPECIFIED", ParNumerator=1, ParDenominator=1),
        h264_fields(ParControl="SPECIFIED", ParNumerator=1),
        H264,
    ),
    "V55": (
        STORY,
        h264_fields(GopSize=2.0, GopSizeUnits="SECONDS"),
        h264_fields(GopSize=2.0, GopSizeUnits="AUTO"),
        f"{H264}/GopSize",
    ),
    "V56": (
        STORY,
        h264_fields(SlowPal="ENABLED", FramerateNumerator=25) | {f"{IMAGES}/3/StartTime": "00:00:41:00"},
        h264_fields(SlowPal="ENABLED"),
        f"{H264}/SlowPal",
    ),
    "V57": (
        STORY,
        h264_fields(**OPTIMIZED, InterlaceMode="TOP_FIELD", Telecine="SOFT"),
        h264_fields(**OPTIMIZED),
        f"{H264}/ScanTypeConversionMode",
    ),
    "V58": (
        STORY,
        FILTER,
        FILTER | {f"{VIDEO}/VideoPreprocessors/NoiseReducer": {"Filter": "GAUSSIAN"}},
        f"{H264}/BandwidthReductionFilter",
    ),
    "V59": (
        STORY,
        h264_fields(EntropyEncoding="CABAC", CodecProfile="MAIN"),
        h264_fields(EntropyEncoding="CABAC", CodecProfile="BASELINE"),
        f"{H264}/EntropyEncoding",
    ),
    "V60": (STORY, h264_fields(CodecLevel="LEVEL_4_1"), h264_fields(CodecLevel="LEVEL_3_1"), f"{H264}/CodecLevel"),
    "V61": (STORY, crop(2), crop(3), f"{VIDEO}/Crop/Y"),
    "V62": (HLS, SMALL | h264_fields(Slices=9), SMALL | h264_fields(Slices=10), f"{H264}/Slices"),
    "V63": (
        STORY,
        h264_fields(AdaptiveQuantization="HIGH", SpatialAdaptiveQuantization="ENABLED"),
        h264_fields(SpatialAdaptiveQuantization="ENABLED"),
        f"{H264}/SpatialAdaptiveQuantization",
    ),
}

# name: (rule, document, changes it refuses, where)
FURTHER = {
    "an average without multi-pass": (
        "V52",
        STORY,
        h264_fields(**QVBR | {"QualityTuningLevel": "SINGLE_PASS"}, **AVERAGE),
        f"{H264}/QvbrSettings/MaxAverageBitrate",
    ),
    "hard telecine": (
        "V57",
        STORY,
        h264_fields(**OPTIMIZED, InterlaceMode="TOP_FIELD", Telecine="HARD"),
        f"{H264}/ScanTypeConversionMode",
    ),
    "wider than H.264 goes": ("V60", STORY, {f"{VIDEO}/Width": 5120}, f"{VIDEO}/Width"),
    "60 frames a second in level 4": ("V60", STORY, h264_fields(FramerateNumerator=60), f"{H264}/CodecLevel"),
    "H.265 above its level": (
        "V60",
        STORY,
        {f"{VIDEO}/CodecSettings": {"Codec": "H_265", "H265Settings": HEVC}},
        f"{VIDEO}/CodecSettings/H265Settings/CodecLevel",
    ),
    "interlaced slices": ("V62", HLS, SMALL | h264_fields(Slices=5, InterlaceMode="TOP_FIELD"), f"{H264}/Slices"),
}


@pytest.mark.parametrize("size", [(3840, 2160), (2160, 3840)], ids=["lying", "standing"])
def test_h264_pictures_lie_or_stand(size):
    width, height = size
    changes = {f"{VIDEO}/Width": width, f"{VIDEO}/Height": height} | h264_fields(CodecLevel="LEVEL_5_1")
    assert validate_job(changed(STORY, changes)).passed


@pytest.mark.parametrize("rule", CASES)
def test_accepts(rule):
    assert_accepted(rule, *CASES[rule])


@pytest.mark.parametrize("rule", CASES)
def test_refuses(rule):
    assert_refused(rule, *CASES[rule])


@pytest.mark.parametrize("name", FURTHER)
def test_refuses_as_well(name):
    rule, document, changes, where = FURTHER[name]
    assert where in pointers(validate_job(changed(document, changes)), rule)
