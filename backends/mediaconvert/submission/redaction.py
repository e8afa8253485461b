"""Takes out of a text what must not reach a log: signatures of URLs, keys, e-mail addresses, names (SAFETY S10)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

HIDDEN = "[redacted]"

_RULES = (
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^\s/@\"'<>]+@", re.IGNORECASE), rf"\1{HIDDEN}@"),
    (re.compile(r"(\bhttps?://[^\s?\"'<>]*)\?[^\s\"'<>]*", re.IGNORECASE), rf"\1?{HIDDEN}"),
    (re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"), HIDDEN),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), HIDDEN),
    (
        re.compile(
            r"\b(x-amz-(?:signature|credential|security-token)|signature|aws_secret_access_key|secret(?:accesskey)?"
            r"|sessiontoken|authorization)([\"']?\s*[=:]\s*[\"']?)(?:AWS4\S+\s+)?[^\s&\"',;]+",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
)


def redact(text: str, private: Iterable[str] = ()) -> str:
    """`text` without secrets, and without the words in `private` (a storyteller's name, a title), in any case."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    for word in sorted({word.strip() for word in private if len(word.strip()) > 1}, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", HIDDEN, text, flags=re.IGNORECASE)
    return text
