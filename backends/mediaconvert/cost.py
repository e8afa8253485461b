"""A job → what it will cost, before it is sent: tier, normalised minutes and money for each output.

Rates are a dated file (`rates.py`). The rounding step is a parameter (X17): production counts whole minutes, the
service bills hundredths. All arithmetic is decimal; nothing is rounded but the minutes, upwards.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.job import Job, Strategy
    from backends.mediaconvert.rates import Rates
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Timeline

Tier = Literal["basic", "professional"]
_BASIC_CODECS = {"H_264", "VP8", "VP9", "FRAME_CAPTURE"}


@dataclass(frozen=True, slots=True)
class OutputCost:
    """One output: `tier` and why it is not the basic one, billed minutes, normalised minutes, money."""

    name: str
    tier: Tier
    reasons: tuple[str, ...]
    minutes: Decimal
    normalised_minutes: Decimal
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Estimate:
    """A whole job. `notes` say what the figure does not cover.

    `production` is the production system's own formula (A51), for the strategy that reproduces its job.
    """

    outputs: tuple[OutputCost, ...]
    currency: str
    rates_as_of: str
    notes: tuple[str, ...]
    production: Decimal | None = None

    @property
    def cost(self) -> Decimal:
        return sum((output.cost for output in self.outputs), Decimal(0))

    def __str__(self) -> str:
        rates = f"rates of {self.rates_as_of}"
        if self.production is None:
            return f"about {_money(self.cost)} {self.currency} ({rates})"
        billed = f"by the service's own steps {_money(self.cost)}"
        return f"{_money(self.production)} {self.currency} by the production formula, {billed} ({rates})"

    def to_json(self) -> JSONValue:
        """Money and minutes as decimal strings."""
        return {
            "cost": str(self.cost),
            "currency": self.currency,
            "rates_as_of": self.rates_as_of,
            "production_cost": None if self.production is None else str(self.production),
            "outputs": [
                {
                    "name": output.name,
                    "tier": output.tier,
                    "reasons": list(output.reasons),
                    "minutes": str(output.minutes),
                    "normalised_minutes": str(output.normalised_minutes),
                    "cost": str(output.cost),
                }
                for output in self.outputs
            ],
            "notes": list(self.notes),
        }


def rounded_minutes(duration_s: Fraction, step: Decimal) -> Decimal:
    """Minutes, up to the next multiple of `step`."""
    steps = -(-duration_s // (60 * Fraction(step)))
    return int(steps) * step


def production_cost(duration_s: Fraction, images: int, rates: Rates, *, step: Decimal | None = None) -> Decimal:
    """The production estimate (A51): ceil(minutes) × 0.015 + images × 0.001; `step` replaces its whole minutes."""
    minutes = rounded_minutes(duration_s, step or rates.production_step)
    return minutes * rates.per_minute + images * rates.per_image


def estimate_job(job: Job, duration_s: Fraction, rates: Rates, *, step: Decimal | None = None) -> Estimate:
    """What a CreateJob request of that programme length costs; `step` replaces the service's 0.01 minutes."""
    minutes = max(rounded_minutes(duration_s, step or rates.billing_step), rates.least_minutes)
    settings = cast("Job", job["Settings"])
    whole_job = tuple(_job_reasons(settings, job))
    costs = [_output(output, minutes, whole_job, rates) for output in _outputs(settings)]
    return Estimate(tuple(costs), rates.currency, rates.as_of, tuple(_notes(settings, rates)))


def estimate_plan(job: Job, strategy: Strategy, timeline: Timeline, rates: Rates) -> Estimate:
    """What the job of one strategy costs; for `classic` with the production formula (REQUIREMENTS A51)."""
    estimate = estimate_job(job, timeline.duration_s, rates)
    if strategy != "classic":
        return estimate
    images = sum(layer.kind == "image" for layer in timeline.layers)
    return dataclasses.replace(estimate, production=production_cost(timeline.duration_s, images, rates))


def _outputs(settings: Job) -> Iterator[Job]:
    for group in cast("list[Job]", settings["OutputGroups"]):
        yield from cast("list[Job]", group["Outputs"])


def _output(output: Job, minutes: Decimal, whole_job: tuple[str, ...], rates: Rates) -> OutputCost:
    video = cast("Job", output.get("VideoDescription") or {})
    codec, settings = _codec(output)
    reasons = (*whole_job, *_output_reasons(codec, settings, video, output)) if codec not in rates.free else ()
    tier: Tier = "professional" if reasons else "basic"
    factor = Decimal(0) if codec in rates.free else rates.codecs.get(codec, Decimal(1))
    if video:
        lines = min(int(str(video["Width"])), int(str(video["Height"])))
        factor *= _factor(rates.lines, lines) * _factor(rates.frames_per_second, _speed(settings))
    normalised = minutes * factor
    return OutputCost(
        str(output.get("NameModifier", "")), tier, reasons, minutes, normalised, normalised * rates.tiers[tier]
    )


def _codec(output: Job) -> tuple[str, Job]:
    """An output's video codec and its settings, or `AUDIO`."""
    video = cast("Job", output.get("VideoDescription") or {})
    chosen = cast("Job", video.get("CodecSettings") or {})
    settings = next((value for value in chosen.values() if isinstance(value, dict)), {})
    return str(chosen.get("Codec", "AUDIO")), settings


def _speed(settings: Job) -> float:
    return int(str(settings.get("FramerateNumerator", 30))) / int(str(settings.get("FramerateDenominator", 1)))


def _job_reasons(settings: Job, job: Job) -> Iterator[str]:
    """What lifts every output of a job out of the basic tier."""
    acceleration = cast("Job", job.get("AccelerationSettings") or {})
    if acceleration.get("Mode", "DISABLED") != "DISABLED":
        yield "acceleration"
    if settings.get("MotionImageInserter") or settings.get("MotionImageInserters"):
        yield "motion images (tier unknown, taken as professional)"
    for source in cast("list[Job]", settings["Inputs"]):
        if source.get("VideoOverlays"):
            yield "video overlays (tier unknown, taken as professional)"
        if source.get("AdvancedInputFilter") == "ENABLED":
            yield "advanced input filter"


def _output_reasons(codec: str, settings: Job, video: Job, output: Job) -> Iterator[str]:
    if video and codec not in _BASIC_CODECS:
        yield f"codec {codec}"
    if settings.get("QualityTuningLevel") == "MULTI_PASS_HQ" and codec == "H_264":
        yield "multi-pass encoding"
    if settings.get("BandwidthReductionFilter"):
        yield "bandwidth reduction filter"
    if cast("Job", video.get("VideoPreprocessors") or {}).get("Deinterlacer"):
        yield "deinterlacer"
    if any(
        sound.get("AudioNormalizationSettings") for sound in cast("list[Job]", output.get("AudioDescriptions") or [])
    ):
        yield "audio normalisation"


def _notes(settings: Job, rates: Rates) -> Iterator[str]:
    if not rates.verified:
        yield f"the rates of {rates.as_of} have not been compared with the service's price page"
    if rates.free & {_codec(output)[0] for output in _outputs(settings)}:
        yield "frame captures are not in the sum"
    yield "storage, requests and transfer are not in the sum"


def _money(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.0001"))


def _factor(limits: tuple[tuple[int, Decimal], ...], value: float) -> Decimal:
    """The factor of the first limit that is not exceeded, else of the last."""
    return next((factor for limit, factor in limits if value <= limit), limits[-1][1])
