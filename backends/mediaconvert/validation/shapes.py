"""A document against the service's model: types, required members, enums, limits, patterns, unknown keys.

Everything is found in one pass, and the sound part of the document comes back as a tree under the service's names.
The model's limits that stand only in a shape's name are reported as rule V41. Messages follow the service's texts
where they are on record (required, minimum, number of items), and imitate their style elsewhere.
"""

from __future__ import annotations

import datetime as dt
import difflib
import math
import re
from typing import TYPE_CHECKING, NamedTuple

from backends.mediaconvert.validation.findings import shown
from backends.mediaconvert.validation.model import wire_name
from backends.mediaconvert.validation.node import Node, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from backends.mediaconvert.validation.findings import Findings, Severity
    from backends.mediaconvert.validation.model import ServiceModel, Shape
    from backends.mediaconvert.validation.node import Key, Value
    from renderer.timeline.canonical import JSONValue

LONGEST_MATCHED = 2048
"""Characters; a longer text is not matched against a pattern, because backtracking may take quadratic time."""

MOST_ENTRIES = 20_000
"""Entries of all lists and maps together; the largest public job has some hundreds. More would keep a server busy for
minutes, as each costs a quarter of a millisecond here and in the rules."""
HIDDEN_LIMITS_RULE = "V41"
_PLACEHOLDER = re.compile(r"|\{.*\}|<.*>|\$\w+|[A-Z0-9]+(_[A-Z0-9]+)+")
_MOST_GUESSES = 50
_LONGEST_GUESSED = 64

_INT32, _INT64 = 2**31, 2**63
_WANTED = {
    "structure": "an object",
    "map": "an object",
    "list": "a list",
    "string": "a string",
    "integer": "an integer",
    "long": "an integer",
    "double": "a number",
    "boolean": "true or false",
    "timestamp": "a number of seconds or a date",
}


def check_shapes(
    document: dict[str, JSONValue],
    shape_name: str,
    model: ServiceModel,
    findings: Findings,
    *,
    lenient: frozenset[str] = frozenset(),
    nulls: bool = False,
) -> Node:
    """The document as a tree, with everything the model forbids reported.

    `lenient` names required members of the root whose absence is only a warning; with `nulls`, as in answers of the
    service, null means that the member is absent.
    """
    walk = _Walk(model, findings, lenient=lenient, nulls=nulls)
    root = walk.structure(model.shape(shape_name), document, None)
    walk.report_mixed_case()
    return root


class Fault(NamedTuple):
    """What is wrong with one value."""

    rule: str
    message: str
    hint: str | None = None


class _Walk:
    def __init__(self, model: ServiceModel, findings: Findings, *, lenient: frozenset[str], nulls: bool) -> None:
        self._model = model
        self._findings = findings
        self._lenient = lenient
        self._nulls = nulls
        self._position = 0
        self._guesses = 0
        self._entries_seen = 0
        self._as_console: list[Place] = []
        self._as_wire: list[Place] = []

    def structure(self, shape: Shape, value: dict[str, JSONValue], at: Place | None) -> Node:
        node = self._node(at, named=True)
        for written, item in value.items():
            name = shape.spellings.get(written)
            if name is None:
                self._unknown_key(Place(node, written), shape)
            elif name in node.values:
                self._add(node.here(), "model:case", f"{wire_name(name)} is written twice, in both spellings")
            elif item is not None or not self._nulls:
                self._member(Place(node, name), shape, written, item)
        for name in shape.required:
            if name not in node.values:
                severity: Severity = "warning" if at is None and name in self._lenient else "error"
                message = f"{wire_name(name)} is a required property"
                self._findings.add(node.here(), "model:required", severity, message)
        return node

    def report_mixed_case(self) -> None:
        """A document is written in one case, the more frequent one; boto3 and the service each know only one."""
        minority, case = self._as_wire, "PascalCase"
        if len(self._as_wire) > len(self._as_console):
            minority, case = self._as_console, "camelCase"
        for place in minority:
            self._add(place, "model:case", f"Should be written in {case}, like the rest of the document")

    def _node(self, at: Place | None, *, named: bool) -> Node:
        self._position += 1
        if at is None or at.name is None:
            return Node(None, "", "", self._position, named=named)
        label = wire_name(str(at.name)) if at.node.named else str(at.name)
        written = at.node.written.get(str(at.name), at.name) if at.node.written else at.name
        return Node(at.node, written, label, self._position, named=named)

    def _member(self, at: Place, shape: Shape, written: str, item: JSONValue) -> None:
        node, name = at.node, str(at.name)
        if written == name:
            self._as_console.append(at)
        else:
            self._as_wire.append(at)
            node.written[name] = written
        node.values[name] = None
        node.values[name] = self._value(self._model.shape(shape.members[name]), item, at)

    def _value(self, shape: Shape, value: JSONValue, at: Place) -> Value | None:
        """The sound value; after reporting what is wrong with it None, but a blank text stays blank."""
        if isinstance(value, str) and value in shape.enum:
            return value  # the way of most values, so it comes first
        match shape.kind, value:
            case "structure", dict():
                return self.structure(shape, value, at)
            case "list", list():
                return self._entries(shape, list(enumerate(value)), at)
            case "map", dict():
                return self._entries(shape, list(value.items()), at)
            case "string", str():
                fault = self._text_fault(shape, value, at)
            case "integer" | "long" | "double", int() | float() if _fits(shape, value):
                fault = _number_fault(shape, value)
            case ("boolean", bool()) | ("timestamp", _) if shape.kind == "boolean" or _is_time(value):
                return str(value)
            case _:
                fault = _type_fault(shape, value)
        if fault is not None:
            self._add(at, *fault)
            return "" if value == "" and not shape.enum else None
        return value if isinstance(value, str | int | float) else None

    def _entries(self, shape: Shape, entries: Sequence[tuple[Key, JSONValue]], at: Place) -> Node:
        """A list or map. The model limits the length of none."""
        node = self._node(at, named=False)
        item = self._model.shape(shape.item)
        for key, entry in entries:
            self._entries_seen += 1
            if self._entries_seen > MOST_ENTRIES:
                self._refuse_size(node)
                break
            node.values[key] = None
            node.values[key] = self._value(item, entry, Place(node, key))
        return node

    def _refuse_size(self, node: Node) -> None:
        if self._entries_seen == MOST_ENTRIES + 1:
            message = f"The lists of this document have more than {MOST_ENTRIES} entries: the rest is not checked"
            self._findings.add(node.here(), "model:size", "error", message)

    def _text_fault(self, shape: Shape, value: str, at: Place) -> Fault | None:
        length = len(value)
        if shape.enum and value not in shape.enum:
            allowed = sorted(shape.enum)
            listed = ", ".join(allowed) if len(allowed) <= 16 else f"one of {len(allowed)} values of {shape.name}"
            message = f"Should be one of the allowed values: {listed}"
            return Fault("model:enum", message, _found(value, self._guess(value, allowed)))
        if shape.minimum is not None and length < shape.minimum:
            message = f"Should be at least {shape.minimum} characters long"
            return Fault("model:min-length", message, _found(value, _placeholder(value)))
        if shape.maximum is not None and length > shape.maximum:
            return Fault("model:max-length", f"Should be at most {shape.maximum} characters long", _found(length))
        if shape.pattern is not None and length > LONGEST_MATCHED:
            message = f"Not compared with its pattern: {length} characters, more than {LONGEST_MATCHED}"
            self._findings.add(at, "model:pattern", "warning", message)
        elif shape.pattern is not None and not shape.pattern.search(value):
            pattern = shape.pattern.pattern.replace(r"\Z", "$")
            return Fault("model:pattern", f"Should match pattern {pattern}", _found(value, _placeholder(value)))
        return None

    def _unknown_key(self, at: Place, shape: Shape) -> None:
        wire = len(self._as_wire) - len(self._as_console) or str(at.name)[:1].islower()
        names = [wire_name(name) if wire > 0 else name for name in shape.members]
        hint = self._guess(str(at.name), names)
        if hint is None and 0 < len(names) <= 12:
            hint = f"known here: {', '.join(names)}"
        self._add(at, "model:unknown", "Unknown property", hint)

    def _guess(self, word: str, known: list[str]) -> str | None:
        """A "did you mean" for the first few only, since a hostile document may have a million unknown keys."""
        if self._guesses >= _MOST_GUESSES or len(word) > _LONGEST_GUESSED:
            return None
        self._guesses += 1
        folded = {name.lower(): name for name in known}
        close = difflib.get_close_matches(word.lower(), folded, n=1)
        return f"did you mean '{folded[close[0]]}'?" if close else None

    def _add(self, place: Place, rule: str, message: str, hint: str | None = None) -> None:
        self._findings.add(place, rule, "error", message, hint)


def _found(value: JSONValue, hint: str | None = None) -> str:
    """What stood there, beside the service's own sentence, which names only what should."""
    return f"found {shown(value)}{f'; {hint}' if hint else ''}"


def _placeholder(value: str) -> str | None:
    return "a placeholder, to be filled in" if _PLACEHOLDER.fullmatch(value) else None


def _type_fault(shape: Shape, value: JSONValue) -> Fault:
    hint = "leave the key out" if value is None else None
    return Fault("model:type", f"Should be {_WANTED[shape.kind]}", _found(value, hint))


def _number_fault(shape: Shape, value: float) -> Fault | None:
    if shape.minimum is not None and value < shape.minimum:
        message = f"Should be greater than or equal to {shape.minimum}"
        return Fault(HIDDEN_LIMITS_RULE if shape.hidden else "model:minimum", message, _found(value))
    if shape.maximum is not None and value > shape.maximum:
        message = f"Should be less than or equal to {shape.maximum}"
        return Fault(HIDDEN_LIMITS_RULE if shape.hidden else "model:maximum", message, _found(value))
    return None


def _fits(shape: Shape, value: float) -> bool:
    """Whether a number is of the shape's kind; the limits of the shape itself come later."""
    if isinstance(value, bool):
        return False
    match shape.kind:
        case "integer":
            return isinstance(value, int) and -_INT32 <= value < _INT32
        case "long":
            return isinstance(value, int) and -_INT64 <= value < _INT64
        case _:
            return isinstance(value, int) or math.isfinite(value)


def _is_time(value: object) -> bool:
    """Epoch seconds as on the wire, ISO 8601 as the AWS command line prints it, or boto3's own value."""
    if isinstance(value, str):
        try:
            dt.datetime.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, int | float | dt.datetime) and not isinstance(value, bool)
