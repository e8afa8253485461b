"""A job → what it will cost, before it is sent: tier, normalised minutes and money for each output.

Rates are a dated file (`rates.toml`). The rounding step is a parameter (X17): production counts whole minutes, the
service bills hundredths. All arithmetic is decimal; nothing is rounded but the minutes, upwards.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backends.mediaconvert.job import Job

Tier = Literal["basic", "professional"]
RATES_FILE = Path(__file__).with_name("rates.toml")
_BASIC_CODECS = {"H_264", "VP8", "VP9", "FRAME_CAPTURE"}


@dataclass(frozen=True, slots=True)
class Rates:
    """A dated price list. Multipliers by size and speed are pairs of an upper limit and a factor, ascending."""

    as_of: str
    currency: str
    verified: bool
    production_step: Decimal
    per_minute: Decimal
    per_image: Decimal
    billing_step: Decimal
    least_minutes: Decimal
    tiers: Mapping[str, Decimal]
    lines: tuple[tuple[int, Decimal], ...]
    frames_per_second: tuple[tuple[int, Decimal], ...]
    codecs: Mapping[str, Decimal]
    free: frozenset[str]


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
    """A whole job. `notes` say what the figure does not cover."""

    outputs: tuple[OutputCost, ...]
    currency: str
    rates_as_of: str
    notes: tuple[str, ...]

    @property
    def cost(self) -> Decimal:
        return sum((output.cost for output in self.outputs), Decimal(0))

    def __str__(self) -> str:
        return f"about {self.cost.quantize(Decimal('0.0001'))} {self.currency} (rates of {self.rates_as_of})"


def load_rates(path: Path = RATES_FILE) -> Rates:
    """Raises: OSError, KeyError, ValueError for a file that is no price list."""
    content = tomllib.loads(path.read_text(encoding="utf-8"))
    multipliers = cast("dict[str, dict[str, str]]", content["multipliers"])
    return Rates(
        as_of=content["as_of"],
        currency=content["currency"],
        verified=content["verified"],
        production_step=Decimal(content["production"]["step_minutes"]),
        per_minute=Decimal(content["production"]["per_minute"]),
        per_image=Decimal(content["production"]["per_image"]),
        billing_step=Decimal(content["billing"]["step_minutes"]),
        least_minutes=Decimal(content["billing"]["least_minutes"]),
        tiers=_decimals(content["tiers"]),
        lines=_limits(multipliers["lines"]),
        frames_per_second=_limits(multipliers["frames_per_second"]),
        codecs=_decimals(multipliers["codec"]),
        free=frozenset(multipliers["free"]["codecs"]),
    )


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


def _factor(limits: tuple[tuple[int, Decimal], ...], value: float) -> Decimal:
    """The factor of the first limit that is not exceeded, else of the last."""
    return next((factor for limit, factor in limits if value <= limit), limits[-1][1])


def _limits(content: Mapping[str, str]) -> tuple[tuple[int, Decimal], ...]:
    return tuple(sorted((int(limit), Decimal(factor)) for limit, factor in content.items()))


def _decimals(content: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in content.items()}
