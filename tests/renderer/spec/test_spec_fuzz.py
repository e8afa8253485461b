"""Whatever a file holds: a result or a SpecError, nothing else."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.errors import SpecError
from renderer.spec import StorySpec, parse_document, parse_spec, spec_json_schema, unbuilt_features
from renderer.spec.values import kind_of

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Speed belongs to the benchmarks: a busy machine breaks no test."""

KEYS = sorted(set(str(spec_json_schema()).split("'")[1::2]))
PUNCTUATION = [
    "- ",
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "#",
    "'",
    '"',
    "~",
    "&a",
    "*a",
    "!",
    "%",
    "@",
    "|",
]
VALUES = ["1", "0.5", "-1e9", "6s", "90f", "00:00:01:99", "none", "crossfade", "é", "\\ud83d", "\\UFFFFFFFF", ">", "?"]
WORDS = [*KEYS, *PUNCTUATION, *VALUES]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(WORDS)
    | st.floats(-9, 9).map(lambda x: round(x, 3))
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=20,
)
printable = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Cn"], exclude_characters="\ufeff")
json_scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.floats(-1e6, 1e6).map(lambda x: round(x, 4))
    | st.text(printable, max_size=20)
)
json_values = st.recursive(
    json_scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b c", "é", "#x", "- y"]), inner, max_size=4)
    ),
    max_leaves=20,
)


def read(text):
    try:
        result = parse_spec(
            parse_document(text), motion_presets=["slow"], output_presets=["story-1080p"], brand_presets=[]
        )
    except SpecError:
        return
    assert (result.spec is None) == bool(result.problems)
    assert "input" not in " ".join(problem.message for problem in result.problems).lower()
    if result.spec is not None:
        assert isinstance(result.spec, StorySpec)
        unbuilt_features(result.spec, result.document)


@patient
@given(st.binary(max_size=200))
def test_any_bytes_give_a_result_or_a_spec_error(data):
    read(data)


@patient
@given(st.text(max_size=200))
def test_any_text_gives_a_result_or_a_spec_error(text):
    read(text)


@patient
@given(st.lists(st.sampled_from(WORDS), max_size=60).map("".join))
def test_any_mixture_of_spec_words_gives_a_result_or_a_spec_error(text):
    read(text)


@patient
@given(st.dictionaries(st.sampled_from(KEYS), values, max_size=10))
def test_any_tree_of_spec_keys_gives_a_result_or_a_spec_error(tree):
    read(json.dumps({"storyreel": 1, **tree}))


@patient
@given(st.dictionaries(st.sampled_from(["a", "b"]), json_values), st.sampled_from([None, 2, "\t"]), st.booleans())
def test_any_json_comes_back_as_it_was(tree, indent, ascii_only):
    separators = (",", ":") if indent is None else None
    text = json.dumps(tree, indent=indent, ensure_ascii=ascii_only, separators=separators)
    assert parse_document(text).plain() == tree


@patient
@given(values)
def test_any_value_can_be_named(value):
    assert kind_of(value)
