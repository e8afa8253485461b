"""One text for one timeline; what is not such a text is refused with its place."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.timebase import FrameRange
from renderer.timeline.canonical import (
    TimelineFormatError,
    canonical_json,
    timeline_from_json,
    timeline_json,
    timeline_sha256,
)
from renderer.timeline.model import Caption, Chapter, EnvelopePoint, Layer, Sound, Timeline

SMALL = Timeline(
    id="small",
    title="Größe 🏠",
    rate=Fraction(30000, 1001),
    width=64,
    height=32,
    frame_count=30,
    layers=(Layer("background", "background", 0, FrameRange(0, 30), color="#000000"),),
    sound=Sound(48_048),
)
SMALL_TEXT = """{
 "captions": [],
 "chapters": [],
 "frame_count": 30,
 "id": "small",
 "layers": [
  {
   "color": "#000000",
   "fade_in": 0,
   "fit": null,
   "id": "background",
   "kind": "background",
   "motion": null,
   "opacity": 100,
   "range": [0, 30],
   "rect": null,
   "source": null,
   "z": 0
  }
 ],
 "rate": "30000/1001",
 "schema": "storyreel.timeline/1",
 "size": [64, 32],
 "sound": {
  "sample_count": 48048,
  "sample_rate": 48000,
  "target_lufs": null,
  "tracks": []
 },
 "title": "Größe 🏠"
}
"""


@pytest.fixture(scope="module")
def rich(compile_spec):
    """A timeline that uses every part of the model."""
    images = ["a.jpg", {"file": "b.jpg", "fit": "blur", "transition": "crossfade"}]
    timeline = compile_spec(narration_s=4, music_s=2, brand="stories-of-you", images=images, picture=(999, 1001))
    voice, music = timeline.sound.tracks
    points = (EnvelopePoint(0, Fraction(0)), EnvelopePoint(480, Fraction(-25, 2)))
    sound = replace(
        timeline.sound, target_lufs=Fraction(-14), tracks=(voice, replace(music, envelope=points, fade_in=5))
    )
    return replace(
        timeline,
        sound=sound,
        captions=(Caption(FrameRange(0, 9), "Hi"),),
        chapters=(Chapter(3, "One"), Chapter(9, "Two")),
    )


def test_the_text_is_what_a_reviewer_reads():
    assert timeline_json(SMALL) == SMALL_TEXT


def test_every_part_survives_the_round_trip(rich):
    assert timeline_from_json(timeline_json(rich)) == rich
    assert timeline_json(timeline_from_json(timeline_json(rich))) == timeline_json(rich)


def test_the_text_holds_no_float(rich):
    def refuse(text):
        raise AssertionError(f"found the float {text}")

    json.loads(timeline_json(rich), parse_float=refuse, parse_constant=refuse)


def test_another_layout_of_the_same_document_reads_as_the_same_timeline(rich):
    shuffled = json.dumps(dict(reversed(json.loads(timeline_json(rich)).items())), indent=7)
    assert timeline_from_json(shuffled) == rich


def test_the_hash_is_that_of_the_text_without_the_id():
    text = SMALL_TEXT.replace('"id": "small"', '"id": ""')
    assert timeline_sha256(SMALL) == hashlib.sha256(text.encode()).hexdigest()


def edited(path, value):
    """The small timeline's text with one value changed, or added."""
    document = json.loads(SMALL_TEXT)
    target = document
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return json.dumps(document)


REFUSED = {
    "no JSON": ("{", "not JSON: "),
    "not a number": ("NaN", "expected schema 'storyreel.timeline/1', found 'float'"),
    "a list": ("[]", "expected schema 'storyreel.timeline/1', found 'list'"),
    "no schema": ("{}", "expected schema 'storyreel.timeline/1', found None"),
    "deeper than any timeline": ("[" * 100_000, "not JSON: "),
    "a newer schema": (
        edited(["schema"], "storyreel.timeline/2"),
        "expected schema 'storyreel.timeline/1', found 'storyreel.timeline/2'",
    ),
    "an unknown key": (edited(["colour"], 1), "$: expected one of the keys captions, chapters, "),
    "an unknown key in a layer": (
        edited(["layers", 0, "blend"], "add"),
        "$.layers[0]: expected one of the keys clip, color, ",
    ),
    "a size of three": (edited(["size"], [1, 2, 3]), "$.size: expected [width, height], found [1, 2, 3]"),
    "no size": (SMALL_TEXT.replace('"size"', '"sizes"'), "$.size: expected [width, height], found None"),
    "text for a count": (edited(["frame_count"], "30"), "$.frame_count: expected int, found '30'"),
    "a float for a count": (edited(["frame_count"], 30.0), "$.frame_count: expected int, found 30.0"),
    "true for a count": (edited(["frame_count"], True), "$.frame_count: expected int, found True"),
    "a float for a rate": (
        edited(["rate"], 29.97),
        '$.rate: expected a whole number or a rational such as "3/2", found',
    ),
    "a word for a rate": (
        edited(["rate"], "fast"),
        "$.rate: expected a whole number or a rational such as \"3/2\", found 'fast'",
    ),
    "a rate over zero": (
        edited(["rate"], "30/0"),
        "$.rate: expected a whole number or a rational such as \"3/2\", found '30/0'",
    ),
    "a range of one": (edited(["layers", 0, "range"], [5]), "$.layers[0].range: expected 2 numbers, found [5]"),
    "a range backwards": (
        edited(["layers", 0, "range"], [9, 3]),
        "$.layers[0].range: a frame range needs 0 <= start <= end, found [9, 3)",
    ),
    "a box of three": (
        edited(["layers", 0, "rect"], [1, 2, 3]),
        "$.layers[0].rect: expected 4 numbers, found [1, 2, 3]",
    ),
    "a box with a float": (
        edited(["layers", 0, "rect"], [0, 0, 1.5, 1]),
        '$.layers[0].rect: expected a whole number or a rational such as "3/2", found 1.5',
    ),
    "an unknown kind": (
        edited(["layers", 0, "kind"], "video"),
        "$.layers[0].kind: expected one of background, image, logo, found 'video'",
    ),
    "a layer that is none": (edited(["layers", 0], 7), "$.layers[0]: expected a mapping, found 7"),
    "layers that are none": (edited(["layers"], {}), "$.layers: expected a list, found {}"),
    "sound that is none": (edited(["sound"], None), "$.sound: expected a mapping, found None"),
    "a chapter without title": (edited(["chapters"], [{"frame": 1}]), "$.chapters[0]: expected the key 'title', found"),
}


@pytest.mark.parametrize(("text", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_timeline_is_refused_with_its_place(text, message):
    with pytest.raises(TimelineFormatError) as refused:
        timeline_from_json(text)
    assert str(refused.value).startswith(message)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("key", ["width", "height"])
def test_a_second_size_is_an_unknown_key(key):
    with pytest.raises(TimelineFormatError, match=key):
        timeline_from_json(edited([key], 7))


@pytest.mark.parametrize("rate", [0, "0/1", "-30/1"])
def test_a_rate_that_no_clock_has_is_refused(rate):
    with pytest.raises(TimelineFormatError, match=r"\$\.rate"):
        timeline_from_json(edited(["rate"], rate))


@pytest.mark.parametrize("number", ["1e4000", "1.5", " 3/2", "1_0/3"])
def test_only_a_rational_is_read_as_one(number):
    with pytest.raises(TimelineFormatError, match=r"\$\.layers\[0\]\.rect"):
        timeline_from_json(edited(["layers", 0, "rect"], [0, 0, number, 1]))


@given(st.data())
def test_a_missing_key_is_named(data):
    document = json.loads(SMALL_TEXT)
    key = data.draw(st.sampled_from(sorted(set(document) - {"schema", "size"})))
    del document[key]
    with pytest.raises(TimelineFormatError) as refused:
        timeline_from_json(json.dumps(document))
    assert str(refused.value) == f"$: expected the key {key!r}, found 'nothing'"


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(plain)
def test_the_canonical_layout_is_json_and_does_not_change_when_read_and_written_again(value):
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text
    assert text.endswith("\n")


def test_a_float_has_no_canonical_form():
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json([float("nan")])
    with pytest.raises(TypeError, match="no canonical form for float"):
        timeline_json(replace(SMALL, title=1.5))
