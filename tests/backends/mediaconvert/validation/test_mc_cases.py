"""What the tables of rules share: documents to start from, common changes, and what accepted and refused mean."""

from __future__ import annotations

from test_mc_jobs import GROUP, H264, IN, OUT, REMIX, VIDEO, audio, changed, package, production

from backends.mediaconvert.validation import validate_job
from backends.mediaconvert.validation.registry import RULES

STORY = production()
DASH, CMAF, SMOOTH, HLS = (package(kind) for kind in ("DashIso", "Cmaf", "MsSmooth", "Hls"))

SETTINGS = f"{GROUP}/OutputGroupSettings"
CONTAINER = f"{OUT}/ContainerSettings"
SELECTOR = f"{IN}/AudioSelectors/Audio Selector 1"
MIX = "Audio Selector Group 1"

GENERATOR = {"Duration": 5000, "Width": 1920, "Height": 1080, "FramerateNumerator": 30, "FramerateDenominator": 1}
OVERLAY = {"Input": {"FileInput": "s3://example-stories/overlay.mov"}}
CAPTURE = {"Codec": "FRAME_CAPTURE", "FrameCaptureSettings": {"Quality": 80}}
POSTER = {
    "NameModifier": "_poster",
    "ContainerSettings": {"Container": "RAW"},
    "VideoDescription": {"Width": 640, "Height": 360, "CodecSettings": CAPTURE},
}
RATE_30 = {"FramerateControl": "SPECIFIED", "FramerateNumerator": 30, "FramerateDenominator": 1}


def overlays(*items):
    return {f"{IN}/VideoOverlays": [OVERLAY | item for item in items]}


def clips(*ends):
    return {f"{IN}/InputClippings": [{"StartTimecode": start, "EndTimecode": end} for start, end in ends]}


def remix(**fields):
    return {f"{REMIX}/{name}": value for name, value in fields.items()}


def mixed(codec, **settings):
    """The story's sound in another codec."""
    return {f"{OUT}/AudioDescriptions/0": audio(MIX, codec, **settings)}


def h264_fields(**fields):
    return {f"{H264}/{name}": value for name, value in fields.items()}


def coded(codec, **settings):
    return {f"{VIDEO}/CodecSettings": {"Codec": codec, f"{codec.capitalize()}Settings": settings}}


def assert_accepted(rule, document, accepted, _refused, _where):
    validation = validate_job(changed(document, accepted))
    assert validation.passed, validation.report(rule)
    assert rule not in {finding.rule for finding in validation.findings}


def assert_refused(rule, document, _accepted, refused, where):
    """Found once, at this place, with the rule's own severity."""
    validation = validate_job(changed(document, refused))
    found = [finding for finding in validation.findings if finding.rule == rule]
    assert [finding.pointer for finding in found] == [where], validation.report(rule)
    assert {finding.severity for finding in found} == {RULES[rule].severity}
