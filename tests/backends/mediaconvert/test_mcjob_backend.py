"""`storyreel plan --backend mediaconvert`: what would be made, uploaded and submitted, without doing any of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backends.mediaconvert.backend import MediaConvertBackend
from backends.mediaconvert.job import STRATEGIES, JobOptions
from renderer.errors import UnsupportedError
from renderer.output import output_preset
from renderer.timeline.canonical import timeline_sha256

if TYPE_CHECKING:
    from backends.base import Backend

OUTPUT = output_preset("story-1080p")
FEATURES = {"image", "motion", "crossfade", "fit"}


@pytest.fixture(scope="session")
def moving(compile_spec):
    second = {"file": "b.jpg", "transition": {"kind": "crossfade", "length": "0.5s"}}
    return compile_spec(
        narration_s=10, music_s=20, length="narration", brand="stories-of-you", images=["a.jpg", second]
    )


def plan_of(timeline, strategy, *, allow_approximate=True):
    backend: Backend = MediaConvertBackend(strategy, JobOptions(allow_approximate=allow_approximate))
    return backend.plan(timeline, OUTPUT, Path("story.mp4"))


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_plan_makes_uploads_and_submits_in_that_order(moving, strategy):
    plan = plan_of(moving, strategy)
    names = [step.name for step in plan.steps]
    assert names == ["produce"] * (len(names) - 2) + ["upload", "submit"]
    assert "USD" in plan.steps[-1].does
    estimate = plan.to_json()["estimate"]
    assert estimate["currency"] == "USD"
    assert (estimate["production_cost"] is not None) == (strategy == "classic")
    assert plan.timeline_sha256 == timeline_sha256(moving)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_report_covers_every_layer_and_track(moving, strategy):
    found = {(item.where, item.feature) for item in plan_of(moving, strategy).conformance}
    assert {where for where, _ in found} == {layer.id for layer in moving.layers} | {"narration", "music", "programme"}
    assert {feature for where, feature in found if where == "image-2"} == FEATURES


@pytest.mark.parametrize("strategy", ["stills", "classic"])
def test_a_refused_story_has_no_steps_and_says_what_to_do_instead(moving, strategy):
    plan = plan_of(moving, strategy, allow_approximate=False)
    assert plan.steps == ()
    with pytest.raises(UnsupportedError, match="--strategy mezzanine") as refusal:
        plan.refuse_what_is_refused()
    assert {feature.path for feature in refusal.value.features} == {"image-1", "image-2"}


def test_the_default_strategy_is_exact_but_for_the_title(moving):
    plan = MediaConvertBackend().plan(moving, OUTPUT, Path("story.mp4"))
    assert {item.feature for item in plan.conformance if item.verdict != "exact"} == {"title"}


def test_a_job_is_not_rendered(moving):
    with pytest.raises(UnsupportedError, match="storyreel mediaconvert job"):
        MediaConvertBackend().run(moving, OUTPUT, None, None)
