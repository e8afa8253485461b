"""The shortened inner loops decide like ruamel.yaml's own: same events at the same places, same errors."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from renderer.spec.yaml_events import EventStream

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Speed belongs to the benchmarks: a busy machine breaks no test."""

CASES = [
    "a: b\nc: [d, {e: f}, 'g']\nh:\n- i\n- j: k\n",
    "images:\n  - file: a-b.jpg # note\n    motion: {from: {zoom: 1.0, focus: [0.5, 0.5]}}\n",
    "key : value\n? explicit\n: value\nlast: plain text\n  going on\n\n  here\n",
    '{"a":1,"b":[true,null],"c":{"d":"e"}}',
    "{a: b:c, d: http://x/y, e}\n",
    "a: >\n  folded\n  text\nb: |\n  literal\n\nc: ''\n",
    "a:\r\n  b: 1\r\n  c: 2\r\n",
    "a: [1,\n 2,\n 3]\nb: {x: 1\n, y: 2}\n",
    "--- \na: 1\n...\n",
    "a: -1\nb: - c\n",
    "[a, b: c, ? d : e]",
    "a: x: y",
    "a: [b",
    "a: }b",
    "@a",
    "\ta: 1",
    "a: 'b",
    "a: &x b\nc: *x\nd: !t e\n",
    "ä: ö\n😀: 1\n",
]

WORDS = ["a", "b1.jpg", "0.5", "é", "~", "/", "\\", "'", '"', "&x ", "*x", "!", "|", ">", "#", " #", "%", "---", "..."]
PUNCTUATION = ["-", "- ", ":", ": ", "?", "? ", ",", "[", "]", "{", "}", "a: ", "a:\n- "]
SPACES = [" ", "\t", "\n", "\n- ", "\n  ", "\n    ", "\r\n"]
TOKENS = [*WORDS, *PUNCTUATION, *SPACES]


def facts(event):
    start, end = event.start_mark, event.end_mark
    fields = [getattr(event, name, None) for name in ("value", "style", "implicit", "anchor", "tag")]
    return type(event).__name__, fields, (start.index, start.line, start.column), (end.index, end.line, end.column)


def outcome(events):
    seen = []
    try:
        seen.extend(facts(event) for event in events)
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        seen.append((type(error).__name__, getattr(error, "problem", None), mark and (mark.line, mark.column)))
    except (ValueError, OverflowError) as error:
        seen.append(type(error).__name__)
    return seen


@pytest.mark.parametrize("text", CASES)
def test_the_events_are_those_of_ruamel(text):
    assert outcome(EventStream(text)) == outcome(YAML(typ="safe", pure=True).parse(text))


@patient
@given(st.lists(st.sampled_from(TOKENS), max_size=40).map("".join).filter(lambda text: "%" not in text))
def test_the_events_of_any_mixture_of_tokens_are_those_of_ruamel(text):
    assert outcome(EventStream(text)) == outcome(YAML(typ="safe", pure=True).parse(text))
