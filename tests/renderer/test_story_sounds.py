"""What an author is told about a story's sounds: where music comes from, and what a setting does not do."""

from __future__ import annotations

import numpy as np
import pytest

from renderer.story import StoryOptions, compile_story, open_workspace


@pytest.fixture
def compiled():
    """`compiled(spec)`: the story."""

    def compile_(spec):
        with open_workspace(spec, StoryOptions()) as workspace:
            return compile_story(spec, workspace, StoryOptions())

    return compile_


@pytest.fixture
def from_library(story_folder, make_tone, compiled):
    """`from_library(seconds)`: a story of that length over a library with 1 s and 3 s, the latter 2.5 s in truth."""

    def make(seconds):
        spec = story_folder(narration_s=seconds, music={"mood": "calm", "library": "music"})
        make_tone(spec.parent / "narration.wav", seconds, hz=200)
        make_tone(spec.parent / "music/calm/Lake/Lake-1s.wav", 1)
        make_tone(spec.parent / "music/calm/Lake/Lake-3s.wav", 2.5)
        return compiled(spec)

    return make


@pytest.mark.parametrize(("seconds", "piece", "loops"), [(1, 1, False), (2, 3, False), (3, 3, True), (5, 3, True)])
def test_music_of_a_mood_is_picked_from_the_library_by_the_programmes_length(from_library, seconds, piece, loops):
    track = from_library(seconds).timeline.sound.tracks[1]
    assert track.source.path == f"music/calm/Lake/Lake-{piece}s.wav"
    assert (track.loop is not None) is loops


def test_a_piece_shorter_than_its_name_is_said_where_it_does_not_reach(from_library):
    message = "music/calm/Lake/Lake-3s.wav: lasts 2.50 s, not the 3 s of its name; the programme is longer by 0.50 s"
    assert from_library(3).warnings == (message,)
    assert from_library(2).warnings == from_library(5).warnings == ()


def test_ducking_without_a_voice_is_said(story_folder, compiled):
    music = {"file": "music.wav", "duck": {}}
    silent = story_folder(narration_s=2, music_s=2, music=music)
    header = (silent.parent / "narration.wav").read_bytes()[:44]
    (silent.parent / "narration.wav").write_bytes(header + np.zeros(96_000, "<i2").tobytes())
    assert "music.duck lowers nothing: no speech was found in narration.wav" in compiled(silent).warnings
    alone = story_folder(narration_s=None, music_s=2, music=music, length="2s")
    assert compiled(alone).warnings == ("music.duck lowers nothing: there is no narration",)


def test_the_music_is_lowered_where_the_voice_lies_in_the_programme(story_folder, compiled):
    voice = {"file": "narration.wav", "start": "2s"}
    spec = story_folder(narration_s=1, music_s=5, narration=voice, length="5s", music={"file": "music.wav", "duck": {}})
    points = compiled(spec).timeline.sound.tracks[1].envelope
    found = [(point.sample / 48_000, point.gain_db) for point in points]
    assert found == [(1.8, 0), (2.0, -25), (3.0, -25), (3.8, 0)]


def test_silent_music_is_said(story_folder, compiled):
    spec = story_folder(music_s=2)
    header = (spec.parent / "music.wav").read_bytes()[:44]
    (spec.parent / "music.wav").write_bytes(header + bytes(2 * 96_000 * 2))
    assert "music.wav: the music is silent: digital silence" in compiled(spec).warnings
