"""JSON on the wire (first letters lower-case) ↔ the model's names (PascalCase), by the service's own model.

Map keys, such as the names of audio selectors, are nobody's member names and stay as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.unknowns import BETWEEN_FINDINGS
from backends.mediaconvert.validation.documents import read_document
from backends.mediaconvert.validation.findings import Findings
from backends.mediaconvert.validation.model import service_model, wire_name
from backends.mediaconvert.validation.shapes import check_shapes
from renderer.errors import UsageError

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.validation.model import Shape
    from renderer.timeline.canonical import JSONValue


def named(shape_name: str, document: JSONValue) -> JSONValue:
    """The document under the model's names; what the model does not know is left out."""
    return _renamed(service_model().shape(shape_name), document, "names")


def wired(shape_name: str, document: JSONValue) -> JSONValue:
    """The document as it travels; keys that the model does not know are left out, and so are nulls."""
    return _renamed(service_model().shape(shape_name), document, "wire")


def _renamed(shape: Shape, value: JSONValue, to: Literal["names", "wire"]) -> JSONValue:
    model = service_model()
    if shape.kind == "structure" and isinstance(value, dict):
        found: Job = {}
        for key, item in value.items():
            name = shape.spellings.get(key)
            if name is not None and item is not None:
                written = name if to == "names" else wire_name(name)
                found[written] = _renamed(model.shape(shape.members[name]), item, to)
        return found
    if shape.kind == "list" and isinstance(value, list):
        return [_renamed(model.shape(shape.item), item, to) for item in value]
    if shape.kind == "map" and isinstance(value, dict):
        return {key: _renamed(model.shape(shape.item), item, to) for key, item in value.items()}
    return value


def parse_body(body: bytes) -> Job:
    """A request's body as it is written. Raises: ServiceFault where it is no JSON object."""
    try:
        return read_document(body, "request body") if body.strip() else {}
    except UsageError as error:
        raise ServiceFault("BadRequestException", str(error)) from error


def read_body(body: bytes, shape_name: str, *, from_path: Job | None = None) -> Job:
    """A request's body under the model's names, checked against the model.

    `from_path` holds members that travel in the path. Raises: ServiceFault with what is wrong, in the service's words.
    """
    document = {**parse_body(body), **(from_path or {})}
    findings = Findings()
    check_shapes(document, shape_name, service_model(), findings)
    refuse_errors(findings, "request")
    found = named(shape_name, document)
    assert isinstance(found, dict)  # noqa: S101  (a structure stays one)
    return found


def refuse_errors(findings: Findings, kind: str, *, later: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Raise what is wrong as one fault, but for rules in `later`; returns the warnings. Raises: ServiceFault."""
    validation = findings.validation(kind)
    found = [finding for finding in validation.findings if finding.rule not in later]
    errors = [finding.service_text for finding in found if finding.severity == "error"]
    if errors:
        more = f"{BETWEEN_FINDINGS}... and {validation.left_out_errors} more" if validation.left_out_errors else ""
        raise ServiceFault("BadRequestException", BETWEEN_FINDINGS.join(errors) + more)
    return tuple(finding.service_text for finding in found)
