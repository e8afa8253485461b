"""Why was a segment rendered again? What its ingredients are now, beside what they were at the last render.

After every render of a spec the ingredients of its segments are noted in the cache. `explain` compares: which segments
are there, which are not, and which ingredient of a missing one is other than before.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.cache import cache_root
from renderer.ingredients import Ingredients, ingredients_key
from renderer.timeline.canonical import JSONValue, canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from renderer.timebase import FrameRange


@dataclass(frozen=True, slots=True)
class Part:
    """One segment, or the sound (`frames` is None), with its ingredients and the layers it shows."""

    name: str
    frames: FrameRange | None
    ingredients: Ingredients
    shows: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """`cached`, or the `reasons` why not: each names an ingredient, its old and its new value."""

    part: Part
    cached: bool
    reasons: tuple[str, ...]


def remember(story: str, parts: Sequence[Part]) -> None:
    """Note what a story's parts were made from; `story` names spec file and output."""
    document: list[JSONValue] = [{"name": part.name, "ingredients": part.ingredients} for part in parts]
    path = _record(story)
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{os.getpid()}.part")
        temporary.write_text(canonical_json(document))
        temporary.replace(path)


def explain(story: str, parts: Sequence[Part]) -> list[Explanation]:
    """Compare with the last render of the same story."""
    before = _remembered(story)
    known = {ingredients_key(ingredients) for ingredients in before.values()}
    return [_explained(part, before, known) for part in parts]


def _explained(part: Part, before: dict[str, Ingredients], known: set[str]) -> Explanation:
    key = ingredients_key(part.ingredients)
    if (cache_root() / "segments" / key[:2] / f"{key}.mp4").exists():
        return Explanation(part, cached=True, reasons=())
    if not before:
        return Explanation(part, cached=False, reasons=("this story was not rendered before",))
    if key in known:
        return Explanation(part, cached=False, reasons=("it was removed from the cache",))
    last = before.get(part.name)
    if last is None:
        return Explanation(part, cached=False, reasons=("the programme had no such segment at the last render",))
    return Explanation(part, cached=False, reasons=tuple(_differences(last, part.ingredients, "")))


def _remembered(story: str) -> dict[str, Ingredients]:
    try:
        document = json.loads(_record(story).read_text())
        return {str(entry["name"]): entry["ingredients"] for entry in document}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _record(story: str) -> Path:
    return cache_root() / "stories" / f"{hashlib.sha256(os.fsencode(story)).hexdigest()}.json"


def _differences(before: JSONValue, now: JSONValue, place: str) -> Iterator[str]:
    """Every leaf that differs, as `layers[0].source.sha256: old → new`."""
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            yield from _differences(before.get(key), now.get(key), f"{place}.{key}" if place else key)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, (old, new) in enumerate(zip(before, now, strict=True)):
            yield from _differences(old, new, f"{place}[{index}]")
    elif before != now:
        yield f"{place}: {_short(before)} → {_short(now)}"


def _short(value: JSONValue) -> str:
    if isinstance(value, str) and len(value) == 64:
        return value[:8]
    if isinstance(value, list):
        return f"{len(value)} of them"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 60 else text[:57] + "…"
