"""Rules of inserted images, motion images and video overlays: what each accepts, what it refuses, and where."""

from __future__ import annotations

import pytest
from test_mc_cases import HLS, OVERLAY, STORY, assert_accepted, assert_refused, overlays
from test_mc_jobs import GONE, GROUP, IMAGES, IN, OUT, VIDEO, changed, pointers

from backends.mediaconvert.validation import validate_job

MOTION, MOTIONS = "/Settings/MotionImageInserter", "/Settings/MotionImageInserters"
BUG = {"Input": "s3://example-stories/bug.mov"}
FRAMES = {"InsertionMode": "PNG", "Input": "s3://example-stories/frame_000.png", "Playback": "ONCE"}
AT_30 = {"Framerate": {"FramerateNumerator": 30, "FramerateDenominator": 1}}
FIRST = f"{IN}/VideoOverlays/0"
SOUND = f"{GROUP}/Outputs/2"


def transition(start, end):
    return overlays({"Transitions": [{"StartTimecode": start, "EndTimecode": end}]})


# rule: (document, changes it accepts, changes it refuses, where)
CASES = {
    "V24": (STORY, {f"{IMAGES}/6/Layer": 99}, {f"{IMAGES}/6/Layer": 50}, f"{IMAGES}/6/Layer"),
    "V25": (STORY, {f"{IMAGES}/6/Width": GONE}, {f"{IMAGES}/6/ImageY": GONE}, f"{IMAGES}/6"),
    "V26": (
        HLS,
        {f"{OUT}/CaptionDescriptions": [{}]},
        {f"{SOUND}/CaptionDescriptions": [{}]},
        f"{SOUND}/CaptionDescriptions",
    ),
    "V28": (HLS, {MOTIONS: [BUG]}, {MOTIONS: [], MOTION: BUG}, MOTIONS),
    "V29": (HLS, {MOTION: FRAMES | AT_30}, {MOTION: FRAMES}, MOTION),
    "V30": (HLS, overlays(*[{}] * 99), overlays(*[{}] * 100), f"{IN}/VideoOverlays"),
    "V31": (
        HLS,
        overlays({"Input": {"InputClippings": [{"EndTimecode": "00:00:10:00"}]}}),
        overlays({"Input": {"InputClippings": [{}]}}),
        f"{FIRST}/Input/InputClippings/0",
    ),
    "V32": (
        HLS,
        transition("00:00:01:00", "00:00:02:00"),
        transition("00:00:02:00", "00:00:02:00"),
        f"{FIRST}/Transitions/0/EndTimecode",
    ),
    "V33": (
        HLS,
        overlays({"StartTimecode": "00:00:02:00", "EndTimecode": "00:00:02:00"}),
        overlays({"StartTimecode": "00:00:02:00", "EndTimecode": "00:00:01:29"}),
        f"{FIRST}/EndTimecode",
    ),
}

# name: (rule, document, changes it refuses, where)
FURTHER = {
    "overlays where there is no picture": (
        "V26",
        STORY,
        {VIDEO: GONE, f"{IN}/VideoOverlays": [OVERLAY]},
        f"{IN}/VideoOverlays",
    ),
    "PNG frames from one": (
        "V29",
        HLS,
        {MOTION: FRAMES | AT_30 | {"Input": "s3://example-stories/frame_001.png"}},
        f"{MOTION}/Input",
    ),
    "a hundred clips of an overlay": (
        "V30",
        HLS,
        overlays({"Input": {"InputClippings": [{"EndTimecode": "00:00:10:00"}] * 100}}),
        f"{FIRST}/Input/InputClippings",
    ),
    "a transition without an end": (
        "V32",
        HLS,
        overlays({"Transitions": [{"StartTimecode": "00:00:01:00"}]}),
        f"{FIRST}/Transitions/0",
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
