"""Everything wrong with a spec in one run, each with its place; what is left of it can still be checked."""

from __future__ import annotations

from fractions import Fraction

import pytest

from renderer.errors import SpecError
from renderer.spec import load_spec, parse_document, parse_spec

BROKEN = """\
storyreel: 1
title: 3
output: {preset: story-108p, width: 33}
narration:
imgaes: [x.jpg]
music: {file: bed.mp3, duck: {relase: 1s}}
images:
  - a.jpg
  - hold: 2s
  - file: b.jpg
    hold: 0.3
    transition: crosfade
    motion: {from: {zoom: 0.5}, to: {focus: [1, 2, 3]}}
  - {file: c.jpg, hold: 1s, transition: {kind: crossfade, length: 2s}, motion: slow-pusj}
"""

MESSAGES = """\
story.yaml: 13 problems
  $.title                  (line 2)    expected text, found 3: write it in quotes if it is one
  $.output.preset          (line 3)    unknown output preset 'story-108p': did you mean 'story-1080p'?
  $.output.width           (line 3)    must be even, found 33
  $.narration              (line 4)    has no value: write one, or leave the key out
  $.imgaes                 (line 5)    unknown key 'imgaes': did you mean 'images'?
  $.music.duck.relase      (line 6)    unknown key 'relase': did you mean 'release'?
  $.images[1]              (line 9)    missing key 'file'
  $.images[2].hold         (line 11)   must be at least 0.5 s, found 0.3 s
  $.images[2].transition   (line 12)   unknown kind 'crosfade': did you mean 'crossfade'?
  $.images[2].motion.from.zoom (line 13)   must be at least 1, found 0.5
  $.images[2].motion.to.focus (line 13)   expected 2 values, found 3
  $.images[3].transition.length (line 14)   must not be longer than its image (1 s), found 2 s
  $.images[3].motion       (line 14)   unknown motion preset 'slow-pusj': did you mean 'slow-push'?"""

PRESETS = {"output_presets": ["story-1080p"], "motion_presets": ["slow-push"], "brand_presets": ["stories-of-you"]}


def parse(text, **options):
    return parse_spec(parse_document(text), **{**PRESETS, **options})


def test_one_run_reports_everything_in_document_order(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "story.yaml").write_text(BROKEN)
    with pytest.raises(SpecError) as caught:
        load_spec("story.yaml", **PRESETS)
    assert str(caught.value) == MESSAGES


def test_faulty_parts_are_dropped_and_the_rest_keeps_its_place():
    result = parse(BROKEN)
    assert (result.spec, result.complete) == (None, False)
    assert [image.file for image in result.partial.images] == ["a.jpg", "b.jpg", "c.jpg"]
    assert result.document.locate(("images", 2, "file")) == ("$.images[3].file", 14, 12)


def test_a_valid_spec_is_its_own_partial_spec():
    result = parse("storyreel: 1\nnarration: n.wav\nimages: [a.jpg]\n")
    assert (result.partial, result.problems, result.complete) == (result.spec, (), True)
    assert result.spec.images[0].file == "a.jpg"


def test_without_images_the_rest_is_still_checked():
    result = parse("storyreel: 2\nlength: narration\n")
    assert [problem.message for problem in result.problems] == [
        "missing key 'images'",
        "expected version 1 of the format, found version 2",
        "`length: narration` needs a narration",
    ]


def test_a_key_without_value_is_not_also_missing():
    assert [problem.message for problem in parse("storyreel:\nimages:\n").problems] == ["has no value"] * 2


def test_sums_are_not_checked_where_something_was_dropped():
    text = "storyreel: 1\nnarration: {file: n.wav, gain: 3}\nimages: [a.jpg]\n"
    assert [problem.message for problem in parse(text).problems] == ["unknown key 'gain'"]


def test_a_crossfade_is_not_compared_across_a_dropped_image():
    last = "{file: b.jpg, hold: 3s, transition: {kind: crossfade, length: 2s}}"
    text = f"storyreel: 1\nimages: [{{file: a.jpg, hold: 1s}}, 7, {last}]"
    assert [problem.path for problem in parse(text).problems] == ["$.images[1]"]


def test_more_images_than_allowed_are_refused():
    text = "storyreel: 1\nnarration: n.wav\nimages: [a.jpg, b.jpg, c.jpg]\n"
    assert [problem.message for problem in parse(text, max_images=2).problems] == ["expected at most 2 images, found 3"]


def test_two_hundred_images_are_the_default_limit():
    text = "storyreel: 1\nnarration: n.wav\nimages: [" + "a.jpg," * 201 + "]\n"
    assert [problem.message for problem in parse(text).problems] == ["expected at most 200 images, found 201"]


def test_the_rate_of_an_output_preset_makes_frames_comparable():
    text = "storyreel: 1\nimages: [{file: a.jpg, hold: 10f}]\n"
    assert parse(text).problems == ()
    messages = [problem.message for problem in parse(text, output_rates={"story-1080p": Fraction(30)}).problems]
    assert messages == ["must be at least 0.5 s, found 10 frames"]


def test_thousands_of_mistakes_are_counted_not_listed():
    keys = "".join(f"key{number}: 1\n" for number in range(3000))
    problems = parse(f"storyreel: 1\nnarration: n.wav\nimages: [a.jpg]\n{keys}").problems
    assert (len(problems), problems[0].message) == (201, "2,800 more problems are not listed")
