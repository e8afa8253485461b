"""Strategy `classic` is the production job (REQUIREMENTS 1.2), field by field; what production can't say is refused."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import pytest

from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.sound import remix_matrix
from backends.mediaconvert.strategies import build_job
from renderer.output import output_preset

TARGET = JobTarget("example-stories", "<MEDIACONVERT_ROLE>")
IMAGES = [{"file": f"{number}.jpg", "motion": "none"} for number in (1, 2, 3)]
STILL = {"FadeIn": 0, "FadeOut": 0}
WHOLE = {"ImageX": 0, "ImageY": 0, "Width": 1920, "Height": 1080}
CENTRE = {"ImageX": 660, "ImageY": 240, "Width": 600, "Height": 600}
CORNER = {"ImageX": 1680, "ImageY": 840, "Width": 200, "Height": 200}


def image(box, start, duration, layer, opacity=100):
    timing = {"StartTime": start, "Duration": duration, **STILL}
    return {"ImageInserterInput": ".png", **box, **timing, "Opacity": opacity, "Layer": layer}


PRODUCTION_IMAGES = [
    image(WHOLE, "00:00:00:00", 125000, 0),
    image(CENTRE, "00:00:00:00", 3000, 10),
    image(WHOLE, "00:00:03:00", 38333, 1),
    image(WHOLE, "00:00:41:10", 38333, 2),
    image(WHOLE, "00:01:19:20", 38333, 3),
    image(CORNER, "00:00:03:00", 115000, 50, 80),
    image(CENTRE, "00:01:58:00", 2000, 60),
]
SELECTOR = {"DefaultSelection": "DEFAULT", "SelectorType": "TRACK", "Tracks": [1]}
STORY = {**SELECTOR, "AudioDurationCorrection": "AUTO"}
MUSIC = {**SELECTOR, "ExternalAudioFileInput": ".mp3", "Offset": 0, "AudioDurationCorrection": "AUTO"}
INPUT = {
    "FileInput": ".mp3",
    "TimecodeSource": "ZEROBASED",
    "AudioSelectors": {"Audio Selector 1": STORY, "Audio Selector 2": MUSIC},
    "AudioSelectorGroups": {"Audio Selector Group 1": {"AudioSelectorNames": ["Audio Selector 1", "Audio Selector 2"]}},
}
AAC = {
    "Codec": "AAC",
    "AacSettings": {
        "Bitrate": 128000,
        "RateControlMode": "CBR",
        "CodecProfile": "LC",
        "CodingMode": "CODING_MODE_2_0",
        "SampleRate": 48000,
    },
}
REMIX = {
    "ChannelMapping": {"OutputChannels": [{"InputChannelsFineTune": [0, -25]}, {"InputChannelsFineTune": [0, -25]}]},
    "ChannelsIn": 2,
    "ChannelsOut": 2,
}
VIDEO = {
    "Width": 1920,
    "Height": 1080,
    "ScalingBehavior": "DEFAULT",
    "TimecodeInsertion": "DISABLED",
    "ColorMetadata": "INSERT",
    "CodecSettings": {
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
        },
    },
    "VideoPreprocessors": {"ImageInserter": {"InsertableImages": PRODUCTION_IMAGES}},
}
OUTPUT = {
    "NameModifier": "_complete",
    "ContainerSettings": {
        "Container": "MP4",
        "Mp4Settings": {
            "CslgAtom": "INCLUDE",
            "FreeSpaceBox": "EXCLUDE",
            "MoovPlacement": "PROGRESSIVE_DOWNLOAD",
        },
    },
    "VideoDescription": VIDEO,
    "AudioDescriptions": [
        {
            "AudioTypeControl": "USE_CONFIGURED",
            "AudioSourceName": "Audio Selector Group 1",
            "CodecSettings": AAC,
            "RemixSettings": REMIX,
        }
    ],
}
PRODUCTION = {
    "Role": "<MEDIACONVERT_ROLE>",
    "Queue": "Default",
    "Settings": {
        "TimecodeConfig": {"Source": "ZEROBASED"},
        "Inputs": [INPUT],
        "OutputGroups": [
            {
                "Name": "Complete Story Video",
                "OutputGroupSettings": {
                    "Type": "FILE_GROUP_SETTINGS",
                    "FileGroupSettings": {"Destination": "s3://example-stories/videos/story-0001"},
                },
                "Outputs": [OUTPUT],
            }
        ],
    },
}
"""The job of REQUIREMENTS 1.2; of every source's name only the ending is kept."""


@pytest.fixture(scope="session")
def classic(compile_spec):
    """`classic(sound=..., options=..., **spec)`: the plan of 120 s of narration with three images."""

    def plan(sound=lambda sound: sound, options=None, **spec):
        fields = {"narration_s": 120, "music_s": 240, "music": "music.mp3", "id": "story-0001", "length": "narration"}
        timeline = compile_spec(**(fields | {"brand": "stories-of-you", "images": IMAGES} | spec))
        timeline = dataclasses.replace(timeline, sound=sound(named(timeline.sound)))
        return build_job("classic", timeline, output_preset("story-1080p"), TARGET, options or JobOptions())

    return plan


def named(sound, narration="voice.mp3", music="music.mp3"):
    names = {"narration": narration, "music": music}
    return with_sources(sound, lambda track: {"path": names[track.role], "sha256": track.role[0] * 64})


def with_sources(sound, changes):
    tracks = [
        dataclasses.replace(track, source=dataclasses.replace(track.source, **changes(track))) for track in sound.tracks
    ]
    return dataclasses.replace(sound, tracks=tuple(tracks))


def with_track(**changes):
    return lambda sound: dataclasses.replace(
        sound, tracks=(*sound.tracks[:-1], dataclasses.replace(sound.tracks[-1], **changes))
    )


def endings(value):
    """The job with each source reduced to its ending."""
    if isinstance(value, dict):
        return {key: endings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [endings(item) for item in value]
    is_source = isinstance(value, str) and value.startswith("s3://example-stories/storyreel/sources/")
    return value[value.rindex(".") :] if is_source else value


def in_order(value):
    """Dictionaries as lists of pairs: the order of keys counts, too."""
    if isinstance(value, dict):
        return [(key, in_order(item)) for key, item in value.items()]
    return [in_order(item) for item in value] if isinstance(value, list) else value


def verdicts(plan, verdict):
    return {(item.feature, item.where) for item in plan.conformance if item.verdict == verdict}


def test_x3_mono_narration_and_mono_music_give_the_production_job(classic):
    job = classic(lambda sound: with_sources(sound, lambda _: {"channels": 1})).job
    found = {key: endings(job[key]) for key in PRODUCTION}
    assert in_order(found) == in_order(PRODUCTION)
    assert set(job) - set(PRODUCTION) == {"UserMetadata", "ClientRequestToken"}


def test_a5_without_music_exactly_the_documented_fields_differ(classic):
    without = dataclasses.replace
    job = endings(classic(lambda sound: without(sound, tracks=sound.tracks[:1])).job["Settings"])
    expected = {**INPUT, "AudioSelectors": {"Audio Selector 1": STORY}}
    del expected["AudioSelectorGroups"]
    sound = {"AudioTypeControl": "FOLLOW_INPUT", "AudioSourceName": "Audio Selector 1", "CodecSettings": AAC}
    assert in_order(job["Inputs"]) == in_order([expected])
    assert in_order(job["OutputGroups"][0]["Outputs"]) == in_order([{**OUTPUT, "AudioDescriptions": [sound]}])


MATRICES = {
    "mono and mono": ((1, 1), [0, -25], [0, -25]),
    "mono and stereo": ((1, 2), [0, -25, -60], [0, -60, -25]),
    "stereo and mono": ((2, 1), [0, -60, -25], [-60, 0, -25]),
    "stereo and stereo": ((2, 2), [0, -60, -25, -60], [-60, 0, -60, -25]),
}


@pytest.mark.parametrize(("channels", "left", "right"), MATRICES.values(), ids=MATRICES)
def test_x3_the_remix_follows_the_probed_channels(classic, channels, left, right):
    counts = dict(zip(("narration", "music"), channels, strict=True))
    plan = classic(lambda sound: with_sources(sound, lambda track: {"channels": counts[track.role]}))
    remix = plan.job["Settings"]["OutputGroups"][0]["Outputs"][0]["AudioDescriptions"][0]["RemixSettings"]
    found = [entry["InputChannelsFineTune"] for entry in remix["ChannelMapping"]["OutputChannels"]]
    assert found == [left, right]
    assert (remix["ChannelsIn"], remix["ChannelsOut"]) == (sum(channels), 2)


def test_gains_stand_in_the_matrix_in_thousandths(classic):
    assert remix_matrix((1, 1), (Fraction(-3, 2), Fraction(-76, 3))) == ([-1.5, -25.333], [-1.5, -25.333])


REFUSED = {
    "X2 a programme longer than the voice": ({"length": "program"}, {}, ("length", "programme")),
    "X4 two codecs": ({}, {"options": JobOptions(codecs={"n" * 64: "AAC", "m" * 64: "MP3"})}, ("codec", "programme")),
    "motion": ({"images": ["a.jpg"]}, {}, ("motion", "image-1")),
    "music that loops": ({"music_s": 60}, {}, ("loop", "music")),
    "music that fades": ({}, {"sound": with_track(fade_out=4800)}, ("fades", "music")),
    "a loudness target": ({"loudness": "web"}, {}, ("loudness", "programme")),
    "more than two channels": (
        {},
        {"sound": lambda sound: with_sources(sound, lambda _: {"channels": 6})},
        ("channels", "music"),
    ),
    "a gain beyond the matrix": ({}, {"sound": with_track(gain_db=Fraction(7))}, ("gain", "music")),
    "no narration": ({}, {"sound": lambda sound: dataclasses.replace(sound, tracks=())}, ("narration", "programme")),
}


@pytest.mark.parametrize(("spec", "given", "feature"), REFUSED.values(), ids=REFUSED)
def test_what_production_can_not_say_is_refused_by_name(classic, spec, given, feature):
    plan = classic(**given, **spec)
    assert feature in verdicts(plan, "refused")
    assert (plan.job, plan.assets) == ({}, ())


def test_x4_the_refusal_names_both_files_and_codecs(classic):
    plan = classic(lambda sound: named(sound, narration="Voice.M4A"))
    (refusal,) = (item for item in plan.conformance if item.verdict == "refused")
    assert "Voice.M4A is AAC and music.mp3 is MP3" in refusal.detail


@pytest.mark.parametrize("probed", [True, False], ids=["by content", "by name"])
def test_a_codec_that_nobody_probed_is_only_approximately_known(classic, probed):
    plan = classic(options=JobOptions(codecs={"n" * 64: "MP3", "m" * 64: "MP3"} if probed else {}))
    assert ("codec", "programme") in verdicts(plan, "exact" if probed else "approximated")


def test_motion_is_dropped_on_demand_and_the_report_says_how_much(classic):
    plan = classic(options=JobOptions(allow_approximate=True), images=["a.jpg", "b.jpg", "c.jpg"])
    details = [item.detail for item in plan.conformance if item.feature == "motion"]
    assert in_order(endings(plan.job["Settings"])) == in_order(endings(classic().job["Settings"]))
    assert len(details) == 3
    assert all("px" in detail for detail in details)


def test_images_that_end_inside_a_frame_are_reported_as_production_has_them(classic):
    approximate = verdicts(classic(), "approximated")
    assert {where for feature, where in approximate if feature == "image"} == {"image-1", "image-2", "image-3"}
    assert not {feature for feature, _ in approximate} & {"background", "logo"}


def test_music_that_starts_later_has_an_offset(classic):
    plan = classic(music={"file": "music.mp3", "start": 2.5, "loop": False})
    assert plan.job["Settings"]["Inputs"][0]["AudioSelectors"]["Audio Selector 2"]["Offset"] == 2500


@pytest.mark.parametrize("images", [9, 10, 96])
def test_x10_the_numbers_are_the_timelines_own(classic, images):
    plan = classic(images=[{"file": f"{n}.jpg", "motion": "none"} for n in range(images)])
    video = plan.job["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
    numbers = [entry["Layer"] for entry in video["VideoPreprocessors"]["ImageInserter"]["InsertableImages"]]
    brand = [0, 10, 50, 60] if images < 10 else [0, images + 1, images + 2, images + 3]
    assert numbers == [*brand[:2], *range(1, images + 1), *brand[2:]]
