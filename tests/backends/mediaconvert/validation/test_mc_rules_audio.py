"""Rules of audio selectors, remixing and audio codecs: what each accepts, what it refuses, and where."""

from __future__ import annotations

import pytest
from test_mc_cases import CONTAINER, HLS, MIX, SELECTOR, STORY, assert_accepted, assert_refused, mixed, remix
from test_mc_jobs import AAC, AUDIO, GONE, GROUP, IN, REMIX, VIDEO, changed, pointers

from backends.mediaconvert.validation import validate_job

NAMES = f"{IN}/AudioSelectorGroups/{MIX}/AudioSelectorNames"
CHANNELS = f"{REMIX}/ChannelMapping/OutputChannels"
FIRST = "ChannelMapping/OutputChannels/0"
SOUND = f"{GROUP}/Outputs/2/AudioDescriptions/0"
RAW_STORY = changed(STORY, {VIDEO: GONE, CONTAINER: {"Container": "RAW"}})


def aac(**fields):
    return {f"{AAC}/{name}": value for name, value in fields.items()}


def selected_with(channels):
    return {f"{AUDIO}/AudioSourceName": "Audio Selector 1", f"{SELECTOR}/RemixSettings": {"ChannelsOut": channels}}


# rule: (document, changes it accepts, changes it refuses, where)
CASES = {
    "V34": (STORY, {f"{NAMES}/1": "Audio Selector 1"}, {f"{NAMES}/1": "Audio Selector 3"}, f"{NAMES}/1"),
    "V35": (
        STORY,
        {f"{IN}/FileInput": "s3://example-incoming/film.mp4"},
        {f"{IN}/FileInput": "s3://example-incoming/story.M4A"},
        NAMES,
    ),
    "V36": (
        STORY,
        {f"{AUDIO}/AudioSourceName": GONE},
        {f"{AUDIO}/AudioSourceName": "Music"},
        f"{AUDIO}/AudioSourceName",
    ),
    "V37": (STORY, remix(**{FIRST: {"InputChannels": [0, -25]}}), remix(**{FIRST: {}}), f"{CHANNELS}/0"),
    "V38": (
        STORY,
        remix(ChannelsOut=6, ChannelMapping=GONE),
        remix(ChannelsOut=3, ChannelMapping=GONE),
        f"{REMIX}/ChannelsOut",
    ),
    "V39": (STORY, remix(ChannelsOut=1, **{FIRST: GONE}), remix(ChannelsOut=4), CHANNELS),
    "V40": (
        STORY,
        remix(**{FIRST: {"InputChannelsFineTune": [-60, 0.5]}}),
        remix(**{FIRST: {"InputChannelsFineTune": [0, -60, -25]}}),
        f"{CHANNELS}/0/InputChannelsFineTune",
    ),
    "V41": (
        STORY,
        remix(**{f"{FIRST}/InputChannelsFineTune/1": 6}),
        remix(**{f"{FIRST}/InputChannelsFineTune/1": 6.5}),
        f"{CHANNELS}/0/InputChannelsFineTune/1",
    ),
    "V42": (
        STORY,
        remix(AudioDescriptionAudioChannel=1, AudioDescriptionDataChannel=2),
        remix(AudioDescriptionAudioChannel=1),
        REMIX,
    ),
    "V43": (STORY, selected_with(2), selected_with(1), f"{REMIX}/ChannelsIn"),
    "V44": (STORY, aac(Bitrate=192000), aac(Bitrate=130000), f"{AAC}/Bitrate"),
    "V45": (STORY, aac(RateControlMode="VBR", VbrQuality="HIGH"), aac(RateControlMode="VBR"), AAC),
    "V46": (STORY, aac(RawFormat="NONE"), aac(RawFormat="LATM_LOAS"), f"{AAC}/RawFormat"),
    "V47": (
        RAW_STORY,
        mixed("MP3", RateControlMode="VBR", VbrQuality=2),
        mixed("MP3", RateControlMode="VBR"),
        f"{AUDIO}/CodecSettings/Mp3Settings",
    ),
    "V48": (
        STORY,
        mixed("AC3", Bitrate=192000),
        mixed("AC3", Bitrate=190000),
        f"{AUDIO}/CodecSettings/Ac3Settings/Bitrate",
    ),
    "V49": (
        HLS,
        {f"{SELECTOR}/SelectorType": "PID", f"{SELECTOR}/Pids": [257]},
        {f"{SELECTOR}/SelectorType": "PID"},
        SELECTOR,
    ),
}

# name: (rule, document, changes it refuses, where)
FURTHER = {
    "a group in an input without selectors": ("V34", STORY, {f"{IN}/AudioSelectors": {}}, f"{NAMES}/0"),
    "the default selector is missing": (
        "V36",
        changed(HLS, {f"{SOUND}/AudioSourceName": GONE}),
        {f"{IN}/AudioSelectors": {}},
        SOUND,
    ),
    "both kinds of channels": (
        "V37",
        STORY,
        remix(**{f"{FIRST}/InputChannels": [0, -25]}),
        f"{CHANNELS}/0/InputChannelsFineTune",
    ),
    "an AAC rate that 8 kHz can't have": ("V44", STORY, aac(SampleRate=8000), f"{AAC}/Bitrate"),
    "Opus at 44.1 kHz": (
        "V48",
        STORY,
        mixed("OPUS", SampleRate=44100),
        f"{AUDIO}/CodecSettings/OpusSettings/SampleRate",
    ),
    "three FLAC channels": ("V48", STORY, mixed("FLAC", Channels=3), f"{AUDIO}/CodecSettings/FlacSettings/Channels"),
    "a language selector without language": ("V49", HLS, {f"{SELECTOR}/SelectorType": "LANGUAGE_CODE"}, SELECTOR),
    "an empty list of streams": (
        "V49",
        HLS,
        {f"{SELECTOR}/SelectorType": "STREAM", f"{SELECTOR}/Streams": []},
        f"{SELECTOR}/Streams",
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
