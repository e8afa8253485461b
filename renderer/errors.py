"""The one error family. Every error that Storyreel raises on purpose is a `StoryreelError`.

`cli.py` maps each class to its exit code (`exit_code`); nothing else decides about exit codes. Facts about an
error (argument list, return code, problems) are attributes, so that a service can act on them without parsing text.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing an author has to mend, with its place in the spec.

    `path` is a JSONPath such as `$.images[2].transition`; `line` and `column` count from 1 and are None where the
    document has no text behind it (a spec built in memory).
    """

    path: str
    message: str
    hint: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = f"(line {self.line})" if self.line is not None else ""
        hint = f": {self.hint}" if self.hint else ""
        return f"{self.path:<24} {place:<11} {self.message}{hint}".rstrip()


class StoryreelError(Exception):
    """Base of every deliberate error; `exit_code` is what the command line returns for it (DESIGN §5)."""

    exit_code: ClassVar[int] = 1


class SpecError(StoryreelError):
    """The spec, or a medium it names, is wrong. Carries every problem found, in document order."""

    exit_code = 2

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.source}: {count} problem{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"  {problem}" for problem in self.problems)])


class UsageError(StoryreelError):
    """The command or call is wrong: an option's value, an output that would overwrite an input."""

    exit_code = 2


class MediaError(StoryreelError):
    """A medium can't be used: refused by the allow-list, truncated, too large, changed while in use.

    `name` is how the author wrote the file; `reason` says what was found and what was expected.
    """

    exit_code = 2

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(name, reason)

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """One feature of a story that can't be executed, where it stands, and what to do instead."""

    feature: str
    path: str
    instead: str
    line: int | None = None

    def __str__(self) -> str:
        place = f" (line {self.line})" if self.line is not None else ""
        return f"{self.path}{place}: {self.feature} is not supported; {self.instead}"


class UnsupportedError(StoryreelError):
    """`backend` can't execute `features`. Raised while planning, never while running."""

    exit_code = 3

    def __init__(self, backend: str, features: list[Unsupported]) -> None:
        self.backend = backend
        self.features = tuple(features)
        super().__init__(backend, self.features)

    def __str__(self) -> str:
        return "\n".join([f"not supported by {self.backend}:", *(f"  {feature}" for feature in self.features)])


class ToolError(StoryreelError):
    """A local tool (FFmpeg, a probe child) failed, was stopped by a limit, or wrote something wrong."""

    exit_code = 4

    def __init__(self, message: str, *, argv: list[str], returncode: int | None, stderr_tail: str = "") -> None:
        self.message = message
        self.argv = tuple(argv)
        self.returncode = returncode
        self.stderr_tail = stderr_tail
        super().__init__(message)

    def __str__(self) -> str:
        lines = [self.message]
        if self.argv:
            lines.append(f"  command: {shlex.join(self.argv)}")
        if self.stderr_tail:
            lines.append("  it said: " + self.stderr_tail.strip().replace("\n", "\n           "))
        return "\n".join(lines)


class OutputError(StoryreelError):
    """An output can't be written, or what was written is not what was planned. The previous file is untouched."""

    exit_code = 4


class Cancelled(StoryreelError):  # noqa: N818  (a person's wish, not a fault)
    """The run was stopped by the user; nothing half-written stays."""

    exit_code = 130
