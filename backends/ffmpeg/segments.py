"""Where the picture is cut: at every shot, and inside shots at least at every keyframe.

A segment is encoded on its own, so it starts with a keyframe and refers to nothing outside; the cuts depend on the
timeline and the keyframe interval alone, never on the machine.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from renderer.timebase import FrameRange, share_boundaries

if TYPE_CHECKING:
    from renderer.timeline.model import Timeline


def cut_segments(timeline: Timeline, keyframe_frames: int) -> tuple[FrameRange, ...]:
    """Consecutive ranges over the whole programme, each at most `keyframe_frames` long, shots cut into equal parts."""
    parts: list[FrameRange] = []
    for shot in shots(timeline):
        count = -(-len(shot) // keyframe_frames)
        parts += share_boundaries(shot, [1] * count)
    return tuple(parts)


def shots(timeline: Timeline) -> list[FrameRange]:
    """The ranges between the starts of images and cards: where the picture may change at once."""
    starts = {layer.range.start for layer in timeline.layers}
    edges = sorted({0, timeline.frame_count, *starts})
    return [FrameRange(start, end) for start, end in itertools.pairwise(edges)]
