"""Changed frames and changed timelines → differences that name cause and place.

What the timelines say comes first: it is the cause. A claim under which no pixel changed is only mentioned. What no
claim covers is measured, and placed on the layer that lies where the pixels differ.
"""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING

from golden.changes import hull, runs
from golden.describe import Description, describe, place_words
from golden.model import Difference
from golden.names import frames_word, layer_name, shot_ranges
from golden.overlay import overlay_words
from golden.timeline_diff import CONTENT, picture_differences
from renderer.picture.placement import pixel_box
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.describe import Box
    from golden.picture_check import PictureResult
    from renderer.story import Story, Workspace
    from renderer.timeline.model import Layer, Timeline

_BRIDGE = 3
"""Changed frames with at most this many equal ones between them are one run."""
_TIMING = ("lasts ", "begins ", "is new", "is no longer")


def picture_findings(old: Timeline, story: Story, workspace: Workspace, result: PictureResult) -> list[Difference]:
    """Every difference of the picture layer."""
    if not result.compared:
        return picture_differences(old, story.timeline)
    claims = [_confirmed(claim, old, result) for claim in picture_differences(old, story.timeline)]
    covered = {number for claim in claims if claim.frames is not None and claim.fails for number in claim.frames}
    loose = [number for number in result.log.frames if number not in covered]
    found = list(claims)
    for run in runs(loose, bridge=_BRIDGE):
        found += _measured(run, old, workspace, result)
    return sorted(found, key=_order)


def _order(item: Difference) -> tuple[bool, int, str]:
    return not item.fails, -1 if item.frames is None else item.frames.start, item.where


def _confirmed(claim: Difference, old: Timeline, result: PictureResult) -> Difference:
    """A claim with the frames that really changed; mentioned only where none did."""
    if claim.frames is None or not claim.fails or claim.layer is None:
        return claim
    changed = result.log.inside(claim.frames)
    timing = claim.what.startswith(_TIMING)
    if not changed:
        if timing and (result.removed or result.added):
            return claim
        return dataclasses.replace(claim, what=f"{claim.what}; no frame is other for it", fails=False)
    frames = claim.frames if timing else hull(changed)
    if CONTENT in claim.what or claim.what.startswith("shows "):
        pairs = result.log.pairs(_alone(claim.layer, old)) or result.log.pairs(claim.frames)
        if pairs:
            seen = describe([(pair.before, pair.after) for pair in pairs], pairs[0].factor)
            return dataclasses.replace(claim, what=f"{claim.what}: {seen.what}", frames=frames)
    return dataclasses.replace(claim, frames=frames)


def _alone(layer_id: str, old: Timeline) -> FrameRange:
    """The frames in which an image is seen without another one fading over or under it."""
    layer = next(layer for layer in old.layers if layer.id == layer_id)
    shot = shot_ranges(old)[layer_id]
    return FrameRange(min(shot.end, shot.start + layer.fade_in), shot.end)


def _measured(run: FrameRange, old: Timeline, workspace: Workspace, result: PictureResult) -> Iterator[Difference]:
    """A run that no timeline explains: one cause for all of it, or one for each shot."""
    whole = _described(run, result)
    shots = [shot for shot in _shots(old) if shot.intersects(run)]
    on_logo = whole is not None and whole.box is not None and _overlay_at(whole.box, run, old) is not None
    if whole is None or (not whole.named and not on_logo and len(shots) > 1):
        for shot in shots:
            part = FrameRange(max(run.start, shot.start), min(run.end, shot.end))
            seen = _described(part, result)
            frames = hull(result.log.inside(part))
            if seen is not None and frames is not None:
                yield _placed(seen, frames, old, workspace, result)
        return
    yield _placed(whole, run, old, workspace, result)


def _described(frames: FrameRange, result: PictureResult) -> Description | None:
    pairs = result.log.pairs(frames)
    if not pairs:
        return None
    return describe([(pair.before, pair.after) for pair in pairs], pairs[0].factor)


def _shots(timeline: Timeline) -> list[FrameRange]:
    ranges = shot_ranges(timeline)
    edges = sorted(
        {0, timeline.frame_count, *(ranges[layer.id].start for layer in timeline.layers if layer.id != "corner")}
    )
    return [FrameRange(a, b) for a, b in itertools.pairwise(edges)]


def _placed(
    seen: Description, frames: FrameRange, old: Timeline, workspace: Workspace, result: PictureResult
) -> Difference:
    """The description on the layer it belongs to."""
    overlay = None if seen.box is None else _overlay_at(seen.box, frames, old)
    if overlay is not None:
        pairs = [pair for pair in result.log.pairs(frames) if pair.changed.number in overlay.range]
        words = overlay_words(overlay, pairs[len(pairs) // 2], old, workspace) if pairs else None
        return Difference(words or seen.what, layer_name(overlay), "picture", frames, overlay.id)
    layer = _image_of(frames, old)
    place = "" if seen.box is None else f", {place_words(seen.box, old.width, old.height)}"
    what = f"{seen.what}{place}"
    if layer is None:
        return Difference(what, "programme", "picture", frames)
    if not seen.named and layer.fade_in and frames.end <= layer.range.start + layer.fade_in:
        what = f"its crossfade of {frames_word(layer.fade_in)} is other: {what}"
    return Difference(what, layer_name(layer), "picture", frames, layer.id)


def _image_of(frames: FrameRange, old: Timeline) -> Layer | None:
    """The one image or card in whose shot the frames lie; None where they span several."""
    shots = shot_ranges(old)
    inside = [
        layer
        for layer in old.layers
        if layer.id not in {"background", "corner"}
        and shots[layer.id].start <= frames.start
        and frames.end <= shots[layer.id].end
    ]
    return max(inside, key=lambda layer: layer.z, default=None)


def _overlay_at(box: Box, frames: FrameRange, old: Timeline) -> Layer | None:
    """A logo whose place holds the changed rectangle, as nearly as tiles can tell."""
    for layer in old.layers:
        if layer.kind != "logo" or layer.rect is None or not layer.range.intersects(frames):
            continue
        own = pixel_box(layer.rect, (old.width, old.height))
        if own is None:
            continue
        slack = max(old.width // 20, 8)
        inside = (
            box[0] >= own[0] - slack
            and box[1] >= own[1] - slack
            and box[2] <= own[2] + slack
            and box[3] <= own[3] + slack
        )
        if inside:
            return layer
    return None
