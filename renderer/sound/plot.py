"""A sound and its decoded sources → a picture: each track's waveform and gain, and the mix with its level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.explain import clock
from renderer.sound.survey import survey_sound
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from numpy.typing import NDArray
    from PIL.ImageDraw import ImageDraw

    from renderer.sound.mastering import Mastering
    from renderer.sound.survey import Lane, Survey
    from renderer.timeline.model import Sound

WIDTH, LANE_HEIGHT = 1600, 220
_LEFT, _RIGHT, _TOP, _GAP, _AXIS = 110, 70, 34, 16, 36
_FLOOR_DB = -60.0
_PAPER, _INK, _GRID, _PANEL = "#ffffff", "#222222", "#dddddd", "#f7f7f5"
_WAVE = {"narration": "#9dbbdc", "music": "#d8c39a", "mix": "#b9b9b9"}
_GAIN, _LEVEL = "#c0392b", "#14683a"
_LABEL, _SMALL = 16, 12
_LEVEL_SECONDS = 0.4
"""The level line is averaged over this much, as loudness meters do; 20 columns at most."""
_TICK_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800)


def plot_mix(sound: Sound, pcm: Mapping[str, Path], stream: BinaryIO, *, mastering: Mastering | None = None) -> None:
    """Write a PNG of 1600 pixels width to `stream`: one lane for each track, one for the mix.

    Waveforms are drawn against full scale; the red line is a track's gain and the green one a lane's RMS level, both
    in dB from 0 at the top of the lane to −60 at its bottom.
    """
    from PIL import Image, ImageDraw

    survey = survey_sound(sound, pcm, columns=WIDTH - _LEFT - _RIGHT, mastering=mastering)
    lanes = [*survey.tracks, survey.mix]
    height = _TOP + len(lanes) * (LANE_HEIGHT + _GAP) + _AXIS
    image = Image.new("RGB", (WIDTH, height), _PAPER)
    draw = ImageDraw.Draw(image)
    _draw_legend(draw)
    for index, lane in enumerate(lanes):
        level = _smoothed(lane.rms_db, survey)
        _draw_lane(draw, lane, level, _TOP + index * (LANE_HEIGHT + _GAP))
    _draw_axis(draw, survey, height - _AXIS)
    image.save(stream, format="PNG", optimize=True)


def _draw_legend(draw: ImageDraw) -> None:
    x = _LEFT
    for color, text in ((_WAVE["mix"], "waveform"), (_GAIN, "gain (dB)"), (_LEVEL, "level, RMS (dBFS)")):
        draw.rectangle((x, 12, x + 18, 18), fill=color)
        draw.text((x + 24, 15), text, fill=_INK, font_size=_SMALL, anchor="lm")
        x += 34 + int(draw.textlength(text, font_size=_SMALL)) + 20


def _smoothed(rms_db: NDArray[np.float64], survey: Survey) -> NDArray[np.float64]:
    """Levels averaged, as energies, over `_LEVEL_SECONDS` or the next odd number of columns."""
    column_s = float(survey.edges[-1]) / SAMPLE_RATE / len(rms_db)
    width = min(int(_LEVEL_SECONDS / column_s / 2), 10) * 2 + 1 if column_s > 0 else 1
    padded = np.pad(10.0 ** (rms_db / 10.0), width // 2, mode="edge")
    means = np.lib.stride_tricks.sliding_window_view(padded, width).mean(axis=1)
    levels: NDArray[np.float64] = 10.0 * np.log10(np.maximum(means, 1e-10))
    return levels


def _draw_lane(draw: ImageDraw, lane: Lane, level_db: NDArray[np.float64], top: int) -> None:
    middle, half = top + LANE_HEIGHT / 2, LANE_HEIGHT / 2
    draw.rectangle((_LEFT, top, WIDTH - _RIGHT, top + LANE_HEIGHT), fill=_PANEL)
    for db in (0, -20, -40, -60):
        y = _db_height(np.array([float(db)]), top)[0]
        draw.line((_LEFT, y, WIDTH - _RIGHT, y), fill=_GRID)
        draw.text((WIDTH - _RIGHT + 6, y), f"{db} dB", fill=_INK, font_size=_SMALL, anchor="lm")
    draw.text((10, middle), lane.name, fill=_INK, font_size=_LABEL, anchor="lm")
    for column, (low, high) in enumerate(zip(np.clip(lane.low, -1, 1), np.clip(lane.high, -1, 1), strict=True)):
        if high > low or high != 0:
            x = _LEFT + column
            draw.line((x, middle - high * half, x, middle - low * half), fill=_WAVE.get(lane.name, _WAVE["mix"]))
    _draw_curve(draw, level_db, top, _LEVEL)
    if lane.name != "mix":
        _draw_curve(draw, lane.gain_db, top, _GAIN)


def _db_height(db: NDArray[np.float64], top: int) -> NDArray[np.float64]:
    return top + np.clip(db / _FLOOR_DB, 0.0, 1.0) * LANE_HEIGHT


def _draw_curve(draw: ImageDraw, db: NDArray[np.float64], top: int, color: str) -> None:
    """A line through the columns; it breaks where nothing sounds."""
    heights = _db_height(db, top)
    heard = np.concatenate([[False], db > _FLOOR_DB, [False]])
    edges = np.flatnonzero(heard[1:] != heard[:-1])
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        points = [(float(_LEFT + column), float(heights[column])) for column in range(start, end)]
        draw.line(points if len(points) > 1 else points * 2, fill=color, width=2)


def _draw_axis(draw: ImageDraw, survey: Survey, y: int) -> None:
    end, columns = int(survey.edges[-1]), len(survey.edges) - 1
    step = next((item for item in _TICK_SECONDS if end / SAMPLE_RATE / item <= 12), _TICK_SECONDS[-1])
    for sample in range(0, end + 1, int(step * SAMPLE_RATE)):
        x = _LEFT + columns * sample / max(end, 1)
        draw.line((x, y - 4, x, y + 2), fill=_INK)
        draw.text((x, y + 6), clock(sample), fill=_INK, font_size=_SMALL, anchor="ma")
