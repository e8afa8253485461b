"""WebM, poster and thumbnails of the local backend: the same names as a MediaConvert job's, and the right pictures."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import av
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import cli
from backends.base import RunSettings
from backends.ffmpeg import renditions as local
from backends.ffmpeg.backend import FFmpegBackend
from backends.ffmpeg.webm import verify_webm
from backends.reference.backend import ReferenceBackend
from renderer.errors import OutputError
from renderer.renditions import Ladder, Renditions, Rung, output_names, story_name, video_path
from renderer.story import StoryOptions, compile_story, open_workspace

RED, GREEN, BLUE = (200, 40, 40), (40, 160, 60), (40, 60, 200)
LADDER = Ladder((Rung(180, 300_000),))
EVERYTHING = Renditions(LADDER, LADDER, 400_000, Fraction(3, 2), Fraction(1))


@pytest.fixture(scope="session")
def run_with():
    """`run_with(spec, target, renditions, use_cache=False)`: story, result, and the stages that were reported."""

    def run(spec, target, renditions, *, use_cache=False):
        options, stages = StoryOptions(use_cache=use_cache), set()
        with open_workspace(spec, options) as workspace:
            story = compile_story(spec, workspace, options)
            output = dataclasses.replace(story.output, renditions=renditions)
            settings = RunSettings(video_path(target, story.timeline), 2, report=lambda seen: stages.add(seen.stage))
            return story, FFmpegBackend().run(story.timeline, output, workspace, settings), stages

    return run


@pytest.fixture(scope="session")
def colour_spec(tmp_path_factory, make_image, make_tone, write_spec):
    """Red for a second, then blue for a second, then green: 3 s with a tone."""
    folder = tmp_path_factory.mktemp("renditions") / "story"
    names = {"red.png": RED, "blue.png": BLUE, "green.png": GREEN}
    for name, color in names.items():
        make_image(folder / name, (320, 180), color)
    make_tone(folder / "narration.wav", 3)
    images = [{"file": name, "motion": "none"} for name in names]
    return write_spec(folder, title="Colours", narration="narration.wav", images=images)


@pytest.fixture(scope="session")
def made(colour_spec, run_with):
    folder = colour_spec.parent.parent / "out"
    folder.mkdir()
    return folder, *run_with(colour_spec, folder, EVERYTHING)


def mean_colour(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).mean(axis=(0, 1))


def test_the_names_are_those_of_a_job(made):
    folder, story, result, _ = made
    names = output_names(story_name(story.timeline), EVERYTHING, story.timeline.duration_s)
    assert {path.name for path in folder.iterdir()} == {name for name in names if "/" not in name}
    assert [result.output, *result.renditions] == [folder / name for name in names if "/" not in name]


def test_the_webm_has_every_frame_in_its_colour_and_the_whole_sound(made):
    with av.open(str(made[2].renditions[0])) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("vp9", "opus")
        assert (video.width, video.height, container.metadata["title"]) == (320, 180, "Colours")
        frames = [picture.to_ndarray(format="rgb24").mean(axis=(0, 1)) for picture in container.decode(video)]
    assert len(frames) == 90
    for number, color in ((0, RED), (29, RED), (30, BLUE), (59, BLUE), (60, GREEN), (89, GREEN)):
        assert np.abs(frames[number] - color).max() < 6, number


def test_the_sound_of_the_webm_is_the_mix(made, decode_audio):
    with av.open(str(made[2].renditions[0])) as container:
        samples = np.concatenate([frame.to_ndarray().T for frame in container.decode(audio=0)])
    expected = decode_audio(made[2].output)
    middle = slice(48_000, 96_000)
    assert abs(np.sqrt((samples[middle] ** 2).mean()) / np.sqrt((expected[middle] ** 2).mean()) - 1) < 0.05
    assert abs(len(samples) - 3 * 48_000) <= 1200


@pytest.mark.parametrize(
    ("ending", "color"),
    [
        ("_poster.0000001", BLUE),
        ("_thumbnail.0000000", RED),
        ("_thumbnail.0000001", BLUE),
        ("_thumbnail.0000002", GREEN),
    ],
)
def test_a_captured_picture_shows_its_second(made, ending, color):
    path = next(path for path in made[0].iterdir() if path.stem.endswith(ending))
    with Image.open(path) as picture:
        assert picture.size == (320, 180)
    assert np.abs(mean_colour(path) - color).max() < 4


def test_ladders_are_left_out_and_both_plan_and_run_say_so(made, colour_spec, compiled):
    _, _, result, _ = made
    assert [warning.partition(" ")[0] for warning in result.warnings] == ["hls", "cmaf"]
    story = compiled(colour_spec)
    output = dataclasses.replace(story.output, renditions=EVERYTHING)
    plan = FFmpegBackend().plan(story.timeline, output, colour_spec.with_suffix(".mp4"))
    verdicts = {item.feature: item.verdict for item in plan.conformance if item.where == "renditions"}
    assert verdicts == {"hls": "approximated", "cmaf": "approximated"} | dict.fromkeys(
        ("webm", "poster", "thumbnails"), "exact"
    )
    assert [step.name for step in plan.steps][-2:] == ["webm", "pictures"]
    slow = ReferenceBackend().plan(story.timeline, output, colour_spec.with_suffix(".mp4")).conformance
    assert {item.feature for item in slow if item.where == "renditions"} == set(EVERYTHING.kinds())


def test_a_webm_is_encoded_once(colour_spec, run_with, tmp_path, monkeypatch):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    wanted = Renditions(webm_bitrate=300_000)
    first = run_with(colour_spec, tmp_path / "a.mp4", wanted, use_cache=True)
    again = run_with(colour_spec, tmp_path / "b.mp4", wanted, use_cache=True)
    assert ("webm" in first[2], "webm" in again[2]) == (True, False)
    assert (tmp_path / "a.webm").read_bytes() == (tmp_path / "b.webm").read_bytes()


def test_a_webm_that_fails_its_check_leaves_the_old_one(colour_spec, run_with, tmp_path, monkeypatch):
    old = tmp_path / "lake.webm"
    old.write_bytes(b"the one before")

    def refuse(*_):
        raise OutputError("on purpose")

    monkeypatch.setattr(local, "verify_webm", refuse)
    with pytest.raises(OutputError, match="on purpose"):
        run_with(colour_spec, tmp_path / "lake.mp4", Renditions(webm_bitrate=300_000))
    assert old.read_bytes() == b"the one before"
    assert {path.name for path in tmp_path.iterdir()} == {"lake.mp4", "lake.webm"}


def test_a_full_disk_is_a_typed_error(colour_spec, run_with, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(local.shutil, "copyfileobj", full)
    with pytest.raises(OutputError, match=r"colours-poster\.jpg.*No space left|out.*\.jpg.*No space left"):
        run_with(colour_spec, tmp_path / "out.mp4", Renditions(poster_s=Fraction(1)))


def test_a_poster_is_made_whatever_the_cache_is_called(colour_spec, run_with, tmp_path, monkeypatch):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "c%d%%"))
    _, result, _ = run_with(colour_spec, tmp_path / "out.mp4", Renditions(poster_s=Fraction(1)))
    assert [file.exists() for file in result.renditions] == [True]


def test_a_webm_cut_short_is_noticed(made, compiled, colour_spec, tmp_path):
    whole = made[2].renditions[0].read_bytes()
    (tmp_path / "short.webm").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(OutputError, match="thrown away"):
        verify_webm(tmp_path / "short.webm", compiled(colour_spec).timeline)


def test_a_rendition_never_overwrites_a_source(story_folder, make_image):
    spec = story_folder(images=["lake_poster.0000001.jpg"], narration_s=6, output="web-1080p")
    make_image(spec.parent / "lake_poster.0000001.jpg")
    ran = CliRunner().invoke(cli.main, ["render", str(spec), "-o", str(spec.parent / "lake.mp4")])
    assert ran.exit_code == 2
    assert "one of the story's own files" in ran.output
