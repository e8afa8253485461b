"""Inline SVG: the timeline strip, curves over the frames, sound levels. 1000 units wide, stretched by the page."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from golden.report.markup import Markup, join, tag, text
from renderer.timebase import format_timecode

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from golden.model import Comparison, Curve, Levels, Stretch
    from renderer.timebase import FrameRange

WIDTH = 1000
_POINTS = 700
_STATES = {"same": "same", "changed": "other", "moved": "same, at another time", "added": "new", "removed": "gone"}
_QUIETEST_DB = -60.0
_LETTER_WIDE, _LETTER_NARROW = 0.8, 2.6
"""A letter of a shot's name in per cent of the strip, on a wide page and on a phone."""


def strip(found: Comparison) -> Markup:
    """Shots as blocks with their names where these fit, and below them the ranges of sound differences.

    Places are percentages, so that the page can make it as wide as it likes and leave the letters alone.
    """
    count = max(1, found.frame_count, *(item.frames.end for item in found.evidence.stretches))
    blocks = []
    for item in found.evidence.stretches:
        title = f"{item.label}: {_STATES[item.state]}, {_range(item.frames.start, item.frames.end, found.rate)}"
        box = _block(item.frames, count, y=4, height=34, rx=2, class_=f"s-{item.state}")
        blocks.append(tag("g", tag("title", text(title)), box, _name(item, count)))
    for heard in found.failures:
        if heard.track is None or heard.frames is None:
            continue
        bar = _block(heard.frames, count, y=44, height=8, class_="s-sound")
        blocks.append(tag("g", tag("title", text(heard.sentence(found.rate))), bar))
    label = "Timeline: which shots are other"
    return tag("svg", tag("title", text(label)), *blocks, role="img", aria_label=label)


def _block(frames: FrameRange, count: int, **attributes: object) -> Markup:
    left, width = 100 * frames.start / count, max(0.15, 100 * len(frames) / count)
    return tag("rect", x=f"{_n(left)}%", width=f"{_n(width)}%", **attributes)


def _name(item: Stretch, count: int) -> Markup:
    """`images[3]` in the block's middle; where the block is narrow, only on a wide page or not at all."""
    name = item.label.split(" (")[0]
    percent = 100 * len(item.frames) / count
    letters = len(name) + 1
    if percent < letters * _LETTER_WIDE:
        return Markup("")
    class_ = "name" if percent >= letters * _LETTER_NARROW else "name wide"
    return tag(
        "text", text(name), x=f"{_n(100 * (item.frames.start + item.frames.end) / 2 / count)}%", y=25, class_=class_
    )


def ticks(count: int, rate: Fraction) -> Markup:
    """Timecodes at each quarter of the length; a narrow page shows every second one."""
    marks = [format_timecode(round(count * part / 4), rate) for part in range(5)]
    return tag("div", *(tag("span", text(mark)) for mark in marks), class_="ticks", aria_hidden="true")


def curve(item: Curve, rate: Fraction) -> Markup:
    """One line over the frames; the worst value of each bin, the gate dashed, the worst frame marked."""
    known = [(number, value) for number, value in enumerate(item.values) if value is not None]
    if not known:
        return Markup("")
    upward = item.name == "worst tile"
    worst_number, worst = (max if upward else min)(known, key=lambda pair: pair[1])
    low, high = _span(item, [value for _, value in known])
    bins = _binned(item.values, upward=upward)
    points = " ".join(
        f"{'L' if index else 'M'}{_n(place * WIDTH)} {_n(_y(value, low, high))}"
        for index, (place, value) in enumerate(bins)
    )
    parts = [tag("path", d=points, class_="line", vector_effect="non-scaling-stroke")]
    if item.floor is not None and low <= item.floor <= high:
        y = _n(_y(item.floor, low, high))
        parts.insert(0, tag("line", x1=0, x2=WIDTH, y1=y, y2=y, class_="gate", vector_effect="non-scaling-stroke"))
    x = _n((worst_number + 0.5) / len(item.values) * WIDTH)
    parts.append(tag("line", x1=x, x2=x, y1=0, y2=100, class_="worst", vector_effect="non-scaling-stroke"))
    unit = f" {item.unit}" if item.unit else ""
    head = (
        f"{item.name}: {'highest' if upward else 'lowest'} {worst:.4g}{unit} at {format_timecode(worst_number, rate)}"
    )
    gate = "" if item.floor is None else f"; gate at {item.floor:g}{unit}"
    scale = tag("div", tag("span", text(f"{high:.4g}")), tag("span", text(f"{low:.4g}{unit}")), class_="scale")
    chart = tag("div", scale, _svg(100, *parts, label=f"{head}{gate}", stretch=True), class_="chart")
    return tag("figure", tag("figcaption", tag("b", text(head)), text(gate)), chart, class_="curve")


def levels(item: Levels, rate: Fraction) -> Markup:
    """Both sides' levels for each 100 ms; steps that differ are shaded."""
    count = max(len(item.before), len(item.after), 1)
    shades = []
    start: int | None = None
    for place, differs in enumerate([*item.differs, False]):
        if differs and start is None:
            start = place
        elif not differs and start is not None:
            left, right = start / count * WIDTH, place / count * WIDTH
            shades.append(tag("rect", x=_n(left), y=0, width=_n(max(1, right - left)), height=140, class_="shade"))
            start = None
    before, after = (_level_line(side, count) for side in (item.before, item.after))
    parts = [
        *shades,
        tag(
            "path", d=f"M0 140{before.replace('M', 'L', 1)}L{_n(len(item.before) / count * WIDTH)} 140Z", class_="area"
        ),
        tag("path", d=after, class_="line after", vector_effect="non-scaling-stroke"),
    ]
    scale = tag("div", tag("span", text("0 dB")), tag("span", text("−60 dBFS")), class_="scale")
    chart = tag("div", scale, _svg(140, *parts, label="Sound levels of both sides", stretch=True), class_="chart")
    return join(chart, ticks(round(count / 10 * rate), rate))


def _level_line(values: Sequence[float], count: int) -> str:
    words = []
    for place, value in enumerate(values):
        y = 140 * (1 - (max(_QUIETEST_DB, value) - _QUIETEST_DB) / -_QUIETEST_DB)
        words.append(f"{'L' if place else 'M'}{_n((place + 0.5) / count * WIDTH)} {_n(y)}")
    return "".join(words)


def _span(item: Curve, values: Sequence[float]) -> tuple[float, float]:
    """The axis: from below the worst to above the best, never a hair."""
    edges = [*values, *([] if item.floor is None else [item.floor])]
    low, high = min(edges), max(edges)
    if item.name.startswith("PSNR"):
        return float(max(0, math.floor(min(low, 30.0) - 2))), float(min(math.ceil(high), 100))
    if item.name.startswith("SSIM"):
        return min(math.floor(low * 100 - 1) / 100, 0.95), 1.0
    if item.name == "VMAF":
        return float(math.floor(min(low - 2, 80.0))), 100.0
    return 0.0, float(math.ceil(max(high * 1.1, 4.0)))


def _y(value: float, low: float, high: float) -> float:
    return 4 + 92 * (1 - (min(max(value, low), high) - low) / max(high - low, 1e-9))


def _binned(values: Sequence[float | None], *, upward: bool) -> list[tuple[float, float]]:
    """(place in 0..1, worst value) of each bin."""
    count = len(values)
    size = max(1, -(-count // _POINTS))
    found = []
    for start in range(0, count, size):
        known = [value for value in values[start : start + size] if value is not None]
        if known:
            found.append(((start + size / 2) / count, max(known) if upward else min(known)))
    return found


def _svg(height: int, *content: Markup, label: str, stretch: bool) -> Markup:
    ratio = "none" if stretch else "xMidYMid"
    return tag(
        "svg",
        tag("title", text(label)),
        *content,
        viewBox=f"0 0 {WIDTH} {height}",
        preserveAspectRatio=ratio,
        role="img",
        aria_label=label,
    )


def _range(start: int, end: int, rate: Fraction) -> str:
    return f"{format_timecode(start, rate)} to {format_timecode(max(start, end - 1), rate)}"


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
