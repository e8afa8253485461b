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

_EDGE = 8
"""Samples at the edges that are not looked at: what moved in from outside can't be known."""


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the second picture lies right of and below the first, in samples, and what that explains."""

    right: float
    down: float
    explained: float


def luma_of(plane: NDArray[np.uint8]) -> Luma:
    return plane.astype(np.float64)


def likeness(before: Luma, after: Luma) -> float:
    """Normalised correlation of two pictures: 1 for the same, about 0 for unrelated ones."""
    a, b = before - before.mean(), after - after.mean()
    energy = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / energy if energy > 1e-9 else 1.0


def find_shift(pairs: Sequence[tuple[Luma, Luma]], factor: float = 1.0) -> Shift:
    """The one shift that fits all pairs; `factor` turns samples into the pixels that are reported."""
    window = _window(pairs[0][0].shape)
    rows, columns = pairs[0][0].shape
    total: Spectrum = np.zeros((rows, columns // 2 + 1), np.complex128)
    for before, after in pairs:
        a, b = (np.fft.rfft2((plane - plane.mean()) * window) for plane in (before, after))
        cross = b * a.conj()
        cross /= np.abs(cross) + 1e-6 * float(np.abs(cross).max() or 1)
        total += cross
    surface = np.fft.irfft2(total, s=pairs[0][0].shape)
    peak = np.unravel_index(int(surface.argmax()), surface.shape)
    down, right = (_signed(int(place), side) for place, side in zip(peak, surface.shape, strict=True))
    if max(abs(right) / surface.shape[1], abs(down) / surface.shape[0]) > 0.25:
        right = down = 0
    found_right, found_down = float(right), float(down)
    for _ in range(3):
        step_right, step_down = _refine(pairs, found_right, found_down)
        found_right, found_down = found_right + step_right, found_down + step_down
    left_over = sum(_error(after, shifted(before, found_right, found_down)) for before, after in pairs)
    at_first = sum(_error(after, before) for before, after in pairs)
    explained = 1 - left_over / at_first if at_first > 1e-9 else 0.0
    return Shift(found_right * factor, found_down * factor, explained)


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


def _refine(pairs: Sequence[tuple[Luma, Luma]], right: float, down: float) -> tuple[float, float]:
    """One Gauss-Newton step of after(x) = before(x - shift)."""
    normal, side = np.zeros((2, 2)), np.zeros(2)
    for before, after in pairs:
        moved = shifted(before, right, down)
        slopes: list[Luma] = list(np.gradient(moved))
        gy, gx = (_inner(slope) for slope in slopes)
        apart = _inner(after) - _inner(moved)
        normal += np.array([[(gx * gx).sum(), (gx * gy).sum()], [(gx * gy).sum(), (gy * gy).sum()]])
        side -= np.array([(gx * apart).sum(), (gy * apart).sum()])
    if abs(float(np.linalg.det(normal))) < 1e-6:
        return 0.0, 0.0
    step = np.clip(np.linalg.solve(normal, side), -1, 1)
    return float(step[0]), float(step[1])


def shifted(plane: Luma, right: float, down: float) -> Luma:
    """The plane moved by a fraction of a sample, with cubic interpolation; edges repeated."""
    return _shifted_along(_shifted_along(plane, down, 0), right, 1)


def _shifted_along(plane: Luma, amount: float, axis: int) -> Luma:
    whole = int(np.floor(amount))
    t = amount - whole
    length = plane.shape[axis]
    places = np.arange(length) - whole
    if t < 1e-6:
        return np.take(plane, np.clip(places, 0, length - 1), axis=axis)
    weights = (
        (0.5 * (-(t**3) + 2 * t**2 - t), 1),
        (0.5 * (3 * t**3 - 5 * t**2 + 2), 0),
        (0.5 * (-3 * t**3 + 4 * t**2 + t), -1),
        (0.5 * (t**3 - t**2), -2),
    )
    total: Luma = np.zeros_like(plane)
    for weight, offset in weights:
        total += weight * np.take(plane, np.clip(places + offset, 0, length - 1), axis=axis)
    return total


def fit_shift(pairs: Sequence[tuple[Luma, Luma]], factor: float) -> Fit:
    """The shift in words."""
    found = find_shift(pairs, factor)
    return Fit(moved_words(round(found.right, 1), round(found.down, 1)), found.explained)


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
    return Fit(words, 1 - left_over / at_first if at_first > 1e-9 and sigma * factor >= 0.05 else 0.0)


def fit_mirror(pairs: Sequence[tuple[Luma, Luma]]) -> Fit:
    """Left and right, or top and bottom, exchanged."""
    across = min(likeness(before[:, ::-1], after) for before, after in pairs)
    down = min(likeness(before[::-1], after) for before, after in pairs)
    straight = min(likeness(before, after) for before, after in pairs)
    best = max(across, down)
    if best < 0.9 or best < straight + 0.05:
        return Fit("", 0.0)
    return Fit("left and right swapped" if across >= down else "turned upside down", best)
