"""A survey of a sound → a picture: each track's waveform and gain, the mix with its limiter, loudness over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.sound.levels_table import clock
from renderer.sound.plot_canvas import INK, LEFT, RIGHT, SCALE, SOFT, WIDTH, Canvas
from renderer.sound.plot_lanes import GAIN, GAP, WAVES, draw_loudness, draw_mix, draw_track, lane_height
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from typing import BinaryIO

    from renderer.sound.programme import SoundReport
    from renderer.sound.survey import Survey

COLUMNS = WIDTH - LEFT - RIGHT
_HEADER, _AXIS = 92, 40
_TICK_SECONDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800)


def plot_mix(title: str, report: SoundReport, survey: Survey, stream: BinaryIO) -> None:
    """Write a PNG of 1600 pixels width to `stream`: a lane for each track, one for the mix, one for loudness.

    Waveforms are drawn against full scale (or a stated part of it), peaks light and RMS dark; stretches of speech are
    tinted. The red line in a track's lane is its gain in dB; in the mix's lane red hangs where the limiter acted.
    """
    kinds = [*(lane.name for lane in survey.tracks), "mix", "loudness"]
    height = _HEADER + sum(lane_height(kind) + GAP for kind in kinds) + _AXIS
    canvas = Canvas(height, survey.sample_count)
    _draw_header(canvas, title, report, survey)
    top = float(_HEADER)
    for lane in survey.tracks:
        draw_track(canvas, lane, survey, top)
        top += lane_height(lane.name) + GAP
    draw_mix(canvas, survey, top)
    top += lane_height("mix") + GAP
    draw_loudness(canvas, report, survey, top)
    top += lane_height("loudness") + GAP
    _draw_axis(canvas, survey, top)
    canvas.image.reduce(SCALE).save(stream, format="PNG", optimize=True)


def _draw_header(canvas: Canvas, title: str, report: SoundReport, survey: Survey) -> None:
    canvas.text((LEFT, 24), title, size=22, anchor="lm")
    canvas.text((LEFT, 50), " · ".join(_figures(report, survey)), size=14, anchor="lm")
    x = float(LEFT)
    keys = [(WAVES[name][1], name) for name in dict.fromkeys([*(lane.name for lane in survey.tracks), "mix"])]
    for color, text in [*keys, (GAIN, "gain, limiter"), (SOFT, "speech")]:
        canvas.box((x, 70, x + 16, 80), color)
        x = canvas.text((x + 22, 75), text, size=12, anchor="lm") + 20


def _figures(report: SoundReport, survey: Survey) -> list[str]:
    loudness, limiter = report.loudness, report.limiter
    figures = [clock(survey.sample_count)]
    if loudness.integrated_lufs is not None:
        figures.append(f"{loudness.integrated_lufs:.1f} LUFS integrated")
    if loudness.range_lu is not None:
        figures.append(f"range {loudness.range_lu:.1f} LU")
    if loudness.true_peak_dbtp is not None:
        figures.append(f"true peak {loudness.true_peak_dbtp:.1f} dBTP")
    if report.mastering.gain_db:
        figures.append(f"one gain of {report.mastering.gain_db:+.2f} dB")
    if limiter is not None and limiter.acted:
        figures.append(f"limiter down to {limiter.deepest_db:.1f} dB")
    return figures


def _draw_axis(canvas: Canvas, survey: Survey, y: float) -> None:
    end_s = survey.sample_count / SAMPLE_RATE
    step = next((item for item in _TICK_SECONDS if end_s / item <= 14), _TICK_SECONDS[-1])
    for index in range(int(end_s / step) + 1):
        x = canvas.x_of(index * step * SAMPLE_RATE)
        canvas.line([(x, y - GAP + 2), (x, y - GAP + 8)], INK, width=1)
        text = clock(round(index * step * SAMPLE_RATE))
        canvas.text((x, y + 4), text if step < 1 else text[:-4], size=12, anchor="mm")
