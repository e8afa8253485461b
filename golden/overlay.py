"""A logo that is drawn other than before → how strongly it is drawn now: missing, or at which opacity.

What a logo adds to a frame is the frame less the same frame without it. How much of the recorded addition is still
there is one number, found by least squares.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from golden.planes import Yuv, shrink
from renderer.errors import MediaError
from renderer.picture.compositor import FrameRenderer
from renderer.picture.placement import pixel_box
from renderer.picture.prepared import PictureShelf

if TYPE_CHECKING:
    from golden.changes import FramePair
    from renderer.story import Workspace
    from renderer.timeline.model import Layer, Timeline

_MUST_EXPLAIN = 0.6


def overlay_words(layer: Layer, pair: FramePair, old: Timeline, workspace: Workspace) -> str | None:
    """`is missing`, `opacity 70 % instead of 80 %`, or None where neither explains what is seen."""
    bare = _without(layer, pair, old, workspace)
    box = None if layer.rect is None else pixel_box(layer.rect, (old.width, old.height))
    if bare is None or box is None:
        return None
    left, top, right, bottom = (side // pair.factor // 2 * 2 for side in box)
    before, after, without = (
        frame.cut((left, top, right, bottom)).y.astype(np.float64) for frame in (pair.before, pair.after, bare)
    )
    added, now = before - without, after - without
    energy = float((added * added).sum())
    if energy < 1:
        return None
    share = float((added * now).sum()) / energy
    left_over = float(((now - share * added) ** 2).sum())
    changed = float(((after - before) ** 2).sum())
    if changed < 1 or 1 - left_over / changed < _MUST_EXPLAIN:
        return None
    if share < 0.03:
        return "is missing"
    return f"opacity {layer.opacity * share:.0f} % instead of {layer.opacity} %"


def _without(layer: Layer, pair: FramePair, old: Timeline, workspace: Workspace) -> Yuv | None:
    """The recorded timeline's frame without the layer, by today's code; None where its media are gone."""
    rest = dataclasses.replace(old, layers=tuple(other for other in old.layers if other.id != layer.id))
    size, limit = (old.width, old.height), workspace.limits.image_bytes
    shelf = PictureShelf(workspace.folder, workspace.intake, max_bytes=limit, frame=size)
    try:
        frame = FrameRenderer(rest, shelf).frame(pair.changed.number)
    except MediaError:
        return None
    return shrink(Yuv(frame.y, frame.u, frame.v), pair.factor).copy()
