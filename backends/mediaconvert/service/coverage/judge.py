"""A job's settings against the coverage table, leaf by leaf: what is refused, and what the job will be warned of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.service.coverage.table import cover_of
from backends.mediaconvert.validation.model import service_model, wire_name
from backends.mediaconvert.validation.node import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.coverage.table import Verdict
    from backends.mediaconvert.validation.model import Shape
    from renderer.timeline.canonical import JSONValue


@dataclass(frozen=True, slots=True)
class Judged:
    """One setting: where it stands in the wire's words, below `settings`, and what happens to it."""

    pointer: str
    verdict: Verdict
    reason: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.reason}"


def judge(settings: Job, shape: str = "JobSettings") -> Iterator[Judged]:
    """Every setting that asks for something: honoured leaves too, so that it can be checked that each was used."""
    yield from _structure(service_model().shape(shape), settings, [])


def _structure(shape: Shape, value: Job, path: list[str]) -> Iterator[Judged]:
    for member, item in value.items():
        cover = cover_of(shape.name, member)
        here = [*path, wire_name(member)]
        if cover.asks_nothing(item):
            continue
        if cover.verdict != "honoured":
            yield Judged(pointer(here), cover.verdict, cover.reason)
        elif cover.only is not None and item not in cover.only:
            values = ", ".join(str(value) for value in cover.only)
            yield Judged(pointer(here), "refused", f"{item!r} is {cover.reason}; it offers {values}")
        else:
            yield from _value(service_model().shape(shape.members[member]), item, here)


def _value(shape: Shape, value: JSONValue, path: list[str]) -> Iterator[Judged]:
    if shape.kind == "structure" and isinstance(value, dict):
        yield from _structure(shape, value, path)
    elif shape.kind in ("list", "map") and isinstance(value, list | dict):
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            yield from _value(service_model().shape(shape.item), item, [*path, str(key)])
    else:
        yield Judged(pointer(path), "honoured", "")
