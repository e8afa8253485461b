"""The coverage table: service model shape and member → what this endpoint does with it.

It lies in TOML files beside this module, one table for each shape:

    [H264Settings]
    honoured = "Bitrate MaxBitrate"                  # done as the service documents it
    only = { RateControlMode = ["CBR", "VBR"] }      # honoured for these values, refused for the others
    warned = { AdaptiveQuantization = "why not" }    # accepted, the job says so
    refused = { Telecine = "why not" }               # refused by name
    neutral = { Telecine = ["NONE"] }                # values that ask for nothing: no verdict needed

A member that no table names is refused. Settings that consist of others (structures, lists, maps) are `honoured`
where their members are looked at one by one.
"""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from renderer.timeline.canonical import JSONValue

Verdict = Literal["honoured", "warned", "refused"]
NOT_BUILT = "not built in this endpoint"
_Section = dict[str, "str | dict[str, str] | dict[str, list[JSONValue]]"]


@dataclass(frozen=True, slots=True)
class Cover:
    """What happens to one member. `only` are the values that are honoured; None where all are."""

    verdict: Verdict
    reason: str = ""
    only: tuple[JSONValue, ...] | None = None
    neutral: tuple[JSONValue, ...] = ()

    def asks_nothing(self, value: JSONValue) -> bool:
        """Whether the value is what happens anyway."""
        return value in ({}, [], None) or value in self.neutral


REFUSED = Cover("refused", NOT_BUILT)


@functools.cache
def coverage() -> dict[tuple[str, str], Cover]:
    """(shape, member) → cover, for every member that a table names."""
    found: dict[tuple[str, str], Cover] = {}
    for path in sorted(Path(__file__).parent.glob("*.toml")):
        for shape, section in tomllib.loads(path.read_text(encoding="utf-8")).items():
            for member, cover in _members(cast("_Section", section)):
                if (shape, member) in found:
                    raise ValueError(f"{path.name}: {shape}.{member} is covered twice")
                found[shape, member] = cover
    return found


def cover_of(shape: str, member: str) -> Cover:
    return coverage().get((shape, member), REFUSED)


def _members(section: _Section) -> list[tuple[str, Cover]]:
    neutral = cast("dict[str, list[JSONValue]]", section.get("neutral", {}))
    found: dict[str, Cover] = {}
    for member in str(section.get("honoured", "")).split():
        found[member] = Cover("honoured", neutral=tuple(neutral.get(member, ())))
    for member, values in cast("dict[str, list[JSONValue]]", section.get("only", {})).items():
        found[member] = Cover("honoured", NOT_BUILT, tuple(values), tuple(neutral.get(member, ())))
    for verdict in ("warned", "refused"):
        for member, reason in cast("dict[str, str]", section.get(verdict, {})).items():
            found[member] = Cover(verdict, reason, neutral=tuple(neutral.get(member, ())))
    for member, values in neutral.items():
        found.setdefault(member, Cover("refused", NOT_BUILT, neutral=tuple(values)))
    return list(found.items())
