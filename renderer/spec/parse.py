"""A spec's text -> its node tree, event by event without recursion, with every limit and refusal of SAFETY S5.

Syntax errors end the reading; everything else (aliases, tags, duplicate keys, unreadable scalars) is collected, so that
one run names all of it. JSON is read by the same grammar: YAML 1.2 contains it.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from renderer.errors import Problem, SpecError
from renderer.spec.document import MAX_DEPTH, Document, Node
from renderer.spec.scalars import resolve_scalar
from renderer.spec.source import decode_spec, read_spec_file
from renderer.spec.yaml_events import EventStream

if TYPE_CHECKING:
    from ruamel.yaml.events import Event

    from renderer.spec.scalars import Scalar

MAX_NODES = 100_000
MAX_TEXT = 2_000
"""Characters of one text field, or one key."""

_MAX_PROBLEMS = 100


class _Stop(Exception):  # noqa: N818  (control flow inside this module)
    """Reading can't go on; carries the last problem."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


def load_document(path: str | os.PathLike[str]) -> Document:
    """Read and parse a spec file.

    Raises: SpecError if it can't be read, is no regular file, is too large, or can't be parsed.
    """
    return parse_document(read_spec_file(path), os.fspath(path))


def parse_document(text: str | bytes, source_name: str = "story.yaml") -> Document:
    """Parse a spec's text; `source_name` stands at the head of error messages.

    Raises: SpecError with everything that is wrong with the text itself.
    """
    builder = _TreeBuilder()
    try:
        root = builder.build(EventStream(decode_spec(text, source_name)))
    except _Stop as stop:
        raise SpecError(source_name, sorted([*builder.problems, stop.problem], key=_place)) from None
    if builder.problems:
        raise SpecError(source_name, sorted(builder.problems, key=_place))
    return Document(source_name, root)


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line or 0, problem.column or 0


class _TreeBuilder:
    """Turns one stream of events into the root node. `problems` holds what was wrong but did not end the reading."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._open: list[Node] = []
        self._root: Node | None = None
        self._pending_key: Node | None = None
        self._nodes = 0

    def build(self, events: EventStream) -> Node:
        """Raises: _Stop at the first error after which nothing can be read."""
        try:
            for event in events:
                self._take(event)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else events.position
            raise self._stop(_syntax_message(error), place) from None
        except (YAMLError, ValueError, OverflowError):  # an escape such as "\UFFFFFFFF"
            raise self._stop("can't be read as YAML: an escape stands for no character", events.position) from None
        if self._root is None:
            raise self._stop("the spec is empty", (1, 1), "a story begins with `storyreel: 1`")
        if not isinstance(self._root.value, dict):
            found = "a list" if isinstance(self._root.value, list) else "a single value"
            raise self._stop(f"expected a mapping of keys such as `images:`, found {found}", (1, 1))
        return self._root

    def _take(self, event: Event) -> None:
        if isinstance(event, ScalarEvent | MappingStartEvent | SequenceStartEvent | AliasEvent):
            self._count(event)
            if self._open and isinstance(self._open[-1].value, dict) and self._pending_key is None:
                self._take_key(event)
            else:
                self._take_value(event)
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, DocumentStartEvent) and self._root is not None:
            raise self._stop("expected one document, found a second one after `---`", _mark(event))

    def _count(self, event: Event) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._stop(f"expected at most {MAX_NODES:,} keys and values, found more", _mark(event))

    def _take_key(self, event: Event) -> None:
        parent = self._open[-1]
        line, column = _mark(event)
        if not isinstance(event, ScalarEvent):
            kind = "an alias" if isinstance(event, AliasEvent) else "a list or mapping"
            raise self._stop(f"expected a name as key, found {kind}", (line, column))
        self._refuse_decoration(event, parent)
        name = self._resolve(event, parent)
        if not isinstance(name, str):
            found = event.value or "nothing"
            self._report(f"expected a name as key, found {found}", event, parent, "write it in quotes if it is one")
            name = str(event.value)
        self._pending_key = Node(parent, name, line, column)
        if earlier := parent.child(name):
            lines = f"in lines {earlier.key_line} and {line}" if earlier.key_line != line else f"twice in line {line}"
            self._report(f"key {_shorten(name)!r} stands more than once, {lines}", event, self._pending_key)

    def _take_value(self, event: Event) -> None:
        node = self._place_node(event)
        if isinstance(event, AliasEvent):
            message = f"aliases such as *{_shorten(event.anchor)} are not allowed"
            self._report(message, event, node, "a few lines of them can stand for millions of values; write it out")
            node.value = ""
        elif isinstance(event, ScalarEvent):
            self._refuse_decoration(event, node)
            node.value = self._resolve(event, node)
        elif isinstance(event, MappingStartEvent | SequenceStartEvent):
            self._refuse_decoration(event, node)
            node.value = {} if isinstance(event, MappingStartEvent) else []
            if len(self._open) == MAX_DEPTH:
                raise self._stop(f"expected at most {MAX_DEPTH} levels of nesting, found more", _mark(event))
            self._open.append(node)

    def _place_node(self, event: Event) -> Node:
        line, column = _mark(event)
        parent = self._open[-1] if self._open else None
        if parent is None:
            node = self._root = Node(None, "$", line, column)
        elif isinstance(parent.value, list):
            node = Node(parent, len(parent.value), line, column)
            parent.value.append(node)
        elif isinstance(parent.value, dict) and self._pending_key is not None:
            key, self._pending_key = self._pending_key, None
            node = Node(parent, key.key, line, column)
            node.key_line, node.key_column = key.line, key.column
            parent.value.setdefault(str(key.key), node)
        else:
            raise AssertionError("a value that has no place")
        return node

    def _resolve(self, event: ScalarEvent, node: Node) -> Scalar:
        if len(event.value) > MAX_TEXT:
            self._report(f"expected at most {MAX_TEXT:,} characters, found {len(event.value):,}", event, node)
            return ""
        try:
            return resolve_scalar(event.value, plain=event.implicit[0])
        except ValueError as error:
            self._report(str(error), event, node)
            return ""

    def _refuse_decoration(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, node: Node) -> None:
        if event.anchor is not None:
            message = f"anchors such as &{_shorten(event.anchor)} are not allowed: their only use is aliases"
            self._report(message, event, node)
        if event.ctag is not None:
            message = f"tags such as {_shorten(str(event.tag))} are not allowed: a spec holds plain values only"
            self._report(message, event, node)

    def _report(self, message: str, event: Event, node: Node, hint: str | None = None) -> None:
        problem = Problem(node.path, message, hint, *_mark(event))
        if len(self.problems) + 1 >= _MAX_PROBLEMS:
            raise _Stop(problem)
        self.problems.append(problem)

    def _stop(self, message: str, place: tuple[int, int], hint: str | None = None) -> _Stop:
        return _Stop(Problem(self._open[-1].path if self._open else "$", message, hint, *place))


def _mark(event: Event) -> tuple[int, int]:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _shorten(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _syntax_message(error: MarkedYAMLError) -> str:
    parts = [str(part) for part in (error.context, error.problem) if part]
    return "can't be read as YAML: " + ", ".join(parts)
