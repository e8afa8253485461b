"""Rules of inputs, clips, timecodes and acceleration: what each accepts, what it refuses, and where."""

from __future__ import annotations

import pytest
from test_mc_cases import GENERATOR, HLS, STORY, assert_accepted, assert_refused, clips, h264_fields, overlays
from test_mc_jobs import GONE, GROUP, H264, IMAGES, IN, OUT, VIDEO, changed, image, pointers

from backends.mediaconvert.validation import validate_job

GENERATED = {f"{IN}/FileInput": GONE, f"{IN}/VideoGenerator": GENERATOR}
FILM = HLS["Settings"]["Inputs"]
CLIPS = f"{IN}/InputClippings"
OUTPUT_START = "/Settings/TimecodeConfig/Start"
LUTS = "/Settings/ColorConversion3DLUTSettings"
BUG = {"Input": "s3://example-stories/bug.mov"}
CAPTIONS = {f"Captions Selector {index}": {} for index in range(101)}
BURNT_IN = {"DestinationSettings": {"DestinationType": "BURN_IN"}}

# rule: (document, changes it accepts, changes it refuses, where)
CASES = {
    "V09": (HLS, GENERATED, {f"{IN}/VideoGenerator": GENERATOR}, f"{IN}/VideoGenerator"),
    "V10": (
        STORY,
        {f"{IN}/FileInput": GONE},
        {f"{IN}/FileInput": GONE, f"{IN}/AudioSelectors": {"Audio Selector 1": {}}},
        IN,
    ),
    "V11": (HLS, {"/Settings/Inputs": FILM * 150}, {"/Settings/Inputs": FILM * 151}, "/Settings/Inputs"),
    "V12": (
        HLS,
        GENERATED | {f"{IN}/VideoGenerator": {"Duration": 5000}},
        GENERATED | {f"{IN}/VideoGenerator": {"Duration": 5000, "Width": 640}},
        f"{IN}/VideoGenerator",
    ),
    "V13": (
        HLS,
        GENERATED,
        GENERATED | {f"{IN}/VideoGenerator": GENERATOR | {"Height": 1081}},
        f"{IN}/VideoGenerator/Height",
    ),
    "V14": (
        STORY,
        {f"{IN}/FileInput": "s3://example-incoming/film.mp4", f"{VIDEO}/Width": GONE},
        {f"{VIDEO}/Width": GONE},
        VIDEO,
    ),
    "V15": (HLS, {CLIPS: [{"EndTimecode": "00:00:10:00"}]}, {CLIPS: [{}]}, f"{CLIPS}/0"),
    "V16": (
        HLS,
        clips(("00:00:00:00", "00:00:10:00"), ("00:00:10:01", "00:00:20:00")),
        clips(("00:00:00:00", "00:00:10:00"), ("00:00:10:00", "00:00:20:00")),
        f"{CLIPS}/1/StartTimecode",
    ),
    "V17": (
        HLS,
        clips(("00:00:10:00", "00:00:10:00")),
        clips(("00:00:10:00", "00:00:09:29")),
        f"{CLIPS}/0/EndTimecode",
    ),
    "V18": (
        HLS,
        clips(("01:00:00:10", "13:00:00:09")),
        clips(("01:00:00:10", "13:00:00:10")),
        f"{CLIPS}/0/EndTimecode",
    ),
    "V19": (
        STORY,
        {f"{IMAGES}/2/StartTime": "00:00:03:29"},
        {f"{IMAGES}/2/StartTime": "00:00:03:30"},
        f"{IMAGES}/2/StartTime",
    ),
    "V20": (
        HLS,
        {f"{IN}/TimecodeSource": "SPECIFIEDSTART", f"{IN}/TimecodeStart": "01:00:00:00"},
        {f"{IN}/TimecodeStart": "01:00:00:00"},
        f"{IN}/TimecodeStart",
    ),
    "V21": (HLS, {"/Settings/FollowSource": 1}, {"/Settings/FollowSource": 2}, "/Settings/FollowSource"),
    "V22": (
        HLS,
        {f"{IN}/CaptionSelectors": dict(list(CAPTIONS.items())[:100])},
        {f"{IN}/CaptionSelectors": CAPTIONS},
        f"{IN}/CaptionSelectors",
    ),
    "V23": (
        changed(HLS | {"AccelerationSettings": {"Mode": "PREFERRED"}}, {f"{GROUP}/Outputs/2": GONE}),
        {f"{IN}/VideoSelector": {"PadVideo": "BLACK"}},
        {f"{IN}/VideoSelector": {"PadVideo": "BLACK"}, "/AccelerationSettings/Mode": "ENABLED"},
        f"{IN}/VideoSelector/PadVideo",
    ),
    "V27": (
        HLS,
        clips(("00:00:00:00", "00:00:10:00")),
        clips(("00:00:00:00", "00:00:10:00")) | {f"{IN}/TimecodeSource": "EMBEDDED"},
        f"{IN}/TimecodeSource",
    ),
}

# name: (rule, document, changes it refuses, where)
FURTHER = {
    "no inputs": ("V10", HLS, {"/Settings/Inputs": []}, "/Settings/Inputs"),
    "sound needs a specified rate": (
        "V14",
        STORY,
        h264_fields(FramerateControl="INITIALIZE_FROM_SOURCE"),
        f"{H264}/FramerateControl",
    ),
    "blank ends of a clip": ("V15", HLS, clips(("", "")), f"{CLIPS}/0"),
    "a clip after an open end": (
        "V16",
        HLS,
        {CLIPS: [{"StartTimecode": "00:00:01:00"}, {"StartTimecode": "00:00:02:00"}]},
        f"{CLIPS}/1",
    ),
    "a second clip from the beginning": (
        "V16",
        HLS,
        {CLIPS: [{"EndTimecode": "00:00:01:00"}, {"EndTimecode": "00:00:02:00"}]},
        f"{CLIPS}/1",
    ),
    "a generated input at 25": (
        "V19",
        HLS,
        {
            f"{IN}/FileInput": GONE,
            f"{IN}/VideoGenerator": GENERATOR | {"FramerateNumerator": 25},
            f"{IN}/ImageInserter": {"InsertableImages": [image(1, "00:00:01:25")]},
        },
        f"{IN}/ImageInserter/InsertableImages/0/StartTime",
    ),
    "a start frame above the rate": (
        "V19",
        HLS,
        {"/Settings/TimecodeConfig": {"Source": "SPECIFIEDSTART", "Start": "01:00:00:30"}},
        OUTPUT_START,
    ),
    "a start of the output timeline": ("V20", HLS, {OUTPUT_START: "01:00:00:00"}, OUTPUT_START),
    "a start of an overlay": (
        "V20",
        HLS,
        overlays({"Input": {"TimecodeStart": "01:00:00:00"}}),
        f"{IN}/VideoOverlays/0/Input/TimecodeStart",
    ),
    "nine LUTs": ("V22", HLS, {LUTS: [{}] * 9}, LUTS),
    "output overlays without a source": ("V27", STORY, {"/Settings/TimecodeConfig": GONE}, "/Settings"),
}

ACCELERATED = {
    "a generator": (GENERATED, f"{IN}/VideoGenerator"),
    "sound alone": ({f"{IN}/FileInput": "s3://example-incoming/story.wav"}, f"{IN}/FileInput"),
    "motion images": ({"/Settings/MotionImageInserter": BUG}, "/Settings/MotionImageInserter"),
    "avail blanking": (
        {"/Settings/AvailBlanking": {"AvailBlankingImage": "s3://example-stories/b.png"}},
        "/Settings/AvailBlanking",
    ),
    "ESAM": ({"/Settings/Esam": {"ResponseSignalPreroll": 10}}, "/Settings/Esam"),
    "embedded timecodes": ({"/Settings/TimecodeConfig/Source": "EMBEDDED"}, "/Settings/TimecodeConfig/Source"),
    "an anchor": ({"/Settings/TimecodeConfig/Anchor": "00:00:00:00"}, "/Settings/TimecodeConfig/Anchor"),
    "burnt-in captions": (
        {f"{OUT}/CaptionDescriptions": [BURNT_IN]},
        f"{OUT}/CaptionDescriptions/0/DestinationSettings/DestinationType",
    ),
    "interpolation": (
        h264_fields(FramerateConversionAlgorithm="INTERPOLATE"),
        f"{H264}/FramerateConversionAlgorithm",
    ),
    "telecine": (h264_fields(Telecine="HARD"), f"{H264}/Telecine"),
    "sound in its own output": (
        {f"{GROUP}/Outputs/2": HLS["Settings"]["OutputGroups"][0]["Outputs"][2]},
        f"{GROUP}/Outputs/2/AudioDescriptions",
    ),
}


@pytest.mark.parametrize("name", ACCELERATED)
def test_acceleration_excludes(name):
    changes, where = ACCELERATED[name]
    job = changed(HLS | {"AccelerationSettings": {"Mode": "ENABLED"}}, {f"{GROUP}/Outputs/2": GONE})
    assert validate_job(job).passed
    assert pointers(validate_job(changed(job, changes)), "V23") == [where]


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
