"""Keys of uploaded objects: known before anything is rendered, equal for equal content, and for nothing else."""

from __future__ import annotations

import dataclasses
import hashlib
import re

import pytest

from backends.mediaconvert.job import STRATEGIES, JobOptions, JobTarget
from backends.mediaconvert.strategies import build_job
from renderer.output import output_preset

TARGET = JobTarget("bucket", "role")
OUTPUT = output_preset("story-1080p")


@pytest.fixture(scope="session")
def assets_of(compile_spec):
    """`assets_of(strategy, change=..., **spec)`: the assets of a small story."""

    def assets(strategy="mezzanine", change=lambda timeline: timeline, target=TARGET, **spec):
        fields = {"narration_s": 10, "music_s": 20, "length": "narration", "brand": "stories-of-you"}
        timeline = change(distinct(compile_spec(**(fields | {"images": ["a.jpg", "b.jpg"]} | spec))))
        return build_job(strategy, timeline, OUTPUT, target, JobOptions(allow_approximate=True)).assets

    return assets


def distinct(timeline):
    """Every source with content of its own."""

    def named(holder):
        if holder.source is None:
            return holder
        sha256 = hashlib.sha256(holder.source.path.encode()).hexdigest()
        return dataclasses.replace(holder, source=dataclasses.replace(holder.source, sha256=sha256))

    sound = dataclasses.replace(timeline.sound, tracks=tuple(map(named, timeline.sound.tracks)))
    return dataclasses.replace(timeline, layers=tuple(map(named, timeline.layers)), sound=sound)


def keys(assets):
    return [asset.key for asset in assets]


def renamed(timeline):
    layers = tuple(
        layer
        if layer.source is None
        else dataclasses.replace(layer, source=dataclasses.replace(layer.source, path="x"))
        for layer in timeline.layers
    )
    return dataclasses.replace(timeline, layers=layers, title="Another title", id="another-id")


def other_picture(timeline):
    *rest, last = timeline.layers
    source = dataclasses.replace(last.source, sha256="e" * 64)
    return dataclasses.replace(timeline, layers=(*rest, dataclasses.replace(last, source=source)))


def louder(timeline):
    tracks = tuple(dataclasses.replace(track, gain_db=track.gain_db + 1) for track in timeline.sound.tracks)
    return dataclasses.replace(timeline, sound=dataclasses.replace(timeline.sound, tracks=tracks))


KINDS = {
    "mezzanine": ["mezzanine", "mix"],
    "overlays": ["clip", "clip", "bed", "mix", "logo", "slide"],
    "stills": ["mix", "slide", "slide", "slide", "slide", "logo"],
    "classic": ["original", "original", "slide", "logo", "slide", "slide", "logo"],
}


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_each_strategy_needs_what_it_needs_and_no_more(assets_of, strategy):
    assert [asset.kind for asset in assets_of(strategy)] == KINDS[strategy]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_keys_are_hashes_with_an_ending_in_lower_case(assets_of, strategy):
    pattern = re.compile(r"storyreel/sources/[0-9a-f]{64}\.(mp4|wav|png)")
    assert all(pattern.fullmatch(key) for key in keys(assets_of(strategy)))


def test_a_key_does_not_depend_on_names(assets_of):
    assert keys(assets_of(change=renamed)) == keys(assets_of())


def test_another_picture_changes_the_picture_only(assets_of):
    (picture, mix), (before, mix_before) = keys(assets_of(change=other_picture)), keys(assets_of())
    assert (picture != before, mix == mix_before) == (True, True)


def test_another_gain_changes_the_mix_only(assets_of):
    (picture, mix), (before, mix_before) = keys(assets_of(change=louder)), keys(assets_of())
    assert (picture == before, mix != mix_before) == (True, True)


def test_a_still_does_not_depend_on_how_long_it_is_shown(assets_of):
    long = keys(assets_of("stills", narration_s=30))
    assert keys(assets_of("stills"))[1:] == long[1:]


def test_a_slide_that_is_shown_twice_is_uploaded_once(assets_of):
    slides = [asset.describes for asset in assets_of("stills") if asset.kind == "slide"]
    assert slides == ["background", "image-1", "image-2", "intro"]


def test_an_original_lies_under_the_hash_of_its_content(assets_of):
    narration, music = assets_of("classic")[:2]
    assert (narration.describes, music.describes) == ("narration", "music")
    assert narration.key == f"storyreel/sources/{hashlib.sha256(b'narration.wav').hexdigest()}.wav"


def test_the_prefix_is_the_targets(assets_of):
    target = dataclasses.replace(TARGET, prefix="elsewhere")
    assert all(key.startswith("elsewhere/") for key in keys(assets_of(target=target)))
