"""What pydantic found -> Problems in the house's words: what was found, what was expected, "did you mean".

One table from pydantic's error types to sentences. No word of pydantic's reaches an author; an error type without a row
still gets a plain sentence, and a test walks over the models for types that have none.
"""

from __future__ import annotations

import difflib
import types
from typing import TYPE_CHECKING, Annotated, Union, get_args, get_origin

from renderer.errors import Problem
from renderer.spec.model import SpecModel, StorySpec
from renderer.spec.values import UnknownName, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from renderer.spec.document import Document, Location

_MAX_PROBLEMS = 200
"""Problems spelt out in one run; a spec with more of them is not a spec with mistakes."""

_NAME_RULE = "lower-case letters, digits and hyphens, at most 63"


def did_you_mean(word: str, choices: Iterable[str]) -> str | None:
    """The closest of `choices`, or None where none is close."""
    close = difflib.get_close_matches(word[:100].lower(), list(choices), n=1, cutoff=0.6)
    return close[0] if close else None


def unknown_name(what: str, value: str, choices: Iterable[str], otherwise: str = "") -> tuple[str, str]:
    """Message and hint for a name that is none of `choices`."""
    names = list(choices)
    shown = value if len(value) <= 60 else value[:57] + "..."
    close = did_you_mean(value, names)
    expected = one_of([*names, otherwise] if otherwise else names)
    return f"unknown {what} {shown!r}", f"did you mean {close!r}?" if close else f"expected {expected}"


def one_of(names: list[str]) -> str:
    if not names:
        return "none (there are no names to choose from)"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def problems_of(error: ValidationError, document: Document) -> list[Problem]:
    """One Problem per error, placed by `document`.

    A missing key is not reported where an unknown key was surely meant to be it, or where it was dropped as faulty.
    """
    everything = error.errors(include_url=False)
    details = everything[:_MAX_PROBLEMS]
    meant = {_meant_by(found["loc"]) for found in details if found["type"] == "extra_forbidden"}
    problems = [_problem_of(found, document) for found in details if not _follows(found, meant, document)]
    if len(everything) > len(details):
        problems.append(document.problem((), f"{len(everything) - len(details):,} more problems are not listed"))
    return problems


def _meant_by(unknown_key: Location) -> Location:
    parent = unknown_key[:-1]
    return (*parent, did_you_mean(str(unknown_key[-1]), known_keys(parent)) or "")


def _follows(found: ErrorDetails, meant: set[Location], document: Document) -> bool:
    location = found["loc"]
    return found["type"] == "missing" and (location in meant or location[-1] in document.node(location[:-1]).dropped)


def _problem_of(found: ErrorDetails, document: Document) -> Problem:
    location = found["loc"]
    if found["type"] == "extra_forbidden":
        node = document.node(location)
        message, hint = unknown_name("key", str(location[-1]), known_keys(location[:-1]))
        return Problem(node.path, message, hint, node.key_line, node.key_column)
    return document.problem(location, *_describe(found))


def _describe(found: ErrorDetails) -> tuple[str, str | None]:
    kind, value, context = found["type"], found["input"], found.get("ctx", {})
    name = str(next((step for step in reversed(found["loc"]) if isinstance(step, str)), "value"))
    if kind == "missing" and isinstance(value, list | tuple):
        return f"expected {len(get_args(_field_type(found['loc'][:-1])))} values, found {len(value)}", None
    if kind == "missing":
        return f"missing key {str(found['loc'][-1])!r}", _MISSING_HINTS.get(name)
    if kind == "value_error":
        return _own_words(context["error"])
    if kind == "literal_error":
        choices = [str(choice) for choice in get_args(_field_type(found["loc"]))]
        if isinstance(value, str):
            return unknown_name(name, value, choices)
        return f"expected {one_of(choices)}, found {kind_of(value)}", None
    if kind == "model_type":
        return f"expected {_forms(_field_type(found['loc']))}, found {kind_of(value)}", None
    return _SENTENCES.get(kind, _not_valid)(context, value), _hint(kind, value)


def _own_words(error: ValueError) -> tuple[str, str | None]:
    """Our validators speak for themselves."""
    if isinstance(error, UnknownName):
        return unknown_name(error.what, error.value, error.choices, error.otherwise)
    return str(error), None


_MISSING_HINTS: Mapping[str, str] = {
    "images": "list the pictures, or write `images: []` with a brand for a story of its logo only",
    "storyreel": "a story begins with `storyreel: 1`",
}

_SENTENCES: Mapping[str, Callable[[Mapping[str, object], object], str]] = {
    "string_type": lambda _, value: f"expected text, found {kind_of(value)}",
    "int_type": lambda _, value: f"expected a whole number, found {kind_of(value)}",
    "int_from_float": lambda _, value: f"expected a whole number, found {kind_of(value)}",
    "bool_type": lambda _, value: f"expected true or false, found {kind_of(value)}",
    "tuple_type": lambda _, value: f"expected a list, found {kind_of(value)}",
    "greater_than_equal": lambda limit, value: f"must be at least {limit['ge']}, found {kind_of(value)}",
    "less_than_equal": lambda limit, value: f"must be at most {limit['le']}, found {kind_of(value)}",
    "multiple_of": lambda _, value: f"must be even, found {kind_of(value)}",
    "string_pattern_mismatch": lambda _, value: f"expected a name ({_NAME_RULE}), found {kind_of(value)}",
    "string_too_short": lambda _, _value: "expected text, found empty text",
    "string_too_long": lambda limit, value: (
        f"expected at most {limit['max_length']} characters, found {len(str(value))}"
    ),
    "too_long": lambda limit, _: f"expected {limit['max_length']} values, found {limit['actual_length']}",
    "too_short": lambda limit, _: f"expected {limit['min_length']} values, found {limit['actual_length']}",
}


def _not_valid(_: Mapping[str, object], value: object) -> str:
    return f"is not valid here, found {kind_of(value)}"


def _hint(kind: str, value: object) -> str | None:
    return "write it in quotes if it is one" if kind == "string_type" and isinstance(value, int | float) else None


def _forms(model: object) -> str:
    return model.forms if isinstance(model, type) and issubclass(model, SpecModel) else "a mapping"


def known_keys(location: Location) -> list[str]:
    """The keys that the mapping at `location` may have."""
    model = _field_type(location)
    if isinstance(model, type) and issubclass(model, SpecModel):
        return [field.alias or name for name, field in model.model_fields.items()]
    return []


def _field_type(location: Location) -> object:
    """The type that the model gives to the field at `location`, without None and annotations."""
    current: object = StorySpec
    for step in location:
        if isinstance(step, int):
            current = _bare(next(iter(get_args(current)), None))
        elif isinstance(current, type) and issubclass(current, SpecModel):
            annotations = {field.alias or name: field.annotation for name, field in current.model_fields.items()}
            current = _bare(annotations.get(step))
    return current


def _bare(annotation: object) -> object:
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return _bare(next(part for part in get_args(annotation) if part is not type(None)))
    return annotation
