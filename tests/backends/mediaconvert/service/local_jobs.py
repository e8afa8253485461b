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


def simple_job(destination="s3://out/made", *, container="MP4", video=None, audio=AAC, **output):
    """One clip to one file; tests change what they are about."""
    described = {"CodecSettings": copy.deepcopy(video or H264)}
    made = {"ContainerSettings": {"Container": container}, "VideoDescription": described}
    if audio is not None:
        made["AudioDescriptions"] = [{"CodecSettings": copy.deepcopy(audio)}]
    source = {
        "FileInput": "s3://in/clip.mp4",
        "TimecodeSource": "ZEROBASED",
        "AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}},
    }
    group = {
        "OutputGroupSettings": {"Type": "FILE_GROUP_SETTINGS", "FileGroupSettings": {"Destination": destination}},
        "Outputs": [made | output],
    }
    settings = {"TimecodeConfig": {"Source": "ZEROBASED"}, "Inputs": [source], "OutputGroups": [group]}
    return {"Role": ROLE, "Settings": settings}
