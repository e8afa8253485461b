"""A survey → a table of levels over time, one line for each round stretch of the programme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.loudness import STEP, lufs
from renderer.sound.survey import SILENCE_DB
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from renderer.sound.survey import Lane, Survey

_BAR_WIDTH, _BAR_FLOOR_DB = 30, -60.0
_EIGHTHS = " ▏▎▍▌▋▊▉"


def levels_table(survey: Survey) -> list[str]:
    """A heading and one line for each row: what each track and the mix have there, and a bar.

    Tracks show their RMS in dBFS as they lie in the mix and, where it moves, their own gain from lowest to highest; the
    mix shows its loudness, its highest sample, and what the limiter took. The bar is the loudness from −60 to 0, its
    tick the highest sample.
    """
    table = [_heading(survey)]
    starts = np.arange(0, len(survey.edges) - 1, survey.row_columns)
    for first in starts:
        columns = range(int(first), min(int(first) + survey.row_columns, len(survey.edges) - 1))
        table.append("".join(_cells(survey, columns)).rstrip())
    return table


def _heading(survey: Survey) -> str:
    tracks = "".join(
        f"{lane.name:>11}{'gain dB':>15}" if _moves(lane) else f"{lane.name:>11}" for lane in survey.tracks
    )
    return f"{'from':>9}{tracks}{'mix LUFS':>11}{'peak':>8}{'limiter':>9}   −60{'0':>{_BAR_WIDTH - 3}}"


def _moves(lane: Lane) -> bool:
    """Whether a track's gain changes while it is heard."""
    heard = lane.gain_high_db > SILENCE_DB
    return bool(heard.any()) and float(np.ptp(lane.gain_high_db[heard])) > 0.05


def _cells(survey: Survey, columns: range) -> Iterator[str]:
    mix, edges = survey.mix, survey.edges[columns.start : columns.stop + 1]
    yield f"{_time(survey, int(edges[0])):>9}"
    for lane in survey.tracks:
        yield f"{_number(_rms_db(lane, columns, edges)):>11}"
        if _moves(lane):
            low, high = lane.gain_low_db[columns.start : columns.stop], lane.gain_high_db[columns.start : columns.stop]
            yield f"{_span(float(low.min()), float(high.max())):>15}"
    loudness, peak_db = _loudness(mix, edges), _peak_db(mix, columns)
    taken = float(mix.gain_low_db[columns.start : columns.stop].min())
    yield f"{_number(loudness):>11}{_number(peak_db):>8}{f'{taken:.1f}' if taken < -0.05 else '':>9}"
    yield f"   {bar(loudness, peak_db)}"


def _rms_db(lane: Lane, columns: range, edges: NDArray[np.int64]) -> float:
    lengths = np.diff(edges)
    energy = float((lane.energy[columns.start : columns.stop] * lengths).sum() / max(1, lengths.sum()))
    return max(SILENCE_DB, 10.0 * float(np.log10(max(energy, 1e-20))))


def _peak_db(lane: Lane, columns: range) -> float:
    peak = max(
        float(lane.high[columns.start : columns.stop].max()), -float(lane.low[columns.start : columns.stop].min())
    )
    return max(SILENCE_DB, 20.0 * float(np.log10(max(peak, 1e-9))))


def _loudness(lane: Lane, edges: NDArray[np.int64]) -> float:
    """The loudness of the 100 ms steps that begin in a row; silence where there is none."""
    steps = lane.steps[-(-int(edges[0]) // STEP) : -(-int(edges[-1]) // STEP)]
    energy = float(steps.mean()) if len(steps) else 0.0
    return lufs(energy) if energy > 1e-10 else SILENCE_DB


def _number(db: float) -> str:
    return "–" if db <= SILENCE_DB else f"{db:.1f}"


def _span(low_db: float, high_db: float) -> str:
    low, high = _number(low_db), _number(high_db)
    return low if low == high else f"{low} … {high}" if low != "–" else f"– … {high}"


def bar(level_db: float, peak_db: float) -> str:
    """A bar of 30 characters from −60 to 0 dB, in eighths, and a tick for the peak."""
    filled = round(min(max(1 - level_db / _BAR_FLOOR_DB, 0.0), 1.0) * _BAR_WIDTH * 8)
    whole, rest = divmod(filled, 8)
    cells = list("█" * whole + (_EIGHTHS[rest] if rest else ""))
    cells += " " * (_BAR_WIDTH - len(cells))
    tick = round(min(max(1 - peak_db / _BAR_FLOOR_DB, 0.0), 1.0) * (_BAR_WIDTH - 1))
    if peak_db > _BAR_FLOOR_DB and cells[tick] == " ":
        cells[tick] = "│"
    return "".join(cells)


def _time(survey: Survey, sample: int) -> str:
    """A row's start, without the decimals that no row of this table has."""
    row = int(survey.edges[min(survey.row_columns, len(survey.edges) - 1)])
    text = clock(sample)
    return text if row % SAMPLE_RATE else text[: -len(".000")]


def clock(samples: int) -> str:
    """`0:03.000`, or `1:00:03.000` from an hour on."""
    milliseconds = samples * 1000 // SAMPLE_RATE
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
