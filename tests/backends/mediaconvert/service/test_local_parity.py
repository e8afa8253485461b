"""Each strategy's job, executed here, against the direct render: frames and samples before any encoder."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from backends.mediaconvert.job import JobOptions
from backends.mediaconvert.service.parity import verify_strategy
from renderer.story import StoryOptions, compile_story, open_workspace

FADE = {"kind": "crossfade", "length": "0.4s"}


@pytest.fixture
def story(story_folder):
    """Two textured pictures, a voice and music; `story(motion)` makes its spec."""

    def make(motion=None, levels=(60, 190), **look):
        still = look if motion is None else {"motion": motion} | look
        images = [{"file": "one.png"} | still, {"file": "two.png", "transition": FADE} | still]
        spec = story_folder(images=images, narration_s=2, music_s=2, output={"width": 192, "height": 108, "rate": "30"})
        for name, seed in (("one", 1), ("two", 2)):
            small = np.random.default_rng(seed).integers(*levels, (12, 20, 3), dtype=np.uint8)
            Image.fromarray(small).resize((384, 216), Image.Resampling.BICUBIC).save(spec.parent / f"{name}.png")
        return spec

    return make


def verified(spec, strategy, *, allow=False):
    options = StoryOptions(use_cache=False)
    with open_workspace(spec, options) as workspace:
        compiled = compile_story(spec, workspace, options)
        return verify_strategy(compiled, workspace, strategy, JobOptions(allow_approximate=allow))


def test_a_mezzanine_is_one_intra_encoding_apart(story):
    parity = verified(story(), "mezzanine")
    assert parity.same_length
    assert parity.worst_psnr_db >= 45
    assert parity.sound.level_db <= 0.1


@pytest.mark.parametrize("look", [{}, {"fit": "blur"}], ids=["filling", "blur"])
def test_stills_of_a_story_without_motion_are_identical(story, look):
    """Of pictures with all of RGB's colours, whose planes overshoot."""
    parity = verified(story("none", (0, 256), **look), "stills")
    assert parity.same_length
    assert parity.identical == parity.frames[0]
    assert parity.sound.level_db <= 0.1


def test_overlays_stay_within_their_stated_difference(story):
    """Moved by the endpoint in fractions of a pixel, from a clip that was encoded once: measured 30 dB and more."""
    parity = verified(story(), "overlays")
    assert parity.same_length
    assert parity.worst_psnr_db >= 30
    assert parity.sound.level_db <= 0.1


def test_the_production_job_has_the_renders_sound(story, story_folder):
    spec = story("none")
    spec.write_text(spec.read_text() + "length: narration\n")
    parity = verified(spec, "classic")
    assert parity.same_length
    assert parity.sound.level_db <= 0.1
    assert parity.worst_psnr_db >= 45
