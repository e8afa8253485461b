"""A spec as a finite tree of mappings, lists and scalars that know their place in the text they came from.

Nothing here knows what a story is, nor YAML. A tree can be pruned: what stays keeps its original path, line and column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from renderer.errors import Problem

if TYPE_CHECKING:
    from renderer.spec.scalars import Scalar

MAX_DEPTH = 32
"""Levels of nesting; every recursion over a tree ends there."""

Location: TypeAlias = tuple[str | int, ...]
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"

_SIMPLE_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


class Node:
    """A scalar, list or mapping at its place; `line` and `column` count from 1 and are those of the value.

    `key` is the name or index under `parent` in the *original* text: it stays when `Document.without` drops a
    neighbour. `dropped` holds the keys of the children that were dropped.
    """

    __slots__ = ("column", "dropped", "key", "key_column", "key_line", "line", "parent", "value")

    def __init__(self, parent: Node | None, key: str | int, line: int, column: int) -> None:
        self.parent = parent
        self.key = key
        self.line = line
        self.column = column
        self.key_line = line
        self.key_column = column
        self.value: Scalar | list[Node] | dict[str, Node] = None
        self.dropped: frozenset[str | int] = frozenset()

    @property
    def path(self) -> str:
        """JSONPath in the original text, such as `$.images[2].motion.to.zoom`."""
        if self.parent is None:
            return "$"
        return self.parent.path + json_path_step(self.key)

    def child(self, step: str | int) -> Node | None:
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value):
            return self.value[step]
        return None

    def plain(self) -> Plain:
        """The same as dicts, lists and scalars. Recursion is bounded by `MAX_DEPTH`."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def copy_with(self, value: list[Node] | dict[str, Node], dropped: set[str | int]) -> Node:
        """This node at the same place with other children."""
        copy = Node(self.parent, self.key, self.line, self.column)
        copy.key_line, copy.key_column = self.key_line, self.key_column
        copy.value, copy.dropped = value, self.dropped | dropped
        return copy


def json_path_step(key: str | int) -> str:
    """How one name or index continues a JSONPath."""
    if isinstance(key, int):
        return f"[{key}]"
    return f".{key}" if _SIMPLE_KEY.match(key) else f"[{key[:80]!r}]"


@dataclass(frozen=True, slots=True)
class Document:
    """A whole spec as nodes. `source` is how the spec is named in messages."""

    source: str
    root: Node

    def plain(self) -> Plain:
        return self.root.plain()

    def node(self, location: Location) -> Node:
        """The deepest existing node on the way to `location`: for a missing key, the mapping that lacks it."""
        node = self.root
        for step in location:
            child = node.child(step)
            if child is None:
                break
            node = child
        return node

    def locate(self, location: Location) -> tuple[str, int, int]:
        """Original JSONPath, line and column of `node(location)`.

        A value that begins below its key, or is empty, is placed at the key: that is where an author looks.
        """
        return place_of(self.node(location))

    def problem(self, location: Location, message: str, hint: str | None = None) -> Problem:
        path, line, column = self.locate(location)
        return Problem(path, message, hint, line, column)

    def without(self, locations: set[Location]) -> Document:
        """A copy that lacks the nodes at `locations`; all others keep their original path and place."""
        wanted = [location for location in locations if location]
        return Document(self.source, _without(self.root, wanted)) if wanted else self


def place_of(node: Node) -> tuple[str, int, int]:
    if node.line > node.key_line:
        return node.path, node.key_line, node.key_column
    return node.path, node.line, node.column


def _without(node: Node, locations: list[Location]) -> Node:
    below: dict[str | int, list[Location]] = {}
    for location in locations:
        below.setdefault(location[0], []).append(location[1:])
    gone = {step for step, rests in below.items() if () in rests}
    if isinstance(node.value, dict):
        members = {
            name: _without(child, below[name]) if name in below else child
            for name, child in node.value.items()
            if name not in gone
        }
        return node.copy_with(members, {step for step in gone if step in node.value})
    if isinstance(node.value, list):
        items = [
            _without(child, below[index]) if index in below else child
            for index, child in enumerate(node.value)
            if index not in gone
        ]
        return node.copy_with(items, {child.key for index, child in enumerate(node.value) if index in gone})
    return node
