"""Which frame of a changed timeline stands for which recorded frame: shot by shot, so that one longer image does not
make everything after it look different."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from golden.names import shot_ranges
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.timeline.model import Layer, Timeline


@dataclass(frozen=True, slots=True)
class Piece:
    """Recorded frames `old`, and the new frame that stands for the first of them."""

    old: FrameRange
    new_start: int

    @property
    def shift(self) -> int:
        return self.new_start - self.old.start

    @property
    def new(self) -> FrameRange:
        return FrameRange(self.new_start, self.new_start + len(self.old))


@dataclass(frozen=True, slots=True)
class LayerPairs:
    """Layers of both timelines that belong together, and those that are alone."""

    pairs: tuple[tuple[Layer, Layer], ...]
    removed: tuple[Layer, ...]
    added: tuple[Layer, ...]


def pair_layers(old: Timeline, new: Timeline) -> LayerPairs:
    """Images by position where their number is the same, else by content; brand layers by their id."""
    old_images, new_images = _images(old), _images(new)
    if len(old_images) == len(new_images):
        pairs = list(zip(old_images, new_images, strict=True))
    else:
        pairs = list(_by_content(old_images, new_images))
    new_ids = {layer.id: layer for layer in new.layers if layer.kind != "image"}
    pairs += [(a, new_ids[a.id]) for a in old.layers if a.kind != "image" and a.id in new_ids]
    known_old, known_new = {a.id for a, _ in pairs}, {b.id for _, b in pairs}
    return LayerPairs(
        tuple(pairs),
        tuple(layer for layer in old.layers if layer.id not in known_old),
        tuple(layer for layer in new.layers if layer.id not in known_new),
    )


def _images(timeline: Timeline) -> list[Layer]:
    return sorted((layer for layer in timeline.layers if layer.kind == "image"), key=lambda layer: layer.range.start)


def _by_content(old: list[Layer], new: list[Layer]) -> Iterator[tuple[Layer, Layer]]:
    def content(layers: list[Layer]) -> list[str]:
        return [layer.source.sha256 if layer.source is not None else "" for layer in layers]

    matcher = difflib.SequenceMatcher(a=content(old), b=content(new), autojunk=False)
    for tag, a1, a2, b1, b2 in matcher.get_opcodes():
        if tag in {"equal", "replace"}:
            yield from zip(old[a1:a2], new[b1:b2], strict=False)


def align(old: Timeline, new: Timeline) -> tuple[Piece, ...]:
    """Pieces in order, none overlapping; recorded frames outside all pieces have no counterpart."""
    old_shots, new_shots = shot_ranges(old), shot_ranges(new)
    paired = pair_layers(old, new).pairs
    wanted = [(old_shots[a.id], new_shots[b.id]) for a, b in paired if a.id in _SHOTS or a.kind == "image"]
    if all(a == b for a, b in wanted) and old.frame_count == new.frame_count:
        return (Piece(FrameRange(0, old.frame_count), 0),)
    pieces: list[Piece] = []
    reached_old = reached_new = 0
    for a, b in sorted(wanted, key=lambda pair: pair[0].start):
        length = min(len(a), len(b))
        if length and a.start >= reached_old and b.start >= reached_new:
            gap = min(a.start - reached_old, b.start - reached_new)
            if gap:
                pieces.append(Piece(FrameRange(reached_old, reached_old + gap), reached_new))
            pieces.append(Piece(FrameRange(a.start, a.start + length), b.start))
            reached_old, reached_new = a.end, b.end
    rest = min(old.frame_count - reached_old, new.frame_count - reached_new)
    if rest > 0:
        pieces.append(Piece(FrameRange(reached_old, reached_old + rest), reached_new))
    return tuple(pieces)


_SHOTS = {"intro", "outro", "logo-fallback"}
