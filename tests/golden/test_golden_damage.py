"""Golden folders that are missing, torn, edited or newer: exit code 2 and a sentence that says what to do."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from cli import main
from golden.store import FILES


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(result):
    assert result.exit_code == 2, result.output
    return result.output


def test_no_folder(tmp_path):
    assert "golden record SPEC" in refused(run("golden", "check", tmp_path / "nothing"))


def test_a_folder_without_golden(tmp_path):
    assert "golden.json is missing" in refused(run("golden", "check", tmp_path))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file(studio, name):
    (studio.golden / name).unlink()
    assert f"{name}: the file is missing" in refused(run("golden", "check", studio.golden))


@pytest.mark.parametrize("name", FILES)
def test_an_edited_or_truncated_file(studio, name):
    path = studio.golden / name
    path.write_bytes(path.read_bytes()[:-20])
    assert "it is not the file that golden.json names" in refused(run("golden", "check", studio.golden))


def test_an_unresolved_merge(studio):
    path = studio.golden / "frames.txt"
    path.write_text("<<<<<<< HEAD\n" + path.read_text())
    assert "unresolved merge" in refused(run("golden", "check", studio.golden))


def test_other_line_ends_are_no_damage(studio):
    path = studio.golden / "frames.txt"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert run("golden", "check", studio.golden).exit_code == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema": "storyreel.golden/2"}, "recorded by a newer storyreel"),
        ({"schema": "something"}, "expected schema"),
        ({"files": 3}, "should be a mapping"),
        ({"options": {}}, "damaged"),
        ({"options": {"output": "gone", "preview": False, "allow_outside": False}}, "output preset 'gone'"),
    ],
    ids=["newer", "another document", "no files", "no options", "a preset that is gone"],
)
def test_another_index(studio, change, words):
    path = studio.golden / "golden.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert words in refused(run("golden", "check", studio.golden))


def test_an_index_that_is_no_json(studio):
    (studio.golden / "golden.json").write_text("{")
    assert "not JSON" in refused(run("golden", "check", studio.golden))


def test_a_missing_medium_is_named_with_its_place(studio):
    (studio.folder / "wren.png").unlink()
    assert "$.images[1].file" in refused(run("golden", "check", studio.golden))


def test_a_moved_spec_is_asked_for(studio):
    studio.spec.rename(studio.folder / "elsewhere.yaml")
    assert "--spec" in refused(run("golden", "check", studio.golden))
    assert run("golden", "check", studio.golden, "--spec", studio.folder / "elsewhere.yaml").exit_code == 0


def test_recording_over_a_golden_is_refused(studio):
    assert "golden accept" in refused(run("golden", "record", studio.spec, studio.golden))


def test_a_folder_with_files_of_these_names_is_not_written_to(studio):
    (studio.folder / "timeline.json").write_text("mine")
    assert "would be overwritten" in refused(run("golden", "record", studio.spec, studio.folder))
    assert (studio.folder / "timeline.json").read_text() == "mine"


def test_frames_that_are_left_out_are_noticed(studio):
    """Also where the hashes were mended: an unrecorded frame would never be compared."""
    import hashlib

    frames, index = studio.golden / "frames.txt", studio.golden / "golden.json"
    text = frames.read_text()
    frames.write_text(text[: text.rindex("segment ")])
    document = json.loads(index.read_text())
    document["files"]["frames.txt"] = hashlib.sha256(frames.read_bytes()).hexdigest()
    index.write_text(json.dumps(document))
    assert "frames.txt holds 80 frames, timeline.json has 120" in refused(run("golden", "check", studio.golden))


def test_check_answers_json_and_exit_codes(studio):
    studio.write(music={"file": "music.wav", "gain_db": -22})
    result = run("golden", "check", studio.golden, "--json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    expected = {"where": "music (music.wav)", "track": "music", "frames": [0, 120], "kind": "data"}
    assert answer["passed"] is False
    assert answer["differences"] == [{"what": "gain -22 dB instead of -25 dB", **expected}]


def test_accept_takes_the_new_state(studio):
    studio.write(music={"file": "music.wav", "gain_db": -22})
    assert run("golden", "accept", studio.golden).exit_code == 0
    result = run("golden", "check", studio.golden)
    assert (result.exit_code, "the video is the same" in result.output) == (0, True)
