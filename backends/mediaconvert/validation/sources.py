"""What the jobs' source addresses and timecodes say by themselves, without opening anything."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node

AUDIO_CODECS = {
    ".aac": "AAC",
    ".ac3": "AC3",
    ".aif": "PCM",
    ".aiff": "PCM",
    ".ec3": "EAC3",
    ".eac3": "EAC3",
    ".flac": "FLAC",
    ".m4a": "AAC",
    ".mp2": "MP2",
    ".mp3": "MP3",
    ".opus": "OPUS",
    ".wav": "PCM",
    ".wma": "WMA",
}
"""Extensions of audio-only files, with the codec that such a file holds in practice."""

GENERATED_RATE = Fraction(30000, 1001)
"""Frames per second of a video generator that is not told otherwise."""

_TIMECODE = re.compile(r"(\d\d):(\d\d):(\d\d)[:;](\d\d)(@.*)?")


class Timecode(NamedTuple):
    """Sorts by time; the frame field counts in the rate of its timeline, which is not known here."""

    hours: int
    minutes: int
    seconds: int
    frame: int

    @property
    def whole_seconds(self) -> int:
        return (self.hours * 60 + self.minutes) * 60 + self.seconds


def timecode(node: Node, name: str) -> Timecode | None:
    """The timecode in a member. A rate after `@`, whose meaning is not documented, is left out."""
    match = _TIMECODE.fullmatch(node.text(name) or "")
    return Timecode(*(int(field) for field in match.groups()[:4])) if match else None


def has_own_rate(node: Node, name: str) -> bool:
    """Whether the timecode brings a rate of its own after `@`."""
    return "@" in (node.text(name) or "")


def audio_codec(url: str | None) -> str | None:
    """The codec of an audio-only file by its extension; None for everything else."""
    try:
        path = urlsplit(url or "").path
    except ValueError:
        return None
    return AUDIO_CODECS.get(PurePosixPath(path).suffix.lower())


def generated_rate(source: Node) -> Fraction | None:
    """Frames per second of an input whose picture is a video generator; None for every other input."""
    generator = source.node("VideoGenerator")
    if generator is None:
        return None
    numerator, denominator = generator.whole("FramerateNumerator"), generator.whole("FramerateDenominator")
    return Fraction(numerator, denominator) if numerator and denominator else GENERATED_RATE


def external_audio(source: Node) -> list[Node]:
    """Selectors of an input that read their own file."""
    selectors = [*source.nodes("AudioSelectors"), *source.nodes("DynamicAudioSelectors")]
    return [selector for selector in selectors if selector.has("ExternalAudioFileInput")]


def has_picture(source: Node) -> bool | None:
    """Whether an input brings a picture that outputs can follow. None where its address doesn't say."""
    if source.has("VideoGenerator"):
        return False
    if source.has("FileInput"):
        return False if audio_codec(source.text("FileInput")) else None
    if source.has("TamsSettings"):
        return None
    return False if external_audio(source) else None


def is_audio_only(source: Node) -> bool:
    """An input of sound alone, over which the service makes black video."""
    return has_picture(source) is False and not source.has("VideoGenerator")


def frame_fields(nodes: list[Node], *names: str) -> Iterator[tuple[Node, str, int]]:
    """The frame field of every timecode in these members that has no rate of its own."""
    for node in nodes:
        for name in names:
            found = timecode(node, name)
            if found is not None and not has_own_rate(node, name):
                yield node, name, found.frame
