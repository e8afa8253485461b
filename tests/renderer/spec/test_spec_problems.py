"""Each refused value with its exact message."""

from __future__ import annotations

import pytest

from renderer.spec import parse_document, parse_spec
from renderer.spec.problems import _SENTENCES, did_you_mean, known_keys, one_of

TIME = 'a time (a number of seconds, "6s", "1500ms", "90f" (frames) or "00:01:02:15" (HH:MM:SS:FF))'
NAME = "expected a name (lower-case letters, digits and hyphens, at most 63)"

STORY = {
    "storyreel: true": "$.storyreel: expected the format's version, 1, found true",
    "storyreel: 1.0": "$.storyreel: expected the format's version, 1, found 1.0",
    "storyreel: 2": "$.storyreel: expected version 1 of the format, found version 2",
    "title: [a]": "$.title: expected text, found a list",
    "title: ''": "$.title: expected text, found empty text",
    f"title: {'x' * 201}": "$.title: expected at most 200 characters, found 201",
    "id: My Story": f"$.id: {NAME}, found text 'My Story'",
    "id: -a": f"$.id: {NAME}, found text '-a'",
    "colour: red": "$.colour: unknown key 'colour': expected storyreel, title, id, output, brand, length, "
    "narration, music, images, captions or loudness",
    "Title: x": "$.Title: unknown key 'Title': did you mean 'title'?",
    "length: narative": "$.length: unknown length 'narative': did you mean 'narration'?",
    "length: never": f"$.length: unknown length 'never': expected program, narration or {TIME}",
    "length: -1": f"$.length: expected a time of at least 0 ({TIME[8:-1]}), found -1",
    "output: 1080": "$.output: expected an output preset's name or a mapping, found 1080",
    "output: {width: 30, height: 32}": "$.output.width: must be at least 32, found 30",
    "output: {width: 32.5, height: 32}": "$.output.width: expected a whole number, found 32.5",
    "output: {width: '32', height: 32}": "$.output.width: expected a whole number, found text '32'",
    "output: {rate: 29.97}": '$.output.rate: 29.97 is not exact: write "30000/1001"',
    "output: {rate: fast}": '$.output.rate: expected a frame rate such as "30" or "30000/1001", found \'fast\'',
    "brand: 7": "$.brand: expected a brand's name, none or a mapping, found 7",
    "brand: {corner: left}": "$.brand.corner: expected none or a mapping, found text 'left'",
    "brand: {corner: {opacity: 101}}": "$.brand.corner.opacity: must be at most 100 %, found 101",
    "brand: {background: '#12'}": '$.brand.background: expected a colour such as "#1a2b3c" or a file name, '
    "found '#12'",
    "narration: []": "$.narration: expected a file name or a mapping, found a list",
    "narration: {file: a.wav, gain_db: loud}": "$.narration.gain_db: expected a number, found text 'loud'",
    "narration: {file: a.wav, gain_db: -60.5}": "$.narration.gain_db: must be at least -60 dB, found -60.5",
    "narration: {gain_db: 0}": "$.narration: missing key 'file'",
    "narration: https://x.org/a.wav": "$.narration: expected a local file, found the address 'https://x.org/a.wav'",
    "narration: s3://bucket/key.wav": "$.narration: expected a local file, found the address 's3://bucket/key.wav'",
    'narration: "a\\nb"': "$.narration: expected a file name in one line without tabs, found 'a\\nb'",
    f"narration: {'a' * 1025}": "$.narration: expected a file name of at most 1,024 characters, found 1,025",
    "length: 86401": "$.length: must be at most 24 hours, found 86401",
    f"length: {'9' * 30}s": f"$.length: must be at most 24 hours, found {'9' * 30}s",
    "length: 10368001f": "$.length: must be at most 24 hours, found 10368001f",
    "narration: '  '": "$.narration: expected a file name, found empty text",
    "music: {file: a.mp3, loop: 'yes'}": "$.music.loop: expected true or false, found text 'yes'",
    "music: {file: a.mp3, duck: true}": "$.music.duck: expected a mapping, found true",
    "music: {file: a.mp3, duck: {db: 6}}": "$.music.duck.db: must be at most 0 dB, found 6",
    "music: {file: a.mp3, fade_in: soon}": f"$.music.fade_in: expected {TIME}, found 'soon'",
    "music: {file: a.mp3, start: true}": f"$.music.start: expected {TIME}, found true/false",
    "music: {mood: calm, library: lib, seed: -1}": "$.music.seed: must be at least 0, found -1",
    "captions: story.vtt": "$.captions: expected a mapping, found text 'story.vtt'",
    "loudness: podcats": "$.loudness: unknown loudness 'podcats': did you mean 'podcast'?",
    "loudness: loud": "$.loudness: unknown loudness 'loud': expected web, podcast, broadcast or a number of LUFS",
    "loudness: -3": "$.loudness: must be at most -5 LUFS, found -3",
    "title:": "$.title: has no value: write one, or leave the key out",
}

IMAGE = {
    "7": "$.images[1]: expected a file name or a mapping, found 7",
    "{fil: a.jpg}": "$.images[1].fil: unknown key 'fil': did you mean 'file'?",
    "{hold: 3s}": "$.images[1]: missing key 'file'",
    "{file: a.jpg, hold: 3 hours}": f"$.images[1].hold: expected {TIME}, found '3 hours'",
    "{file: a.jpg, hold: 1.5f}": "$.images[1].hold: frames are whole, found '1.5f'",
    "{file: a.jpg, fit: covr}": "$.images[1].fit: unknown fit 'covr': did you mean 'cover'?",
    "{file: a.jpg, fit: stretch}": "$.images[1].fit: unknown fit 'stretch': expected cover, contain or blur",
    "{file: a.jpg, fit: 1}": "$.images[1].fit: expected cover, contain or blur, found 1",
    "{file: a.jpg, transition: crosfade}": "$.images[1].transition: unknown kind 'crosfade': did you mean 'crossfade'?",
    "{file: a.jpg, transition: 2}": "$.images[1].transition: expected cut, crossfade or a mapping, found 2",
    "{file: a.jpg, transition: {length: 1}}": "$.images[1].transition: missing key 'kind'",
    "{file: a.jpg, motion: {from: {zoom: 0.5}}}": "$.images[1].motion.from.zoom: must be at least 1, found 0.5",
    "{file: a.jpg, motion: {to: {zoom: 21}}}": "$.images[1].motion.to.zoom: must be at most 20, found 21",
    "{file: a.jpg, motion: {to: {zoom: big}}}": "$.images[1].motion.to.zoom: expected a number, found text 'big'",
    "{file: a.jpg, motion: {to: {focus: [0.5, 1.5]}}}": "$.images[1].motion.to.focus[1]: must be at most 1, found 1.5",
    "{file: a.jpg, motion: {to: {focus: [2, 0.5]}}}": "$.images[1].motion.to.focus[0]: must be at most 1, found 2",
    "{file: a.jpg, motion: {to: {focus: 0.5}}}": "$.images[1].motion.to.focus: expected a list, found 0.5",
    "{file: a.jpg, motion: {to: {focus: [0.5]}}}": "$.images[1].motion.to.focus: expected 2 values, found 1",
    "{file: a.jpg, motion: {to: {focus: []}}}": "$.images[1].motion.to.focus: expected 2 values, found 0",
    "{file: a.jpg, motion: {to: {}, ease: inout}}": "$.images[1].motion.ease: unknown ease 'inout': "
    "did you mean 'in-out'?",
    "{file: a.jpg, motion: {start: {zoom: 2}}}": "$.images[1].motion.start: unknown key 'start': "
    "expected preset, from, to or ease",
    "{file: a.jpg, motion: Slow Push}": f"$.images[1].motion: {NAME}, found text 'Slow Push'",
    "{file: a.jpg, caption: 1962}": "$.images[1].caption: expected text, found 1962: write it in quotes if it is one",
}


def problems(text):
    found = parse_spec(parse_document(text)).problems
    return [f"{one.path}: {one.message}" + (f": {one.hint}" if one.hint else "") for one in found]


@pytest.mark.parametrize("line", STORY)
def test_a_refused_value_of_the_story(line):
    rest = {"storyreel": "storyreel: 1\n", "narration": "narration: n.wav\n"}
    head = "".join(text for key, text in rest.items() if not line.startswith(key))
    assert problems(f"{head}images: [a.jpg]\n{line}") == [STORY[line]]


@pytest.mark.parametrize("item", IMAGE)
def test_a_refused_value_of_an_image(item):
    assert problems(f"storyreel: 1\nnarration: n.wav\nimages:\n- first.jpg\n- {item}") == [IMAGE[item]]


def test_images_that_are_no_list_are_refused():
    text = "storyreel: 1\nnarration: n.wav\nimages: a.jpg"
    assert problems(text) == ["$.images: expected a list, found text 'a.jpg'"]


def test_a_missing_key_says_the_way_out():
    assert problems("title: x\n") == [
        "$: missing key 'images': list the pictures, or write `images: []` with a brand for a story of its logo only",
        "$: missing key 'storyreel': a story begins with `storyreel: 1`",
    ]


def test_the_suggestion_ignores_case_and_needs_likeness():
    assert did_you_mean("CrossFade", ["cut", "crossfade"]) == "crossfade"
    assert did_you_mean("wipe", ["cut", "crossfade"]) is None


@pytest.mark.parametrize(
    ("names", "text"), [([], "none (there are no names to choose from)"), (["a"], "a"), (["a", "b", "c"], "a, b or c")]
)
def test_choices_are_listed_as_people_do(names, text):
    assert one_of(names) == text


def test_known_keys_follow_the_models():
    assert known_keys(("images", 3, "motion", "to")) == ["zoom", "focus"]
    assert known_keys(("nowhere", 1)) == []


def test_every_sentence_is_plain():
    limits = {"ge": 1, "le": 2, "max_length": 3, "min_length": 4, "actual_length": 5}
    for sentence in _SENTENCES.values():
        assert not {"input", "valid", "string", "integer", "tuple"} & set(sentence(limits, "x").lower().split())
