"""The lanes of the plot: a track with its gain, the mix with its limiter, and loudness over time."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.loudness import MOMENTARY_STEPS, SHORT_TERM_STEPS, STEP, loudness_over_time
from renderer.sound.plot_canvas import FAINT, GRID, INK, LEFT, PANEL, RIGHT, SOFT, WIDTH, Canvas
from renderer.sound.survey import SILENCE_DB

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.sound.programme import SoundReport
    from renderer.sound.survey import Lane, Survey

WAVES = {
    "narration": ("#a9c6e4", "#3f76b0"),
    "music": ("#e6d3a8", "#b3862f"),
    "mix": ("#b9d3bf", "#2f7d4f"),
}
"""Peaks and RMS of each lane."""
GAIN, GAIN_BAND = "#c0392b", "#f2cfc9"
GAP = 16
_HEIGHTS = {"narration": 150, "music": 150, "mix": 170, "loudness": 190}
_ZOOMS = (1, 2, 4, 8, 16, 32)
_LIMITER_RANGE_DB = 12.0
_DENSE_DB, _DENSE_SHARE = 6.0, 0.3
_LONG_STEPS = 6000
"""Beyond ten minutes only loudness over 3 s is drawn."""
_LOUDEST_LUFS, _QUIETEST_LUFS = 0.0, -54.0


def lane_height(kind: str) -> int:
    """Height of a lane in pixels."""
    return _HEIGHTS[kind]


def draw_track(canvas: Canvas, lane: Lane, survey: Survey, top: float) -> None:
    """Waveform and gain of one track."""
    zoom = _zoom(lane)
    _draw_panel(canvas, survey, top, lane.name, "" if zoom == 1 else f"waveform {zoom}x")
    gain = _GainScale(lane, top)
    if gain.is_dense:
        _draw_gain_band(canvas, lane, survey, gain)
    _draw_wave(canvas, lane, survey, top, zoom)
    gain.draw_ticks(canvas)
    if not gain.is_dense:
        _draw_gain_line(canvas, lane, survey, gain)


def draw_mix(canvas: Canvas, survey: Survey, top: float) -> None:
    """Waveform of the mix; from the top hangs what the limiter took."""
    height = lane_height("mix")
    _draw_panel(canvas, survey, top, "mix")
    _draw_wave(canvas, survey.mix, survey, top, 1)
    taken = survey.mix.gain_low_db
    if taken.min(initial=0.0) > -0.05:
        return
    per_db = height / 2 / _LIMITER_RANGE_DB
    depths = np.minimum(-taken, _LIMITER_RANGE_DB) * per_db
    for start, end in _runs(taken < -0.05):
        xs = [canvas.x_of(sample) for sample in survey.edges[start : end + 1]]
        steps = [(x, top + depths[start + at // 2]) for at, x in enumerate(_doubled(xs))]
        canvas.area([(xs[0], top), *steps, (xs[-1], top)], GAIN)
    for db in (0, -6, -12):
        canvas.text((WIDTH - RIGHT + 8, top - db * per_db), f"{db} dB", size=12, anchor="lm", color=GAIN)


def _doubled(xs: list[float]) -> list[float]:
    """The two ends of each column, one after the other."""
    return [x for left, right in itertools.pairwise(xs) for x in (left, right)]


def draw_loudness(canvas: Canvas, report: SoundReport, survey: Survey, top: float) -> None:
    """Loudness of the tracks and the mix: momentary thin, short-term of the mix bold; integrated dashed."""
    brief = len(survey.mix.steps) <= _LONG_STEPS
    _draw_panel(canvas, survey, top, "loudness", "400 ms; mix 3 s" if brief else "3 s")
    for lufs in range(0, int(_QUIETEST_LUFS), -6):
        y = _lufs_height(lufs, top)
        canvas.line([(LEFT, y), (WIDTH - RIGHT, y)], GRID, width=1)
        if lufs % 12 == 0:
            canvas.text((WIDTH - RIGHT + 8, y), f"{lufs}" if lufs else "0 LUFS", size=12, anchor="lm", color=FAINT)
    length = MOMENTARY_STEPS if brief else SHORT_TERM_STEPS
    for lane in (*survey.tracks, *([survey.mix] if brief else [])):
        levels = loudness_over_time(lane.steps, length)
        _draw_levels(canvas, levels, top, WAVES[lane.name][lane.name != "mix"], length=length)
    short_term = loudness_over_time(survey.mix.steps, SHORT_TERM_STEPS)
    _draw_levels(canvas, short_term, top, WAVES["mix"][1], length=SHORT_TERM_STEPS)
    integrated = report.loudness.integrated_lufs
    if integrated is not None and integrated > _QUIETEST_LUFS:
        y = _lufs_height(integrated, top)
        canvas.dashes(y, INK)
        text = f"integrated {integrated:.1f}" + (f", target {report.target_lufs:g}" if report.target_lufs else "")
        canvas.box((WIDTH - RIGHT - 12 - canvas.width_of(text, 12), y - 18, WIDTH - RIGHT - 4, y - 2), PANEL)
        canvas.text((WIDTH - RIGHT - 8, y - 6), text, size=12, anchor="rs")


def _draw_panel(canvas: Canvas, survey: Survey, top: float, name: str, note: str = "") -> None:
    height = lane_height(name)
    canvas.box((LEFT, top, WIDTH - RIGHT, top + height), PANEL)
    for start, end in survey.speech:
        canvas.box((canvas.x_of(start), top, canvas.x_of(end), top + height), SOFT)
    canvas.text((12, top + height / 2 - (8 if note else 0)), name, size=15, anchor="lm")
    if note:
        canvas.text((12, top + height / 2 + 12), note, size=11, anchor="lm", color=FAINT)


def _zoom(lane: Lane) -> int:
    """How far a waveform is magnified to be seen: a power of two, named beside it."""
    peak = max(float(lane.high.max(initial=0.0)), -float(lane.low.min(initial=0.0)))
    return max(zoom for zoom in _ZOOMS if zoom == 1 or peak * zoom <= 1.0)


def _draw_wave(canvas: Canvas, lane: Lane, survey: Survey, top: float, zoom: int) -> None:
    half = lane_height(lane.name) / 2
    middle = top + half
    canvas.line([(LEFT, middle), (WIDTH - RIGHT, middle)], GRID, width=1)
    rms = np.sqrt(lane.energy)
    for (low, high), color in zip(((lane.low, lane.high), (-rms, rms)), WAVES[lane.name], strict=True):
        for start, end in _runs((low != 0) | (high != 0)):
            xs = _doubled([canvas.x_of(sample) for sample in survey.edges[start : end + 1]])
            upper, lower = (np.clip(values[start:end] * zoom, -1, 1).repeat(2) for values in (high, low))
            outline = [(x, middle - value * half) for x, value in zip(xs, upper, strict=True)]
            outline += [(x, middle - value * half) for x, value in zip(xs[::-1], lower[::-1], strict=True)]
            canvas.area(outline, color)


class _GainScale:
    """A scale from a track's highest gain (0 dB at least) down to what it reaches but for the ends of its fades.

    `is_dense`: most columns hold a whole rise and fall, so that a line would be a block.
    """

    def __init__(self, lane: Lane, top: float) -> None:
        self.heard = lane.gain_high_db > SILENCE_DB
        low, high = lane.gain_low_db[self.heard], lane.gain_high_db[self.heard]
        self._highest = max(0.0, float(high.max(initial=0.0)))
        resting = float(np.percentile(low, 2)) if len(low) else 0.0
        self._bottom = min(-24.0, math.floor((resting - 3.0) / 12.0) * 12.0)
        self._top, self._height = top + 6, lane_height(lane.name) - 12
        self.is_dense = len(low) > 0 and float(np.mean(high - low > _DENSE_DB)) > _DENSE_SHARE

    def y_of(self, db: float) -> float:
        share = (self._highest - max(db, self._bottom)) / (self._highest - self._bottom)
        return self._top + share * self._height

    def draw_ticks(self, canvas: Canvas) -> None:
        for db in range(int(self._highest // 12) * 12, int(self._bottom) - 1, -12):
            canvas.text((WIDTH - RIGHT + 8, self.y_of(db)), f"{db} dB", size=12, anchor="lm", color=GAIN)


def _draw_gain_line(canvas: Canvas, lane: Lane, survey: Survey, gain: _GainScale) -> None:
    for start, end in _runs(gain.heard):
        points = []
        for column in range(start, end):
            x = (canvas.x_of(survey.edges[column]) + canvas.x_of(survey.edges[column + 1])) / 2
            points += [(x, gain.y_of(float(db))) for db in _in_order(lane, column)]
        canvas.line(points, GAIN, width=2)


def _draw_gain_band(canvas: Canvas, lane: Lane, survey: Survey, gain: _GainScale) -> None:
    """From each column's lowest to its highest gain."""
    for start, end in _runs(gain.heard):
        xs = _doubled([canvas.x_of(sample) for sample in survey.edges[start : end + 1]])
        upper, lower = (values[start:end].repeat(2) for values in (lane.gain_high_db, lane.gain_low_db))
        outline = [(x, gain.y_of(float(db))) for x, db in zip(xs, upper, strict=True)]
        outline += [(x, gain.y_of(float(db))) for x, db in zip(xs[::-1], lower[::-1], strict=True)]
        canvas.area(outline, GAIN_BAND)


def _in_order(lane: Lane, column: int) -> tuple[float, ...]:
    """A column's gains, the one nearer to the column before first."""
    low, high = lane.gain_low_db[column], lane.gain_high_db[column]
    if high - low < 0.05:
        return (high,)
    before = lane.gain_high_db[column - 1] if column else high
    return (high, low) if abs(before - high) < abs(before - low) else (low, high)


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Half-open ranges of consecutive true columns."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def _lufs_height(lufs: float, top: float) -> float:
    share = (_LOUDEST_LUFS - lufs) / (_LOUDEST_LUFS - _QUIETEST_LUFS)
    return top + min(max(share, 0.0), 1.0) * lane_height("loudness")


def _draw_levels(canvas: Canvas, levels: NDArray[np.float64], top: float, color: str, *, length: int) -> None:
    """A curve of the loudness of runs of `length` steps, each at its middle; it breaks where it leaves the scale."""
    thin = max(1, len(levels) // (WIDTH - LEFT - RIGHT))
    shown = levels[: len(levels) // thin * thin].reshape(-1, thin).max(axis=1, initial=-200.0)
    for start, end in _runs(shown > _QUIETEST_LUFS):
        at = (np.arange(start, end) * thin + length / 2) * STEP
        points = [(canvas.x_of(x), _lufs_height(y, top)) for x, y in zip(at, shown[start:end], strict=True)]
        canvas.line(points, color, width=2.5 if length == SHORT_TERM_STEPS and thin == 1 else 1.5)
