"""Planes → an 8-bit RGB picture that becomes these very planes again, where there is one.

A PNG holds RGB, and RGB at full resolution has room for what 4:2:0 says: 24 values for each chroma sample. The chroma
of each column is chosen so that the 1/4 1/2 1/4 mean of `rgb_to_yuv420` gives back the sample; what the gamut cuts off
is made up for by its neighbours, in a few rounds, and the last few samples by trying single levels. Planes may hold
colours that no RGB picture has, where a resampler overshot: those stay a level off.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.kernels import rgb_to_yuv420

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.picture.kernels import Plane

    Real = NDArray[np.float64]
    Pixels = NDArray[np.uint8]

ROUNDS = 30
_SLACK_ROUNDS = 3
_TRIES = 1500
_REACH = 3
"""Levels that a repair may move a pixel: more would be seen."""
_MOST_REPAIRED = 2_000


def exact_rgb(y: Plane, u: Plane, v: Plane) -> tuple[Pixels, int]:
    """The (height, width, 3) picture for planes of even sides, and how many of their samples still differ."""
    targets = [plane.astype(np.float64) for plane in (y, u, v)]
    asked = targets
    best, fewest = _picture(*asked), y.size + u.size + v.size
    for _ in range(ROUNDS):
        picture = _picture(*asked)
        errors = [target - plane for target, plane in zip(targets, rgb_to_yuv420(picture), strict=True)]
        wrong = sum(int(np.count_nonzero(error)) for error in errors)
        if wrong < fewest:
            best, fewest = picture, wrong
        if wrong == 0:
            return best, 0
        asked = [plane + 0.7 * error for plane, error in zip(asked, errors, strict=True)]
    if fewest <= _MOST_REPAIRED:
        _repair(best, (y, u, v))
    left = zip((y, u, v), rgb_to_yuv420(best), strict=True)
    return best, sum(int(np.count_nonzero(target != plane)) for target, plane in left)


def _picture(y: Real, u: Real, v: Real) -> Pixels:
    luma = (y - 16) * (255 / 219)
    blue, red = (_columns(plane - 128) * (255 / 224) for plane in (u, v))
    rgb = np.stack([luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue], axis=-1)
    for _ in range(_SLACK_ROUNDS):  # what clipping takes from the luma is put back as grey
        clipped = np.clip(rgb, 0, 255)
        if np.array_equal(clipped, rgb):
            break
        kept = 0.2126 * clipped[..., 0] + 0.7152 * clipped[..., 1] + 0.0722 * clipped[..., 2]
        rgb = clipped + (luma - kept)[..., None]
    picture: Pixels = np.rint(np.clip(rgb, 0, 255)).astype(np.uint8)
    return picture


def _columns(chroma: Real) -> Real:
    """Chroma at full resolution whose weighted mean about each even column is the sample."""
    after = np.concatenate([chroma[:, 1:], chroma[:, -1:]], axis=1)
    odd = (chroma + after) / 2
    before = np.concatenate([odd[:, :1], odd[:, :-1]], axis=1)
    even = (4 * chroma - before - odd) / 2
    even[:, 0] = (4 * chroma[:, 0] - odd[:, 0]) / 3
    across = np.stack([even, odd], axis=2).reshape(chroma.shape[0], -1)
    return np.repeat(across, 2, axis=0)


def _repair(picture: Pixels, targets: tuple[Plane, Plane, Plane]) -> None:
    """Change single levels about each wrong sample as long as that brings the planes nearer."""
    found = rgb_to_yuv420(picture)
    places = {(int(i) // 2, int(j) // 2) for i, j in np.argwhere(found[0] != targets[0])}
    places |= {(int(i), int(j)) for k in (1, 2) for i, j in np.argwhere(found[k] != targets[k])}
    chance = Random(0)  # noqa: S311  (the same picture every time)
    for row, column in sorted(places):
        _repair_around(picture, targets, (row, column), chance)


def _repair_around(
    picture: Pixels, targets: tuple[Plane, Plane, Plane], place: tuple[int, int], chance: Random
) -> None:
    """Search in the six pixels of one chroma sample; the window reaches far enough for all they touch."""
    row, column = place
    first, last = max(0, column - 3), min(targets[1].shape[1], column + 4)
    window = picture[2 * row : 2 * row + 2, 2 * first : 2 * last]
    wanted = [
        targets[0][2 * row : 2 * row + 2, 2 * first : 2 * last],
        *(t[row : row + 1, first:last] for t in targets[1:]),
    ]
    skip = int(first > 0)  # the window's own left edge stands for pixels outside it
    cost = _distance(window, wanted, skip)
    original, middle = window.copy(), 2 * (column - first)
    for _ in range(_TRIES):
        if cost == 0:
            return
        across = min(max(middle + chance.randrange(-1, 2), 0), window.shape[1] - 1)
        at = chance.randrange(2), across, chance.randrange(3)
        before, level = window[at], int(window[at]) + chance.choice((-2, -1, 1, 2))
        if not 0 <= level <= 255 or abs(level - int(original[at])) > _REACH:
            continue
        window[at] = level
        changed = _distance(window, wanted, skip)
        if changed <= cost:
            cost = changed
        else:
            window[at] = before
    window[:] = original


def _distance(window: Pixels, wanted: list[Plane], skip: int) -> int:
    planes = rgb_to_yuv420(np.ascontiguousarray(window))
    apart = [np.abs(plane.astype(np.int32) - asked) for plane, asked in zip(planes, wanted, strict=True)]
    return int(apart[0].sum()) + int(apart[1][:, skip:].sum()) + int(apart[2][:, skip:].sum())
