"""Cost before submission: production's formula to the cent, and the service's normalised minutes."""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from fractions import Fraction

import pytest

from backends.mediaconvert.cost import estimate_job, estimate_plan, production_cost
from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.rates import RATES_FILE, load_rates
from backends.mediaconvert.strategies import build_job
from renderer.errors import UsageError
from renderer.output import output_preset
from renderer.renditions import Ladder, Renditions, Rung

RATES = load_rates()


@pytest.fixture(scope="session")
def job_of(compile_spec):
    """`job_of(strategy="mezzanine", renditions=..., **output)`: a job of 60 s."""

    def job(strategy="mezzanine", renditions=None, **output):
        timeline = compile_spec(narration_s=60, images=["a.jpg"], output=output)
        options, preset = JobOptions(allow_approximate=True), output_preset("story-1080p")
        form = dataclasses.replace(
            preset,
            width=timeline.width,
            height=timeline.height,
            rate=timeline.rate,
            renditions=renditions or Renditions(),
        )
        return build_job(strategy, timeline, form, JobTarget("bucket", "role"), options).job

    return job


@pytest.mark.parametrize(
    ("seconds", "images", "cost"),
    [(120, 3, "0.033"), (180, 3, "0.048"), (Fraction(12001, 100), 3, "0.048"), (1, 0, "0.015"), (60, 0, "0.015")],
)
def test_a51_production_counts_whole_minutes_and_images(seconds, images, cost):
    assert production_cost(Fraction(seconds), images, RATES) == Decimal(cost)


def test_x17_the_rounding_step_is_a_parameter():
    assert production_cost(Fraction(125), 0, RATES, step=Decimal("0.01")) == Decimal("0.03135")
    assert production_cost(Fraction(125), 0, RATES) == Decimal("0.045")


def test_a_minute_of_full_hd_is_two_normalised_minutes_of_the_basic_tier(job_of):
    (output,) = estimate_job(job_of(), Fraction(60), RATES).outputs
    assert (output.tier, output.minutes, output.normalised_minutes, output.cost) == ("basic", 1, 2, Decimal("0.015"))


@pytest.mark.parametrize(
    ("output", "factor"),
    [
        ({"width": 1152, "height": 648}, 1),
        ({"preset": "story-720p"}, 2),
        ({}, 2),
        ({"preset": "vertical-1080x1920"}, 2),
        ({"preset": "story-2160p"}, 4),
        ({"rate": "60"}, 4),
        ({"rate": "30000/1001"}, 2),
    ],
    ids=["SD", "HD", "full HD", "upright", "ultra HD", "60 frames", "29.97 frames"],
)
def test_size_and_speed_multiply_the_minutes(job_of, output, factor):
    (cost,) = estimate_job(job_of(**output), Fraction(60), RATES).outputs
    assert cost.normalised_minutes == factor


def test_overlays_are_taken_as_professional_and_the_reason_is_given(job_of):
    (output,) = estimate_job(job_of("overlays"), Fraction(60), RATES).outputs
    assert output.tier == "professional"
    assert "video overlays" in output.reasons[0]


UPGRADES = {
    "multi-pass": lambda job: _h264(job).update(QualityTuningLevel="MULTI_PASS_HQ"),
    "acceleration": lambda job: job.update(AccelerationSettings={"Mode": "PREFERRED"}),
    "normalisation": lambda job: _output(job)["AudioDescriptions"][0].update(AudioNormalizationSettings={"A": 1}),
    "HEVC": lambda job: _output(job)["VideoDescription"].update(CodecSettings={"Codec": "H_265", "H265Settings": {}}),
}


def _output(job):
    return job["Settings"]["OutputGroups"][0]["Outputs"][0]


def _h264(job):
    return _output(job)["VideoDescription"]["CodecSettings"]["H264Settings"]


@pytest.mark.parametrize("upgrade", UPGRADES.values(), ids=UPGRADES)
def test_features_outside_the_basic_tier_raise_it(job_of, upgrade):
    job = job_of()
    upgrade(job)
    (output,) = estimate_job(job, Fraction(60), RATES).outputs
    assert (output.tier, len(output.reasons)) == ("professional", 1)


def test_every_output_is_counted_on_its_own(job_of):
    renditions = Renditions(hls=Ladder((Rung(1080, 5_000_000), Rung(360, 800_000))), poster_s=Fraction(1))
    estimate = estimate_job(job_of(renditions=renditions), Fraction(60), RATES)
    assert [output.name for output in estimate.outputs] == ["_complete", "_1080p", "_360p", "_audio", "_poster"]
    assert estimate.cost == sum(output.cost for output in estimate.outputs)
    assert estimate.outputs[-1].cost == 0
    assert any("frame captures" in note for note in estimate.notes)


def test_an_estimate_says_how_old_its_rates_are(job_of):
    estimate = estimate_job(job_of(), Fraction(60), RATES)
    assert RATES.as_of in str(estimate)
    assert any("not been compared" in note for note in estimate.notes) is not RATES.verified


def test_rates_are_a_file_that_a_user_can_replace(tmp_path, job_of):

    mine = tmp_path / "rates.toml"
    mine.write_text(
        RATES_FILE.read_text().replace('basic = "0.0075"', 'basic = "0.01"').replace("2024-12-01", "2026-01-01")
    )
    estimate = estimate_job(job_of(), Fraction(60), load_rates(mine))
    assert (estimate.cost, estimate.rates_as_of) == (Decimal("0.02"), "2026-01-01")


def test_a51_is_the_estimate_of_the_production_job(compile_spec):
    timeline = compile_spec(narration_s=120, images=["a.jpg", "b.jpg", "c.jpg"], brand="plain", length="narration")
    target, options = JobTarget("bucket", "role"), JobOptions(allow_approximate=True)
    found = {}
    for strategy in ("classic", "stills"):
        job = build_job(strategy, timeline, output_preset("story-1080p"), target, options).job
        found[strategy] = estimate_plan(job, strategy, timeline, RATES)
    assert found["classic"].production == Decimal("0.033")
    assert str(found["classic"]).startswith("0.0330 USD by the production formula, by the service's own steps 0.0300")
    assert found["stills"].production is None
    assert found["classic"].cost == found["stills"].cost == Decimal("0.03")


DATE, BASIC, STEP = 'as_of = "2024-12-01"', 'basic = "0.0075"', 'step_minutes = "0.01"'
BAD_RATES = {
    "no TOML": (DATE, "as_of = ", "TOMLDecodeError"),
    "no date": (DATE, 'as_of = "yesterday"', "ValueError"),
    "no tiers": ("[tiers]", "[prices]", "KeyError"),
    "no number": (BASIC, 'basic = "cheap"', "InvalidOperation"),
    "a step of nothing": (STEP, 'step_minutes = "0"', "more than 0"),
}


@pytest.mark.parametrize(("before", "after", "named"), BAD_RATES.values(), ids=BAD_RATES)
def test_a_file_that_is_no_price_list_is_named(tmp_path, monkeypatch, before, after, named):
    path, good = tmp_path / "rates.toml", RATES_FILE.read_text(encoding="utf-8")
    assert before in good
    path.write_text(good.replace(before, after), encoding="utf-8")
    monkeypatch.setenv("STORYREEL_RATES", str(path))
    with pytest.raises(UsageError, match=named) as caught:
        load_rates()
    assert str(path) in str(caught.value)
