"""Where the picture is cut: at every shot, and inside shots at least at every keyframe.

A segment is encoded on its own, so it starts with a keyframe and refers to nothing outside; the cuts depend on the
timeline and the keyframe interval alone, never on the machine.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from renderer.timeline.model import Timeline


def cut_segments(timeline: Timeline, keyframe_frames: int) -> tuple[FrameRange, ...]:
    """Consecutive ranges over the whole programme: in each shot whole keyframe intervals, then what is left of it.

    Equal parts would have as many keyframes. But three of them keep two cores busy for two parts' time; two long ones
    and a short rest need less, and an edit mostly renders one shot.
    """
    parts: list[FrameRange] = []
    for shot in shots(timeline):
        starts = range(shot.start, shot.end, keyframe_frames)
        parts += [FrameRange(start, min(start + keyframe_frames, shot.end)) for start in starts]
    return tuple(parts)


def shots(timeline: Timeline) -> list[FrameRange]:
    """The ranges between the starts of images and cards: where the picture may change at once."""
    starts = {layer.range.start for layer in timeline.layers}
    edges = sorted({0, timeline.frame_count, *starts})
    return [FrameRange(start, end) for start, end in itertools.pairwise(edges)]
