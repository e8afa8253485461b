"""Which objects a job reads and where it writes: every URL in it, with the JSON pointer where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from renderer.timeline.canonical import JSONValue

_WRITTEN = ("Destination", "ManifestLocation", "PlaylistLocation")


@dataclass(frozen=True, slots=True)
class Source:
    """`pointer` is the first place in the job's settings that names the URL."""

    pointer: str
    url: str


def job_sources(job: Mapping[str, JSONValue]) -> list[Source]:
    """Every URL that the job reads, once, in the job's order."""
    found: dict[str, Source] = {}
    for pointer, name, text in _texts(job.get("Settings"), "", ""):
        if name not in _WRITTEN and text.startswith(("s3://", "http://", "https://")):
            found.setdefault(text, Source(pointer, text))
    return list(found.values())


def output_url(job: Mapping[str, JSONValue]) -> list[str]:
    """Every destination of the job."""
    return sorted({text for _, name, text in _texts(job.get("Settings"), "", "") if name == "Destination"})


def split_s3_url(url: str) -> tuple[str, str]:
    """Bucket and key; two empty texts for any other URL."""
    if not url.startswith("s3://"):
        return "", ""
    bucket, _, key = url.removeprefix("s3://").partition("/")
    return bucket, key


def _texts(value: JSONValue | None, pointer: str, name: str) -> Iterator[tuple[str, str, str]]:
    if isinstance(value, str):
        yield pointer, name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{pointer}/{index}", name)
