"""A spec file or document -> a valid `StorySpec`, or every problem it has, in one run.

A faulty part is dropped from the tree (its neighbours keep their place) and the checks run on what is left, so that a
typo in one image does not hide a too short hold in another.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from renderer.errors import Problem, SpecError
from renderer.spec.checks import Checked, check_spec
from renderer.spec.document import MAX_DEPTH, Document, Location, Node
from renderer.spec.model import NONE, StorySpec
from renderer.spec.parse import load_document
from renderer.spec.problems import problems_of, unknown_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from fractions import Fraction

MAX_IMAGES = 200
"""Images in a story unless the caller allows more (SAFETY 3.1)."""


@dataclass(frozen=True, slots=True)
class LoadedSpec:
    """A valid spec, and the document that knows where everything stands."""

    spec: StorySpec
    document: Document


@dataclass(frozen=True, slots=True)
class ParseResult:
    """What could be read. `spec` is None where there is any problem.

    `partial` is the spec without its faulty parts, for further checks of single parts (None only if not even that could
    be built). Where `complete` is false something was dropped, and sums over all images mean nothing. `document` fits
    `partial`: its `locate(("images", 0))` is the first image that was read, at its original path.
    """

    spec: StorySpec | None
    partial: StorySpec | None
    problems: tuple[Problem, ...]
    document: Document
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPresets:
    """Names that a spec may use; None where they are not checked."""

    outputs: Collection[str] | None = None
    motions: Collection[str] | None = None
    brands: Collection[str] | None = None


def load_spec(
    path: str | os.PathLike[str],
    *,
    output_presets: Collection[str] | None = None,
    motion_presets: Collection[str] | None = None,
    brand_presets: Collection[str] | None = None,
    output_rates: Mapping[str, Fraction] | None = None,
    max_images: int = MAX_IMAGES,
) -> LoadedSpec:
    """Read a spec file; the options are those of `parse_spec`.

    Raises: SpecError with every problem, in document order.
    """
    result = parse_spec(
        load_document(path),
        output_presets=output_presets,
        motion_presets=motion_presets,
        brand_presets=brand_presets,
        output_rates=output_rates,
        max_images=max_images,
    )
    if result.spec is None:
        raise SpecError(os.fspath(path), list(result.problems))
    return LoadedSpec(result.spec, result.document)


def parse_spec(
    document: Document,
    *,
    output_presets: Collection[str] | None = None,
    motion_presets: Collection[str] | None = None,
    brand_presets: Collection[str] | None = None,
    output_rates: Mapping[str, Fraction] | None = None,
    max_images: int = MAX_IMAGES,
    output_rate: Fraction | None = None,
) -> ParseResult:
    """Check a document against the model and the rules between fields. Reads no file.

    Preset names are compared with the collections given; None leaves them unchecked. `output_rates` gives the rate of
    output presets, so that times in frames can be checked where the spec sets no rate itself; `output_rate` is the rate
    where the whole output is chosen elsewhere.
    """
    known = KnownPresets(outputs=output_presets, motions=motion_presets, brands=brand_presets)
    reading = _Reading(document)
    reading.drop_empty_values()
    spec = reading.validate()
    if spec is not None and reading.drop_unknown_presets(spec, known):
        spec = reading.validate()
    if spec is not None:
        rate = output_rate or spec.output.rate or (output_rates or {}).get(spec.output.preset)
        reading.problems += check_spec(Checked(spec, reading.document, reading.complete, rate))
        reading.problems += _too_many_images(reading.document, len(spec.images), max_images)
    problems = tuple(sorted(set(reading.problems), key=_document_order))
    return ParseResult(None if problems else spec, spec, problems, reading.document, reading.complete)


class _Reading:
    """The document while faulty parts are dropped from it, and the problems found so far."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Problem] = []
        self.complete = True

    def drop_empty_values(self) -> None:
        """An empty value is never a choice: it is what is left of a line somebody meant to finish."""
        empty = set(_empty_values(self.document.root, ()))
        for location in empty:
            self.problems.append(self.document.problem(location, "has no value", "write one, or leave the key out"))
        self._drop(empty)

    def validate(self) -> StorySpec | None:
        """The model of what is left, after dropping what the model refuses. Only the first refusals are reported.

        Dropping a key may make its mapping invalid (an image without file), so this repeats, at most once per level.
        """
        plain = self.document.plain()
        for attempt in range(MAX_DEPTH):
            try:
                return StorySpec.model_validate(plain)
            except ValidationError as error:
                if attempt == 0:
                    self.problems += problems_of(error, self.document)
                self._drop(
                    {self._faulty_part(found["loc"], found["type"]) for found in error.errors(include_url=False)}
                )
            plain = self.document.plain()
            if isinstance(plain, dict):
                plain = {"storyreel": 1, "images": [], **plain}
        return None

    def drop_unknown_presets(self, spec: StorySpec, known: KnownPresets) -> bool:
        unknown = dict(_unknown_presets(spec, known))
        for location, (message, hint) in unknown.items():
            self.problems.append(self.document.problem(location, message, hint))
        self._drop({self._existing(location) for location in unknown})
        return bool(unknown)

    def _drop(self, locations: set[Location]) -> None:
        if locations:
            self.complete = False
            self.document = self.document.without(locations)

    def _faulty_part(self, location: Location, kind: str) -> Location:
        return location[:-1] if kind == "missing" else self._existing(location)

    def _existing(self, location: Location) -> Location:
        """The part of `location` that exists: a short form has no inner nodes."""
        node = self.document.root
        for depth, step in enumerate(location):
            child = node.child(step)
            if child is None:
                return location[:depth]
            node = child
        return location


def _empty_values(node: Node, location: Location) -> Iterator[Location]:
    """Recursion is bounded by `MAX_DEPTH`."""
    if isinstance(node.value, dict):
        for name, child in node.value.items():
            yield from _empty_values(child, (*location, name))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _empty_values(child, (*location, index))
    elif node.value is None:
        yield location


def _unknown_presets(spec: StorySpec, known: KnownPresets) -> Iterator[tuple[Location, tuple[str, str]]]:
    if known.outputs is not None and spec.output.preset not in known.outputs:
        yield ("output", "preset"), unknown_name("output preset", spec.output.preset, known.outputs)
    brand = spec.brand.preset
    if known.brands is not None and brand is not None and brand not in known.brands:
        yield ("brand", "preset"), unknown_name("brand", brand, [*known.brands, NONE])
    if known.motions is not None:
        for index, image in enumerate(spec.images):
            motion = image.motion.preset if image.motion is not None else None
            if motion is not None and motion != NONE and motion not in known.motions:
                yield (
                    ("images", index, "motion", "preset"),
                    unknown_name("motion preset", motion, [*known.motions, NONE]),
                )


def _too_many_images(document: Document, count: int, limit: int) -> Iterator[Problem]:
    if count > limit:
        yield document.problem(("images",), f"expected at most {limit} images, found {count}")


def _document_order(problem: Problem) -> tuple[int, int, str, str]:
    return problem.line or 0, problem.column or 0, problem.path, problem.message
