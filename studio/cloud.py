"""The story as a MediaConvert job, for the page: how faithful each strategy is, the job, and what it would cost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backends.mediaconvert.backend import SOMEWHERE
from backends.mediaconvert.codecs import sniffed_codecs
from backends.mediaconvert.cost import estimate_plan, production_cost
from backends.mediaconvert.job import STRATEGIES, JobOptions, Strategy
from backends.mediaconvert.rates import load_rates
from backends.mediaconvert.strategies import build_job

if TYPE_CHECKING:
    from renderer.story import Story, Workspace
    from studio.words import JSONObject


def strategies_json(story: Story, workspace: Workspace, *, approximate: bool) -> JSONObject:
    """Every strategy's report for a story compiled for its final output. Raises: MediaError."""
    options = JobOptions(
        allow_approximate=approximate,
        codecs=sniffed_codecs(story.timeline, workspace),
    )
    rates, images = load_rates(), len(story.spec.images)
    return {
        "strategies": [_strategy_json(name, story, options) for name in STRATEGIES],
        "production_cost": f"{production_cost(story.timeline.duration_s, images, rates)} {rates.currency}",
        "size": [story.timeline.width, story.timeline.height],
    }


def _strategy_json(name: Strategy, story: Story, options: JobOptions) -> JSONObject:
    planned = build_job(name, story.timeline, story.output, SOMEWHERE, options)
    estimate = estimate_plan(planned.job, name, story.timeline, load_rates()) if planned.job else None
    return {
        "name": name,
        "conformance": [
            {"feature": item.feature, "where": item.where, "verdict": item.verdict, "detail": item.detail}
            for item in planned.conformance
        ],
        "job": json.dumps(planned.job, indent=2, ensure_ascii=False) if planned.job else None,
        "cost": None if estimate is None else str(estimate),
        "outputs": []
        if estimate is None
        else [
            {"name": o.name, "tier": o.tier, "reasons": list(o.reasons), "minutes": str(o.minutes), "cost": str(o.cost)}
            for o in estimate.outputs
        ],
        "notes": [] if estimate is None else list(estimate.notes),
    }
