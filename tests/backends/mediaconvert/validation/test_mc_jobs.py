"""Whole jobs that have to pass, and the means by which the other tests change them.

Every job here is our own: the production job, and a streaming package of each kind.
"""

from __future__ import annotations

import copy
import json

import pytest

from backends.mediaconvert.validation import validate_job, validate_text

GONE = object()
"""Stands for "leave the key out" in a change."""

IN = "/Settings/Inputs/0"
GROUP = "/Settings/OutputGroups/0"
OUT = f"{GROUP}/Outputs/0"
VIDEO = f"{OUT}/VideoDescription"
H264 = f"{VIDEO}/CodecSettings/H264Settings"
AUDIO = f"{OUT}/AudioDescriptions/0"
AAC = f"{AUDIO}/CodecSettings/AacSettings"
REMIX = f"{AUDIO}/RemixSettings"
IMAGES = f"{VIDEO}/VideoPreprocessors/ImageInserter/InsertableImages"


def image(layer, start="00:00:00:00", **fields):
    known = {"ImageX": 0, "ImageY": 0, "Width": 1920, "Height": 1080, "Opacity": 100, "FadeIn": 0, "FadeOut": 0}
    url = f"s3://example-stories/image-{layer}.png"
    return {"ImageInserterInput": url, "Layer": layer, "StartTime": start, "Duration": 3000, **known, **fields}


def audio(name, codec="AAC", **fields):
    settings = {
        "AAC": {
            "Bitrate": 128000,
            "RateControlMode": "CBR",
            "CodecProfile": "LC",
            "CodingMode": "CODING_MODE_2_0",
            "SampleRate": 48000,
        },
    }
    object_name = f"{codec.capitalize()}Settings"
    return {
        "AudioSourceName": name,
        "CodecSettings": {"Codec": codec, object_name: settings.get(codec, {}) | fields},
    }


def h264(**fields):
    return {
        "Codec": "H_264",
        "H264Settings": {
            "InterlaceMode": "PROGRESSIVE",
            "RateControlMode": "CBR",
            "Bitrate": 3000000,
            "FramerateControl": "SPECIFIED",
            "FramerateNumerator": 30,
            "FramerateDenominator": 1,
            "CodecProfile": "HIGH",
            "CodecLevel": "LEVEL_4",
            "QualityTuningLevel": "SINGLE_PASS",
        }
        | fields,
    }


def production():
    """The story job in production: mono narration, mono music, three images, brand layers."""

    def selector(**fields):
        track = {"DefaultSelection": "DEFAULT", "SelectorType": "TRACK", "Tracks": [1]}
        return track | {"AudioDurationCorrection": "AUTO"} | fields

    music = {"ExternalAudioFileInput": "s3://example-assets/music/track-240s.mp3", "Offset": 0}
    return {
        "Role": "arn:aws:iam::111122223333:role/MediaConvert",
        "Queue": "Default",
        "Settings": {
            "TimecodeConfig": {"Source": "ZEROBASED"},
            "Inputs": [
                {
                    "FileInput": "s3://example-incoming/audio/story-0001.mp3",
                    "TimecodeSource": "ZEROBASED",
                    "AudioSelectors": {"Audio Selector 1": selector(), "Audio Selector 2": selector(**music)},
                    "AudioSelectorGroups": {
                        "Audio Selector Group 1": {"AudioSelectorNames": ["Audio Selector 1", "Audio Selector 2"]}
                    },
                }
            ],
            "OutputGroups": [
                {
                    "Name": "Complete Story Video",
                    "OutputGroupSettings": {
                        "Type": "FILE_GROUP_SETTINGS",
                        "FileGroupSettings": {"Destination": "s3://example-stories/videos/story-0001"},
                    },
                    "Outputs": [
                        {
                            "NameModifier": "_complete",
                            "ContainerSettings": {
                                "Container": "MP4",
                                "Mp4Settings": {
                                    "CslgAtom": "INCLUDE",
                                    "FreeSpaceBox": "EXCLUDE",
                                    "MoovPlacement": "PROGRESSIVE_DOWNLOAD",
                                },
                            },
                            "VideoDescription": {
                                "Width": 1920,
                                "Height": 1080,
                                "ScalingBehavior": "DEFAULT",
                                "TimecodeInsertion": "DISABLED",
                                "ColorMetadata": "INSERT",
                                "CodecSettings": h264(),
                                "VideoPreprocessors": {
                                    "ImageInserter": {
                                        "InsertableImages": [
                                            image(0, Duration=125000),
                                            image(10, ImageX=660, ImageY=240, Width=600, Height=600),
                                            image(1, "00:00:03:00", Duration=38333),
                                            image(2, "00:00:41:10", Duration=38333),
                                            image(3, "00:01:19:20", Duration=38333),
                                            image(50, "00:00:03:00", Duration=115000, Opacity=80),
                                            image(60, "00:01:58:00", Duration=2000),
                                        ]
                                    }
                                },
                            },
                            "AudioDescriptions": [
                                {"AudioTypeControl": "USE_CONFIGURED"}
                                | audio("Audio Selector Group 1")
                                | {
                                    "RemixSettings": {
                                        "ChannelMapping": {
                                            "OutputChannels": [
                                                {"InputChannelsFineTune": [0, -25]},
                                                {"InputChannelsFineTune": [0, -25]},
                                            ]
                                        },
                                        "ChannelsIn": 2,
                                        "ChannelsOut": 2,
                                    }
                                }
                            ],
                        }
                    ],
                }
            ],
        },
    }


CONTAINERS = {"Hls": "M3U8", "DashIso": "MPD", "Cmaf": "CMFC", "MsSmooth": "ISMV"}
TYPES = {"Hls": "HLS", "DashIso": "DASH_ISO", "Cmaf": "CMAF", "MsSmooth": "MS_SMOOTH"}


def package(kind="Hls", **settings):
    """A streaming package: two video outputs and one of sound, from a film in S3."""

    def output(modifier, **tracks):
        container = {"Container": CONTAINERS[kind]}
        return {"NameModifier": modifier, "ContainerSettings": container, **tracks}

    def video(height, bitrate):
        return {"Height": height, "Width": height * 16 // 9, "CodecSettings": h264(Bitrate=bitrate)}

    return {
        "Role": "arn:aws:iam::111122223333:role/MediaConvert",
        "Settings": {
            "TimecodeConfig": {"Source": "ZEROBASED"},
            "Inputs": [
                {
                    "FileInput": "s3://example-incoming/film.mp4",
                    "TimecodeSource": "ZEROBASED",
                    "AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}},
                }
            ],
            "OutputGroups": [
                {
                    "Name": kind,
                    "OutputGroupSettings": {
                        "Type": f"{TYPES[kind]}_GROUP_SETTINGS",
                        f"{kind}GroupSettings": {"Destination": "s3://example-stories/packages/film", **settings},
                    },
                    "Outputs": [
                        output("_720", VideoDescription=video(720, 2_000_000)),
                        output("_360", VideoDescription=video(360, 800_000)),
                        output("_sound", AudioDescriptions=[audio("Audio Selector 1")]),
                    ],
                }
            ],
        },
    }


JOBS = {"production": production} | {kind: lambda kind=kind: package(kind) for kind in CONTAINERS}


def place(document, pointer):
    """The container and the last key that a pointer names."""
    *path, last = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    for part in path:
        document = document[int(part) if isinstance(document, list) else part]
    return document, (int(last) if isinstance(document, list) else last)


def changed(document, changes):
    """A deep copy with the values at these pointers set, or left out where they are `GONE`."""
    document = copy.deepcopy(document)
    for pointer, value in changes.items():
        container, key = place(document, pointer)
        if value is GONE:
            del container[key]
        elif isinstance(container, list) and key == len(container):
            container.append(value)
        else:
            container[key] = copy.deepcopy(value)
    return document


def pointers(validation, rule):
    return [finding.pointer for finding in validation.findings if finding.rule == rule]


@pytest.mark.parametrize("name", JOBS)
def test_a_good_job_has_no_findings(name):
    assert validate_job(JOBS[name]()).findings == ()


@pytest.mark.parametrize("name", JOBS)
def test_the_text_of_a_good_job_has_no_findings(name):
    assert validate_text(json.dumps(JOBS[name]()), "job.json").findings == ()


def test_the_production_job_without_music_passes():
    """The other production job: one selector, no group, no remix."""
    without = {
        f"{IN}/AudioSelectors/Audio Selector 2": GONE,
        f"{IN}/AudioSelectorGroups": GONE,
        REMIX: GONE,
        f"{AUDIO}/AudioTypeControl": "FOLLOW_INPUT",
        f"{AUDIO}/AudioSourceName": "Audio Selector 1",
    }
    assert validate_job(changed(production(), without)).findings == ()


def test_changing_leaves_the_original_alone():
    job = production()
    assert changed(job, {f"{OUT}/NameModifier": "_x", f"{IN}/FileInput": GONE}) != job
    assert job == production()
