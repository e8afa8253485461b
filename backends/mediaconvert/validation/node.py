"""A checked document: what is sound in it, under the service's own member names, and where each thing was written.

The checker of shapes builds the tree; the cross-field rules read it. A value that failed the model's checks is present
(`has`) but has no value, so that no rule trips over it or reports it a second time as missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backends.mediaconvert.validation.model import wire_name

if TYPE_CHECKING:
    from collections.abc import Iterator

Key = str | int


class Node:
    """One structure, map or list. Structures are keyed by member name, maps by their keys, lists by index.

    `written` holds only the members that the document spells otherwise than the model does.
    """

    __slots__ = ("key", "label", "named", "parent", "position", "values", "written")

    def __init__(self, parent: Node | None, key: Key, label: str, position: int, *, named: bool) -> None:
        self.parent = parent
        self.key = key
        self.label = label
        self.position = position
        self.named = named
        self.values: dict[Key, Value | None] = {}
        self.written: dict[str, str] = {}

    def has(self, name: Key) -> bool:
        """Whether the document says anything here, right or wrong."""
        return name in self.values

    def blank(self, name: Key) -> bool:
        """Whether a text is absent or empty; a wrong one is neither."""
        return name not in self.values or self.values[name] == ""

    def text(self, name: Key) -> str | None:
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    def number(self, name: Key) -> int | float | None:
        value = self.values.get(name)
        return value if isinstance(value, int | float) and not isinstance(value, bool) else None

    def whole(self, name: Key) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def node(self, *path: Key) -> Node | None:
        """The structure, map or list at the end of a path, or None where a step is missing or broken."""
        found: Node | None = self
        for name in path:
            value = found.values.get(name) if found is not None else None
            found = value if isinstance(value, Node) else None
        return found

    def nodes(self, *path: Key) -> list[Node]:
        """Sound structures in the list or map at `path`, in the order they were written."""
        return [child for _, child in self.entries(*path)]

    def entries(self, *path: Key) -> list[tuple[Key, Node]]:
        """Keys (or indices) with the sound structures in the list or map at `path`."""
        found = self.node(*path)
        return [] if found is None else [(key, child) for key, child in found.values.items() if isinstance(child, Node)]

    def texts(self, *path: Key) -> list[str]:
        """Sound strings in the list at `path`."""
        found = self.node(*path)
        return [] if found is None else [value for value in found.values.values() if isinstance(value, str)]

    def count(self, *path: Key) -> int:
        """How many entries the list or map at `path` has, sound or not."""
        found = self.node(*path)
        return 0 if found is None else len(found.values)

    def at(self, name: Key) -> Place:
        """Where a member stands; where it is missing, the structure that should have it."""
        return Place(self, name if name in self.values else None)

    def here(self) -> Place:
        return Place(self, None)

    def ancestors(self) -> Iterator[Node]:
        """This node and all above it, the root last."""
        found: Node | None = self
        while found is not None:
            yield found
            found = found.parent


Value = str | int | float | bool | Node


class Place(NamedTuple):
    """A member of a node, or the node itself (`name` None). `name` may be a key the model doesn't know."""

    node: Node
    name: Key | None

    @property
    def pointer(self) -> str:
        """RFC 6901, into the document as it was written; the whole document is the empty text."""
        keys = [str(node.key) for node in self.node.ancestors() if node.parent is not None][::-1]
        if self.name is not None:
            keys.append(self.node.written.get(str(self.name), str(self.name)))
        return pointer(keys)

    @property
    def service_pointer(self) -> str:
        """The same place in the service's own words: camelCase, starting below `settings`."""
        keys = [node.label for node in self.node.ancestors() if node.parent is not None][::-1]
        if self.name is not None:
            keys.append(wire_name(str(self.name)) if self.node.named else str(self.name))
        return pointer(keys[1:] if keys[:1] == ["settings"] else keys)

    @property
    def order(self) -> tuple[int, int]:
        """Sorts places by structure in document order, and members within their structure."""
        if self.name is None:
            return self.node.position, -1
        value = self.node.values.get(self.name)
        if isinstance(value, Node):
            return value.position, -1
        if isinstance(self.name, int):
            return self.node.position, self.name
        names = list(self.node.values)
        return self.node.position, names.index(self.name) if self.name in self.node.values else len(names)


def pointer(keys: list[str]) -> str:
    """RFC 6901: `~` is written `~0`, `/` is written `~1`."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in keys)
