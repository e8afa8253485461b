"""What every backend offers: a plan that says exactly what would run, a conformance report, and running it.

A backend receives a timeline and an output format, nothing else. What it can't do exactly, its report says by name
before anything runs: `approximated` with how, or `refused` with why and what to do instead.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from renderer.errors import Unsupported, UnsupportedError
from renderer.ffmpeg_process import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from renderer.output import OutputFormat
    from renderer.story import Workspace
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Timeline

Verdict = Literal["exact", "approximated", "refused"]


@dataclass(frozen=True, slots=True)
class Conformance:
    """How one feature of a timeline comes out. `where` names the layer or track, or is "programme"."""

    feature: str
    where: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that would run: a child process by its argument list, or the program's own work.

    Own work has no list, or, where `does` says "in this process", the list of a command that gives the same bytes.
    """

    name: str
    does: str
    argv: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What a backend would do for one timeline, in order."""

    backend: str
    timeline_sha256: str
    steps: tuple[Step, ...]
    conformance: tuple[Conformance, ...]
    further: Mapping[str, JSONValue] = field(default_factory=dict)
    """What only this backend's plans say, such as an estimate of costs; printed under its own name."""

    def refuse_what_is_refused(self) -> None:
        """Raises: UnsupportedError with every refused feature."""
        refused = [item for item in self.conformance if item.verdict == "refused"]
        if refused:
            raise UnsupportedError(self.backend, [Unsupported(i.feature, i.where, i.detail) for i in refused])

    def to_json(self) -> dict[str, JSONValue]:
        """The object that `storyreel plan --json` prints; every argument list is a list of strings."""
        return {
            "backend": self.backend,
            "timeline_sha256": self.timeline_sha256,
            "steps": [{"name": step.name, "does": step.does, "argv": list(step.argv)} for step in self.steps],
            "conformance": [
                {"feature": item.feature, "where": item.where, "verdict": item.verdict, "detail": item.detail}
                for item in self.conformance
            ],
            **self.further,
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: frames done of all, of which `cached` needed no rendering; `stage` says what is under way."""

    stage: Literal["prepare", "render", "finish", "webm"]
    frames: int
    total: int
    cached: int = 0


def ignore_progress(_: Progress) -> None:
    """For callers that do not watch."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How to run: `jobs` segments side by side; `cancel` stops everything; `report` is called from any thread."""

    destination: Path
    jobs: int
    full_verify: bool = False
    cancel: CancelToken = field(default_factory=CancelToken)
    report: Callable[[Progress], None] = ignore_progress


@dataclass(frozen=True, slots=True)
class Check:
    """One verified fact of a finished file: what was found, what was expected, whether that is good."""

    name: str
    found: str
    expected: str
    passed: bool


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run. `sound` holds loudness figures of the mix before the encoder, None where all is silence."""

    output: Path
    frames: int
    duration_s: float
    segments: Mapping[str, int]
    wall_s: float
    timeline_sha256: str
    sound: Mapping[str, float | None]
    checks: tuple[Check, ...]
    warnings: tuple[str, ...] = ()
    renditions: tuple[Path, ...] = ()
    """What the output preset wants beside the MP4, and this backend makes."""


class Backend(Protocol):
    """One way to execute a timeline."""

    name: str

    def plan(self, timeline: Timeline, output: OutputFormat, destination: Path) -> Plan:
        """What would run. Touches nothing."""
        ...

    def run(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> RunResult:
        """Raises: ToolError, OutputError, MediaError, Cancelled; the destination is then as it was before."""
        ...
