"""Jobs that tests of the local endpoint change."""

from __future__ import annotations

import copy

ROLE = "arn:aws:iam::111122223333:role/convert"

H264 = {
    "Codec": "H_264",
    "H264Settings": {
        "RateControlMode": "QVBR",
        "MaxBitrate": 2_000_000,
        "QualityTuningLevel": "SINGLE_PASS",
        "SceneChangeDetect": "TRANSITION_DETECTION",
    },
}
AAC = {"Codec": "AAC", "AacSettings": {"Bitrate": 96_000, "CodingMode": "CODING_MODE_2_0", "SampleRate": 48_000}}


def simple_job(
    destination="s3://out/made", *, source="s3://in/clip.mp4", container="MP4", video=None, audio=AAC, **output
):
    """One clip to one file; tests change what they are about."""
    described = {"CodecSettings": copy.deepcopy(video or H264)}
    made = {"ContainerSettings": {"Container": container}, "VideoDescription": described}
    if audio is not None:
        made["AudioDescriptions"] = [{"CodecSettings": copy.deepcopy(audio)}]
    one = {
        "FileInput": source,
        "TimecodeSource": "ZEROBASED",
        "AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}},
    }
    group = {
        "OutputGroupSettings": {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {"Destination": destination}},
        "Outputs": [made | output],
    }
    settings = {"TimecodeConfig": {"Source": "ZEROBASED"}, "Inputs": [one], "OutputGroups": [group]}
    return {"Role": ROLE, "Settings": settings}


def settings_of(job):
    return job["Settings"]


def output_of(job):
    return job["Settings"]["OutputGroups"][0]["Outputs"][0]


def exact_h264():
    """Every frame comes out as it went in, within a level or two."""
    return {
        "Codec": "H_264",
        "H264Settings": {
            "RateControlMode": "QVBR",
            "MaxBitrate": 20_000_000,
            "QvbrSettings": {"QvbrQualityLevel": 10},
            "QualityTuningLevel": "SINGLE_PASS",
        },
    }


def specified(numerator=30, denominator=1):
    return {
        "FramerateControl": "SPECIFIED",
        "FramerateNumerator": numerator,
        "FramerateDenominator": denominator,
    }


def image(name, layer, **fields):
    place = {"ImageX": 0, "ImageY": 0, "Opacity": 100}
    return {"ImageInserterInput": f"s3://in/{name}.png", "Layer": layer} | place | fields


def streaming(kind, container, outputs, **settings):
    """A group of a streaming kind: HLS, CMAF or DASH_ISO."""
    member = {"HLS": "HlsGroupSettings", "CMAF": "CmafGroupSettings", "DASH_ISO": "DashIsoGroupSettings"}[kind]
    own = {"Destination": "s3://out/stream/main", "SegmentLength": 1} | settings
    made = [{"ContainerSettings": {"Container": container}} | output for output in outputs]
    return {"OutputGroupSettings": {"Type": f"{kind}_GROUP_SETTINGS", member: own}, "Outputs": made}
