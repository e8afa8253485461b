"""Rules of streaming packages, encryption and what surrounds the settings: what they accept, refuse, and where."""

from __future__ import annotations

import pytest
from test_mc_cases import (
    CMAF,
    CONTAINER,
    DASH,
    HLS,
    SETTINGS,
    SMOOTH,
    STORY,
    assert_accepted,
    assert_refused,
    h264_fields,
)
from test_mc_jobs import GONE, GROUP, H264, OUT, VIDEO, audio, changed, package, pointers

from backends.mediaconvert.validation import validate_job

HLS_SETTINGS, DASH_SETTINGS = f"{SETTINGS}/HlsGroupSettings", f"{SETTINGS}/DashIsoGroupSettings"
CMAF_SETTINGS = f"{SETTINGS}/CmafGroupSettings"
AUTOMATION = f"{GROUP}/AutomatedEncodingSettings"
RULES = f"{AUTOMATION}/AbrSettings/Rules"
SIZES = [{"Width": 640 + 2 * index, "Height": 360} for index in range(4)]
OFFSET = "/Settings/TimecodeConfig/TimestampOffset"
QUEUE = "arn:aws:mediaconvert:us-east-1:111122223333:queues/"
ALTERNATE = {"AudioTrackType": "ALTERNATE_AUDIO_AUTO_SELECT"}
TYPED = {f"{GROUP}/Outputs/{index}/ContainerSettings/CmfcSettings": ALTERNATE for index in (0, 2)}
TWO_SOUNDS = changed(CMAF, TYPED | {VIDEO: GONE, f"{OUT}/AudioDescriptions": [audio("Audio Selector 1")]})


def automated(*rules):
    """The first group chooses its renditions by itself; its videos are as that needs them."""
    changes = {AUTOMATION: {"AbrSettings": {"MaxRenditions": 3, "Rules": [*rules]}}}
    wanted = {"RateControlMode": "QVBR", "QualityTuningLevel": "MULTI_PASS_HQ", "Bitrate": GONE}
    for index in (0, 1):
        path = f"{GROUP}/Outputs/{index}/VideoDescription/CodecSettings/H264Settings"
        changes |= {f"{path}/{name}": value for name, value in wanted.items()}
    return changes


def encrypted(kind):
    encryption = {"EncryptionType": kind, "KmsEncryptionContext": "e30="}
    return {f"{HLS_SETTINGS}/DestinationSettings": {"S3Settings": {"Encryption": encryption}}}


def hop(**fields):
    return {"/HopDestinations": [fields]}


# rule: (document, changes it accepts, changes it refuses, where)
CASES = {
    "V73": (
        HLS,
        {f"{HLS_SETTINGS}/MinFinalSegmentLength": 9.5},
        {f"{HLS_SETTINGS}/MinFinalSegmentLength": 10},
        f"{HLS_SETTINGS}/MinFinalSegmentLength",
    ),
    "V74": (
        HLS,
        {f"{HLS_SETTINGS}/SegmentLengthControl": "MATCH"},
        {f"{HLS_SETTINGS}/SegmentLengthControl": "MATCH", f"{GROUP}/Outputs/2": GONE},
        f"{HLS_SETTINGS}/SegmentLengthControl",
    ),
    "V75": (
        package("DashIso", MpdProfile="ON_DEMAND_PROFILE", SegmentControl="SINGLE_FILE"),
        {},
        {f"{DASH_SETTINGS}/SegmentControl": "SEGMENTED_FILES"},
        f"{DASH_SETTINGS}/MpdProfile",
    ),
    "V76": (
        package("Cmaf", FragmentLength=2),
        h264_fields(GopSize=60, GopSizeUnits="FRAMES"),
        h264_fields(GopSize=90, GopSizeUnits="FRAMES"),
        f"{CMAF_SETTINGS}/FragmentLength",
    ),
    "V77": (
        DASH,
        {f"{DASH_SETTINGS}/ImageBasedTrickPlaySettings": {"ThumbnailWidth": 312}},
        {f"{DASH_SETTINGS}/ImageBasedTrickPlaySettings": {"ThumbnailWidth": 310}},
        f"{DASH_SETTINGS}/ImageBasedTrickPlaySettings/ThumbnailWidth",
    ),
    "V78": (
        HLS,
        automated(),
        automated() | h264_fields(QualityTuningLevel="SINGLE_PASS"),
        f"{H264}/QualityTuningLevel",
    ),
    "V79": (
        HLS,
        automated({"ForceIncludeRenditions": SIZES[:3]}),
        automated({"ForceIncludeRenditions": SIZES}),
        f"{RULES}/0/ForceIncludeRenditions",
    ),
    "V80": (
        HLS,
        encrypted("SERVER_SIDE_ENCRYPTION_KMS"),
        encrypted("SERVER_SIDE_ENCRYPTION_S3"),
        f"{HLS_SETTINGS}/DestinationSettings/S3Settings/Encryption/KmsEncryptionContext",
    ),
    "V81": (
        SMOOTH,
        {f"{GROUP}/Outputs/1/VideoDescription/CodecSettings/H264Settings/Bitrate": 2_001_000},
        {f"{GROUP}/Outputs/1/VideoDescription/CodecSettings/H264Settings/Bitrate": 2_000_999},
        f"{GROUP}/Outputs/1/VideoDescription/CodecSettings/H264Settings/Bitrate",
    ),
    "V82": (HLS, h264_fields(GopClosedCadence=1), h264_fields(GopClosedCadence=0), f"{H264}/GopClosedCadence"),
    "V83": (STORY, {"/ClientRequestToken": "a" * 64}, {"/ClientRequestToken": "a" * 65}, "/ClientRequestToken"),
    "V84": (
        STORY,
        hop(WaitMinutes=4320, Queue=f"{QUEUE}Fast"),
        hop(WaitMinutes=4320, Queue=f"{QUEUE}Default"),
        "/HopDestinations/0/Queue",
    ),
    "V85": (
        package("Hls", ProgramDateTime="INCLUDE"),
        {OFFSET: "2026-01-25"},
        {OFFSET: "2026-01-25", f"{HLS_SETTINGS}/ProgramDateTime": "EXCLUDE"},
        OFFSET,
    ),
    "V86": (TWO_SOUNDS, {}, {f"{CONTAINER}/CmfcSettings": {}}, f"{CONTAINER}/CmfcSettings"),
}

# name: (rule, document, changes it refuses, where)
FURTHER = {
    "a last segment below a second": (
        "V73",
        CMAF,
        {f"{CMAF_SETTINGS}/MinFinalSegmentLength": 0.5},
        f"{CMAF_SETTINGS}/MinFinalSegmentLength",
    ),
    "rates without a common multiple": (
        "V74",
        HLS,
        {f"{HLS_SETTINGS}/SegmentLengthControl": "MATCH"} | h264_fields(FramerateNumerator=25),
        f"{HLS_SETTINGS}/SegmentLengthControl",
    ),
    "rates that follow the source": (
        "V74",
        HLS,
        {f"{HLS_SETTINGS}/SegmentLengthControl": "MATCH"} | h264_fields(FramerateControl="INITIALIZE_FROM_SOURCE"),
        f"{HLS_SETTINGS}/SegmentLengthControl",
    ),
    "an uneven variant": (
        "V77",
        HLS,
        {f"{HLS_SETTINGS}/ImageBasedTrickPlayVariants": [{"ThumbnailHeight": 99}]},
        f"{HLS_SETTINGS}/ImageBasedTrickPlayVariants/0/ThumbnailHeight",
    ),
    "a group beside an automated one": (
        "V78",
        HLS,
        automated() | {"/Settings/OutputGroups/1": DASH["Settings"]["OutputGroups"][0]},
        "/Settings/OutputGroups/1",
    ),
    "both kinds of renditions": (
        "V79",
        HLS,
        automated({"AllowedRenditions": SIZES[:1]}, {"ForceIncludeRenditions": SIZES[:1]}),
        f"{RULES}/1/ForceIncludeRenditions",
    ),
    "more allowed renditions than the guide allows are doubtful": (
        "V79",
        HLS,
        automated({"AllowedRenditions": SIZES}),
        f"{RULES}/0/AllowedRenditions",
    ),
    "a bottom above the top": (
        "V79",
        HLS,
        automated(
            {"MinBottomRenditionSize": {"Width": 1280, "Height": 700}},
            {"MinTopRenditionSize": {"Width": 1280, "Height": 600}},
        ),
        f"{RULES}/0/MinBottomRenditionSize/Height",
    ),
    "a token beyond ASCII": ("V83", STORY, {"/ClientRequestToken": "störy"}, "/ClientRequestToken"),
    "a hop without a wait": ("V84", STORY, hop(Queue="Fast"), "/HopDestinations/0"),
    "a hop after no time": ("V84", STORY, hop(Queue="Fast", WaitMinutes=0), "/HopDestinations/0/WaitMinutes"),
    "sounds without CMFC settings are doubtful": (
        "V86",
        TWO_SOUNDS,
        {f"{CONTAINER}/CmfcSettings": GONE},
        CONTAINER,
    ),
}


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
