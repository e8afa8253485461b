"""What must not be flagged: other code or tools that make the same frames, other settings of the encoder alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from golden import versions
from golden.check import CheckSettings, check
from golden.rendering import FrameFarm

DEBIAN_FFMPEG = Path("/usr/bin/ffmpeg")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def no_rendering(monkeypatch):
    def refuse(*_args):
        raise AssertionError("a frame was rendered")

    monkeypatch.setattr(FrameFarm, "run", refuse)


@pytest.fixture
def other_code(monkeypatch):
    """The picture code's hash is another one; what it does is the same."""
    monkeypatch.setattr(versions, "picture_ingredients", lambda: {"picture code": "0" * 64, "pillow": "99"})


def whats(items):
    return [item.what for item in items]


def test_an_unchanged_story_passes_without_rendering_a_frame(recorded_story, no_rendering):
    found = check(recorded_story.golden)
    assert found.passed
    assert found.notices == ()
    assert found.facts[0] == "all 120 frames made of the same ingredients: none had to be rendered"


@pytest.mark.parametrize("jobs", [1, 3])
def test_other_code_that_makes_the_same_frames_passes_and_says_so(recorded_story, other_code, jobs):
    found = check(recorded_story.golden, CheckSettings(jobs=jobs))
    assert found.passed
    assert whats(found.notices)[0].startswith("picture code changed")
    assert found.facts[0] == "120 of 120 frames rendered and compared by their hashes, all of them equal"


@pytest.mark.parametrize(
    ("package", "says"),
    [("pillow", "Pillow 99 instead of"), ("pillow-heif", "pillow-heif 99 instead of")],
)
def test_frames_are_rendered_again_for_another_decoder_of_pictures(recorded_story, monkeypatch, package, says):
    made = versions.picture_ingredients() | {package: "99"}
    monkeypatch.setattr(versions, "picture_ingredients", lambda: made)
    found = check(recorded_story.golden)
    assert found.passed
    assert whats(found.notices)[0].startswith(says)
    assert found.facts[0].startswith("120 of 120 frames rendered")


def test_a_cold_cache_changes_nothing(recorded_story, monkeypatch, tmp_path):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path))
    assert check(recorded_story.golden).notices == ()


def test_a_renamed_file_is_mentioned(studio):
    (studio.folder / "wren.png").rename(studio.folder / "bird.png")
    studio.write(images=studio.images(1, file="bird.png"))
    found = check(studio.golden)
    assert found.passed
    assert "its file is called bird.png now; the content is the same" in whats(found.notices)


def test_the_same_pixels_in_another_file_are_mentioned(studio):
    from PIL import Image

    with Image.open(studio.folder / "wren.png") as picture:
        picture.save(studio.folder / "wren.png", compress_level=1)
    found = check(studio.golden)
    assert found.passed
    assert "the file's content changed; no frame is other for it" in whats(found.notices)


def test_another_x264_preset_is_an_encoder_only_difference(studio, other_encoding):
    other_encoding(preset="medium")
    found = check(studio.golden)
    assert found.passed
    assert whats(found.notices)[0] == "x264 preset medium instead of veryfast"
    assert "file: made once to look at its structure" in found.facts


def test_another_keyframe_interval_is_a_difference_of_the_file(studio, other_encoding):
    from fractions import Fraction

    other_encoding(keyframe_s=Fraction(2, 3))
    assert whats(check(studio.golden).failures) == ["keyframe interval halved: 20 frames instead of 40 frames"]


@pytest.mark.skipif(not DEBIAN_FFMPEG.exists(), reason="no second FFmpeg at /usr/bin/ffmpeg")
def test_another_ffmpeg_gives_the_same_frames_and_a_file_of_the_same_structure(recorded_story):
    argv = [
        sys.executable,
        "-c",
        "from cli import main; main()",
        "golden",
        "check",
        str(recorded_story.golden),
        "--json",
    ]
    env = os.environ | {"STORYREEL_FFMPEG": str(DEBIAN_FFMPEG)}
    ran = subprocess.run(argv, capture_output=True, text=True, env=env, cwd=ROOT, check=False)
    answer = json.loads(ran.stdout)
    assert (ran.returncode, answer["differences"]) == (0, [])
    assert any(item["what"].startswith("FFmpeg ") for item in answer["notices"])
    assert answer["facts"][0] == "all 120 frames made of the same ingredients: none had to be rendered"
