"""Checks any MediaConvert job, offline: against the service's own model, and against the rules the model doesn't state.

    validation = validate_text(path.read_bytes(), path.name)
    print(validation.report(path.name))

Accepts CreateJob requests, bare settings, job templates, presets and the service's answers, in PascalCase (console)
or camelCase (wire). Nothing is fetched or sent. The rules are loaded with the first document: a server that imports
one of this package's modules is up before they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.findings import Finding, Findings, Severity, Validation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.documents import Kind
    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import View
    from renderer.timeline.canonical import JSONValue

__all__ = ["Finding", "Severity", "Validation", "validate_job", "validate_text"]


def validate_text(text: str | bytes, source_name: str) -> Validation:
    """Check a JSON document; everything wrong with the job itself is in the result.

    Raises: UsageError where the text can't be read (not JSON, too large, too deep, duplicate keys) or is no document
    of MediaConvert.
    """
    from backends.mediaconvert.validation.documents import read_document

    return _validate(read_document(text, source_name), source_name)


def validate_job(document: dict[str, JSONValue]) -> Validation:
    """Check a document that is already in memory, such as a job just built or an answer of boto3.

    Raises: UsageError where it is no document of MediaConvert.
    """
    return _validate(document, "job")


def _validate(document: dict[str, JSONValue], source_name: str) -> Validation:
    from backends.mediaconvert.validation.documents import IGNORED_IN_ANSWERS, recognise
    from backends.mediaconvert.validation.model import service_model
    from backends.mediaconvert.validation.rules import check_rules
    from backends.mediaconvert.validation.shapes import check_shapes

    model, findings = service_model(), Findings()
    kind = recognise(document, model, source_name)
    if kind.answer:
        document = {key: value for key, value in document.items() if key not in IGNORED_IN_ANSWERS}
    root = check_shapes(document, kind.shape, model, findings, lenient=kind.lenient, nulls=kind.answer)
    for view in _views(root, kind):
        check_rules(view, findings)
    return findings.validation(kind.name)


def _views(root: Node, kind: Kind) -> Iterator[View]:
    from backends.mediaconvert.validation.view import View

    if kind.bare:
        yield View(kind.subject, None, root)
        return
    requests = [root]
    if kind.inside is not None:
        inside = root.node(kind.inside)
        requests = [inside] if inside is not None and inside.named else root.nodes(kind.inside)
    for request in requests:
        settings = request.node("Settings")
        if settings is not None:
            yield View(kind.subject, request, settings)
