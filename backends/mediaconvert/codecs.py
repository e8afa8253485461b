"""How a story's sounds are encoded, by their first bytes: what strategy `classic` asks and no timeline knows.

An MP4, Ogg or WebM file may hold several codecs; those are left out, and the file's name decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.media import sniff_audio

if TYPE_CHECKING:
    from renderer.story import Workspace
    from renderer.timeline.model import Timeline

_CERTAIN = {"wav": "PCM", "mp3": "MP3", "flac": "FLAC"}


def sniffed_codecs(timeline: Timeline, workspace: Workspace) -> dict[str, str]:
    """sha256 → codec, for `JobOptions.codecs`. Raises: MediaError where a file is missing."""
    found: dict[str, str] = {}
    for source in timeline.sound.sources():
        with workspace.folder.open(source.path) as medium:
            codec = _CERTAIN.get(sniff_audio(medium.head()) or "")
        if codec is not None:
            found[source.sha256] = codec
    return found
