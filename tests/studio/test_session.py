"""From a save to the new picture and video, edits back to the file, and a final render."""

from __future__ import annotations

import itertools
import json
import time

import pytest


@pytest.fixture
def spec(story):
    return story.path


def test_a_changed_picture_renders_its_own_segments_only(studio, story):
    before = studio.state
    story.paint(1, (250, 250, 250))
    studio.wait(lambda: studio.state["story"] != before["story"])
    assert studio.settled()["video"]["segments"] == {"total": 3, "from_cache": 2, "rendered": 1}


def test_a_broken_spec_shows_its_problems_and_keeps_the_video(studio, spec):
    before, text = studio.state, spec.read_text()
    spec.write_text(text.replace("image2.png", "imag2.png"))
    problem = studio.wait(lambda: next((it for it in studio.state["problems"] if "not found" in it["message"]), None))
    assert (problem["line"], problem["path"]) == (9, "$.images[1]")
    assert studio.state["video"] == before["video"]
    spec.write_text(text)
    studio.wait(lambda: not studio.state["problems"])
    assert studio.state["story"] == before["story"]


def test_a_deleted_spec_is_a_problem_until_it_is_back(studio, spec):
    spec.unlink()
    problem = studio.wait(lambda: next(iter(studio.state["problems"]), None))
    assert problem["message"] == "story.yaml was deleted or renamed"
    assert studio.state["video"]["story"] == studio.original


def test_edits_are_written_and_undone(studio, spec):
    before = spec.read_text()
    assert studio.edit(op="move", **{"from": 2, "to": 0})[0] == 200
    assert studio.edit(op="hold", image=1, seconds=0.8)[0] == 200
    assert studio.edit(op="music_gain", gain_db=-12)[0] == 200
    view = {"zoom": 1.5, "focus": [0.4, 0.6]}
    assert studio.edit(op="view", image=2, **{"from": view, "to": view, "ease": "out"})[0] == 200
    assert spec.read_text() == (
        "# by hand\nstoryreel: 1\noutput: {width: 320, height: 180}\nnarration: narration.wav  # voice\n"
        "music: {file: music.wav, gain_db: -12}\nimages:\n  - image3.png\n  # one\n  - {file: image1.png, hold: 0.8s}\n"
        "  - {file: image2.png, motion: {from: {zoom: 1.5, focus: [0.4, 0.6]}, "
        "to: {zoom: 1.5, focus: [0.4, 0.6]}, ease: out}}\n"
    )
    for _ in range(4):
        assert studio.post("undo", {"revision": studio.state["revision"]})[0] == 200
    assert spec.read_text() == before
    assert studio.state["undo"] is False


def test_a_burst_of_saves_is_looked_at_a_few_times(studio, spec, monkeypatch):
    """An editor writes in several steps: two of 20 ms without another file changing make a save."""
    looks, writes, text = [], [], spec.read_text(encoding="utf-8")
    with monkeypatch.context() as patch:
        patch.setattr(studio.session, "saved", lambda: looks.append(time.monotonic()))
        for number in range(60):
            spec.write_text(f"{text}# {number}\n", encoding="utf-8")
            writes.append(time.monotonic())
            time.sleep(0.003)
        studio.wait(lambda: looks and time.monotonic() - looks[-1] > 0.4)
    studio.session.saved()
    pauses = sum(after - before > 0.012 for before, after in itertools.pairwise(writes))
    assert len(looks) <= 3 + pauses + (writes[-1] - writes[0]) / 0.03


def test_states_of_the_spec_are_counted_so_that_late_news_is_told(studio):
    first = studio.state["edition"]
    answer = studio.edit(op="music_gain", gain_db=-12)[1]
    undone = studio.post("undo", {"revision": answer["revision"]})[1]
    assert (answer["edition"], undone["edition"]) == (first + 1, first + 2)
    studio.settled()
    assert (studio.state["revision"], studio.state["edition"]) == (undone["revision"], first + 2)


def test_an_edit_of_an_older_revision_is_a_conflict(studio, spec):
    old = studio.state["revision"]
    spec.write_text(spec.read_text() + "title: Mine\n")
    status, answer = studio.post("edit", {"revision": old, "op": "music_gain", "gain_db": -12})
    assert (status, "changed elsewhere" in answer["message"]) == (409, True)
    assert "gain_db" not in spec.read_text()


def test_an_edit_that_would_break_the_story_is_refused(studio, spec):
    before = spec.read_text()
    status, answer = studio.edit(op="hold", image=0, seconds=60)
    assert (status, spec.read_text()) == (422, before)
    assert "hold" in answer["message"]


@pytest.mark.parametrize(
    "edit",
    [
        {"op": "delete"},
        {"op": "move", "from": 0, "to": 9},
        {"op": "hold", "image": -1, "seconds": 1},
        {"op": "hold", "image": 0, "seconds": "1"},
        {"op": "view", "image": 0, "from": {"zoom": 0.5, "focus": [0, 0]}, "to": {}},
        {"op": "music_gain", "gain_db": True},
    ],
    ids=lambda edit: " ".join(map(str, edit.values()))[:40],
)
def test_a_senseless_edit_changes_nothing(studio, spec, edit):
    before = spec.read_text()
    assert studio.edit(**edit)[0] == 400
    assert spec.read_text() == before


def test_a_final_render_is_reported_and_can_be_fetched(studio, spec):
    assert studio.post("final", {"name": "done.mp4"})[0] == 202
    final = studio.wait(lambda: studio.state["final"]["state"] == "done" and studio.state["final"])
    assert final["bytes"] == (spec.parent / "done.mp4").stat().st_size
    assert studio.ask("final.mp4")[2] == (spec.parent / "done.mp4").read_bytes()
    assert "exists already" in studio.post("final", {"name": "done.mp4"})[1]["message"]


@pytest.mark.parametrize("name", ["../x.mp4", "/tmp/x.mp4", ".x.mp4", "story.yaml", "x.txt", "", "a\nb.mp4"])
def test_a_final_goes_to_a_plain_name_in_the_story_s_folder(studio, name):
    assert studio.post("final", {"name": name})[0] == 400
    assert json.loads(json.dumps(studio.state))["final"] is None


def test_a_cancelled_final_leaves_nothing(studio, spec):
    spec.write_text(spec.read_text().replace("width: 320, height: 180", "width: 1920, height: 1080"))
    studio.settled()
    studio.post("final", {"name": "never.mp4"})
    studio.wait(lambda: studio.state["final"]["state"] == "rendering")
    studio.post("final/cancel", {})
    studio.wait(lambda: studio.state["final"]["state"] == "cancelled")
    assert sorted(path.name for path in spec.parent.glob("*.mp4*")) == []
    assert studio.settled()["problems"] == []
