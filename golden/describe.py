"""Pairs of frames → one sentence on what turns the first of each into the second, and where in the frame.

Colour, movement and blur are tried one by one; the explanation that leaves least over is given, if it accounts for
enough. Otherwise the sentence says plainly how much is other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from golden.colour_fit import Fit, block_levels, fit_colours
from golden.geometry_fit import find_shift, fit_blur, fit_mirror, fit_shift, likeness, luma_of
from golden.metrics import tile_map, tile_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from golden.planes import Yuv

    Pair = tuple[Yuv, Yuv]
    Box = tuple[int, int, int, int]

ENOUGH = 0.35
"""The share of the squared difference that an explanation must account for."""
ANOTHER = "another picture"
_OTHER_PICTURE, _SAME_PICTURE = 0.5, 0.8
_CERTAIN = 0.85
_MOST_PAIRS = 3
_TILE_LEVELS = 1.5
"""A tile whose levels are off by more than this on average differs."""
_MOST_SAMPLES = 350_000


@dataclass(frozen=True, slots=True)
class Description:
    """`what` in words; `named` says whether a cause was found.

    `box` is (left, top, right, bottom) in full-size pixels, None where the whole frame differs. `effect` is 1 for what
    an encoder might just make by itself.
    """

    what: str
    named: bool
    box: Box | None = None
    effect: float = 100.0


def describe(pairs: Sequence[Pair], factor: int = 1) -> Description:
    """Describe a change. `factor` is how many full-size pixels one sample of these frames stands for."""
    chosen = _spread(pairs, _MOST_PAIRS)
    box = _changed_box(chosen)
    width, height = chosen[0][0].size
    part = box is not None and (box[2] - box[0]) * (box[3] - box[1]) < 0.5 * width * height
    looked = [(a.cut(box), b.cut(box)) for a, b in chosen] if part and box is not None else list(chosen)
    fit = explain(looked, factor)
    if part and fit is not None and (fit.explained < _CERTAIN or fit.what == ANOTHER or not fit.moves):
        fit = None  # what is drawn over a part of a picture is no change of its colours
    scaled = None if box is None or not part else _times(box, factor)
    if fit is not None:
        return Description(fit.what, named=True, box=scaled, effect=fit.effect)
    what = f"{'in part ' if part else ''}{_plain(looked)}"
    return Description(what, named=False, box=scaled)


def _spread(pairs: Sequence[Pair], count: int) -> list[Pair]:
    if len(pairs) <= count:
        return list(pairs)
    return [pairs[round(place)] for place in np.linspace(0, len(pairs) - 1, count)]


def _times(box: Box, factor: int) -> Box:
    left, top, right, bottom = (side * factor for side in box)
    return left, top, right, bottom


def explain(pairs: Sequence[Pair], factor: int) -> Fit | None:
    """The best explanation that accounts for enough; None where there is none."""
    lumas = [(luma_of(_reduced(a.y)), luma_of(_reduced(b.y))) for a, b in pairs]
    small = min(lumas[0][0].shape) < 24
    alike = min(likeness(a, b) for a, b in lumas)
    colour = None
    if alike > _SAME_PICTURE or small:
        levels = [block_levels(frames) for frames in zip(*pairs, strict=True)]
        colour = fit_colours(levels[0], levels[1])
    if colour is not None and (colour.explained > _CERTAIN or small):
        return colour if colour.explained >= ENOUGH else None
    if small:
        return None
    pixels = float(factor)
    geometry = [fit_mirror(lumas), fit_shift(lumas, pixels)]
    if alike >= _OTHER_PICTURE:
        geometry.append(fit_blur(lumas, pixels))
    fits = [fit for fit in (colour, *geometry) if fit is not None and fit.what]
    best = max(fits, key=lambda fit: fit.explained, default=None)
    if best is not None and best.explained >= ENOUGH:
        return best
    if alike < _OTHER_PICTURE:
        return Fit(ANOTHER, 1.0)
    return _different_shifts(lumas, pixels)


def _reduced(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A plane small enough for Fourier transforms in a moment: the middle of a large one."""
    height, width = plane.shape
    if height * width <= _MOST_SAMPLES:
        return plane
    share = float(np.sqrt(_MOST_SAMPLES / (height * width)))
    rows, columns = int(height * share) // 2 * 2, int(width * share) // 2 * 2
    top, left = (height - rows) // 2, (width - columns) // 2
    return plane[top : top + rows, left : left + columns]


def _different_shifts(lumas: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], factor: float) -> Fit | None:
    """Each frame is shifted, but not by the same: the picture moves in another way."""
    if len(lumas) < 2:
        return None
    shifts = [find_shift([pair], factor) for pair in lumas]
    explained = float(np.mean([shift.explained for shift in shifts]))
    if explained < ENOUGH:
        return None
    most = max(shift.edge for shift in shifts)
    return Fit(f"moves differently, by up to {most:.1f} px", explained, most / 0.25)


def _changed_box(pairs: Sequence[Pair]) -> Box | None:
    """The rectangle around all tiles that differ; None where no tile stands out."""
    maps = [tile_map(a, b) for a, b in pairs]
    strength = np.maximum.reduce([np.abs(signed) + absolute / 2 for signed, absolute in maps])
    limit = max(_TILE_LEVELS, float(strength.max()) / 3)
    rows, columns = np.nonzero(strength > limit)
    if not len(rows):
        return None
    side = tile_size(pairs[0][0].size[0])
    width, height = pairs[0][0].size
    right, bottom = min(width, (int(columns.max()) + 1) * side), min(height, (int(rows.max()) + 1) * side)
    return int(columns.min()) * side, int(rows.min()) * side, right // 2 * 2, bottom // 2 * 2


def _plain(pairs: Sequence[Pair]) -> str:
    """How much, where no cause has a name."""
    apart = [np.abs(a.y.astype(np.int16) - b.y.astype(np.int16)) for a, b in pairs]
    mean, most = float(np.mean([part.mean() for part in apart])), max(int(part.max()) for part in apart)
    return f"other by {mean:.2g} levels of luma on average, {most} at most"


def place_words(box: Box, width: int, height: int) -> str:
    """`at the top right (180×90 px at 1700, 40)`."""
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2 / width, (top + bottom) / 2 / height
    across = "left" if middle_x < 1 / 3 else "right" if middle_x > 2 / 3 else ""
    down = "top" if middle_y < 1 / 3 else "bottom" if middle_y > 2 / 3 else ""
    named = f"at the {f'{down} {across}'.strip()}" if down or across else "in the middle"
    return f"{named} ({right - left}×{bottom - top} px at {left}, {top})"
