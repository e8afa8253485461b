"""Rules between fields: each broken once, and the nearest thing that is allowed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from renderer.spec import parse_document, parse_spec

VOICE = "narration: n.wav\n"
LENGTH_UNKNOWN = (
    "$: the length of the story is unknown: "
    "add a narration, or a length such as `length: 30s`, or a hold for every image"
)

BROKEN = {
    "hold too short": (
        VOICE + "images: [{file: a, hold: 499ms}]",
        "$.images[0].hold: must be at least 0.5 s, found 0.499 s",
    ),
    "hold too short in frames": (
        VOICE + "images: [{file: a, hold: 14f}]",
        "$.images[0].hold: must be at least 0.5 s, found 14 frames",
    ),
    "first image fades": (
        VOICE + "images: [{file: a, transition: crossfade}]",
        "$.images[0].transition: expected a cut, found a crossfade: the first image has no image before it",
    ),
    "a cut with a length": (
        VOICE + "images: [a, {file: b, transition: {kind: cut, length: 1s}}]",
        "$.images[1].transition.length: a cut takes no length: remove it, or write `kind: crossfade`",
    ),
    "fade longer than its image": (
        VOICE + "images: [a, {file: b, hold: 1s, transition: {kind: crossfade, length: 1.5s}}]",
        "$.images[1].transition.length: must not be longer than its image (1 s), found 1.5 s",
    ),
    "fade longer than the image before": (
        VOICE + ("images: [{file: a, hold: 30f}, {file: b, transition: {kind: crossfade, length: 00:00:01:01}}]"),
        "$.images[1].transition.length: must not be longer than the image before it (30 frames), found 00:00:01:01",
    ),
    "fade of nothing": (
        VOICE + "images: [a, {file: b, transition: {kind: crossfade, length: 0}}]",
        "$.images[1].transition.length: must be longer than 0, found 0: for no crossfade write `transition: cut`",
    ),
    "preset and move": (
        VOICE + "images: [{file: a, motion: {preset: slow, to: {zoom: 2}, ease: in}}]",
        "$.images[0].motion: expected a preset or a move of its own, found preset and to, ease",
    ),
    "empty motion": (
        VOICE + "images: [{file: a, motion: {ease: in}}]",
        "$.images[0].motion: expected from, to or preset, found neither: for no motion write `motion: none`",
    ),
    "no music": (
        VOICE + "images: [a]\nmusic: {loop: false}",
        "$.music: expected file or mood, found neither",
    ),
    "two musics": (
        VOICE + "images: [a]\nmusic: {file: m, mood: calm, library: l}",
        "$.music: expected file or mood, found both",
    ),
    "mood without library": (
        VOICE + "images: [a]\nmusic: {mood: calm}",
        "$.music: mood needs library: name the folder of the music library",
    ),
    "seed without mood": (
        VOICE + "images: [a]\nmusic: {file: m, seed: 1}",
        "$.music.seed: seed stands without mood: it only serves to pick a track by mood",
    ),
    "fades longer than the story": (
        "length: 3s\nimages: [a]\nmusic: {file: m, fade_in: 2s, fade_out: 31f}",
        "$.music.fade_out: fade_in and fade_out must fit into length (3 s), found 3.033 s together",
    ),
    "narration length without narration": (
        "length: narration\nimages: [{file: a, hold: 1s}]",
        "$.length: `length: narration` needs a narration: add `narration: voice.wav`",
    ),
    "length of nothing": (
        "length: 0f\nimages: [a]",
        "$.length: must be longer than 0, found 0",
    ),
    "width without height": (
        VOICE + "images: [a]\noutput: {width: 640}",
        "$.output.width: width stands without height: write both, or neither",
    ),
    "height without width": (
        VOICE + "images: [a]\noutput: {height: 640}",
        "$.output.height: height stands without width: write both, or neither",
    ),
    "length unknown": (
        "images: [a]",
        LENGTH_UNKNOWN,
    ),
    "length unknown for one image": (
        "images: [{file: a, hold: 1s}, b]",
        LENGTH_UNKNOWN,
    ),
    "length unknown for a logo": (
        "images: []\nbrand: b",
        LENGTH_UNKNOWN,
    ),
    "nothing to show": (
        VOICE + "images: []",
        "$.images: no images and no brand: nothing to show: add images, or a brand for its logo",
    ),
    "nothing to show with brand none": (
        VOICE + "images: []\nbrand: {preset: none}",
        "$.images: no images and no brand: nothing to show: add images, or a brand for its logo",
    ),
    "frame field too large": (
        VOICE + "images: [{file: a, hold: '00:00:02:30'}]",
        "$.images[0].hold: the frame field must be at most 29 at 30 frames per second, found 30",
    ),
}

ALLOWED = {
    "shortest hold": VOICE + "images: [{file: a, hold: 500ms}, {file: b, hold: 15f}]",
    "fade as long as both images": "images:\n- {file: a, hold: 1s}\n"
    "- {file: b, hold: 1s, transition: {kind: crossfade, length: 30f}}",
    "only from": VOICE + "images: [{file: a, motion: {from: {zoom: 2}}}]",
    "motion none": VOICE + "images: [{file: a, motion: none}]",
    "mood": VOICE + "images: [a]\nmusic: {mood: calm, library: l, seed: 3}",
    "fades as long as the story": "length: 3s\nimages: [a]\nmusic: {file: m, fade_in: 2s, fade_out: 30f}",
    "logo only": VOICE + "images: []\nbrand: {logo: l.png}",
    "logo only for a time": "length: 5s\nimages: []\nbrand: b",
    "holds make the length": "images: [{file: a, hold: 1s}, {file: b, hold: 90f}]",
    "last frame field": VOICE + "images: [{file: a, hold: '00:00:02:29'}]",
}


def problems(text, **options):
    found = parse_spec(
        parse_document("storyreel: 1\n" + text), output_rates={"story-1080p": Fraction(30)}, **options
    ).problems
    return [f"{one.path}: {one.message}" + (f": {one.hint}" if one.hint else "") for one in found]


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_rule_is_the_only_problem(case):
    text, problem = BROKEN[case]
    assert problems(text) == [problem]


@pytest.mark.parametrize("case", ALLOWED)
def test_the_nearest_thing_is_allowed(case):
    assert problems(ALLOWED[case]) == []


def test_the_rate_of_the_spec_wins_over_the_presets():
    text = VOICE + "output: {rate: 60}\nimages: [{file: a, hold: '00:00:02:30'}, {file: b, hold: 29f}]"
    assert problems(text) == ["$.images[1].hold: must be at least 0.5 s, found 29 frames"]


UNKNOWN_PRESETS = {
    "output: story-1080": "$.output: unknown output preset 'story-1080': did you mean 'story-1080p'?",
    "brand: acme": "$.brand: unknown brand 'acme': expected stories-of-you or none",
    "brand: {preset: acme, logo: x.png}": "$.brand.preset: unknown brand 'acme': expected stories-of-you or none",
}


@pytest.mark.parametrize("line", UNKNOWN_PRESETS)
def test_unknown_presets_are_named(line):
    known = {"output_presets": ["story-1080p"], "motion_presets": [], "brand_presets": ["stories-of-you"]}
    assert problems(f"{VOICE}{line}\nimages: [{{file: a, motion: none}}]", **known) == [UNKNOWN_PRESETS[line]]


def test_without_motion_presets_only_none_is_a_name():
    text = VOICE + "images: [{file: a, motion: slow}]"
    assert problems(text, motion_presets=[]) == ["$.images[0].motion: unknown motion preset 'slow': expected none"]
