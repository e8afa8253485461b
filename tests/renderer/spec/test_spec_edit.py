"""Edits of a spec's text: the value changes, every other byte stays."""

from __future__ import annotations

import difflib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.errors import SpecError, UsageError
from renderer.spec import parse_document
from renderer.spec.edit import move_item, remove_value, set_value

STORY = """\
# My story
storyreel: 1      # the format
music: {file: bed.mp3, gain_db: -25}   # soft

images:
  # the harbour
  - harbour.jpg          # eol harbour
  # the beach
  - file: beach.jpg
    hold: 6s             # long
    # deeper, of the beach
  - {file: hill.jpg, motion: push-in}
loudness: web     # last
"""


def changed_lines(before, after):
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if line[0] in "+-"]


def test_a_value_changes_in_its_line_only():
    edited = set_value(STORY, ("images", 1, "hold"), "4.5s")
    assert changed_lines(STORY, edited) == [
        "-     hold: 6s             # long",
        "+     hold: 4.5s             # long",
    ]


def test_a_gain_changes_inside_a_flow_mapping():
    edited = set_value(STORY, ("music", "gain_db"), -18.5)
    assert changed_lines(STORY, edited)[1] == "+ music: {file: bed.mp3, gain_db: -18.5}   # soft"


def test_a_bare_file_name_becomes_a_mapping():
    edited = set_value(STORY, ("images", 0, "hold"), "3s")
    assert "  - {file: harbour.jpg, hold: 3s}          # eol harbour\n" in edited


def test_a_new_key_follows_the_last_of_a_block_mapping():
    edited = set_value(STORY, ("images", 1, "fit"), "contain")
    assert "    hold: 6s             # long\n    fit: contain\n    # deeper, of the beach\n" in edited


def test_a_preset_name_is_replaced_by_a_mapping_where_that_is_meant():
    edited = set_value(STORY, ("images", 2, "motion"), {"from": {"zoom": 1.2, "focus": [0.5, 0.25]}})
    assert "motion: {from: {zoom: 1.2, focus: [0.5, 0.25]}}}" in edited


def test_items_move_with_their_comments():
    assert move_item(STORY, ("images",), 0, 2).split("images:\n")[1] == (
        "  # the beach\n  - file: beach.jpg\n    hold: 6s             # long\n    # deeper, of the beach\n"
        "  - {file: hill.jpg, motion: push-in}\n  # the harbour\n  - harbour.jpg          # eol harbour\n"
        "loudness: web     # last\n"
    )


@pytest.mark.parametrize("start", range(3))
@pytest.mark.parametrize("end", range(3))
def test_moving_there_and_back_is_nothing(start, end):
    assert move_item(move_item(STORY, ("images",), start, end), ("images",), end, start) == STORY


def test_items_of_a_flow_list_change_places():
    text = "storyreel: 1\nimages: [a.jpg, {file: b.jpg}, c.jpg]  # three\n"
    assert move_item(text, ("images",), 2, 0).endswith("images: [c.jpg, a.jpg, {file: b.jpg}]  # three\n")


def test_a_last_line_without_newline_moves_well():
    text = "storyreel: 1\nimages:\n- a.jpg\n- b.jpg"
    assert move_item(text, ("images",), 1, 0) == "storyreel: 1\nimages:\n- b.jpg\n- a.jpg"


def test_windows_line_ends_stay():
    text = "storyreel: 1\r\nimages:\r\n- file: a.jpg\r\n- b.jpg\r\n"
    edited = set_value(text, ("images", 0, "hold"), "2s")
    assert edited == "storyreel: 1\r\nimages:\r\n- file: a.jpg\r\n  hold: 2s\r\n- b.jpg\r\n"


def test_json_stays_json():
    text = json.dumps({"storyreel": 1, "music": "bed.mp3", "images": ["a.jpg", {"file": "b.jpg"}]}, indent=2)
    edited = set_value(set_value(text, ("images", 1, "hold"), "2s"), ("music", "gain_db"), -20)
    expected = {"storyreel": 1, "music": {"file": "bed.mp3", "gain_db": -20}}
    assert json.loads(edited) == {**expected, "images": ["a.jpg", {"file": "b.jpg", "hold": "2s"}]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("images:\n- file: a.jpg\n  hold: 3s   # gone with it\n  fit: blur\n", "images:\n- file: a.jpg\n  fit: blur\n"),
        ("images:\n- hold: 3s\n  file: a.jpg\n", "images:\n- file: a.jpg\n"),
        ("images: [{file: a.jpg, hold: 3s}]\n", "images: [{file: a.jpg}]\n"),
        ("images: [{hold: 3s, file: a.jpg}]\n", "images: [{file: a.jpg}]\n"),
        ("images: [a.jpg]\n", "images: [a.jpg]\n"),
    ],
    ids=["block", "first of a block", "flow", "first of a flow", "not there"],
)
def test_a_key_is_removed(text, expected):
    assert remove_value(text, ("images", 0, "hold")) == expected


def test_what_lies_outside_the_list_is_refused():
    with pytest.raises(UsageError, match="expected two of the 3 items"):
        move_item(STORY, ("images",), 0, 3)


def test_a_broken_text_is_refused_with_its_place():
    with pytest.raises(SpecError, match="flow sequence"):
        set_value("storyreel: 1\nimages: [a.jpg\n", ("images", 0, "hold"), "2s")


def image_text(draw, index):
    name = f"p{index}.jpg"
    forms = [
        f"  - {name}\n",
        f"  - {name}   # c{index}\n",
        f"  # above {index}\n  - file: {name}\n    hold: 2s # h\n",
        f"  - {{file: {name}, hold: 2s}}\n",
        f"  - file: {name}\n    motion:\n      # m\n      from: {{zoom: 1.1}}\n\n",
    ]
    return draw(st.sampled_from(forms))


@st.composite
def texts(draw):
    count = draw(st.integers(1, 5))
    images = "".join(image_text(draw, index) for index in range(count))
    tail = draw(st.sampled_from(["", "loudness: web\n", "# the end\n"]))
    return f"# top\nstoryreel: 1\nimages:\n{images}{tail}", count


@given(texts(), st.data())
def test_any_edit_says_what_it_should_and_keeps_every_comment(text_and_count, data):
    text, count = text_and_count
    start, end = data.draw(st.integers(0, count - 1)), data.draw(st.integers(0, count - 1))
    edited = set_value(move_item(text, ("images",), start, end), ("images", end, "hold"), "4s")
    images = parse_document(edited).plain()["images"]
    assert images[end]["hold"] == "4s"
    assert sorted(comments(edited)) == sorted(comments(text))


def comments(text):
    return [line.partition("#")[2] for line in text.splitlines() if "#" in line]
