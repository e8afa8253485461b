"""Output preset, the spec's changes, the command line's choice: each value comes from the last who set it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from renderer.output import output_preset, preview_of, resolve_output
from renderer.spec import OutputSpec

FULL_HD = output_preset("story-1080p")


def test_the_default_is_full_hd_as_production_makes_it():
    output = resolve_output(OutputSpec())
    assert (output.preset, output.width, output.height, output.rate) == ("story-1080p", 1920, 1080, 30)
    assert output.audio.bitrate == 128_000


SPECS = {
    "another preset": ({"preset": "story-720p"}, replace(output_preset("story-720p"))),
    "another size": ({"width": 640, "height": 360}, replace(FULL_HD, width=640, height=360)),
    "another rate": ({"rate": "30000/1001"}, replace(FULL_HD, rate=Fraction(30000, 1001))),
    "a preset changed": (
        {"preset": "square-1080", "rate": 25},
        replace(output_preset("square-1080"), rate=Fraction(25)),
    ),
}


@pytest.mark.parametrize(("fields", "expected"), SPECS.values(), ids=SPECS)
def test_the_spec_changes_its_preset(fields, expected):
    assert resolve_output(OutputSpec(**fields)) == expected


def test_a_preset_of_the_command_line_replaces_everything_the_spec_chose():
    spec = OutputSpec(preset="story-720p", width=640, height=360, rate=25)
    assert resolve_output(spec, preset="square-1080") == output_preset("square-1080")


@pytest.mark.parametrize("use", [output_preset, lambda name: resolve_output(OutputSpec(preset=name))])
def test_an_unknown_preset_is_a_key_error(use):
    with pytest.raises(KeyError, match="story-480p"):
        use("story-480p")


PREVIEWS = {
    "full HD": ((1920, 1080), (960, 540)),
    "ultra HD": ((3840, 2160), (960, 540)),
    "upright": ((1080, 1920), (540, 960)),
    "square": ((1080, 1080), (540, 540)),
    "odd quotient": ((1366, 768), (960, 540)),
    "very wide": ((8192, 32), (8192, 32)),
    "smaller than a preview": ((320, 180), (320, 180)),
}


@pytest.mark.parametrize(("size", "expected"), PREVIEWS.values(), ids=PREVIEWS)
def test_a_preview_is_about_540_lines_and_never_larger(size, expected):
    output = preview_of(replace(FULL_HD, width=size[0], height=size[1]))
    assert (output.width, output.height) == expected


@pytest.mark.parametrize("size", [(1920, 1080), (320, 180)])
def test_a_preview_keeps_the_rate_and_encodes_fast(size):
    rate = Fraction(30000, 1001)
    output = preview_of(replace(FULL_HD, width=size[0], height=size[1], rate=rate))
    assert (output.rate, output.video.preset, output.preset) == (rate, "ultrafast", "preview")


@pytest.mark.parametrize(
    ("rate", "frames"),
    [(Fraction(30), 60), (Fraction(25), 50), (Fraction(30000, 1001), 59), (Fraction(1), 2)],
    ids=["30", "25", "NTSC", "one a second"],
)
def test_keyframes_are_never_more_than_two_seconds_apart(rate, frames):
    assert replace(FULL_HD, rate=rate).keyframe_frames == frames
    assert frames / rate <= 2


def test_there_is_at_least_one_frame_between_keyframes():
    slow = replace(FULL_HD, rate=Fraction(1), video=replace(FULL_HD.video, keyframe_s=Fraction(1, 10)))
    assert slow.keyframe_frames == 1
