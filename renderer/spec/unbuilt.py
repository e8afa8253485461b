"""Fields that the format knows and whose execution is not built yet: refused by name, never accepted and ignored.

One table: when a field's execution is built, its row goes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.spec.document import Document, Location
    from renderer.spec.model import StorySpec


@dataclass(frozen=True, slots=True)
class _Row:
    feature: str
    instead: str
    find: Callable[[StorySpec], Iterator[Location]]


def _captions_of_images(spec: StorySpec) -> Iterator[Location]:
    return (("images", index, "caption") for index, image in enumerate(spec.images) if image.caption is not None)


def _captions(spec: StorySpec) -> Iterator[Location]:
    return iter([("captions",)] if spec.captions is not None else [])


_UNBUILT = (
    _Row("an image's caption", "remove `caption`, or draw the text into the picture file", _captions_of_images),
    _Row("captions", "remove `captions` and deliver the subtitle file beside the video", _captions),
)


def unbuilt_features(spec: StorySpec, document: Document) -> list[Unsupported]:
    """Every use of a field that can't be executed yet, in document order. The caller raises UnsupportedError."""
    found = [(row, *document.locate(location)) for row in _UNBUILT for location in row.find(spec)]
    ordered = sorted(found, key=lambda entry: (entry[2], entry[3]))
    return [Unsupported(row.feature, path, row.instead, line) for row, path, line, _ in ordered]
