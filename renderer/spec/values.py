"""The field types of a spec: exact times, rates and decimals, file names, and short forms.

A type's validator says in the author's words what was found and what was expected; its JSON Schema says the same to an
editor. Numbers become exact fractions of the decimal text, so that 0.1 is a tenth.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import PlainValidator, StringConstraints, WithJsonSchema

from renderer.timebase import MAX_RATE, TIME_FORMS, Time, parse_rate, parse_time

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MIN_GAIN_DB, MAX_GAIN_DB = -60, 24
LOUDNESS_TARGETS: Mapping[str, int] = {"web": -14, "podcast": -16, "broadcast": -23}
"""Named integrated loudness targets in LUFS (DESIGN §4)."""

MAX_FILE_CHARACTERS = 1_024
MAX_HOURS = 24
"""Longest time in a spec: positions beyond it have no timecode."""

_REMOTE = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
_COLOUR = re.compile(r"^#[0-9a-fA-F]{6}\Z")

_TIME_TEXT = r"^\s*((\d+(\.\d*)?|\.\d+)\s*(ms|s|f)?|\d{2}:[0-5]\d:[0-5]\d:\d{2})\s*$"
_TIME_EXAMPLES = (6, "6s", "1500ms", "90f", "00:01:02:15")
_TIME_SCHEMAS = ({"type": "number", "minimum": 0}, {"type": "string", "pattern": _TIME_TEXT})
"""The time forms of `renderer.timebase`, for editors."""


class UnknownName(ValueError):  # noqa: N818  (reads as what it says)
    """`value` is none of `choices`; `what` is what they name. `otherwise` is what else the field takes."""

    def __init__(self, what: str, value: str, choices: tuple[str, ...], otherwise: str = "") -> None:
        self.what = what
        self.value = value
        self.choices = choices
        self.otherwise = otherwise
        super().__init__(f"unknown {what} {value!r}")


def kind_of(value: object) -> str:
    """What an author would call this value: `text 'x'`, `a list`."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return f"text {_shorten(value)!r}"
        case list() | tuple():
            return "a list"
        case dict():
            return "a mapping"
        case _:
            return f"{value}"


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def exact(value: object) -> Fraction:
    """The exact fraction of a number as it was written.

    Raises: ValueError for anything but a number.
    """
    if isinstance(value, Fraction):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"expected a number, found {kind_of(value)}")  # noqa: TRY004  (pydantic wants ValueError)
    return Fraction(repr(value))


def number_text(value: Fraction) -> str:
    """A fraction as an author would write it, to three places where its decimals never end."""
    if value.denominator == 1:
        return str(value)
    decimal = repr(float(value))
    return decimal if Fraction(decimal) == value else f"{float(value):.3f}"


def time_text(time: Time) -> str:
    """A time as an author would write it: `0.5 s`, `90 frames`, `00:01:02:15`."""
    match time.kind:
        case "seconds":
            return f"{number_text(time.seconds)} s"
        case "frames":
            return f"{time.frames} frames"
        case "timecode":
            whole = int(time.seconds)
            return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}:{time.frames:02d}"


def _between(low: int, high: int, what: str = "") -> Callable[[object], Fraction]:
    def validate(value: object) -> Fraction:
        number = exact(value)
        if number < low:
            raise ValueError(f"must be at least {low}{what}, found {number_text(number)}")
        if number > high:
            raise ValueError(f"must be at most {high}{what}, found {number_text(number)}")
        return number

    return validate


def _percent(value: object) -> int:
    number = _between(0, 100, " %")(value)
    if number.denominator != 1:
        raise ValueError(f"expected whole percent, found {number_text(number)}")
    return int(number)


def _number_schema(low: int, high: int) -> WithJsonSchema:
    return WithJsonSchema({"type": "number", "minimum": low, "maximum": high})


def _read_time(value: object) -> Time:
    time = value if isinstance(value, Time) else parse_time(value)
    if time.seconds > MAX_HOURS * 3600 or time.frames > MAX_HOURS * 3600 * MAX_RATE:
        raise ValueError(f"must be at most {MAX_HOURS} hours, found {_shorten(str(value))}")
    return time


def _read_rate(value: object) -> Fraction:
    return value if isinstance(value, Fraction) else parse_rate(value)


def _read_length(value: object) -> Time | Literal["program", "narration"]:
    if value == "program" or value == "narration":  # noqa: PLR1714  (mypy narrows only this form)
        return value
    if isinstance(value, str) and value.strip()[:1].isalpha():
        raise UnknownName("length", value, ("program", "narration"), f"a time ({TIME_FORMS})")
    return _read_time(value)


def _read_loudness(value: object) -> Fraction:
    if isinstance(value, str):
        if value not in LOUDNESS_TARGETS:
            raise UnknownName("loudness", value, tuple(LOUDNESS_TARGETS), "a number of LUFS")
        return Fraction(LOUDNESS_TARGETS[value])
    return _between(-70, -5, " LUFS")(value)


def _read_version(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"expected the format's version, 1, found {kind_of(value)}")  # noqa: TRY004  (as above)
    if value != 1:
        raise ValueError(f"expected version 1 of the format, found version {value}")
    return value


def _read_file(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a file name, found {kind_of(value)}")  # noqa: TRY004  (pydantic wants ValueError)
    if not value.strip():
        raise ValueError("expected a file name, found empty text")
    if len(value) > MAX_FILE_CHARACTERS:
        raise ValueError(f"expected a file name of at most {MAX_FILE_CHARACTERS:,} characters, found {len(value):,}")
    if "\n" in value or "\t" in value:
        raise ValueError(f"expected a file name in one line without tabs, found {_shorten(value)!r}")
    if _REMOTE.match(value):
        raise ValueError(f"expected a local file, found the address {_shorten(value)!r}")
    return value


def _read_background(value: object) -> str:
    if isinstance(value, str) and value.startswith("#") and not _COLOUR.match(value):
        raise ValueError(f'expected a colour such as "#1a2b3c" or a file name, found {_shorten(value)!r}')
    return _read_file(value)


VersionValue: TypeAlias = Annotated[int, PlainValidator(_read_version), WithJsonSchema({"const": 1})]
"""A plain validator, because `Literal[1]` also takes `true`."""

TimeValue: TypeAlias = Annotated[
    Time, PlainValidator(_read_time), WithJsonSchema({"anyOf": [*_TIME_SCHEMAS], "examples": [*_TIME_EXAMPLES]})
]
"""A time as written; frames mean nothing until a rate is known."""

LengthValue: TypeAlias = Annotated[
    Time | Literal["program", "narration"],
    PlainValidator(_read_length),
    WithJsonSchema({"anyOf": [{"enum": ["program", "narration"]}, *_TIME_SCHEMAS], "examples": ["program", "90s"]}),
]
RateValue: TypeAlias = Annotated[
    Fraction,
    PlainValidator(_read_rate),
    WithJsonSchema(
        {
            "type": ["string", "number"],
            "pattern": r"^\d{1,6}(\.\d{1,6})?$|^\d{1,6}/\d{1,6}$",
            "examples": ["30", "30000/1001"],
        }
    ),
]
GainValue: TypeAlias = Annotated[
    Fraction, PlainValidator(_between(MIN_GAIN_DB, MAX_GAIN_DB, " dB")), _number_schema(MIN_GAIN_DB, MAX_GAIN_DB)
]
DuckDepth: TypeAlias = Annotated[
    Fraction, PlainValidator(_between(MIN_GAIN_DB, 0, " dB")), _number_schema(MIN_GAIN_DB, 0)
]
ZoomValue: TypeAlias = Annotated[Fraction, PlainValidator(_between(1, 20)), _number_schema(1, 20)]
FocusValue: TypeAlias = Annotated[Fraction, PlainValidator(_between(0, 1)), _number_schema(0, 1)]
PercentValue: TypeAlias = Annotated[
    int, PlainValidator(_percent), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 100})
]
LoudnessValue: TypeAlias = Annotated[
    Fraction,
    PlainValidator(_read_loudness),
    WithJsonSchema({"anyOf": [{"enum": list(LOUDNESS_TARGETS)}, {"type": "number", "minimum": -70, "maximum": -5}]}),
]
FileValue: TypeAlias = Annotated[
    str,
    PlainValidator(_read_file),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": MAX_FILE_CHARACTERS}),
]
BackgroundValue: TypeAlias = Annotated[
    str,
    PlainValidator(_read_background),
    WithJsonSchema({"type": "string", "minLength": 1, "examples": ["background.png", "#2b1d14"]}),
]
PresetName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
