"""A benchmark document → one SVG: bars of how long each way takes for the same minute, and what a change costs.

Text takes its colour from the page's scheme by `prefers-color-scheme`, so that it reads on light and on dark.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WIDTH, LABEL, VALUE, ROW = 760, 230, 120, 28
RIVALS = ("zoompan graph", "scale to 8000, zoompan", "MLT affine", "MoviePy")
EDITS = ("preview, cold", "one of 12 images changed", "music gain changed", "nothing changed")

STYLE = """
text { font: 14px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #24292f; }
.head { font-weight: 600; } .note { font-size: 12px; fill: #57606a; }
.ours { fill: #c2571a; } .other { fill: #8c959f; } .axis { stroke: #8c959f; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .note { fill: #9198a1; } .ours { fill: #f0883e; } .other { fill: #6e7681; }
}
"""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `value` counts in the unit of its group."""

    label: str
    value: float
    text: str
    ours: bool


def draw_chart(document: Mapping[str, object]) -> str:
    """The SVG's text."""
    rows = {str(row["name"]): row for row in cast("Sequence[Mapping[str, object]]", document["rows"])}
    groups = [
        ("The same minute of video, in multiples of a storyreel render (shorter is better)", _rivals(rows)),
        ("A render again, in parts of a cold one", _edits(rows)),
    ]
    parts: list[str] = []
    top = 12
    for title, bars in groups:
        if bars:
            parts.append(f'<text class="head" x="0" y="{top + 14}">{escape(title)}</text>')
            parts += _bars(bars, top + 26)
            top += 26 + ROW * len(bars) + 24
    machine = cast("Mapping[str, object]", document["machine"])
    note = f"{machine['cpu']}, {machine['cores']} cores, FFmpeg {machine['ffmpeg']}, measured {document['measured']}"
    parts.append(f'<text class="note" x="0" y="{top + 2}">{escape(note)}</text>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-8 0 {WIDTH + 16} {top + 14}" role="img">'
    return "\n".join([head, "<title>Benchmark of storyreel</title>", f"<style>{STYLE}</style>", *parts, "</svg>", ""])


def _rivals(rows: Mapping[str, Mapping[str, object]]) -> list[Bar]:
    bars = [Bar("storyreel render", 1.0, "1", ours=True)]
    floor = _value(rows, "render ÷ floor")
    if floor:
        bars.insert(0, Bar("the encoder alone", 1 / floor, f"{1 / floor:.2f}", ours=False))
    for name in RIVALS:
        value = _value(rows, name)
        if value:
            bars.append(Bar(name, value, f"{value:.1f}", ours=False))
    return bars if len(bars) > 1 else []


def _edits(rows: Mapping[str, Mapping[str, object]]) -> list[Bar]:
    values = [(name, _value(rows, name)) for name in EDITS]
    return [Bar(name, value, f"{value:.3f}", ours=True) for name, value in values if value]


def _value(rows: Mapping[str, Mapping[str, object]], name: str) -> float | None:
    value = rows.get(name, {}).get("value")
    return float(value) if isinstance(value, int | float) else None


def _bars(bars: Sequence[Bar], top: int) -> list[str]:
    longest = max(bar.value for bar in bars)
    room = WIDTH - LABEL - VALUE
    parts = []
    for index, bar in enumerate(bars):
        y, length = top + index * ROW, max(1.5, bar.value / longest * room)
        style = "ours" if bar.ours else "other"
        parts += [
            f'<text x="{LABEL - 10}" y="{y + 16}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{style}" x="{LABEL}" y="{y + 3}" width="{length:.1f}" height="18" rx="2"/>',
            f'<text x="{LABEL + length + 8:.1f}" y="{y + 16}">{escape(bar.text)}</text>',
        ]
    return parts
