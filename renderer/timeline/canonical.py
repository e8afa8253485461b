"""Timeline ↔ canonical JSON: one text for one value, on every machine, and readable in a diff.

Keys are sorted, lists of plain values stand on one line, exact numbers are integers or rational strings ("3/2");
there are no floats. `size` holds width and height. Reading is strict: what it does not know, it refuses.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import types
import typing
from fractions import Fraction

from renderer.errors import StoryreelError
from renderer.timebase import FrameRange, format_rate
from renderer.timeline import model
from renderer.timeline.model import SCHEMA, Timeline

JSONValue = None | bool | int | float | str | list["JSONValue"] | dict[str, "JSONValue"]


_LATER: dict[type, frozenset[str]] = {
    model.Layer: frozenset({"clip", "fade_out", "opacity_end", "opacity_over"}),
    model.SoundTrack: frozenset({"skip"}),
}
"""Members that came later: left out where they say nothing, so that older timelines keep their hash."""
_RATIONAL = re.compile(r"-?\d{1,400}(/[1-9]\d{0,399})?")


class TimelineFormatError(StoryreelError):
    """A JSON text is not a timeline this version can read; the message names the place."""

    exit_code = 2


def timeline_json(timeline: Timeline) -> str:
    """The canonical text, ending in a newline."""
    document = typing.cast("dict[str, JSONValue]", encoded(timeline))
    document["size"] = [document.pop("width"), document.pop("height")]
    document["rate"] = format_rate(timeline.rate)
    return canonical_json(document)


def timeline_sha256(timeline: Timeline) -> str:
    """Hex digest of the canonical text without `id`, which may itself be made from this digest."""
    return hashlib.sha256(timeline_json(dataclasses.replace(timeline, id="")).encode()).hexdigest()


def timeline_from_json(text: str) -> Timeline:
    """Read a canonical text back.

    Raises: TimelineFormatError naming the place, or the schema of a newer version.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TimelineFormatError(f"not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise TimelineFormatError(f"expected schema {SCHEMA!r}, found {found!r}")
    size = document.pop("size", None)
    if not (isinstance(size, list) and len(size) == 2):
        raise TimelineFormatError(f"$.size: expected [width, height], found {size!r}")
    for key in ("width", "height"):
        _expect(key not in document, key, "the size in $.size", "$")
    document["width"], document["height"] = size
    timeline = typing.cast("Timeline", _decode(Timeline, document, "$"))
    _expect(timeline.rate > 0, document["rate"], "more than 0 frames per second", "$.rate")
    return timeline


def canonical_json(value: JSONValue) -> str:
    """Sorted keys, one space of indent, lists of plain values on one line, UTF-8, ending in a newline."""
    return _layout(value, "") + "\n"


def _layout(value: JSONValue, indent: str) -> str:
    inner = indent + " "
    if isinstance(value, dict) and value:
        rows = (f"{inner}{_plain(key)}: {_layout(value[key], inner)}" for key in sorted(value))
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + _layout(item, inner) for item in value) + f"\n{indent}]"
    return _plain(value)


_plain = json.JSONEncoder(ensure_ascii=False, sort_keys=True, allow_nan=False).encode
"""One encoder for every value: `json.dumps` would make a new one for each."""


_known_fields: dict[type, tuple[dataclasses.Field[object], ...]] = {}


def _fields(value: object) -> tuple[dataclasses.Field[object], ...]:
    """The fields of a value's class, looked up once for each class."""
    kind = type(value)
    if kind not in _known_fields:
        _known_fields[kind] = dataclasses.fields(kind)  # type: ignore[arg-type]  # asked of dataclasses only
    return _known_fields[kind]


def encoded(value: object) -> JSONValue:
    """A timeline's part as it stands in the canonical text. Raises: TypeError for anything else."""
    match value:
        case FrameRange():
            return [value.start, value.end]
        case Fraction():
            return _rational(value)
        case tuple():
            return [encoded(item) for item in value]
        case None | bool() | int() | str():
            return value
        case model.Rect():
            return [_rational(getattr(value, field.name)) for field in _fields(value)]
        case model.Layer() | model.SoundTrack():
            later = _LATER[type(value)]
            return {
                field.name: encoded(getattr(value, field.name))
                for field in _fields(value)
                if field.name not in later or getattr(value, field.name) != field.default
            }
        case _ if dataclasses.is_dataclass(value):
            return {field.name: encoded(getattr(value, field.name)) for field in _fields(value)}
        case _:
            raise TypeError(f"no canonical form for {type(value).__name__}")


def _rational(value: Fraction) -> JSONValue:
    return value.numerator if value.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _decode(kind: object, value: JSONValue, path: str) -> object:
    """Read `value` as the annotated type `kind`."""
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decode_class(kind, value, path)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        chosen = next(argument for argument in arguments if argument is not type(None))
        return None if value is None else _decode(chosen, value, path)
    if origin is typing.Literal:
        return _expect(value in arguments, value, f"one of {', '.join(map(str, arguments))}", path)
    if origin is tuple:
        _expect(isinstance(value, list), value, "a list", path)
        items = typing.cast("list[JSONValue]", value)
        return tuple(_decode(arguments[0], item, f"{path}[{index}]") for index, item in enumerate(items))
    if kind is Fraction:
        return _decode_rational(value, path)
    plain = typing.cast("type", kind)
    return _expect(type(value) is plain, value, plain.__name__, path)


def _decode_class(kind: type, value: JSONValue, path: str) -> object:
    if kind is FrameRange or kind is model.Rect:
        numbers = value if isinstance(value, list) else []
        width = len(dataclasses.fields(kind))
        _expect(len(numbers) == width, value, f"{width} numbers", path)
        part = int if kind is FrameRange else Fraction
        return _construct(kind, [_decode(part, number, path) for number in numbers], path)
    _expect(isinstance(value, dict), value, "a mapping", path)
    given = typing.cast("dict[str, JSONValue]", value)
    hints = typing.get_type_hints(kind)
    for key in given:
        _expect(key in hints, key, f"one of the keys {', '.join(sorted(hints))}", path)
    for key in hints:
        _expect(key in given or key in _LATER.get(kind, ()), "nothing", f"the key {key!r}", path)
    return kind(**{key: _decode(hints[key], item, f"{path}.{key}") for key, item in given.items()})


def _construct(kind: type, parts: list[object], path: str) -> object:
    try:
        return kind(*parts)
    except ValueError as error:
        raise TimelineFormatError(f"{path}: {error}") from error


def _decode_rational(value: JSONValue, path: str) -> Fraction:
    fits = type(value) is int or (isinstance(value, str) and _RATIONAL.fullmatch(value) is not None)
    _expect(fits, value, 'a whole number or a rational such as "3/2"', path)
    return Fraction(str(value))


def _expect(fits: bool, value: JSONValue, expected: str, path: str) -> JSONValue:  # noqa: FBT001
    if not fits:
        raise TimelineFormatError(f"{path}: expected {expected}, found {value!r}")
    return value
