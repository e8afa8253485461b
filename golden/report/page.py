"""The report's page: verdict, what changed in words, timeline, worst frames, curves, sound, structure."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from golden.report.charts import curve, levels, strip, ticks
from golden.report.markup import Markup, data_url, join, tag, text
from renderer.timebase import format_timecode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.model import Comparison, Difference, Kind, Row, WorstFrame

_HERE = Path(__file__).parent
_KINDS: dict[Kind, str] = {
    "data": "story",
    "picture": "picture",
    "sound": "sound",
    "structure": "file",
    "encoder": "encoder",
    "tools": "tools",
}
_VIEWS = (
    ("swipe", "Swipe"),
    ("side", "Side by side"),
    ("before", "Before"),
    ("after", "After"),
    ("heat", "Heat map"),
)
_LEGEND = (
    ("same", "same"),
    ("changed", "other"),
    ("moved", "same, at another time"),
    ("removed", "gone"),
    ("added", "new"),
    ("sound", "sound other"),
)


def report_html(found: Comparison) -> str:
    """The whole page. The policy in its head forbids it to load or run anything but what is in it."""
    style = (_HERE / "report.css").read_text(encoding="utf-8")
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; script-src '{_digest(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    title = f"{'Same' if found.passed else 'Different'}: {found.title or found.after}"
    head = join(
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", text(title)),
        Markup(f"<style>{style}</style>"),
    )
    body = tag("main", _verdict(found), *_sections(found))
    page = tag("html", tag("head", head), tag("body", body, Markup(f"<script>{script}</script>")), lang="en")
    return f"<!doctype html>\n{page}\n"


def _digest(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _verdict(found: Comparison) -> Markup:
    count = len(found.failures)
    words = "The video is the same" if found.passed else f"{count} difference{'s' * (count != 1)}"
    sides = tag(
        "dl",
        tag("dt", text("before")),
        tag("dd", text(found.before)),
        tag("dt", text("after")),
        tag("dd", text(found.after)),
    )
    mark = tag("span", text("✓" if found.passed else "≠"), class_="mark", aria_hidden="true")
    length = f"{found.frame_count} frames, {format_timecode(found.frame_count, found.rate)}"
    sub = tag("p", text(f"{found.title} · {length}" if found.title else length), class_="sub")
    return tag(
        "header",
        tag("h1", mark, text(words)),
        sub,
        sides,
        class_="verdict passed" if found.passed else "verdict failed",
    )


def _sections(found: Comparison) -> Iterator[Markup]:
    evidence = found.evidence
    yield _section("What changed", _changes(found), _facts(found))
    if evidence.stretches:
        yield _section("Where", _timeline(found))
    if evidence.worst:
        frames = [_frame(item, index, found) for index, item in enumerate(evidence.worst)]
        yield _section(
            "Frames that differ most", *frames, _note("Heat map: black is equal; the lighter, the more other.")
        )
    if evidence.curves:
        charts = [curve(item, found.rate) for item in evidence.curves]
        notes = sorted({item.note for item in evidence.curves if item.note})
        yield _section(
            "Frame by frame", *charts, ticks(found.frame_count, found.rate), _note(f"Figures: {'; '.join(notes)}.")
        )
    if evidence.levels is not None or evidence.sound:
        yield _section("Sound", *_sound(found))
    if evidence.structure:
        yield _section("File", _table(evidence.structure))


def _section(name: str, *content: Markup) -> Markup:
    return tag("section", tag("h2", text(name)), *content)


def _note(words: str) -> Markup:
    return tag("p", text(words), class_="note")


def _changes(found: Comparison) -> Markup:
    parts = []
    if found.failures:
        parts.append(tag("ol", *(_change(item, found) for item in found.failures), class_="changes"))
    else:
        parts.append(tag("p", text("Nothing that makes the video another one.")))
    if found.notices:
        items = tag("ul", *(_change(item, found) for item in found.notices), class_="changes noted")
        count = len(found.notices)
        parts.append(tag("details", tag("summary", text(f"Also noted ({count})")), items, open=found.passed))
    return join(*parts)


def _change(item: Difference, found: Comparison) -> Markup:
    place = item.place(found.rate).removeprefix(", ")
    return tag(
        "li",
        tag("span", text(_KINDS[item.kind]), class_=f"badge k-{item.kind}"),
        tag("span", tag("b", text(item.where)), text(" "), text(item.what), class_="what"),
        tag("span", text(place), class_="place") if place else Markup(""),
    )


def _facts(found: Comparison) -> Markup:
    if not found.facts:
        return Markup("")
    return tag("ul", *(tag("li", text(fact)) for fact in found.facts), class_="facts")


def _timeline(found: Comparison) -> Markup:
    used: set[str] = {item.state for item in found.evidence.stretches}
    if any(item.track is not None for item in found.failures):
        used.add("sound")
    legend = [tag("li", tag("i", class_=f"key k-{state}"), text(words)) for state, words in _LEGEND if state in used]
    return join(
        tag("div", strip(found), class_="strip"),
        ticks(found.frame_count, found.rate),
        tag("ul", *legend, class_="legend"),
    )


def _frame(item: WorstFrame, index: int, found: Comparison) -> Markup:
    """Before and after under a swipe, and the heat map; without script all are there, one below the other."""
    number = f"frame {item.number}" if item.number == item.other else f"frame {item.number} (now {item.other})"
    caption = join(
        tag("b", text(f"{format_timecode(item.number, found.rate)}")),
        text(f" · {number} · {item.figures} · before: {item.source}"),
    )
    before = tag("img", src=data_url(item.before, "image/jpeg"), alt=f"before, {number}", class_="before")
    after = tag("img", src=data_url(item.after, "image/jpeg"), alt=f"after, {number}", class_="after")
    heat = tag("img", src=data_url(item.heat, "image/png"), alt=f"heat map of what differs, {number}", class_="heat")
    choices = [
        tag("button", text(words), type="button", data_view=view, aria_pressed="true" if view == "swipe" else "false")
        for view, words in _VIEWS
    ]
    aria = f"Before on the left, after on the right: {number}"
    slider = tag("input", type="range", min=0, max=100, value=50, class_="slider", aria_label=aria)
    views = tag("div", before, after, heat, tag("div", class_="divider", aria_hidden="true"), class_="views")
    group = tag("div", *choices, class_="choices", role="group", aria_label=f"View of {number}")
    controls = tag("div", group, slider, class_="controls")
    words = tag("figcaption", caption)
    return tag("figure", views, controls, words, class_="pair", data_view="swipe", id=f"pair-{index}")


def _sound(found: Comparison) -> Iterator[Markup]:
    evidence = found.evidence
    if evidence.levels is not None:
        legend = [
            tag("li", tag("i", class_="key k-area"), text("before")),
            tag("li", tag("i", class_="key k-line"), text("after")),
            tag("li", tag("i", class_="key k-shade"), text("levels differ by more than 0.5 dB")),
        ]
        yield levels(evidence.levels, found.rate)
        yield tag("ul", *legend, class_="legend")
        if evidence.levels.note:
            yield _note(f"Level of each 100 ms: {evidence.levels.note}.")
    if evidence.sound:
        yield _table(evidence.sound)


def _table(rows: tuple[Row, ...]) -> Markup:
    """Rows that are other first."""
    order = {"other": 0, "noted": 1, "same": 2}
    head = tag("thead", tag("tr", *(tag("th", text(name), scope="col") for name in ("", "before", "after"))))
    body = [
        tag(
            "tr",
            tag("th", text(row.name), scope="row"),
            tag("td", text(row.before)),
            tag("td", text("same" if row.state == "same" else row.after)),
            class_=row.state,
        )
        for row in sorted(rows, key=lambda row: order[row.state])
    ]
    return tag(
        "div", tag("table", head, tag("tbody", *body)), class_="table", tabindex=0, role="region", aria_label="Table"
    )
