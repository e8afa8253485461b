"""botocore's own service model of MediaConvert, as the facts a checker needs: one `Shape` each, built when first asked.

Loaded once per process from the data files of the installed botocore; no client, no network. What the model says only
in the name of a shape (`__doubleMin0Max1` carries no limits as data) becomes a limit as well, marked `hidden`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVICE, API_VERSION = "mediaconvert", "2017-08-29"

ShapeKind = Literal["structure", "list", "map", "string", "integer", "long", "double", "boolean", "timestamp"]
_Raw = dict[str, "_RawValue"]
_RawValue = str | int | float | bool | list[str] | _Raw

_HIDDEN_LIMITS = re.compile(r"__double(?:Min(Negative)?(\d+))?(?:Max(Negative)?(\d+))?")


@dataclass(frozen=True, slots=True)
class Shape:
    """What one shape of the service allows. Fields that don't belong to the kind are empty.

    `members` maps a member's name to its shape's name; `spellings` maps every way to write a member (PascalCase as in
    the console, camelCase as on the wire) to the name. `minimum` and `maximum` limit a number's value, a string's
    length or a list's count. `hidden` limits are known from the shape's name only.
    """

    name: str
    kind: ShapeKind
    members: Mapping[str, str] = field(default_factory=dict)
    spellings: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    item: str = ""
    enum: frozenset[str] = frozenset()
    pattern: re.Pattern[str] | None = None
    minimum: int | None = None
    maximum: int | None = None
    hidden: bool = False


class ServiceModel:
    """Shapes by name, each turned into a `Shape` at its first use."""

    def __init__(self, shapes: Mapping[str, _Raw]) -> None:
        self._raw = shapes
        self._shapes: dict[str, Shape] = {}

    def shape(self, name: str) -> Shape:
        """Raises: KeyError where the model has no such shape."""
        found = self._shapes.get(name)
        if found is None:
            found = self._shapes[name] = _shape(name, self._raw[name])
        return found


@functools.cache
def service_model() -> ServiceModel:
    """The model of the installed botocore."""
    from botocore.loaders import Loader

    document = Loader().load_service_model(SERVICE, "service-2", API_VERSION)
    return ServiceModel(document["shapes"])


def wire_name(member: str) -> str:
    """A member's name as it stands in requests: the first letter lower-case."""
    return member[:1].lower() + member[1:]


def _shape(name: str, raw: _Raw) -> Shape:
    kind = _kind(raw["type"])
    members = _members(raw.get("members"))
    minimum, maximum, hidden = _whole(raw.get("min")), _whole(raw.get("max")), False
    if kind == "double":
        minimum, maximum, hidden = _limits_in_name(name)
    return Shape(
        name=name,
        kind=kind,
        members=members,
        spellings={spelling: member for member in members for spelling in (member, wire_name(member))},
        required=_words(raw.get("required")),
        item=_target(raw.get("member") or raw.get("value")),
        enum=frozenset(_words(raw.get("enum"))),
        pattern=_pattern(raw.get("pattern")),
        minimum=minimum,
        maximum=maximum,
        hidden=hidden,
    )


def _kind(value: _RawValue) -> ShapeKind:
    match value:
        case "structure" | "list" | "map" | "string" | "integer" | "long" | "double" | "boolean" | "timestamp":
            return value
        case _:
            raise ValueError(f"expected a type of the service model, found {value!r}")


def _members(value: _RawValue | None) -> dict[str, str]:
    return {name: _target(member) for name, member in value.items()} if isinstance(value, dict) else {}


def _target(value: _RawValue | None) -> str:
    return str(value["shape"]) if isinstance(value, dict) else ""


def _words(value: _RawValue | None) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, list) else ()


def _whole(value: _RawValue | None) -> int | None:
    return value if isinstance(value, int) else None


def _pattern(value: _RawValue | None) -> re.Pattern[str] | None:
    r"""The service's patterns are JavaScript's: `\d`, `\w` mean ASCII, and `$` is the very end of the text."""
    return re.compile(str(value).replace("$", r"\Z"), re.ASCII) if value is not None else None


def _limits_in_name(name: str) -> tuple[int | None, int | None, bool]:
    match = _HIDDEN_LIMITS.fullmatch(name)
    if match is None:
        return None, None, False
    below, least, above, most = match.groups()
    minimum = None if least is None else int(least) * (-1 if below else 1)
    maximum = None if most is None else int(most) * (-1 if above else 1)
    return minimum, maximum, (minimum, maximum) != (None, None)
