"""Reads answers and events of which nothing is sure: what is absent or of another type is as good as not there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


def at(value: object, *path: str) -> object:
    """What lies at the end of a path of keys, or None."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def text_at(value: object, *path: str) -> str:
    """A text or a number as text; else empty."""
    found = at(value, *path)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def int_at(value: object, *path: str) -> int | None:
    """A whole number, also where it is written as a text or a float."""
    found = at(value, *path)
    try:
        return int(found) if isinstance(found, int | float | str) and not isinstance(found, bool) else None
    except (ValueError, OverflowError):
        return None


def list_at(value: object, *path: str) -> list[object]:
    found = at(value, *path)
    return list(found) if isinstance(found, list | tuple) else []


def texts_at(value: object, *path: str) -> tuple[str, ...]:
    return tuple(item for item in list_at(value, *path) if isinstance(item, str))


def time_at(value: object, *path: str) -> float | None:
    """Seconds of the epoch."""
    found = at(value, *path)
    if isinstance(found, datetime):
        return found.timestamp()
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
