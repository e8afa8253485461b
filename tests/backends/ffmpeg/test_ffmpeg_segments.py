"""Where the picture is cut: the whole programme once, at every shot, never longer than a keyframe interval."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.ffmpeg.segments import cut_segments, shots
from renderer.picture.intake import Intake
from renderer.timebase import FrameRange
from renderer.timeline.model import Layer, Sound, Timeline


def timeline_of(starts, frame_count):
    layers = [Layer("background", "background", 0, FrameRange(0, frame_count), color="#000000")]
    layers += [
        Layer(f"image-{z}", "image", z, FrameRange(start, frame_count), color="#ffffff")
        for z, start in enumerate(starts, 1)
    ]
    return Timeline("t", "t", Fraction(30), 64, 36, frame_count, tuple(layers), Sound(0))


@st.composite
def programmes(draw):
    frame_count = draw(st.integers(1, 500))
    starts = draw(st.lists(st.integers(0, frame_count - 1), max_size=6))
    return timeline_of(starts, frame_count), draw(st.integers(1, 120))


@given(programmes())
def test_segments_cover_every_frame_once_and_in_order(programme):
    timeline, keyframe_frames = programme
    parts = cut_segments(timeline, keyframe_frames)
    assert [frame for part in parts for frame in part] == list(range(timeline.frame_count))
    assert all(1 <= len(part) <= keyframe_frames for part in parts)


@given(programmes())
def test_every_shot_starts_a_segment(programme):
    timeline, keyframe_frames = programme
    starts = {part.start for part in cut_segments(timeline, keyframe_frames)}
    assert {layer.range.start for layer in timeline.layers} <= starts


@given(programmes())
def test_all_segments_of_a_shot_but_the_last_are_whole_intervals(programme):
    timeline, keyframe_frames = programme
    parts = cut_segments(timeline, keyframe_frames)
    for shot in shots(timeline):
        lengths = [len(part) for part in parts if part.start in shot]
        assert all(length == keyframe_frames for length in lengths[:-1])


@pytest.mark.parametrize(
    ("starts", "frame_count", "expected"),
    [
        pytest.param([], 60, [(0, 60)], id="exactly one interval"),
        pytest.param([], 61, [(0, 60), (60, 61)], id="one frame more than an interval"),
        pytest.param([10], 20, [(0, 10), (10, 20)], id="a cut inside"),
        pytest.param([10, 10], 20, [(0, 10), (10, 20)], id="two layers that start together"),
    ],
)
def test_cuts_of_a_known_programme(starts, frame_count, expected):
    parts = cut_segments(timeline_of(starts, frame_count), 60)
    assert [(part.start, part.end) for part in parts] == expected
    assert all(before.end == after.start for before, after in pairwise(parts))


def test_a_changed_shot_leaves_the_segments_of_the_others_alone():
    before, after = (cut_segments(timeline_of(starts, 400), 60) for starts in ([100, 250], [100, 240]))
    assert [part for part in before if part.end <= 100] == [part for part in after if part.end <= 100]


def test_many_short_shots_decode_their_pictures_once(tmp_path, make_image, write_spec, run_story, monkeypatch):
    asked = []
    real = Intake.moving
    monkeypatch.setattr(Intake, "moving", lambda self, name, *given: (asked.append(name), real(self, name, *given))[1])
    names = [make_image(tmp_path / f"{n}.png", color=(8 * n, 200 - 3 * n, 90)).name for n in range(30)]
    run_story(write_spec(tmp_path, images=names, length="15s"), tmp_path / "out.mp4")
    assert set(asked) == set(names)
    assert len(asked) <= len(names) + 3, "one may be let go and come back where a thread stands still on a busy machine"
