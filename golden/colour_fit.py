"""Which change of colours turns one picture into another: range, matrix, hue, saturation, gamma, brightness, tint.

Works on means over blocks of 16×16 luma samples, where an encoder's noise has mostly averaged out and a colour error
has not. Each candidate has at most two parameters, fitted by least squares; the best leaves the least over.
Hue counts as FFmpeg's `hue` filter does: positive turns red towards yellow. Gamma above 1 brightens: v^(1/gamma).
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from golden.planes import Yuv

    Levels = NDArray[np.float64]

_BLOCK = 16
_MOST_BLOCKS = 6_000
_SECOND_PARAMETER = 0.08


@dataclass(frozen=True, slots=True)
class Fit:
    """One explanation. `explained` is the share of the squared difference that it accounts for, 1 = all of it.

    `effect` is its size in units of the least that an encoder would not make by itself; `moves` says that it is about
    places and sharpness, not about colours.
    """

    what: str
    explained: float
    effect: float = 100.0
    moves: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """Levels as an explanation predicts them. `cost` is its handicap, `effect` as in `Fit`."""

    what: str
    levels: Levels
    cost: float = 0.0
    effect: float = 100.0


def block_levels(frames: Sequence[Yuv]) -> Levels:
    """(n, 3) mean Y, U, V of 16×16 blocks, less what does not fill a block."""
    return np.concatenate([_blocks(frame) for frame in frames])


def _blocks(frame: Yuv) -> Levels:
    rows, columns = frame.y.shape[0] // _BLOCK, frame.y.shape[1] // _BLOCK
    parts = []
    for plane, side in ((frame.y, _BLOCK), (frame.u, _BLOCK // 2), (frame.v, _BLOCK // 2)):
        cut = plane[: rows * side, : columns * side].reshape(rows, side, columns, side)
        parts.append(cut.mean(axis=(1, 3), dtype=np.float64).reshape(-1))
    return np.stack(parts, axis=1)


def fit_colours(before: Levels, after: Levels) -> Fit | None:
    """The best explanation; None where the means are equal or too few. A second parameter has to earn its place.

    What it explains is counted on the planes that it touches: a hue error leaves luma alone, and an encoder does not.
    """
    if len(before) < 4:
        return None
    step = -(-len(before) // _MOST_BLOCKS)
    before, after = before[::step], after[::step]
    start = _squares(after - before)
    if start.sum() <= 1e-9:
        return None
    tried = list(_candidates(before, after))
    best = min(tried, key=lambda one: one.cost + float(_squares(after - one.levels).sum() / start.sum()))
    touched = _squares(best.levels - before) > 1e-6 * len(before)
    if not touched.any():
        return None
    left = _squares(after - best.levels)
    return Fit(best.what, 1 - float(left[touched].sum() / max(start[touched].sum(), 1e-9)), best.effect)


def _squares(apart: Levels) -> Levels:
    """Sum of squares of each of Y, U, V."""
    total: Levels = (apart * apart).sum(axis=0)
    return total


def _candidates(before: Levels, after: Levels) -> Iterator[_Candidate]:
    for what, change in _FIXED.items():
        yield _Candidate(what, change(before))
    yield from _chroma_turns(before, after)
    yield from _gammas(before, after)
    yield from _luma_lines(before, after)
    tint = (after - before).mean(axis=0)
    words = f"tinted by {tint[1]:+.1f} (Cb) and {tint[2]:+.1f} (Cr) levels"
    strength = float(np.abs(tint[1:]).max()) / 1.5
    yield _Candidate(words, before + tint * np.array([0, 1, 1]), _SECOND_PARAMETER, strength)


_TO_RGB_709 = np.array([[1, 0, 1.5748], [1, -0.1873, -0.4681], [1, 1.8556, 0]])
_TO_RGB_601 = np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]])
_ZERO = np.array([16.0, 128.0, 128.0])
_GREY = np.array([0.0, 128.0, 128.0])
_SPAN = np.array([219.0, 224.0, 224.0])
_FULL = np.array([255.0, 255.0, 255.0])


def _matrix(levels: Levels, to_rgb: Levels, back: Levels) -> Levels:
    """Decode with one matrix, encode with another, in limited range."""
    rgb = ((levels - _ZERO) / _SPAN) @ to_rgb.T
    changed: Levels = rgb @ np.linalg.inv(back).T * _SPAN + _ZERO
    return changed


def _to_full(levels: Levels) -> Levels:
    stretched: Levels = np.clip((levels - _ZERO) / _SPAN * _FULL + _GREY, 0, 255)
    return stretched


def _to_limited(levels: Levels) -> Levels:
    pressed: Levels = (levels - _GREY) / _FULL * _SPAN + _ZERO
    return pressed


_FIXED: dict[str, Callable[[Levels], Levels]] = {
    "full range instead of limited": _to_full,
    "limited range instead of full": _to_limited,
    "matrix BT.601 instead of BT.709": lambda levels: _matrix(levels, _TO_RGB_709, _TO_RGB_601),
    "matrix BT.709 instead of BT.601": lambda levels: _matrix(levels, _TO_RGB_601, _TO_RGB_709),
    "matrix BT.601 and full range instead of BT.709 and limited": lambda levels: _to_full(
        _matrix(levels, _TO_RGB_709, _TO_RGB_601)
    ),
    "blue and red chroma exchanged": lambda levels: levels[:, [0, 2, 1]],
    "without colour": lambda levels: np.stack([levels[:, 0], *[np.full(len(levels), 128.0)] * 2], axis=1),
}


def _chroma_turns(before: Levels, after: Levels) -> Iterator[_Candidate]:
    """Rotation and scaling of (Cb, Cr) about grey."""
    was, now = (levels[:, 1] - 128 + 1j * (levels[:, 2] - 128) for levels in (before, after))
    weight = np.abs(was) ** 2  # strong colours count more: rounding to 8 bits swallows small turns of weak ones
    energy = float((weight * weight).sum())
    if energy < 1e-9:
        return
    ratio = complex((weight * now * was.conj()).sum() / energy)
    angle, saturation = math.degrees(cmath.phase(ratio)), abs(ratio)

    def turned(factor: complex) -> Levels:
        chroma = was * factor
        return np.stack([before[:, 0], chroma.real + 128, chroma.imag + 128], axis=1)

    sizes = abs(angle), abs(ratio.real - 1) / 0.03
    yield _Candidate(f"hue {angle:+.1f}°", turned(cmath.exp(1j * math.radians(angle))), effect=sizes[0])
    yield _Candidate(f"saturation × {ratio.real:.2f}", turned(ratio.real), effect=sizes[1])
    both = f"hue {angle:+.1f}° and saturation × {saturation:.2f}"
    yield _Candidate(both, turned(ratio), _SECOND_PARAMETER, max(sizes))


def _gammas(before: Levels, after: Levels) -> Iterator[_Candidate]:
    """A power curve on luma (of the coded levels, or of the limited range), or on red, green and blue."""
    for change in (_gamma_luma, _gamma_limited, _gamma_rgb):
        best = min(_GAMMAS, key=lambda gamma: float(((after - change(before, gamma)) ** 2).sum()))
        fine = best + np.linspace(-0.04, 0.04, 33)
        best = min(fine, key=lambda gamma: float(((after - change(before, gamma)) ** 2).sum()))
        yield _Candidate(f"gamma {best:.2f}", change(before, float(best)), effect=abs(float(best) - 1) / 0.02)


_GAMMAS = [float(value) for value in np.arange(0.4, 2.6, 0.05)]


def _gamma_luma(levels: Levels, gamma: float) -> Levels:
    return np.stack([255 * (levels[:, 0] / 255) ** (1 / gamma), levels[:, 1], levels[:, 2]], axis=1)


def _gamma_limited(levels: Levels, gamma: float) -> Levels:
    share = np.clip((levels[:, 0] - 16) / 219, 0, None)
    return np.stack([16 + 219 * share ** (1 / gamma), levels[:, 1], levels[:, 2]], axis=1)


def _gamma_rgb(levels: Levels, gamma: float) -> Levels:
    rgb = np.clip(((levels - _ZERO) / _SPAN) @ _TO_RGB_709.T, 0, 1) ** (1 / gamma)
    changed: Levels = rgb @ np.linalg.inv(_TO_RGB_709).T * _SPAN + _ZERO
    return changed


def _luma_lines(before: Levels, after: Levels) -> Iterator[_Candidate]:
    """Brightness, and brightness with contrast about mid-grey."""
    was, now = before[:, 0], after[:, 0]
    offset = float((now - was).mean())
    words = f"{'brighter' if offset > 0 else 'darker'} by {abs(offset):.1f} levels"
    yield _Candidate(words, before + np.array([offset, 0, 0]), effect=abs(offset) / 1.5)
    spread = float(((was - was.mean()) ** 2).sum())
    if spread > 1e-9:
        slope = float(((was - was.mean()) * (now - now.mean())).sum()) / spread
        line = now.mean() + slope * (was - was.mean())
        middle = float(now.mean() + slope * (126 - was.mean()) - 126)
        words = f"contrast × {slope:.2f}, brightness {middle:+.1f} levels"
        strength = max(abs(slope - 1) / 0.03, abs(middle) / 1.5)
        lined = np.stack([line, before[:, 1], before[:, 2]], axis=1)
        yield _Candidate(words, lined, _SECOND_PARAMETER, strength)
