"""Which frame of one video is which frame of another: by small copies of all frames, with dropped and repeated ones.

A minimal-cost alignment (Needleman and Wunsch 1970) within a band: two frames cost their mean difference in levels, at
most `_OTHER`; a frame without partner costs `_ALONE`. So one dropped frame is found even where little moves. Brightness
and contrast are taken out first: a video that is darker throughout has the same frames.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numba
import numpy as np

from golden.video import decoded_frames

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from golden.video import Video

    Signatures = NDArray[np.uint8]

P = ParamSpec("P")
R = TypeVar("R")

ACROSS = 48
_OTHER, _ALONE, _NEVER = 30.0, 20.0, 1e7
_ALL_BUT_EQUAL = 0.35
_MOST_LONELY = 6
"""More dropped and repeated frames than this are a movement of another speed."""
_BAND = 48
_REACH = 60
_CUT = 12.0
"""Mean difference of two neighbours in levels from which on a new shot begins."""


def _kernel(function: Callable[P, R]) -> Callable[P, R]:
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return compiled


@dataclass(frozen=True, slots=True)
class Match:
    """`pairs` of frame numbers in order; `missing` of the first video are not in the second, `extra` the other way."""

    pairs: tuple[tuple[int, int], ...]
    missing: tuple[int, ...]
    extra: tuple[int, ...]


def signatures(video: Video, shape: tuple[int, int] | None = None) -> Signatures:
    """(frames, rows, 48) uint8: the luma of every frame by areas, as for a video of the size `shape`."""
    width, height = shape or video.size
    rows = max(8, round(ACROSS * height / width / 2) * 2)
    frames = [frame.y.copy() for frame in decoded_frames(video, size=(ACROSS, rows))]
    return np.stack(frames) if frames else np.zeros((0, rows, ACROSS), np.uint8)


def upright(a: Signatures, size: tuple[int, int], video: Video) -> tuple[Video, Signatures]:
    """A video with its signatures in the shape of `a`; one that lies on its side beside `a` is turned upright.

    A portrait beside a landscape is looked at as it is and turned both ways; the most alike is taken.
    """
    seen = video, signatures(video, size)
    if (video.size[0] > video.size[1]) == (size[0] > size[1]) or size[0] == size[1]:
        return seen
    ways: list[tuple[Video, Signatures]] = [seen]
    for turn in (90, 270):
        turned = dataclasses.replace(video, turn=turn)
        ways.append((turned, signatures(turned, size)))
    return max(ways, key=lambda way: _alike(a, way[1]))


def _alike(a: Signatures, b: Signatures) -> float:
    """Mean correlation of frames at the same share of both lengths."""
    if not len(a) or not len(b):
        return 0.0
    places = np.linspace(0, 1, 25)
    chosen = [frames[np.round(places * (len(frames) - 1)).astype(int)] for frames in (a, b)]
    return float(np.diag(likenesses(chosen[0], chosen[1])).mean())


def match_frames(a: Signatures, b: Signatures) -> Match:
    """Align two videos' signatures.

    Both are of one shape. Frames are dropped *and* repeated only where this makes partners all but equal: a picture
    that moves in another way is no other picture a moment later.
    """
    evened = _evened(a), _evened(b)
    straight, free = _matched(*evened, _NEVER), _matched(*evened, _ALONE)
    apart = set(straight.pairs) ^ set(free.pairs)
    if apart:
        costs = [
            sum(_cost(*evened, pair) for pair in match.pairs if pair in apart) / max(1, len(apart & set(match.pairs)))
            for match in (straight, free)
        ]
        more = len(free.missing) + len(free.extra) - len(straight.missing) - len(straight.extra)
        if costs[1] <= _ALL_BUT_EQUAL * costs[0] and more <= _MOST_LONELY:
            straight = free
    pairs, extra = list(straight.pairs), list(straight.extra)
    for index, number in enumerate(extra):
        extra[index] = _to_repeat(number, b, pairs, set(extra))
    return Match(tuple(pairs), straight.missing, tuple(sorted(extra)))


def _cost(a: NDArray[np.int16], b: NDArray[np.int16], pair: tuple[int, int]) -> float:
    return min(_OTHER, float(np.abs(a[pair[0]] - b[pair[1]]).mean()))


def _matched(a: NDArray[np.int16], b: NDArray[np.int16], alone: float) -> Match:
    band = abs(len(a) - len(b)) + _BAND
    moves = _align(a, b, band, _OTHER, alone)
    pairs, missing, extra = [], [], []
    i, j = len(a), len(b)
    while i or j:
        move = moves[i, j - i + band]
        if move == 0:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif move == 1:
            i -= 1
            missing.append(i)
        else:
            j -= 1
            extra.append(j)
    return Match(tuple(pairs[::-1]), tuple(missing[::-1]), tuple(extra[::-1]))


def _to_repeat(number: int, b: Signatures, pairs: list[tuple[int, int]], taken: set[int]) -> int:
    """A repeated frame may stand anywhere where little moves; it is put where two neighbours are alike."""
    first, last = max(1, number - _REACH), min(len(b) - 1, number + _REACH)
    if last <= first:
        return number
    steps = np.abs(np.diff(b[first - 1 : last + 1].astype(np.int16), axis=0)).mean(axis=(1, 2))
    place = first + int(steps.argmin())
    between = range(min(place, number), max(place, number) + 1)
    if any(frame in taken for frame in between if frame != number):
        return number
    if steps.min() > 0.3 * float(np.median(steps)) or (steps[[frame - first for frame in between]] > _CUT).any():
        return number
    for index, (a, other) in enumerate(pairs):
        if number < other <= place:
            pairs[index] = (a, other - 1)
        elif place <= other < number:
            pairs[index] = (a, other + 1)
    return place


def _evened(frames: Signatures) -> NDArray[np.int16]:
    """(frames, samples): mean 0, a standard deviation of 40 levels where there is any detail."""
    flat = frames.reshape(len(frames), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    evened: NDArray[np.int16] = (flat * (40 / np.maximum(flat.std(axis=1, keepdims=True), 10))).round().astype(np.int16)
    return evened


@_kernel
def _level(frames: NDArray[np.int16], number: int, place: int) -> int:
    return np.int64(frames[number, place])  # type: ignore[return-value]  # signed


@_kernel
def _align(a: NDArray[np.int16], b: NDArray[np.int16], band: int, other: float, alone: float) -> NDArray[np.uint8]:
    """For each (i, j - i + band): 0 both, 1 only the first's frame, 2 only the second's."""
    rows, columns = len(a) + 1, len(b) + 1
    width = 2 * band + 1
    moves = np.zeros((rows, width), np.uint8)
    previous = np.full(width, np.inf)
    current = np.full(width, np.inf)
    for i in range(rows):
        current[:] = np.inf
        for j in range(max(0, i - band), min(columns, i + band + 1)):
            place = j - i + band
            if i == 0 and j == 0:
                current[place] = 0.0
                continue
            best, move = np.inf, 0
            if i > 0 and j > 0:
                total = 0
                for k in range(a.shape[1]):
                    total += abs(_level(a, i - 1, k) - _level(b, j - 1, k))
                best = previous[place] + min(other, total / a.shape[1])
            if i > 0 and place + 1 < width and previous[place + 1] + alone < best:
                best, move = previous[place + 1] + alone, 1
            if j > 0 and place > 0 and current[place - 1] + alone < best:
                best, move = current[place - 1] + alone, 2
            current[place] = best
            moves[i, place] = move
        previous, current = current, previous
    return moves


def cuts(video: Signatures) -> list[int]:
    """First frames of shots, 0 among them, where the picture changes at once."""
    if len(video) < 2:
        return [0]
    steps = np.abs(np.diff(video.astype(np.int16), axis=0)).mean(axis=(1, 2))
    return [0, *(int(place) + 1 for place in np.nonzero(steps > _CUT)[0])]


def likenesses(a: Signatures, b: Signatures) -> NDArray[np.float32]:
    """(frames of b, frames of a): normalised correlation of every small copy with every other."""
    rows = []
    for frames in (b, a):
        flat = _evened(frames).astype(np.float32)
        rows.append(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6))
    found: NDArray[np.float32] = rows[0] @ rows[1].T
    return found
