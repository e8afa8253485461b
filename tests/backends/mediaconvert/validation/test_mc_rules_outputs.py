"""Rules of output groups, containers, frame captures and names: what each accepts, what it refuses, and where."""

from __future__ import annotations

import pytest
from test_mc_cases import (
    CONTAINER,
    DASH,
    HLS,
    POSTER,
    RATE_30,
    SETTINGS,
    STORY,
    assert_accepted,
    assert_refused,
    coded,
    mixed,
)
from test_mc_jobs import AAC, AUDIO, GONE, GROUP, H264, IN, OUT, VIDEO, audio, changed, pointers

from backends.mediaconvert.validation import validate_job

FILE_SETTINGS = f"{SETTINGS}/FileGroupSettings"
DESTINATION = f"{FILE_SETTINGS}/Destination"
VIDEO_CODEC, AUDIO_CODEC = f"{VIDEO}/CodecSettings/Codec", f"{AUDIO}/CodecSettings/Codec"
SECOND, THIRD = f"{GROUP}/Outputs/1", f"{GROUP}/Outputs/2"
CTTS = {f"{CONTAINER}/Mp4Settings/CttsVersion": 1}
PRESET = {f"{OUT}/Preset": "System-Generic"}

# rule: (document, changes it accepts, changes it refuses, where)
CASES = {
    "V02": (STORY, {}, {f"{GROUP}/Outputs": []}, f"{GROUP}/Outputs"),
    "V03": (STORY, {CONTAINER: GONE} | PRESET, {CONTAINER: GONE}, OUT),
    "V04": (STORY, {CONTAINER: GONE} | PRESET, PRESET, CONTAINER),
    "V05": (STORY, {}, {H264: GONE}, f"{VIDEO}/CodecSettings"),
    "V06": (STORY, {}, {f"{SETTINGS}/Type": "HLS_GROUP_SETTINGS", f"{CONTAINER}/Container": "M3U8"}, SETTINGS),
    "V07": (STORY, {VIDEO: GONE}, {VIDEO: GONE, f"{OUT}/AudioDescriptions": []}, OUT),
    "V08": (
        STORY,
        {f"{GROUP}/CustomName": "Story 1_a"},
        {f"{GROUP}/CustomName": "A very long name"},
        f"{GROUP}/CustomName",
    ),
    "V64": (
        STORY,
        {f"{CONTAINER}/Container": "M2TS"},
        {f"{CONTAINER}/Container": "M3U8"},
        f"{CONTAINER}/Container",
    ),
    "V65": (STORY, coded("AV1", **RATE_30), coded("VP9", **RATE_30), VIDEO_CODEC),
    "V66": (STORY, mixed("EAC3"), mixed("OPUS"), AUDIO_CODEC),
    "V67": (
        STORY,
        CTTS,
        CTTS | {f"{CONTAINER}/Mp4Settings/CslgAtom": "EXCLUDE"},
        f"{CONTAINER}/Mp4Settings/CttsVersion",
    ),
    "V68": (
        STORY,
        {SECOND: POSTER},
        {SECOND: POSTER | {"AudioDescriptions": [audio("Audio Selector 1")]}},
        f"{SECOND}/AudioDescriptions",
    ),
    "V69": (STORY, {SECOND: POSTER}, {OUT: POSTER}, "/Settings/OutputGroups"),
    "V70": (HLS, {}, {f"{SECOND}/NameModifier": GONE}, SECOND),
    "V71": (
        DASH,
        {f"{GROUP}/Outputs/{index}/NameModifier": f"_{index}_$Number$" for index in range(3)},
        {f"{THIRD}/NameModifier": "_2_$Number$"},
        f"{THIRD}/NameModifier",
    ),
    "V72": (
        HLS,
        {f"{OUT}/NameModifier": "_$h$", f"{SECOND}/NameModifier": "_$h$"},
        {f"{SECOND}/NameModifier": "_720"},
        f"{SECOND}/NameModifier",
    ),
}

# name: (rule, document, changes it refuses, where)
FURTHER = {
    "no output groups at all": ("V02", STORY, {"/Settings/OutputGroups": GONE}, "/Settings"),
    "a container without a name": ("V03", STORY, {f"{CONTAINER}/Container": GONE}, CONTAINER),
    "audio without its settings": ("V05", STORY, {AAC: GONE}, f"{AUDIO}/CodecSettings"),
    "settings without a codec": ("V05", STORY, {AUDIO_CODEC: GONE}, f"{AUDIO}/CodecSettings"),
    "video without codec settings is doubtful": ("V05", STORY, {f"{VIDEO}/CodecSettings": GONE}, VIDEO),
    "settings of another codec are doubtful": (
        "V05",
        STORY,
        {f"{AUDIO}/CodecSettings/Mp3Settings": {}},
        f"{AUDIO}/CodecSettings/Mp3Settings",
    ),
    "a group without a type": ("V06", STORY, {f"{SETTINGS}/Type": GONE}, SETTINGS),
    "a group without settings": ("V06", STORY, {SETTINGS: GONE}, GROUP),
    "MP4 in an HLS group": ("V64", HLS, {f"{CONTAINER}/Container": "MP4"}, f"{CONTAINER}/Container"),
    "AIFF beside H.264 in MOV": ("V66", STORY, {CONTAINER: {"Container": "MOV"}} | mixed("AIFF"), AUDIO_CODEC),
    "a poster in MP4": (
        "V68",
        STORY,
        {SECOND: POSTER | {"ContainerSettings": {"Container": "MP4"}}},
        f"{SECOND}/VideoDescription/CodecSettings/Codec",
    ),
    "a poster in an HLS group": (
        "V68",
        HLS,
        {f"{GROUP}/Outputs/3": POSTER},
        f"{GROUP}/Outputs/3/VideoDescription/CodecSettings/Codec",
    ),
    "no base name and no input file": (
        "V72",
        STORY,
        {f"{IN}/FileInput": GONE, DESTINATION: "s3://example-stories/videos/"},
        DESTINATION,
    ),
    "neither destination nor input file": ("V72", STORY, {f"{IN}/FileInput": GONE, DESTINATION: GONE}, FILE_SETTINGS),
    "no destination is doubtful": ("V72", STORY, {DESTINATION: GONE}, FILE_SETTINGS),
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
