"""One YAML scalar -> a Python value by the YAML 1.2 core schema; nothing else becomes anything but text.

`1:30`, `no`, `00:01:02:15` and `2024-05-01` stay text (YAML 1.1 makes 90, False, 3735 and a date of them). Quoted text
is always text. Infinity and not-a-number are refused: no field means anything by them.
"""

from __future__ import annotations

import re

MAX_NUMBER_CHARACTERS = 40
MAX_NUMBER, MIN_FRACTION = 1e15, 1e-12
"""Numbers beyond these mean nothing in a story, and their exact fractions would have hundreds of digits."""

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUE = frozenset({"true", "True", "TRUE"})
_FALSE = frozenset({"false", "False", "FALSE"})
_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OCTAL = re.compile(r"0o[0-7]+\Z")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+\Z")
_DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"([-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z")

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")

Scalar = str | int | float | bool | None


def resolve_scalar(text: str, *, plain: bool) -> Scalar:
    """The value of a scalar; `plain` means written without quotes.

    Raises: ValueError for numbers that are not finite or too large, and for characters that no text may hold.
    """
    if not plain:
        return _checked_text(text)
    if text[:1] in "0123456789+-." and text:
        return _resolve_number(text)
    if text in _NULLS:
        return None
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    return _checked_text(text)


def _resolve_number(text: str) -> Scalar:
    if _INTEGER.match(text):
        _check_digits(text)
        return _checked_size(int(text), text)
    if _DECIMAL.match(text):
        _check_digits(text)
        return _checked_size(float(text), text)
    if _OCTAL.match(text) or _HEXADECIMAL.match(text):
        _check_digits(text)
        return _checked_size(int(text, 0), text)
    if _NOT_FINITE.match(text):
        raise ValueError(f"expected a finite number, found {text}")
    return _checked_text(text)


def _check_digits(text: str) -> None:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise ValueError(f"expected a number of at most {MAX_NUMBER_CHARACTERS} characters, found {len(text)}")


def _checked_size(number: float, text: str) -> float:
    size = abs(number)
    if size > MAX_NUMBER or 0 < size < MIN_FRACTION:
        raise ValueError(f"expected a number between {MIN_FRACTION:g} and {MAX_NUMBER:g} in size, found {text}")
    return number


def _checked_text(text: str) -> str:
    if _SURROGATE.search(text):
        text = _join_surrogates(text)
    if found := _CONTROL.search(text):
        raise ValueError(f"expected printable text, found the control character U+{ord(found[0]):04X}")
    return text


def _join_surrogates(text: str) -> str:
    r"""Make one character of each escape pair such as `\ud83d\ude00`, as JSON wants it."""
    try:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
    except UnicodeDecodeError:
        raise ValueError("expected characters, found half of a surrogate pair") from None
