"""The one place that makes markup from text: tags with escaped attributes, escaped text, data URLs."""

from __future__ import annotations

import base64
import html
from typing import NewType

Markup = NewType("Markup", str)
"""HTML that is safe to be put into a page."""


def text(value: object) -> Markup:
    """Any text, escaped."""
    return Markup(html.escape(str(value), quote=True))


def tag(name: str, /, *content: Markup, **attributes: object) -> Markup:
    """An element; `class_` and `for_` lose their underscore, others turn `_` into `-`. None leaves an attribute out."""
    words = [name]
    for key, value in attributes.items():
        attribute = key.rstrip("_").replace("_", "-")
        if value is True:
            words.append(attribute)
        elif value is not None and value is not False:
            words.append(f'{attribute}="{html.escape(str(value), quote=True)}"')
    if name in {"img", "input", "meta", "link", "br"}:
        return Markup(f"<{' '.join(words)}>")
    return Markup(f"<{' '.join(words)}>{''.join(content)}</{name}>")


def join(*parts: Markup) -> Markup:
    return Markup("".join(parts))


def data_url(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
