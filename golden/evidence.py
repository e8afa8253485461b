"""The picture pass → what a report draws: the timeline strip, curves over the frames, the worst frames as pictures."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from golden.changes import ChangeLog, runs
from golden.metrics import EQUAL_DB
from golden.model import Curve, State, Stretch, WorstFrame
from golden.names import layer_name, shot_ranges
from golden.pictures import heat_png, jpeg
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from golden.changes import FramePair
    from golden.picture_check import PictureResult
    from renderer.timeline.model import Timeline


def stretches(old: Timeline, result: PictureResult) -> tuple[Stretch, ...]:
    """Shot by shot, cut where changed frames begin and end; added ones stand at their new numbers."""
    found: list[Stretch] = []
    changed = list(runs(result.log.frames))
    for layer_id, shot in sorted(shot_ranges(old).items(), key=lambda item: item[1].start):
        layer = next(layer for layer in old.layers if layer.id == layer_id)
        if layer_id in {"background", "corner"} or not len(shot):
            continue
        label = layer_name(layer)
        found += [Stretch(frames, state, label) for frames, state in _cut(shot, changed, result)]
    found += [Stretch(FrameRange(frames.start, frames.end), "added", "new frames") for frames in result.added]
    return tuple(found)


def _cut(shot: FrameRange, changed: list[FrameRange], result: PictureResult) -> list[tuple[FrameRange, State]]:
    edges = {shot.start, shot.end}
    for frames in [*changed, *result.removed]:
        edges |= {edge for edge in (frames.start, frames.end) if shot.start < edge < shot.end}
    ordered = sorted(edges)
    return [(FrameRange(a, b), _state(FrameRange(a, b), changed, result)) for a, b in itertools.pairwise(ordered)]


def _state(frames: FrameRange, changed: list[FrameRange], result: PictureResult) -> State:
    if any(frames.intersects(other) for other in changed):
        return "changed"
    if any(frames.intersects(other) for other in result.removed):
        return "removed"
    shifted = any(piece.shift and frames.intersects(piece.old) for piece in result.pieces)
    return "moved" if shifted else "same"


def curves(frame_count: int, log: ChangeLog, *, floor_db: float | None = None) -> tuple[Curve, ...]:
    """PSNR, SSIM and the worst tile for every frame; frames whose hash is the recorded one are equal by definition."""
    if not log.frames:
        return ()
    sources = sorted({entry.source for entry in log.frames.values()})
    note = "; ".join(sources)

    def series(equal: float, name: str) -> tuple[float, ...]:
        return tuple(
            float(getattr(log.frames[number], name)) if number in log.frames else equal for number in range(frame_count)
        )

    return (
        Curve("PSNR of luma", "dB", series(EQUAL_DB, "psnr_db"), floor_db, note),
        Curve("SSIM of luma", "", series(1.0, "ssim"), None, note),
        Curve("worst tile", "levels", series(0.0, "tile"), None, note),
    )


def worst_frames(pairs: list[FramePair], differs: str = "") -> tuple[WorstFrame, ...]:
    """Pictures of the worst pairs, in order of time."""
    shown = sorted(pairs, key=lambda pair: pair.changed.number)
    return tuple(
        WorstFrame(
            number=pair.changed.number,
            other=pair.changed.other,
            before=jpeg(pair.before),
            after=jpeg(pair.after),
            heat=heat_png(pair.before, pair.after),
            source=pair.changed.source or differs,
            figures=f"PSNR {pair.changed.psnr_db:.1f} dB, SSIM {pair.changed.ssim:.4f},"
            f" worst tile {pair.changed.tile:.1f} levels",
        )
        for pair in shown
    )
