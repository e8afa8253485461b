"""What a valid spec means: short forms, defaults, exact values, layers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from pydantic import ValidationError

from renderer.spec import (
    MotionSpec,
    OutputSpec,
    StorySpec,
    TransitionSpec,
    parse_document,
    parse_spec,
)
from renderer.timebase import Time

HEAD = "storyreel: 1\nnarration: n.wav\n"


def story(text):
    result = parse_spec(parse_document(HEAD + text))
    assert not result.problems, result.problems
    return result.spec


def image(text):
    return story(f"images: [{{file: a.jpg, {text}}}]").images[0]


FORMS = {
    "image": ("images: [a.jpg]", "images: [{file: a.jpg}]"),
    "music": ("images: [a.jpg]\nmusic: bed.mp3", "images: [a.jpg]\nmusic: {file: bed.mp3}"),
    "output": ("images: [a.jpg]\noutput: story-720p", "images: [a.jpg]\noutput: {preset: story-720p}"),
    "brand": ("images: []\nbrand: stories-of-you", "images: []\nbrand: {preset: stories-of-you}"),
    "no brand": ("images: [a.jpg]\nbrand: none", "images: [a.jpg]\nbrand: {}"),
    "motion": ("images: [{file: a.jpg, motion: slow}]", "images: [{file: a.jpg, motion: {preset: slow}}]"),
    "transition": ("images: [{file: a.jpg, transition: cut}]", "images: [{file: a.jpg, transition: {kind: cut}}]"),
    "no corner": (
        "images: []\nbrand: {logo: l.png, corner: none}",
        "images: []\nbrand: {logo: l.png, corner: {opacity: 0}}",
    ),
    "loudness": ("images: [a.jpg]\nloudness: web", "images: [a.jpg]\nloudness: -14"),
    "start view": (
        "images: [{file: a.jpg, motion: {to: {zoom: 2}}}]",
        "images: [{file: a.jpg, motion: {from: {zoom: 1, focus: [0.5, 0.5]}, to: {zoom: 2}}}]",
    ),
}


@pytest.mark.parametrize("case", FORMS)
def test_the_short_form_means_the_long_form(case):
    short, long = FORMS[case]
    assert story(short) == story(long)


def test_defaults_are_those_of_the_design():
    spec = story("images: [a.jpg]\nmusic: {file: m.mp3, duck: {}}")
    assert (spec.output.preset, spec.length, spec.brand.is_given) == ("story-1080p", "program", False)
    assert (spec.images[0].fit, spec.images[0].motion, spec.images[0].transition.kind) == ("cover", None, "cut")
    duck = spec.music.duck
    assert [duck.db, duck.attack, duck.release, duck.merge_gap] == [
        -25, *(Time("seconds", Fraction(n, 10)) for n in (2, 8, 6)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("music", "gain_db"), [("", -25), (", duck: {}", 0), (", gain_db: -3.5, duck: {}", Fraction(-7, 2))]
)
def test_music_is_lowered_once(music, gain_db):
    assert story(f"images: [a.jpg]\nmusic: {{file: m.mp3{music}}}").music.effective_gain_db == gain_db


def test_decimals_are_exact():
    view = image("motion: {to: {zoom: 1.15, focus: [0.1, 1e-3]}}").motion.end
    assert (view.zoom, view.focus) == (Fraction(23, 20), (Fraction(1, 10), Fraction(1, 1000)))


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("6", Time("seconds", Fraction(6))),
        ("0.7", Time("seconds", Fraction(7, 10))),
        ("6s", Time("seconds", Fraction(6))),
        ("1500ms", Time("seconds", Fraction(3, 2))),
        ("90f", Time("frames", frames=90)),
        ("00:01:02:15", Time("timecode", Fraction(62), 15)),
    ],
)
def test_times_stay_as_written(text, time):
    assert image(f"hold: {text}").hold == time


@pytest.mark.parametrize(
    ("text", "rate"), [("30", 30), ('"30000/1001"', Fraction(30000, 1001)), ("12.5", Fraction(25, 2))]
)
def test_rates_are_exact(text, rate):
    assert story(f"images: [a.jpg]\noutput: {{rate: {text}}}").output.rate == rate


@pytest.mark.parametrize(
    ("text", "seconds"), [("cut", None), ("crossfade", Fraction(1, 2)), ("{kind: crossfade, length: 2s}", 2)]
)
def test_only_a_crossfade_has_a_length(text, seconds):
    spec = story(f"images: [b.jpg, {{file: a.jpg, transition: {text}}}]")
    length = spec.images[1].transition.crossfade_length
    assert (length and length.seconds) == seconds


def test_motion_none_stands_still_and_absent_motion_is_left_open():
    assert image("motion: none").motion.is_still
    assert image("fit: blur").motion is None


def test_a_spec_is_frozen():
    with pytest.raises(ValidationError):
        OutputSpec().preset = "other"


@pytest.mark.parametrize(
    "build", [lambda: MotionSpec(start={}), lambda: TransitionSpec.model_validate({"Kind": "cut"})]
)
def test_python_names_are_no_keys(build):
    with pytest.raises(ValidationError):
        build()


def test_a_spec_can_be_built_from_plain_data():
    assert StorySpec.model_validate({"storyreel": 1, "images": ["a.jpg"]}).images[0].file == "a.jpg"
