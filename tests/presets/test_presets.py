"""Every preset loads, means something, and compiles a story; presets are data that travels with the package."""

from __future__ import annotations

import tomllib
from fractions import Fraction
from pathlib import Path

import pytest

import presets
from assets import asset_names
from presets import KINDS, load_preset, preset_names
from renderer.output import output_preset
from renderer.spec import BrandSpec, MotionSpec
from renderer.timeline.geometry import rect_at

FOLDER = Path(presets.__file__).parent
ALL = [(kind, name) for kind in KINDS for name in preset_names(kind)]
REQUIRED = {
    "outputs": {"story-1080p", "preview"},
    "motion": {"zoom-in", "zoom-out", "pan-left", "pan-right"},
    "brands": {"stories-of-you"},
}


def content(kind, name):
    return {key: value for key, value in load_preset(kind, name).items() if key != "description"}


def test_every_file_is_a_preset_and_the_named_ones_are_there():
    files = {
        path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    assert files == {Path(kind) / f"{name}.yaml" for kind, name in ALL}
    assert all(names <= set(preset_names(kind)) for kind, names in REQUIRED.items())


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_a_preset_says_in_a_sentence_what_it_is_for(kind, name):
    description = load_preset(kind, name)["description"]
    assert isinstance(description, str)
    assert description.endswith(".")
    assert len(description) <= 100


@pytest.mark.parametrize("name", preset_names("outputs"))
def test_an_output_has_even_sides_and_plays_everywhere(name):
    output = output_preset(name)
    assert output.width % 2 == output.height % 2 == 0
    assert output.rate == 30
    assert output.video.keyframe_s <= 2
    assert output.audio.bitrate == 128_000
    assert 0 < output.video.crf <= (26 if name == "preview" else 23)


@pytest.mark.parametrize("name", preset_names("outputs"))
def test_a_story_compiles_for_every_output(compile_spec, name):
    timeline = compile_spec(narration_s=2, brand="stories-of-you", output=name, images=["a.jpg", "b.jpg"])
    output = output_preset(name)
    assert (timeline.width, timeline.height, timeline.frame_count) == (output.width, output.height, 210)


@pytest.mark.parametrize("name", preset_names("motion"))
def test_every_motion_moves_and_keeps_the_frame_covered(compile_spec, name):
    MotionSpec.model_validate(content("motion", name))
    image = {"file": "a.jpg", "motion": name}
    layer = next(layer for layer in compile_spec(narration_s=2, images=[image]).layers if layer.kind == "image")
    rects = [rect_at(layer, frame) for frame in range(60)]
    assert len(set(rects)) == 60
    assert all(rect.covers(1920, 1080) for rect in rects)


MEANING = {
    "zoom-in": lambda start, end: end.width > start.width,
    "push-in": lambda start, end: end.width > start.width,
    "zoom-out": lambda start, end: end.width < start.width,
    "pan-left": lambda start, end: end.left > start.left and end.top == start.top,
    "pan-right": lambda start, end: end.left < start.left and end.top == start.top,
    "tilt-up": lambda start, end: end.top > start.top and end.left == start.left,
    "tilt-down": lambda start, end: end.top < start.top and end.left == start.left,
}


@pytest.mark.parametrize("name", preset_names("motion"))
def test_a_motion_does_what_its_name_says(compile_spec, name):
    """A camera that moves to the left sees the picture move to the right."""
    timeline = compile_spec(narration_s=2, images=[{"file": "a.jpg", "motion": name}])
    motion = next(layer.motion for layer in timeline.layers if layer.kind == "image")
    assert MEANING[name](motion.start, motion.end)


@pytest.mark.parametrize("name", preset_names("brands"))
def test_every_brand_is_a_valid_spec_of_files_that_are_bundled(compile_spec, name):
    brand = BrandSpec.model_validate(content("brands", name))
    files = [file for file in (brand.background, brand.logo) if file is not None and not file.startswith("#")]
    assert {file.removeprefix("asset:") for file in files} <= set(asset_names())
    assert compile_spec(narration_s=2, brand=name, images=["a.jpg"]).frame_count >= 60


def test_the_house_brand_has_the_production_values():
    brand = BrandSpec.model_validate(content("brands", "stories-of-you"))
    assert (brand.intro.seconds, brand.outro.seconds, brand.logo_size) == (3, 2, 600)
    assert (brand.corner.opacity, brand.corner.size, brand.corner.margin) == (Fraction(80), 200, 40)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["no-such-preset", "../outputs/preview", ""])
def test_only_a_listed_name_is_loaded(kind, name):
    with pytest.raises(KeyError):
        load_preset(kind, name)


@pytest.mark.parametrize("package", ["presets", "assets"])
def test_data_files_are_package_data(package):
    project = tomllib.loads((FOLDER.parent / "pyproject.toml").read_text(encoding="utf-8"))
    folder = FOLDER.parent / package
    listed = {
        path for pattern in project["tool"]["setuptools"]["package-data"][package] for path in folder.glob(pattern)
    }
    data = {path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}}
    assert data
    assert data <= listed
