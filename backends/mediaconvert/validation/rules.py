"""Every cross-field rule of MediaConvert jobs, in one run, and the table of them for the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Each module registers its rules.
from backends.mediaconvert.validation import (  # noqa: F401
    rules_audio,
    rules_audio_codecs,
    rules_containers,
    rules_inputs,
    rules_outputs,
    rules_overlays,
    rules_packaging,
    rules_requests,
    rules_sizes,
    rules_timecodes,
    rules_video,
)
from backends.mediaconvert.validation.registry import RULES

if TYPE_CHECKING:
    from backends.mediaconvert.validation.findings import Findings
    from backends.mediaconvert.validation.view import View

MODEL_RULES = {
    "model:required": "A member that the model requires is there",
    "model:type": "A value has the model's type",
    "model:enum": "A value is one of the model's",
    "model:minimum": "A number is not below the model's minimum",
    "model:maximum": "A number is not above the model's maximum",
    "model:min-length": "A string or list is not shorter than the model allows",
    "model:max-length": "A string or list is not longer than the model allows",
    "model:pattern": "A string matches the model's pattern",
    "model:unknown": "The model knows the key",
    "model:size": "All lists and maps together have at most 20,000 entries; more are not looked at",
    "model:case": "All keys are written in one case, PascalCase or camelCase",
}
"""Together V01: what the service's own model says."""


def check_rules(view: View, findings: Findings) -> None:
    """Run every rule over one job, template or preset."""
    for identifier, rule in RULES.items():
        for found in rule.check(view):
            findings.add(found.place, identifier, found.severity or rule.severity, found.message, found.hint)


def rules_table() -> str:
    """All rules as a Markdown table, by id."""
    lines = ["| rule | severity | what it checks | evidence |", "|---|---|---|---|"]
    lines += [f"| `{name}` | error | {sentence} | service model |" for name, sentence in MODEL_RULES.items()]
    for identifier, rule in sorted(RULES.items()):
        lines.append(f"| `{identifier}` | {rule.severity} | {rule.sentence} | {rule.evidence} |")
    return "\n".join(lines) + "\n"
