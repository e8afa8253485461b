"""Spec file and real media → a compiled story: facts of the files, every problem at once, nothing left behind."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction

import pytest

from renderer.errors import SpecError, UnsupportedError
from renderer.story import StoryOptions, compile_story, open_workspace
from renderer.timeline.canonical import timeline_json


def compiled(path, **options):
    chosen = StoryOptions(**options)
    with open_workspace(path, chosen) as workspace:
        return compile_story(path, workspace, chosen)


def problems(path, **options):
    """(path, line, message) of everything that is wrong with a story."""
    with pytest.raises(SpecError) as refused:
        compiled(path, **options)
    return [(problem.path, problem.line, problem.message) for problem in refused.value.problems]


@pytest.fixture(scope="module")
def folder(tmp_path_factory, make_image, make_tone):
    """A photograph, a small voice, music and a damaged picture, for specs that come and go."""
    folder = tmp_path_factory.mktemp("story")
    make_image(folder / "photo.jpg", (640, 480))
    make_image(folder / "logo.png", (50, 20), (255, 0, 0, 128))
    make_tone(folder / "voice.wav", Fraction(2), rate=44_100)
    make_tone(folder / "music.wav", 1, channels=2)
    (folder / "broken.png").write_bytes((folder / "logo.png").read_bytes()[:60])
    return folder


@pytest.fixture
def spec(folder, write_spec):
    return lambda **fields: write_spec(folder, **{"images": ["photo.jpg"], "narration": "voice.wav"} | fields)


def test_a_story_is_compiled_with_the_facts_of_its_files(spec, folder):
    timeline = compiled(spec(music="music.wav")).timeline
    picture, voice, music = timeline.sources()
    assert (picture.path, picture.width, picture.height, picture.alpha) == ("photo.jpg", 640, 480, False)
    assert picture.sha256 == hashlib.sha256((folder / "photo.jpg").read_bytes()).hexdigest()
    assert (voice.path, voice.sample_rate, voice.channels, voice.samples) == ("voice.wav", 44_100, 1, 88_200)
    assert (music.path, music.channels, music.samples) == ("music.wav", 2, 48_000)
    assert timeline.frame_count == 60


def test_the_same_story_gives_the_same_bytes_anywhere(story_folder):
    one, other = (compiled(story_folder(images=1, narration_s=1), use_cache=use) for use in (True, False))
    assert timeline_json(one.timeline) == timeline_json(other.timeline)


def test_a_story_knows_every_file_that_it_reads(spec, folder):
    path = spec(music="music.wav", brand="stories-of-you")
    names = {"story.yaml", "photo.jpg", "voice.wav", "music.wav"}
    assert set(compiled(path).originals()) == {folder / name for name in names}


def test_nothing_is_left_in_the_storys_folder(spec, folder):
    before = sorted(folder.iterdir())
    compiled(spec(brand="stories-of-you"))
    assert sorted(folder.iterdir()) == sorted({*before, folder / "story.yaml"})


@pytest.mark.parametrize("use_cache", [True, False])
def test_the_scratch_folder_goes_with_the_run(spec, use_cache):
    with open_workspace(spec(), StoryOptions(use_cache=use_cache)) as workspace:
        assert workspace.scratch.is_dir()
    assert not workspace.scratch.exists()


def test_without_cache_nothing_is_written_to_it(spec, tmp_path, monkeypatch):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path))
    compiled(spec(), use_cache=False)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_an_output_of_the_command_line_replaces_the_specs(spec):
    path = spec(output={"width": 64, "height": 32, "rate": "25"})
    story = compiled(path, output="vertical-1080x1920")
    assert (story.timeline.width, story.timeline.height, story.timeline.rate) == (1080, 1920, 30)


def test_a_preview_is_small_and_has_the_same_frames(spec):
    story = compiled(spec(output="story-2160p"), preview=True)
    assert (story.timeline.width, story.timeline.height, story.timeline.frame_count) == (960, 540, 60)


def test_problems_of_text_and_of_media_come_in_one_run_in_the_order_of_the_document(spec):
    path = spec(
        images=["missing.jpg", {"file": "photo.jpg", "hold": "0.1s"}, "broken.png"],
        narration="photo.jpg",
        title=7,
    )
    found = problems(path)
    assert [(place, line) for place, line, _ in found] == [
        ("$.images[0]", 3),
        ("$.images[1].hold", 3),
        ("$.images[2]", 3),
        ("$.narration", 4),
        ("$.title", 5),
    ]


def test_a_file_that_is_missing_twice_is_reported_at_both_places(spec):
    found = problems(spec(images=["missing.jpg", "photo.jpg", {"file": "missing.jpg"}]))
    assert [place for place, _, _ in found] == ["$.images[0]", "$.images[2].file"]
    assert all("missing.jpg" in message for _, _, message in found)


def test_a_brands_own_files_are_checked_too(spec):
    found = problems(spec(brand={"logo": "no-logo.png", "background": "no-background.png"}))
    assert [place for place, _, _ in found] == ["$.brand.logo", "$.brand.background"]


def test_a_brand_of_the_storys_own_files_is_used(spec):
    brand = {"logo": "logo.png", "logo_size": 540, "intro": "1s"}
    story = compiled(spec(brand=brand))
    intro = next(layer for layer in story.timeline.layers if layer.id == "intro")
    assert (intro.source.path, intro.source.alpha) == ("logo.png", True)
    assert (intro.rect.width, intro.rect.height) == (90, 36)


def test_a_field_that_is_not_built_yet_is_refused_by_name(spec):
    path = spec(images=[{"file": "photo.jpg", "caption": "Hi"}], captions={"file": "story.vtt"})
    with pytest.raises(UnsupportedError) as refused:
        compiled(path)
    assert [(feature.path, feature.line) for feature in refused.value.features] == [
        ("$.images[0].caption", 3),
        ("$.captions", 5),
    ]


def test_more_images_than_allowed_are_refused(spec, monkeypatch):
    monkeypatch.setenv("STORYREEL_MAX_IMAGES", "2")
    assert problems(spec(images=["photo.jpg"] * 3)) == [("$.images", 3, "expected at most 2 images, found 3")]


SPEC_FAULTS = {
    "a rate over zero": {"output": {"rate": "30/00"}},
    "a length beyond any programme": {"length": "999999999999999999999s"},
    "a hold beyond any programme": {"images": [{"file": "photo.jpg", "hold": "9999999999999999999999f"}]},
    "a fade beyond any programme": {"music": {"file": "music.wav", "fade_out": "999999999999999999999s"}},
}


@pytest.mark.parametrize("fields", SPEC_FAULTS.values(), ids=SPEC_FAULTS)
def test_a_fault_in_the_spec_is_a_spec_error_never_a_crash(spec, fields):
    assert problems(spec(**fields))


def test_a_frame_that_another_output_does_not_have_is_a_spec_error(spec):
    path = spec(output={"rate": "60"}, images=[{"file": "photo.jpg", "hold": "00:00:00:45"}, "photo.jpg"])
    assert compiled(path).timeline.layers[1].range.end == 45
    assert [place for place, _, _ in problems(path, output="story-1080p")] == ["$.images[0].hold"]


def test_a_spec_in_json_is_the_same_story(spec, folder):
    text = {"storyreel": 1, "images": ["photo.jpg"], "narration": "voice.wav", "output": {"width": 320, "height": 180}}
    (folder / "story.json").write_text(json.dumps(text))
    one, other = (compiled(path).timeline for path in (spec(id="x", title="x"), folder / "story.json"))
    assert (one.layers, one.sound) == (other.layers, other.sound)


def test_a_story_of_holds_alone_needs_no_sound(spec):
    timeline = compiled(spec(narration=None, images=[{"file": "photo.jpg", "hold": "1s"}])).timeline
    assert (timeline.frame_count, timeline.sound.tracks) == (30, ())
