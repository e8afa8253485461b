"""Record ↔ JSON text. A field that a newer version added is passed over; one that is missing has its default."""

from __future__ import annotations

import dataclasses
import json
import types
import typing

from backends.mediaconvert.submission import progress, record
from backends.mediaconvert.submission.record import Record


def record_to_json(value: Record) -> str:
    return json.dumps(dataclasses.asdict(value), ensure_ascii=False, sort_keys=True)


def record_from_json(text: str) -> Record:
    """Raises: ValueError where the text is no record."""
    try:
        return typing.cast("Record", _decoded(Record, json.loads(text)))
    except (TypeError, KeyError) as error:
        raise ValueError(f"not a record: {error}") from error


def _decoded(kind: object, value: object) -> object:
    """Read `value` as the annotated type `kind`."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if not isinstance(value, dict):
            raise TypeError(f"expected the fields of a {kind.__name__}, found a {type(value).__name__}")
        names = vars(progress) | vars(record)
        hints = typing.get_type_hints(kind, names)
        return kind(**{name: _decoded(hints[name], item) for name, item in value.items() if name in hints})
    arguments = typing.get_args(kind)
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        chosen = next(argument for argument in arguments if argument is not type(None))
        return None if value is None else _decoded(chosen, value)
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_decoded(arguments[0], item) for item in value)
    return value
