"""What a comparison finds: differences with their place, and the evidence a report draws. Frozen values, no effects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from renderer.errors import StoryreelError
from renderer.timebase import FrameRange, format_timecode

if TYPE_CHECKING:
    from fractions import Fraction

    from renderer.timeline.canonical import JSONValue

Kind = Literal["data", "picture", "sound", "structure", "encoder", "tools"]
"""Which layer of the comparison found it. `encoder` and `tools` never fail a check by themselves."""

State = Literal["same", "changed", "moved", "added", "removed"]


class GoldenError(StoryreelError):
    """A golden folder is missing, damaged, or of a newer version; the message says which and what to do."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other than before.

    `where` names the author's own part (`images[3] (beach.jpg)`, `music (bed.mp3)`) or `programme` or `file`; `frames`
    are half-open, counted in the recorded (or first) video; `fails` is False for what a check only mentions.
    """

    what: str
    where: str
    kind: Kind
    frames: FrameRange | None = None
    layer: str | None = None
    track: str | None = None
    fails: bool = True

    def to_json(self) -> dict[str, JSONValue]:
        """One entry of `check --json`: `frames` is [first, end) or null; `layer` or `track` where there is one."""
        found: dict[str, JSONValue] = {
            "what": self.what,
            "where": self.where,
            "frames": None if self.frames is None else [self.frames.start, self.frames.end],
            "kind": self.kind,
        }
        if self.layer is not None:
            found["layer"] = self.layer
        if self.track is not None:
            found["track"] = self.track
        return found

    def sentence(self, rate: Fraction) -> str:
        """`images[3] (beach.jpg): moved 2 px left, from 00:00:21:04 to 00:00:26:03` (the last frame that differs)."""
        return f"{self.where}: {self.what}{self.place(rate)}"

    def place(self, rate: Fraction) -> str:
        """`, from … to …`, or nothing where no frames are meant."""
        if self.frames is None or not len(self.frames):
            return ""
        first, last = format_timecode(self.frames.start, rate), format_timecode(self.frames.end - 1, rate)
        return f", at {first}" if first == last else f", from {first} to {last}"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the programme on the timeline strip: `label` names what it shows."""

    frames: FrameRange
    state: State
    label: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A figure for each frame from `first` on; None where it was not measured. `floor` is where the gate lies."""

    name: str
    unit: str
    values: tuple[float | None, ...]
    floor: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class WorstFrame:
    """One frame that differs much: JPEGs of before and after, a PNG of where; `source` says what `before` is."""

    number: int
    other: int
    before: bytes
    after: bytes
    heat: bytes
    source: str
    figures: str


@dataclass(frozen=True, slots=True)
class Levels:
    """Sound levels in dBFS, one for each 100 ms, of both sides; `differs` marks the steps that are other."""

    before: tuple[float, ...]
    after: tuple[float, ...]
    differs: tuple[bool, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the structure or sound table. `state`: same, other (fails), or noted (does not fail)."""

    name: str
    before: str
    after: str
    state: Literal["same", "other", "noted"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a report draws. Everything may be empty: an unchanged story has nothing to show."""

    stretches: tuple[Stretch, ...] = ()
    curves: tuple[Curve, ...] = ()
    worst: tuple[WorstFrame, ...] = ()
    levels: Levels | None = None
    structure: tuple[Row, ...] = ()
    sound: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The whole answer. `before` and `after` name the two sides; `facts` are short lines on what was done."""

    title: str
    before: str
    after: str
    rate: Fraction
    frame_count: int
    differences: tuple[Difference, ...]
    facts: tuple[str, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def passed(self) -> bool:
        return not self.failures

    @property
    def failures(self) -> tuple[Difference, ...]:
        return tuple(item for item in self.differences if item.fails)

    @property
    def notices(self) -> tuple[Difference, ...]:
        """What is other, and does not make the check fail."""
        return tuple(item for item in self.differences if not item.fails)

    def to_json(self) -> dict[str, JSONValue]:
        """The object that `golden check --json` and `compare --json` print."""
        return {
            "passed": self.passed,
            "differences": [item.to_json() for item in self.failures],
            "notices": [item.to_json() for item in self.notices],
            "facts": list(self.facts),
        }
