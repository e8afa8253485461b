"""Which movement or blur turns one picture into another: shift by fractions of a pixel, Gaussian blur, mirroring.

A shift is found as the peak of the phase correlation, summed over several frames, and refined by least squares on the
gradient. A blur is found from how much each spatial frequency was weakened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from golden.colour_fit import Fit
from golden.timeline_diff import moved_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Luma = NDArray[np.float64]
    Spectrum = NDArray[np.complex128]

_EARNED = 0.04
_EDGE = 8
"""Samples at the edges that are not looked at: what moved in from outside can't be known."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Where the second picture lies, seen from the first: samples to the right and down, and how much larger it is.

    `edge` is the largest displacement anywhere in the picture.
    """

    right: float
    down: float
    scale: float
    edge: float
    explained: float


def luma_of(plane: NDArray[np.uint8]) -> Luma:
    return plane.astype(np.float64)


def likeness(before: Luma, after: Luma) -> float:
    """Normalised correlation of two pictures: 1 for the same, about 0 for unrelated ones."""
    a, b = before - before.mean(), after - after.mean()
    energy = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / energy if energy > 1e-9 else 1.0


def find_shift(pairs: Sequence[tuple[Luma, Luma]], factor: float = 1.0) -> Shift:
    """The shift that fits all pairs, with growth only where that explains more; `factor` turns samples into pixels."""
    right, down = _correlation_peak(pairs)
    at_first = sum(_error(after, before) for before, after in pairs)
    if at_first <= 1e-9:
        return Shift(0.0, 0.0, 1.0, 0.0, 0.0)
    place, left_over = _fitted(pairs, np.array([right, down, 0.0]), growing=False)
    if left_over > 0.1 * at_first:
        grown, rest = _fitted(pairs, place, growing=True)
        place, left_over = (grown, rest) if rest < left_over - _EARNED * at_first else (place, left_over)
    growth = abs(place[2]) * max(pairs[0][0].shape) / 2
    edge = float(max(abs(place[0]), abs(place[1])) + growth) * factor
    explained = 1 - left_over / at_first
    return Shift(float(place[0]) * factor, float(place[1]) * factor, 1 + float(place[2]), edge, explained)


def _correlation_peak(pairs: Sequence[tuple[Luma, Luma]]) -> tuple[float, float]:
    """The shift in whole samples, by the phases of both spectra; 0 where it would be more than a quarter."""
    shape = pairs[0][0].shape
    window = _window(shape)
    total: Spectrum = np.zeros((shape[0], shape[1] // 2 + 1), np.complex128)
    for before, after in pairs:
        a, b = (np.fft.rfft2((plane - plane.mean()) * window) for plane in (before, after))
        cross = b * a.conj()
        cross /= np.abs(cross) + 1e-6 * float(np.abs(cross).max() or 1)
        total += cross
    surface = np.fft.irfft2(total, s=shape)
    peak = np.unravel_index(int(surface.argmax()), surface.shape)
    down, right = (_signed(int(place), side) for place, side in zip(peak, shape, strict=True))
    if max(abs(right) / shape[1], abs(down) / shape[0]) > 0.25:
        return 0.0, 0.0
    return float(right), float(down)


def _fitted(pairs: Sequence[tuple[Luma, Luma]], start: Luma, *, growing: bool) -> tuple[Luma, float]:
    """(right, down, growth) and what is left over."""
    place = start
    for _ in range(4):
        step = _refine(pairs, place, growing=growing)
        place = place + step
        if float(np.abs(step[:2]).max()) < 0.01:
            break
    return place, sum(_error(after, resampled(before, *place)) for before, after in pairs)


def _signed(place: int, side: int) -> int:
    return place - side if place > side // 2 else place


def _window(shape: tuple[int, ...]) -> Luma:
    window: Luma = np.outer(np.hanning(shape[0]), np.hanning(shape[1]))
    return window


def _inner(plane: Luma) -> Luma:
    edge = min(_EDGE, plane.shape[0] // 4, plane.shape[1] // 4)
    return plane[edge : plane.shape[0] - edge, edge : plane.shape[1] - edge]


def _error(a: Luma, b: Luma) -> float:
    apart = _inner(a) - _inner(b)
    return float((apart * apart).sum())


def _refine(pairs: Sequence[tuple[Luma, Luma]], place: Luma, *, growing: bool) -> Luma:
    """One Gauss-Newton step for (right, down, growth)."""
    normal, side = np.zeros((3, 3)), np.zeros(3)
    for before, after in pairs:
        moved = resampled(before, *place)
        slopes: list[Luma] = list(np.gradient(moved))
        gy, gx = (_inner(slope) for slope in slopes)
        rows, columns = gx.shape
        outward = gx * (np.arange(columns) - (columns - 1) / 2) + gy * (np.arange(rows) - (rows - 1) / 2)[:, None]
        apart = _inner(after) - _inner(moved)
        weights = 1 / (1 + (apart / (2 * float(np.median(np.abs(apart))) + 1)) ** 2)  # a logo that stays must not pull
        parts = [gx.ravel(), gy.ravel(), outward.ravel()]
        weighted = [part * weights.ravel() for part in parts]
        normal += np.array([[float(a @ b) for b in parts] for a in weighted])
        side -= np.array([float(part @ apart.ravel()) for part in weighted])
    used = 3 if growing else 2
    normal, side = normal[:used, :used], side[:used]
    if (np.diag(normal) < 1e-6).any() or np.linalg.cond(normal) > 1e14:
        return np.zeros(3)
    step = np.zeros(3)
    step[:used] = np.linalg.solve(normal, side)
    limit = np.array([1.0, 1.0, 2.0 / max(pairs[0][0].shape)])
    clipped: Luma = np.clip(step, -limit, limit)
    return clipped


def resampled(plane: Luma, right: float, down: float, growth: float) -> Luma:
    """The plane moved, and grown about its middle by `growth` (0 = as it is), cubic; edges repeated."""
    return _along(_along(plane, down, growth, 0), right, growth, 1)


def _along(plane: Luma, amount: float, growth: float, axis: int) -> Luma:
    length = plane.shape[axis]
    if amount == 0 and growth == 0:
        return plane
    middle = (length - 1) / 2
    places = (np.arange(length) - middle - amount) / (1 + growth) + middle
    whole = np.floor(places).astype(int)
    t = places - whole
    if axis == 0:
        t = t[:, None]
    weights = (
        0.5 * (-(t**3) + 2 * t**2 - t),
        0.5 * (3 * t**3 - 5 * t**2 + 2),
        0.5 * (-3 * t**3 + 4 * t**2 + t),
        0.5 * (t**3 - t**2),
    )
    total: Luma = np.zeros_like(plane)
    for offset, weight in enumerate(weights, -1):
        total += weight * np.take(plane, np.clip(whole + offset, 0, length - 1), axis=axis)
    return total


def fit_shift(pairs: Sequence[tuple[Luma, Luma]], factor: float) -> Fit:
    """The movement in words; growth only where it moves the edges by a quarter of a pixel."""
    found = find_shift(pairs, factor)
    words = moved_words(round(found.right, 1), round(found.down, 1))
    percent = (found.scale - 1) * 100
    if abs(percent) / 100 * max(pairs[0][0].shape) / 2 * factor > 0.25:
        grown = f"shown {abs(percent):.2g} % {'larger' if percent > 0 else 'smaller'}"
        words = f"{words}, {grown}" if words else grown
    return Fit(words, found.explained, found.edge / 0.25, moves=True)


def fit_blur(pairs: Sequence[tuple[Luma, Luma]], factor: float) -> Fit:
    """The standard deviation of the Gaussian that weakens each frequency as much as was seen."""
    shape = pairs[0][0].shape
    window = _window(shape)
    cross, power = np.zeros((shape[0], shape[1] // 2 + 1)), np.zeros((shape[0], shape[1] // 2 + 1))
    for before, after in pairs:
        a, b = (np.fft.rfft2((plane - plane.mean()) * window) for plane in (before, after))
        cross += (b * a.conj()).real
        power += np.abs(a) ** 2
    squared = np.fft.fftfreq(shape[0])[:, None] ** 2 + np.fft.rfftfreq(shape[1])[None, :] ** 2
    rings = np.minimum((np.sqrt(squared) * 64).astype(int), 31)
    gain = np.bincount(rings.ravel(), cross.ravel(), 32) / np.maximum(
        np.bincount(rings.ravel(), power.ravel(), 32), 1e-9
    )
    used = [ring for ring in range(1, 24) if 0.1 < gain[ring] < 3]
    if not used:
        return Fit("", 0.0)
    f2 = np.array([((ring + 0.5) / 64) ** 2 for ring in used])
    logs = np.log([gain[ring] for ring in used])
    weight = np.array([gain[ring] ** 2 for ring in used])
    variance = -float((weight * logs * f2).sum() / (weight * f2 * f2).sum()) / (2 * np.pi**2)
    sigma = float(np.sqrt(abs(variance)))
    transfer = np.clip(np.exp(-2 * np.pi**2 * variance * squared), 0, 4)
    left_over = sum(_error(after, np.fft.irfft2(np.fft.rfft2(before) * transfer, s=shape)) for before, after in pairs)
    at_first = sum(_error(after, before) for before, after in pairs)
    words = f"{'blurred' if variance > 0 else 'sharpened'} by {sigma * factor:.1f} px"
    explained = 1 - left_over / at_first if at_first > 1e-9 and sigma * factor >= 0.05 else 0.0
    return Fit(words, explained, sigma * factor / 0.8, moves=True)


def fit_mirror(pairs: Sequence[tuple[Luma, Luma]]) -> Fit:
    """Left and right, or top and bottom, exchanged."""
    across = min(likeness(before[:, ::-1], after) for before, after in pairs)
    down = min(likeness(before[::-1], after) for before, after in pairs)
    straight = min(likeness(before, after) for before, after in pairs)
    best = max(across, down)
    if best < 0.9 or best < straight + 0.05:
        return Fit("", 0.0)
    return Fit("left and right swapped" if across >= down else "turned upside down", best, moves=True)
