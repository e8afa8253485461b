"""Measured pairs of two videos → differences in words: frames dropped or repeated, shots exchanged, pictures changed.

No timeline is known here: what is said is what can be measured, and the place is a range of frames.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from golden.changes import ChangeLog, runs
from golden.describe import Description, describe, place_words
from golden.geometry_fit import likeness
from golden.matching import cuts, shot_starts
from golden.model import Difference
from golden.names import frames_word
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.changes import ChangedFrame
    from golden.matching import Match, Signatures

MEAN_DB, MEAN_SSIM = 34.0, 0.95
"""The mean gate: a frame below either has lost more than an encoder at an ordinary setting takes away."""
TILE_LEVELS = 3.0
"""The tile gate: an encoder keeps the mean of a tile; one that is off by more shows something else."""
_LONGEST_SHOT, _LONGEST_FADE = 150, 90
_SHORT = 3
"""Fewer frames beyond a gate, and not far beyond, are an encoder's hiccup."""
_NOISE_DB = 55.0
_ALIKE = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is known of both videos: small copies, who is whose partner, and every pair's figures."""

    a: Signatures
    b: Signatures
    match: Match
    log: ChangeLog
    size: tuple[int, int]


def beyond_gates(frame: ChangedFrame) -> bool:
    """Whether a pair fails the mean gate or the tile gate."""
    return frame.psnr_db < MEAN_DB or frame.ssim < MEAN_SSIM or frame.tile > TILE_LEVELS


def shots_of(a: Signatures) -> list[FrameRange]:
    """Shots of the first video, long ones cut."""
    edges = [*shot_starts(a), len(a)]
    found = []
    for start, end in itertools.pairwise(edges):
        found += [FrameRange(place, min(end, place + _LONGEST_SHOT)) for place in range(start, end, _LONGEST_SHOT)]
    return found


def picture_differences(material: Material) -> list[Difference]:
    """Everything that is other in the picture."""
    known = _exchanged(material)
    known += _crossfades(material, {number for item in known for number in item.frames or ()})
    covered = {number for item in known for number in item.frames or ()}
    found: list[tuple[Difference, bool]] = []
    for shot in shots_of(material.a):
        found += _shot(shot, material, covered)
    return [*_lonely(material), *known, *_merged(found, material)]


def _crossfades(material: Material, covered: set[int]) -> list[Difference]:
    """Runs of failing frames that are the same two pictures mixed otherwise."""
    frames = material.log.frames.values()
    failing = [frame.number for frame in frames if beyond_gates(frame) and frame.number not in covered]
    found = []
    for run in runs(failing, bridge=6):
        words = crossfade_words(run, material) if len(run) <= _LONGEST_FADE else None
        if words is not None:
            found.append(Difference(words, "picture", "picture", run))
    return found


def _lonely(material: Material) -> Iterator[Difference]:
    """Frames without partner."""
    match = material.match
    for run in runs(match.missing):
        at_end = run.end == len(material.a)
        what = f"{_frames(run)} dropped" if not at_end else f"ends {frames_word(len(run))} earlier"
        yield Difference(what, "picture", "picture", run)
    partner = {b: a for a, b in match.pairs}
    for run in runs(match.extra):
        place = partner.get(run.start - 1, -1) + 1
        frames = FrameRange(min(place, len(material.a) - 1), min(place, len(material.a) - 1) + 1)
        if run.end == len(material.b):
            what = f"ends {frames_word(len(run))} later"
        elif run.start and _apart(material.b[run.start], material.b[run.start - 1]) < 1.0:
            what = f"{frames_word(len(run))} repeated after frame {place - 1}"
        else:
            what = f"{frames_word(len(run))} inserted before frame {place}"
        yield Difference(what, "picture", "picture", frames)


def _frames(run: FrameRange) -> str:
    return f"frame {run.start}" if len(run) == 1 else f"{frames_word(len(run))} ({run.start} to {run.end - 1})"


def _apart(a: Signatures, b: Signatures) -> float:
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


def _exchanged(material: Material) -> list[Difference]:
    """Shots that show another shot's picture, where that one shows theirs."""
    partner = dict(material.match.pairs)
    middles = {shot: (shot.start + shot.end) // 2 for shot in _whole_shots(material.a)}
    pictures = {
        shot: (material.a[middle].astype(float), material.b[partner[middle]].astype(float))
        for shot, middle in middles.items()
        if middle in partner
    }
    found: list[Difference] = []
    for shot, other in itertools.combinations(pictures, 2):
        (a1, b1), (a2, b2) = pictures[shot], pictures[other]
        crossed = min(likeness(a1, b2), likeness(a2, b1))
        straight = max(likeness(a1, b1), likeness(a2, b2))
        if crossed > _ALIKE and crossed > straight + 0.3:
            for one, two in ((shot, other), (other, shot)):
                what = f"swapped with the shot of frames {two.start} to {two.end - 1}"
                found.append(Difference(what, "picture", "picture", one))
    return found


def _whole_shots(a: Signatures) -> list[FrameRange]:
    return [FrameRange(start, end) for start, end in itertools.pairwise([*shot_starts(a), len(a)])]


def _shot(shot: FrameRange, material: Material, covered: set[int]) -> Iterator[tuple[Difference, bool]]:
    """What is other in one shot, and whether it may be joined with the same in its neighbours."""
    log = material.log
    figures = [log.frames[number] for number in shot if number in log.frames and number not in covered]
    if not figures or min(frame.psnr_db for frame in figures) > _NOISE_DB:
        return
    failing = [frame.number for frame in figures if beyond_gates(frame)]
    seen = _described(shot, material)
    if seen is not None and seen.named and seen.effect >= 1 and len(figures) * 2 > len(shot):
        yield _difference(seen, shot, material), True
        return
    for run in runs(failing, bridge=4):
        part = _described(run, material)
        worst = max(log.frames[number].tile for number in run if number in log.frames)
        if part is not None and (len(run) >= _SHORT or worst > 2 * TILE_LEVELS) and part.effect >= 1:
            yield _difference(part, run, material), True


def _described(frames: FrameRange, material: Material) -> Description | None:
    pairs = material.log.pairs(frames)
    return describe([(pair.before, pair.after) for pair in pairs]) if pairs else None


def _difference(seen: Description, frames: FrameRange, material: Material) -> Difference:
    place = "" if seen.box is None else f", {place_words(seen.box, *material.size)}"
    return Difference(f"{seen.what}{place}", "picture", "picture", frames)


def crossfade_words(run: FrameRange, material: Material) -> str | None:
    """The old and the new picture mixed by other weights: a crossfade of another length or place."""
    partner = dict(material.match.pairs)
    reach = max(10, len(run))
    hard = cuts(material.a)
    first = max([run.start - reach, *(edge for edge in hard if edge <= run.start)])
    last = min([run.end + reach, *(edge - 1 for edge in [*hard, len(material.a)] if edge >= run.end)])
    if last - first < 4 or any(edge not in partner or _fails(edge, material) for edge in (first, last)):
        return None
    old, new = material.a[first].astype(float), material.a[last].astype(float)
    span = float(((new - old) ** 2).sum())
    if span / old.size < 25 or likeness(old, new) > 0.97:
        return None
    weights: list[list[float]] = [[], []]
    for number in range(first, last + 1):
        if number in partner:
            for side, picture in enumerate((material.a[number], material.b[partner[number]])):
                mixed = picture.astype(float)
                weight = float(((mixed - old) * (new - old)).sum()) / span
                left_over = float(((mixed - old - weight * (new - old)) ** 2).sum())
                if left_over > 0.15 * span:
                    return None
                weights[side].append(weight)
    lengths = [_fade_length(values) for values in weights]
    most = max(abs(a - b) for a, b in zip(*weights, strict=True))
    if most < 0.02:
        return None
    if lengths[0] and lengths[1] and round(lengths[0]) != round(lengths[1]):
        was, now = round(lengths[0]), round(lengths[1])
        apart = f"{frames_word(abs(now - was))} {'longer' if now > was else 'shorter'}"
        return f"crossfade of {frames_word(now)} instead of {was}, {apart}"
    return f"crossfade runs otherwise: its weight is off by up to {most * 100:.0f} %"


def _fails(number: int, material: Material) -> bool:
    return number in material.log.frames and beyond_gates(material.log.frames[number])


def _fade_length(weights: list[float]) -> float | None:
    """Frames from the old picture to the new one, by the slope of the weights in between."""
    inside = [(place, weight) for place, weight in enumerate(weights) if 0.08 < weight < 0.92]
    if len(inside) < 3:
        return None
    places, values = np.array(inside).T
    slope = float(np.polyfit(places, values, 1)[0])
    return 1 / slope if slope > 1e-3 else None


def _merged(found: list[tuple[Difference, bool]], material: Material) -> Iterator[Difference]:
    """Neighbouring shots with one and the same change become one difference, measured over all of them."""
    for _, items in itertools.groupby(found, key=lambda item: (item[1], _kind(item[0].what) if item[1] else id(item))):
        group = [item for item, _ in items]
        frames = [item.frames for item in group if item.frames is not None]
        if len(group) == 1 or not frames:
            yield group[0]
            continue
        whole = FrameRange(frames[0].start, frames[-1].end)
        seen = _described(whole, material)
        same = seen is not None and _kind(seen.what) == _kind(group[0].what)
        yield _difference(seen, whole, material) if seen is not None and same else _with_range(group[0], whole)


def _with_range(item: Difference, frames: FrameRange) -> Difference:
    return Difference(item.what, item.where, item.kind, frames)


def _kind(what: str) -> str:
    """A sentence without its numbers."""
    return re.sub(r"[\d.+−×-]+", "#", what.split(", ", maxsplit=1)[0])
