"""Small edits of a spec's text: one value set or removed, one image moved; every other byte stays as it was.

ruamel.yaml composes the text and says where each value begins and ends; the change is spliced in there. Its own
round-trip output is not used: it lays lines and comments anew (`docs/decisions/0050-edits-are-spliced.md`). What an
edit gives is read again and compared with what was meant; where they differ nothing is changed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, ScalarNode, SequenceNode

from renderer.errors import SpecError, UsageError
from renderer.spec.parse import parse_document

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

    from renderer.spec.document import Location, Plain

Value: TypeAlias = "str | int | float | list[Value] | dict[str, Value]"
"""What an edit may write."""

_BY_HAND = "change it in your editor"
_PLAIN_TEXT = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*|[0-9]+(\.[0-9]+)?(s|ms|f)")
_LOOKS_OTHERWISE = re.compile(r"(?i:true|false|null|yes|no|on|off)")


def set_value(text: str, location: Location, value: Value, *, short_key: str = "file") -> str:
    """The text with `value` at `location`; keys that lack on the way are made.

    A single text on the way, such as an image written as its file name, becomes a mapping with that text under
    `short_key`. Raises: SpecError, UsageError where the text can't be edited so.
    """
    if not location:
        raise UsageError("an edit needs a place")
    root = _composed(text)
    node, depth = _deepest(root, location)
    if depth == len(location):
        changed = _replaced(text, node, value)
    else:
        changed = _with_key(text, node, location[depth:], value, short_key)
    return _checked(changed, _with_plain(_plain(text), location, value, short_key), location)


def remove_value(text: str, location: Location) -> str:
    """The text without the key at `location`; as it was where there is none.

    Raises: SpecError, UsageError where the text can't be edited so.
    """
    root = _composed(text)
    parent, depth = _deepest(root, location[:-1])
    key = location[-1]
    if depth < len(location) - 1 or not isinstance(parent, MappingNode) or _child(parent, key) is None:
        return text
    expected = _plain(text)
    holder = _at(expected, location[:-1])
    if not isinstance(holder, dict) or len(holder) == 1:
        raise UsageError(f"{key} is the only key there: {_BY_HAND}")
    del holder[str(key)]
    return _checked(_without_key(text, parent, str(key)), expected, location)


def move_item(text: str, location: Location, start: int, end: int) -> str:
    """The text with item `start` of the list at `location` moved to index `end`; comments above or beside go with it.

    Raises: SpecError, UsageError where there is no such item.
    """
    sequence, depth = _deepest(_composed(text), location)
    if depth < len(location) or not isinstance(sequence, SequenceNode):
        raise UsageError(f"there is no list {'.'.join(map(str, location))}")
    count = len(sequence.value)
    if not (0 <= start < count and 0 <= end < count):
        raise UsageError(f"expected two of the {count} items, found {start} and {end}")
    if start == end:
        return text
    order = list(range(count))
    order.insert(end, order.pop(start))
    if sequence.flow_style:
        changed = _permuted(text, [_span(item) for item in sequence.value], order)
    else:
        changed = _permuted_blocks(text, sequence, order)
    expected = _plain(text)
    items = _at(expected, location)
    assert isinstance(items, list)  # noqa: S101  (what ruamel calls a sequence)
    items.insert(end, items.pop(start))
    return _checked(changed, expected, location)


def _composed(text: str) -> Node:
    parse_document(text)  # its words, limits and refusals first
    yaml = YAML(typ="rt", pure=True)
    yaml.allow_duplicate_keys = False
    try:
        root: Node = yaml.compose(text)
    except YAMLError as error:
        raise UsageError(f"the spec can't be edited here ({type(error).__name__}): {_BY_HAND}") from error
    return root


def _plain(text: str) -> Plain:
    return parse_document(text).plain()


def _checked(changed: str, expected: Plain, location: Location) -> str:
    """Raises: UsageError where the new text does not say what it should: rather no edit than a wrong one."""
    place = ".".join(map(str, location))
    try:
        found = _plain(changed)
    except SpecError as error:
        raise UsageError(f"{place} can't be edited where it stands: {_BY_HAND}") from error
    if json.dumps(found, default=str) != json.dumps(expected, default=str):
        raise UsageError(f"{place} can't be edited where it stands: {_BY_HAND}")
    return changed


def _child(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and 0 <= step < len(node.value):
        item: Node = node.value[step]
        return item
    return None


def _deepest(root: Node, location: Location) -> tuple[Node, int]:
    """The deepest node on the way, and how many steps lead to it."""
    node = root
    for depth, step in enumerate(location):
        child = _child(node, step)
        if child is None:
            return node, depth
        node = child
    return node, len(location)


def _span(node: Node) -> tuple[int, int]:
    """Where a node stands in the text: to its last visible character, comments after it left out."""
    start: int = node.start_mark.index
    last = node
    while isinstance(last, CollectionNode) and not last.flow_style and last.value:
        last = last.value[-1][1] if isinstance(last, MappingNode) else last.value[-1]
    end: int = last.end_mark.index
    return start, end


def _replaced(text: str, node: Node, value: Value) -> str:
    start, end = _span(node)
    quoted = isinstance(node, ScalarNode) and node.style == '"'
    return text[:start] + _written(value, as_json=quoted and isinstance(value, str)) + text[end:]


def _with_key(text: str, node: Node, rest: Location, value: Value, short_key: str) -> str:
    for step in reversed(rest[1:]):
        value = {str(step): value}
    key = str(rest[0])
    start, end = _span(node)
    if isinstance(node, ScalarNode):
        as_json = _is_json(text)
        first = f"{_key(short_key, as_json=as_json)}: {text[start:end]}"
        return f"{text[:start]}{{{first}, {_pair(key, value, as_json=as_json)}}}{text[end:]}"
    if not isinstance(node, MappingNode) or not node.value:
        raise UsageError(f"{key} can't be added where it would stand: {_BY_HAND}")
    if node.flow_style:
        last = _span(node.value[-1][1])[1]
        return f"{text[:last]}, {_pair(key, value, as_json=_quotes_keys(node))}{text[last:]}"
    column = node.value[0][0].start_mark.column
    line_end = _line_end(text, end)
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text[:line_end]}{newline}{' ' * column}{_pair(key, value, as_json=False)}{text[line_end:]}"


def _without_key(text: str, parent: MappingNode, key: str) -> str:
    index = next(index for index, (name, _) in enumerate(parent.value) if name.value == key)
    name, value = parent.value[index]
    start, end = name.start_mark.index, _span(value)[1]
    if not parent.flow_style and index > 0:
        line = text.rfind("\n", 0, start) + 1
        after = _line_end(text, end)
        return text[:line] + text[after:].removeprefix("\r").removeprefix("\n")
    if index + 1 < len(parent.value):  # the next key takes its place: also behind a dash
        following = parent.value[index + 1][0].start_mark.index
        return text[:start] + text[following:]
    before = _span(parent.value[index - 1][1])[1]
    return text[:before] + text[end:]


def _permuted(text: str, spans: list[tuple[int, int]], order: list[int]) -> str:
    """The pieces at `spans` in another order; what lies between them stays."""
    parts, at = [], 0
    for (start, end), source in zip(spans, order, strict=True):
        first, last = spans[source]
        parts += [text[at:start], text[first:last]]
        at = end
    return "".join([*parts, text[at:]])


def _permuted_blocks(text: str, sequence: SequenceNode, order: list[int]) -> str:
    """Items of a block list with their own lines: comments directly above, beside, and deeper below."""
    dash = int(sequence.start_mark.column)
    ends = [_below(text, _line_end(text, _span(item)[1]), dash) for item in sequence.value]
    first_line = text.rfind("\n", 0, sequence.start_mark.index) + 1
    before = text[:first_line]
    starts = [first_line - len(_comment_above(before)), *ends[:-1]]
    newline = "\r\n" if "\r\n" in text else "\n"
    blocks = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    blocks = [block if block.endswith("\n") else block + newline for block in blocks]
    result = text[: starts[0]] + "".join(blocks[index] for index in order) + text[ends[-1] :]
    return result if text.endswith("\n") else result.removesuffix(newline)


def _below(text: str, line_end: int, dash: int) -> int:
    """Past the newline at `line_end`, and past comment lines that are indented deeper than the dash."""
    at = _next_line(text, line_end)
    while match := re.compile(r"( *)#[^\n]*(\n|\Z)").match(text, at):
        if len(match[1]) <= dash or match.end() == at:
            break
        at = match.end()
    return at


def _comment_above(before: str) -> str:
    """The comment lines directly above, without the list's own key."""
    match = re.search(r"(?:^[ \t]*#[^\n]*\n)*\Z", before, re.MULTILINE)
    return match[0] if match else ""


def _line_end(text: str, at: int) -> int:
    """Index of the end of the line that holds `at`, before its newline."""
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    return end - 1 if end > at and text[end - 1] == "\r" else end


def _next_line(text: str, line_end: int) -> int:
    newline = text.find("\n", line_end)
    return len(text) if newline < 0 else newline + 1


def _is_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("{")


def _quotes_keys(mapping: MappingNode) -> bool:
    return all(key.style == '"' for key, _ in mapping.value)


def _pair(key: str, value: Value, *, as_json: bool) -> str:
    return f"{_key(key, as_json=as_json)}: {_written(value, as_json=as_json)}"


def _key(name: str, *, as_json: bool) -> str:
    return json.dumps(name) if as_json else name


def _written(value: Value, *, as_json: bool) -> str:
    """A value on one line, as a person would write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(_pair(key, item, as_json=as_json) for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item, as_json=as_json) for item in value) + "]"
    if isinstance(value, str):
        bare = not as_json and _PLAIN_TEXT.fullmatch(value) and not _LOOKS_OTHERWISE.fullmatch(value)
        return value if bare else json.dumps(value, ensure_ascii=False)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _at(plain: Plain, location: Location) -> Plain:
    for step in location:
        plain = plain[step]  # type: ignore[index]  # the caller found the same way among the nodes
    return plain


def _with_plain(plain: Plain, location: Location, value: Value, short_key: str) -> Plain:
    """What the text should say afterwards, as plain data. Recursion is bounded by the length of `location`."""
    if not location:
        return _plain_value(value)
    step, rest = location[0], location[1:]
    if isinstance(step, int):
        assert isinstance(plain, list)  # noqa: S101  (the caller found the same way among the nodes)
        return [_with_plain(item, rest, value, short_key) if i == step else item for i, item in enumerate(plain)]
    holder = plain if isinstance(plain, dict) else {short_key: plain} if isinstance(plain, str) else {}
    return {**holder, step: _with_plain(holder.get(step), rest, value, short_key)}


def _plain_value(value: Value) -> Plain:
    """Read back as it was written: numbers by their text, as every number of a spec."""
    document = parse_document("value: " + _written(value, as_json=True)).plain()
    assert isinstance(document, dict)  # noqa: S101
    return document["value"]
