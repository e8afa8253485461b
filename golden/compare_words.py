"""Measured pairs of two videos → differences in words: frames dropped or repeated, shots exchanged, pictures changed.

No timeline is known here: what is said is what can be measured, and the place is a range of frames.
"""

from __future__ import annotations

import bisect
import itertools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from golden.changes import ChangeLog, runs
from golden.describe import Description, describe, place_words
from golden.geometry_fit import likeness
from golden.matching import cuts, likenesses
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
_MOST_TOLD = 6
_SHORT = 3
"""Fewer frames beyond a gate, and not far beyond, are an encoder's hiccup."""
_NOISE_DB = 55.0
_ALIKE, _UNLIKE, _OTHER_PICTURE_DB, _STEADY = 0.75, 0.6, 25.0, 5


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
    edges = [*cuts(a), len(a)]
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
    """Frames without partner: run by run, or where there are many of them (another frame rate) in one sentence."""
    count = len(material.a)
    for what, found in (("dropped", list(_dropped(material))), ("repeated or inserted", list(_added(material)))):
        inner = [item for item in found if not item.what.startswith("ends")]
        if len(inner) <= _MOST_TOLD:
            yield from found
            continue
        missing = [number for number in material.match.missing if number < count - 1]
        frames = frames_word(len(missing if what == "dropped" else material.match.extra))
        ranges = [item.frames for item in inner if item.frames is not None]
        hull = FrameRange(ranges[0].start, ranges[-1].end)
        yield Difference(f"{frames} {what}, in {len(inner)} places", "picture", "picture", hull)
        yield from (item for item in found if item not in inner)


def _dropped(material: Material) -> Iterator[Difference]:
    for run in runs(material.match.missing):
        at_end = run.end == len(material.a)
        what = f"{_frames(run)} dropped" if not at_end else f"ends {frames_word(len(run))} earlier"
        yield Difference(what, "picture", "picture", run)


def _added(material: Material) -> Iterator[Difference]:
    seconds = [b for _, b in material.match.pairs]
    last = len(material.a) - 1
    for run in runs(material.match.extra):
        before = bisect.bisect_left(seconds, run.start)
        place = material.match.pairs[before - 1][0] + 1 if before else 0
        frames = FrameRange(min(place, last), min(place, last) + 1)
        if run.end == len(material.b):
            what = f"ends {frames_word(len(run))} later"
        elif place and _apart(material.b[run.start], material.b[run.start - 1]) < 1.0:
            what = f"{frames_word(len(run))} repeated after frame {place - 1}"
        else:
            what = f"{frames_word(len(run))} inserted before frame {place}"
        yield Difference(what, "picture", "picture", frames)


def _frames(run: FrameRange) -> str:
    return f"frame {run.start}" if len(run) == 1 else f"{frames_word(len(run))} ({run.start} to {run.end - 1})"


def _apart(a: Signatures, b: Signatures) -> float:
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


def _exchanged(material: Material) -> list[Difference]:
    """Runs of frames that show what the first video shows elsewhere; two that show each other's are swapped."""
    partner = dict(material.match.pairs)
    suspects = [
        n for n in sorted(material.log.frames) if material.log.frames[n].psnr_db < _OTHER_PICTURE_DB and n in partner
    ]
    if not suspects:
        return []
    alike = likenesses(material.a, material.b[[partner[number] for number in suspects]])
    places = {
        number: int(row.argmax())
        for number, row in zip(suspects, alike, strict=True)
        if row[number] < _UNLIKE and row.max() > _ALIKE
    }
    hard = set(cuts(material.a))
    shown = {
        _grown(run, set(suspects), hard): _middle([places[number] for number in run])
        for run in _steady(places, material)
    }
    found = []
    for run, place in shown.items():
        back = next((other for other, seen in shown.items() if place in other and seen in run), None)
        if back is not None:
            what = f"swapped with frames {back.start} to {back.end - 1}"
        else:
            what = f"shows what was at frame {place}"
        if back is not None or place not in run:
            found.append(Difference(what, "picture", "picture", run))
    return found


def _steady(places: dict[int, int], material: Material) -> Iterator[FrameRange]:
    """Runs of at least five frames, cut where either side has a cut."""
    hard = cuts(material.a)
    run: list[int] = []
    for number, place in sorted(places.items()):
        breaks = run and (
            number > run[-1] + 1
            or number in hard
            or any(min(place, places[run[-1]]) < edge <= max(place, places[run[-1]]) for edge in hard)
        )
        if breaks:
            if len(run) >= _STEADY:
                yield FrameRange(run[0], run[-1] + 1)
            run = []
        run.append(number)
    if len(run) >= _STEADY:
        yield FrameRange(run[0], run[-1] + 1)


def _grown(run: FrameRange, suspects: set[int], hard: set[int]) -> FrameRange:
    """With the frames around it that are quite other too, up to a cut."""
    start, end = run.start, run.end
    while start - 1 in suspects and start not in hard:
        start -= 1
    while end in suspects and end not in hard:
        end += 1
    return FrameRange(start, end)


def _middle(values: list[int]) -> int:
    return sorted(values)[len(values) // 2]


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
    weights = _weights(first, last, material)
    edges = _fade_edges(weights[0]) if weights is not None else None
    if weights is not None and edges is not None:  # once more, with the last frames before it and the first after it
        first, last = max(first, first + int(edges[0]) - 1), min(last, first + int(edges[1]) + 2)
        weights = _weights(first, last, material) or weights
    if weights is None or max(abs(a - b) for a, b in zip(*weights, strict=True)) < 0.02:
        return None
    lengths = [None if edges is None else edges[1] - edges[0] for edges in map(_fade_edges, weights)]
    if lengths[0] and lengths[1] and round(lengths[0]) != round(lengths[1]):
        was, now = round(lengths[0]), round(lengths[1])
        apart = f"{frames_word(abs(now - was))} {'longer' if now > was else 'shorter'}"
        return f"crossfade of {frames_word(now)} instead of {was}, {apart}"
    most = max(abs(a - b) for a, b in zip(*weights, strict=True))
    return f"crossfade runs otherwise: its weight is off by up to {most * 100:.0f} %"


def _weights(first: int, last: int, material: Material) -> tuple[list[float], list[float]] | None:
    """How much of frame `last` is in each frame from `first` on, in both videos; None where they are no mixes."""
    partner = dict(material.match.pairs)
    old, new = material.a[first].astype(float), material.a[last].astype(float)
    span = float(((new - old) ** 2).sum())
    if span / old.size < 25 or likeness(old, new) > 0.97:
        return None
    weights: tuple[list[float], list[float]] = ([], [])
    for number in range(first, last + 1):
        for side, picture in enumerate((material.a[number], material.b[partner.get(number, number)])):
            mixed = picture.astype(float) - old
            weight = float((mixed * (new - old)).sum()) / span
            if float(((mixed - weight * (new - old)) ** 2).sum()) > 0.15 * span:
                return None
            weights[side].append(weight)
    return weights


def _fails(number: int, material: Material) -> bool:
    return number in material.log.frames and beyond_gates(material.log.frames[number])


def _fade_edges(weights: list[float]) -> tuple[float, float] | None:
    """Places where a straight line through the weights in between is 0 and 1."""
    inside = [(place, weight) for place, weight in enumerate(weights) if 0.1 < weight < 0.9]
    if len(inside) < 3:
        return None
    places, values = np.array(inside).T
    slope, height = np.polyfit(places, values, 1)
    return (float(-height / slope), float((1 - height) / slope)) if slope > 1e-3 else None


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
