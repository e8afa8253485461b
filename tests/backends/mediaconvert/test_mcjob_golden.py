"""Whole jobs as they are sent, with their conformance reports, one file for each strategy: `golden/*.json`.

Hashes are replaced by what they stand for: the keys of objects change with every change of the renderer's code. After a
deliberate change, write the files again with `STORYREEL_REWRITE_GOLDEN=1` and look at the difference.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from backends.mediaconvert.codecs import sniffed_codecs
from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.strategies import build_job
from renderer.output import output_preset
from renderer.story import StoryOptions, compile_story, open_workspace

TARGET = JobTarget("bucket", "role")
SELECTOR = {"DefaultSelection": "DEFAULT", "SelectorType": "TRACK", "Tracks": [1]}
BESIDE = {"Audio Selector 1": {**SELECTOR, "ExternalAudioFileInput": ".wav", "Offset": 0}}
PICTURE = {
    "FileInput": ".mp4",
    "TimecodeSource": "ZEROBASED",
    "VideoSelector": {"ColorSpace": "REC_709", "ColorSpaceUsage": "FORCE"},
    "AudioSelectors": BESIDE,
}


def at(left, top, width, height, opacity):
    return {"XPosition": left, "YPosition": top, "Width": width, "Height": height, "Unit": "PIXELS", "Opacity": opacity}


def step(start, end, position):
    return {"StartTimecode": start, "EndTimecode": end, "EndPosition": position}


def overlay(start, end, position, *steps):
    timing = {"StartTimecode": start, "EndTimecode": end, "Playback": "REPEAT", "InitialPosition": position}
    clip = {"Input": {"FileInput": ".mp4", "TimecodeSource": "ZEROBASED"}, **timing}
    return clip | ({"Transitions": list(steps)} if steps else {})


OVERLAYS = [
    overlay(
        "00:00:00:00",
        "00:00:01:14",
        at(0, 0, 1920, 1080, 100),
        step("00:00:00:00", "00:00:00:29", at(-96, -54, 2112, 1188, 100)),
    ),
    overlay(
        "00:00:01:00",
        "00:00:01:29",
        at(0, 0, 1920, 1080, 3),
        step("00:00:01:00", "00:00:01:15", at(0, 0, 1920, 1080, 100)),
    ),
]
"""A steady zoom by 10 % over a second, held under a crossfade of 15 frames into a picture at rest."""
INPUTS = {
    "mezzanine": PICTURE,
    "overlays": {**PICTURE, "VideoOverlays": OVERLAYS},
    "stills": {"FileInput": ".wav", "TimecodeSource": "ZEROBASED", "AudioSelectors": {"Audio Selector 1": SELECTOR}},
}
ZOOM = {"from": {"zoom": 1}, "to": {"zoom": 1.1}, "ease": "linear"}
IMAGES = [
    {"file": "a.jpg", "hold": "1s", "motion": ZOOM},
    {"file": "b.jpg", "hold": "1s", "motion": "none", "transition": {"kind": "crossfade", "length": "15f"}},
]


def endings(value):
    if isinstance(value, dict):
        return {key: endings(item) for key, item in value.items()}
    if isinstance(value, list):
        return [endings(item) for item in value]
    return value[value.rindex(".") :] if isinstance(value, str) and value.startswith("s3://") else value


@pytest.fixture(scope="session")
def job_of(compile_spec):
    """`job_of(strategy)`: the job of two images, the first of which moves."""

    def job(strategy):
        options = JobOptions(allow_approximate=True)
        return build_job(strategy, compile_spec(images=IMAGES), output_preset("story-1080p"), TARGET, options).job

    return job


@pytest.mark.parametrize("strategy", INPUTS)
def test_the_input_is_the_recorded_one(job_of, strategy):
    assert [endings(item) for item in job_of(strategy)["Settings"]["Inputs"]] == [INPUTS[strategy]]


def test_the_slides_are_the_recorded_ones(job_of):
    video = job_of("stills")["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
    slides = video["VideoPreprocessors"]["ImageInserter"]["InsertableImages"]
    whole = {"ImageInserterInput": ".png", "ImageX": 0, "ImageY": 0, "Width": 1920, "Height": 1080}
    timing = [
        {"StartTime": "00:00:00:00", "FadeIn": 0, "Layer": 0},
        {"StartTime": "00:00:00:00", "Duration": 1510, "FadeIn": 0, "Layer": 1},
        {"StartTime": "00:00:01:00", "FadeIn": 500, "Layer": 2},
    ]
    assert endings(slides) == [{**whole, "FadeOut": 0, "Opacity": 100, **each} for each in timing]


def test_a_codec_is_read_from_the_content_not_from_the_name(story_folder):
    spec = story_folder(images=1, narration_s=1)
    (spec.parent / "narration.wav").rename(spec.parent / "voice.mp3")
    spec.write_text(spec.read_text().replace("narration.wav", "voice.mp3"))
    with open_workspace(spec, StoryOptions()) as workspace:
        timeline = compile_story(spec, workspace, StoryOptions()).timeline
        assert sniffed_codecs(timeline, workspace) == {timeline.sound.tracks[0].source.sha256: "PCM"}


FOLDER = Path(__file__).with_name("golden")
STORY = {
    "title": "By the sea",
    "id": "sea",
    "length": "narration",
    "narration_s": 12,
    "music_s": 20,
    "brand": "stories-of-you",
    "images": [
        {"file": "a.jpg", "motion": {"from": {"zoom": 1.2, "focus": [0.3, 0.5]}, "to": {"zoom": 1}, "ease": "in-out"}},
        {"file": "b.jpg", "motion": "none", "transition": {"kind": "crossfade", "length": "0.5s"}},
        {"file": "c.jpg", "fit": "blur", "motion": "none"},
    ],
}
GOLDEN = {name: (name, "story-1080p") for name in ("mezzanine", "overlays", "stills", "classic")}
GOLDEN |= {
    "mezzanine with every rendition": ("mezzanine", "streaming-1080p"),
    "stills with WebM": ("stills", "web-1080p"),
}


def document(compile_spec, strategy, preset):
    """Job and report as JSON text."""
    timeline = compile_spec(**{**STORY, "output": preset})
    files = {"narration": ("narration.mp3", "a" * 64), "music": ("music.mp3", "b" * 64)}
    sources = [(track, *files[track.role]) for track in timeline.sound.tracks]
    tracks = tuple(
        dataclasses.replace(track, source=dataclasses.replace(track.source, path=path, sha256=sha256))
        for track, path, sha256 in sources
    )
    timeline = dataclasses.replace(timeline, sound=dataclasses.replace(timeline.sound, tracks=tracks))
    target = JobTarget("stories", "arn:aws:iam::111122223333:role/convert")
    plan = build_job(strategy, timeline, output_preset(preset), target, JobOptions(allow_approximate=True))
    names = {target.url(asset): f"s3://stories/({asset.kind} of {asset.describes})" for asset in plan.assets}
    report = [[item.where, item.feature, item.verdict, item.detail] for item in plan.conformance]
    return json.dumps({"job": readable(plan.job, names), "conformance": report}, indent=1, ensure_ascii=False) + "\n"


def readable(value, names):
    if isinstance(value, dict):
        hashes = ("ClientRequestToken", "timelineSha256")
        return {key: "(hash)" if key in hashes else readable(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [readable(item, names) for item in value]
    return value if not isinstance(value, str) else names.get(value, value)


@pytest.mark.parametrize("name", GOLDEN)
def test_the_whole_job_is_the_recorded_one(compile_spec, name):
    path, text = FOLDER / f"{name.replace(' ', '-').lower()}.json", document(compile_spec, *GOLDEN[name])
    if os.environ.get("STORYREEL_REWRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert json.loads(text) == json.loads(path.read_text(encoding="utf-8"))
    assert text == path.read_text(encoding="utf-8")


def test_every_recorded_job_belongs_to_a_case():
    assert {path.stem for path in FOLDER.glob("*.json")} == {name.replace(" ", "-").lower() for name in GOLDEN}
