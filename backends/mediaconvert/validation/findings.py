"""What a validation says: findings with their place and rule, for people as text and for programs as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from backends.mediaconvert.validation.node import Place
    from renderer.timeline.canonical import JSONValue

Severity = Literal["error", "warning"]

MAX_FINDINGS = 1000
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`error`: the service refuses the job or it fails) or doubtful (`warning`).

    `pointer` is an RFC 6901 pointer into the document as written; `rule` is `model:…` or the id of a cross-field rule;
    `message` follows the service's wording where that is known. `service_pointer` is the place as the service names
    it: camelCase, starting below `settings`.
    """

    pointer: str
    rule: str
    severity: Severity
    message: str
    hint: str | None = None
    service_pointer: str = ""

    @property
    def service_text(self) -> str:
        """The finding as the message of the service's BadRequestException, such as `/inputs/0/...: Should be ...`."""
        return f"{self.service_pointer or '/'}: {self.message}"

    def __str__(self) -> str:
        """One line, with everything a terminal could take for a command escaped."""
        hint = f" ({self.hint})" if self.hint else ""
        return printable(f"{self.severity:<7} {self.rule:<16} {self.pointer or '(document)'}: {self.message}{hint}")


@dataclass(frozen=True, slots=True)
class Validation:
    """Everything found in one document, in document order. `kind` says what the document was recognised as.

    `left_out` counts findings beyond the first `MAX_FINDINGS`; `left_out_errors` those of them that are errors.
    """

    kind: str
    findings: tuple[Finding, ...]
    left_out: int = 0
    left_out_errors: int = 0

    @property
    def errors(self) -> int:
        return sum(finding.severity == "error" for finding in self.findings) + self.left_out_errors

    @property
    def passed(self) -> bool:
        """No errors; warnings don't count."""
        return self.errors == 0

    @property
    def exit_code(self) -> int:
        """What the command returns: 0 passed, 2 the job is wrong."""
        return 0 if self.passed else 2

    def to_json(self) -> dict[str, JSONValue]:
        """One JSON object: kind, passed, counts and the findings."""
        counts = Counter(finding.severity for finding in self.findings)
        return {
            "kind": self.kind,
            "passed": self.passed,
            "errors": self.errors,
            "warnings": counts["warning"] + self.left_out - self.left_out_errors,
            "left_out": self.left_out,
            "findings": [_as_object(finding) for finding in self.findings],
        }

    def report(self, source_name: str) -> str:
        """The findings as text for people, one line each under a heading with their number."""
        warnings = len(self.findings) + self.left_out - self.errors
        counts = [_counted(self.errors, "error"), _counted(warnings, "warning")]
        verdict = ", ".join(count for count in counts if count) or "good"
        lines = [f"{printable(source_name)}: {self.kind}: {verdict}", *(f"  {finding}" for finding in self.findings)]
        if self.left_out:
            lines.append(f"  ... and {self.left_out} more")
        return "\n".join(lines)


class Findings:
    """Collects findings in any order; keeps the first `MAX_FINDINGS` and counts the rest."""

    def __init__(self) -> None:
        self._kept: list[tuple[tuple[int, int], Finding]] = []
        self._left_out = self._left_out_errors = 0

    def add(self, place: Place, rule: str, severity: Severity, message: str, hint: str | None = None) -> None:
        if len(self._kept) < MAX_FINDINGS:
            finding = Finding(place.pointer, rule, severity, message, hint, place.service_pointer)
            self._kept.append((place.order, finding))
            return
        self._left_out += 1
        self._left_out_errors += severity == "error"

    def validation(self, kind: str) -> Validation:
        ordered = sorted(self._kept, key=lambda pair: (pair[0], pair[1].rule))
        return Validation(kind, tuple(finding for _, finding in ordered), self._left_out, self._left_out_errors)


def shown(value: object) -> str:
    """A value of the document, short enough for a message."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    if isinstance(value, int) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, str | int | float | None) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def printable(text: str) -> str:
    r"""The text with control characters, line breaks and lone surrogates as `\x1b`."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def _as_object(finding: Finding) -> JSONValue:
    return {
        "pointer": finding.pointer,
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "service_text": finding.service_text,
    }


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""
