"""The YAML 1.2 core schema, and what never becomes a number."""

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.spec.scalars import resolve_scalar

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Speed belongs to the benchmarks: a busy machine breaks no test."""

PLAIN = {
    "": None,
    "~": None,
    "null": None,
    "NULL": None,
    "true": True,
    "False": False,
    "0": 0,
    "-17": -17,
    "+12": 12,
    "017": 17,
    "0o17": 15,
    "0xff": 255,
    "1.5": 1.5,
    ".5": 0.5,
    "1.": 1.0,
    "1e3": 1000.0,
    "-2.5E-3": -0.0025,
}

TEXT = [
    "no",
    "yes",
    "on",
    "off",
    "y",
    "n",
    "1:30",
    "00:01:02:15",
    "2024-05-01",
    "12:30:45",
    "0b101",
    "1_000",
    "0o8",
    "0xgg",
    "-0x1",
    "nULL",
    "tRUE",
    "1.2.3",
    "1e",
    "e3",
    "+",
    "-",
    ".",
    "..",
    "Infinity",
    "nan",
    "6s",
    "90f",
    "=",
    "<<",
]

REFUSED = {
    ".inf": "expected a finite number, found .inf",
    "-.INF": "expected a finite number, found -.INF",
    ".nan": "expected a finite number, found .nan",
    "1e400": "expected a number between 1e-12 and 1e+15 in size, found 1e400",
    "1e-300": "expected a number between 1e-12 and 1e+15 in size, found 1e-300",
    "1e16": "expected a number between 1e-12 and 1e+15 in size, found 1e16",
    "9" * 41: "expected a number of at most 40 characters, found 41",
    "0x" + "f" * 39: "expected a number of at most 40 characters, found 41",
}


@pytest.mark.parametrize("text", PLAIN, ids=lambda text: text or "empty")
def test_a_plain_scalar_takes_its_core_schema_value_and_type(text):
    value = resolve_scalar(text, plain=True)
    assert (type(value), value) == (type(PLAIN[text]), PLAIN[text])


@pytest.mark.parametrize("text", TEXT)
def test_what_only_looks_like_a_value_stays_text(text):
    assert resolve_scalar(text, plain=True) == text


@pytest.mark.parametrize("text", sorted({*PLAIN, *TEXT, *REFUSED}), ids=lambda text: text[:12] or "empty")
def test_a_quoted_scalar_is_always_text(text):
    assert resolve_scalar(text, plain=False) == text


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:12])
def test_numbers_without_a_usable_size_are_refused(text):
    with pytest.raises(ValueError) as caught:
        resolve_scalar(text, plain=True)
    assert str(caught.value) == REFUSED[text]


@pytest.mark.parametrize("character", ["\0", "\x07", "\r", "\x1b", "\x7f", "\x85", "\ufeff", "\uffff"])
def test_control_characters_are_refused_in_text(character):
    with pytest.raises(ValueError, match=f"found the control character U\\+{ord(character):04X}"):
        resolve_scalar(f"a{character}b", plain=False)


def test_a_pair_of_surrogate_escapes_becomes_one_character():
    assert resolve_scalar("a\ud83d\ude00b", plain=False) == "a😀b"


@pytest.mark.parametrize("text", [r"\ud83d", r"\ude00", r"\ude00\ud83d", r"\ud83dx\ude00"])
def test_half_a_surrogate_pair_is_refused(text):
    with pytest.raises(ValueError, match="found half of a surrogate pair"):
        resolve_scalar(text.encode().decode("unicode-escape"), plain=False)


@patient
@given(st.integers(-(10**15), 10**15))
def test_every_integer_comes_back(number):
    assert resolve_scalar(str(number), plain=True) == number


@patient
@given(st.floats(min_value=1e-12, max_value=1e15))
def test_every_usable_float_comes_back(number):
    assert math.isclose(float(resolve_scalar(repr(number), plain=True)), number, rel_tol=0)


@patient
@given(st.text())
def test_any_text_gives_a_value_or_a_value_error(text):
    try:
        value = resolve_scalar(text, plain=True)
    except ValueError:
        return
    assert value is None or isinstance(value, str | int | float)
