"""What a cross-field rule is, and the list of all of them.

A rule is a function from a `View` to what it found. Its docstring is its documentation: the id, one sentence, and the
evidence in brackets (`[doc: PAGE]` of the service's User Guide, `[model: SHAPE]` of the service's own model,
`[thread: X]` a public report, `[job: X]` a public job, `[lint]` a third party's rules, `[inferred]` reasoned here).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from backends.mediaconvert.validation.model import wire_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.mediaconvert.validation.findings import Severity
    from backends.mediaconvert.validation.node import Node, Place
    from backends.mediaconvert.validation.view import View

_DOCSTRING = re.compile(r"(V\d\d): (.+?)\.? ((?:\[[^\]]+\],? ?)+)")


class Found(NamedTuple):
    """One thing a rule found. `severity` is given where it differs from the rule's own."""

    place: Place
    message: str
    hint: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A cross-field rule. `error`: the service refuses the job or the job fails; `warning`: it may be meant."""

    id: str
    severity: Severity
    check: Callable[[View], Iterator[Found]]

    @property
    def sentence(self) -> str:
        return self._documented[1]

    @property
    def evidence(self) -> str:
        return self._documented[2].strip()

    @property
    def _documented(self) -> tuple[str, str, str]:
        match = _DOCSTRING.fullmatch(" ".join((self.check.__doc__ or "").split()))
        if match is None or match.group(1) != self.id:
            raise ValueError(f"rule {self.id}: its docstring must read 'ID: sentence. [evidence]'")
        identifier, sentence, evidence = match.groups()
        return identifier, sentence, evidence


RULES: dict[str, Rule] = {}


def rule(
    identifier: str, severity: Severity = "error"
) -> Callable[[Callable[[View], Iterator[Found]]], Callable[[View], Iterator[Found]]]:
    """Register a function as the rule `identifier`."""

    def register(check: Callable[[View], Iterator[Found]]) -> Callable[[View], Iterator[Found]]:
        if identifier in RULES:
            raise ValueError(f"two rules are called {identifier}")
        RULES[identifier] = Rule(identifier, severity, check)
        return check

    return register


def missing(node: Node, name: str, hint: str | None = None) -> Iterator[Found]:
    """A finding where a member is absent, in the service's words."""
    if not node.has(name):
        yield Found(node.here(), f"{wire_name(name)} is a required property", hint)


def lacking(node: Node, name: str, hint: str | None = None) -> Iterator[Found]:
    """A finding where a list is absent or empty, in the service's words."""
    yield from missing(node, name, hint)
    entries = node.node(name)
    if entries is not None and not entries.values:
        yield Found(node.at(name), "Should have at least 1 items", hint)
