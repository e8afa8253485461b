"""Destinations, name modifiers and their variables → the names of outputs (user guide, "settings variables").

A name is plain text for S3 and never part of a pattern or a filter: files get generated names until they are published.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

EXTENSIONS = {
    "M2TS": "m2ts",
    "MOV": "mov",
    "MXF": "mxf",
    "MP4": "mp4",
    "WEBM": "webm",
    "GIF": "gif",
    "OGG": "ogg",
    "F4V": "f4v",
    "Y4M": "y4m",
    "M3U8": "m3u8",
    "MPD": "mp4",
    "CMFC": "mp4",
}
"""By container (service model: Output.Extension)."""
RAW_EXTENSIONS = {
    "H_264": "h264",
    "H_265": "h265",
    "AAC": "aac",
    "AC3": "ac3",
    "EAC3": "eac3",
    "MP2": "mp2",
    "MP3": "mp3",
    "WAV": "wav",
    "AIFF": "aiff",
    "FLAC": "flac",
    "OPUS": "opus",
    "FRAME_CAPTURE": "jpg",
}
_VARIABLE = re.compile(r"\$(\w*)(?:%0(\d))?\$")


@dataclass(frozen=True, slots=True)
class JobNames:
    """What the names of a job's outputs are made from: when it started (UTC), and its first input's file."""

    started: dt.datetime
    first_input: str | None

    @classmethod
    def of(cls, started_ms: int, first_input: str | None) -> JobNames:
        return cls(dt.datetime.fromtimestamp(started_ms / 1000, dt.UTC), first_input)

    @property
    def first_name(self) -> str:
        """The first input's file name without its extension; empty where no input has one."""
        if self.first_input is None:
            return ""
        return PurePosixPath(urlsplit(self.first_input).path).stem

    def common(self) -> dict[str, str]:
        """Variables that every name may use."""
        return {
            "dt": self.started.strftime("%Y%m%dT%H%M%S"),
            "d": self.started.strftime("%Y%m%d"),
            "t": self.started.strftime("%H%M%S"),
            "fn": self.first_name,
            "": "$",
        }

    def destination(self, url: str) -> tuple[str, str]:
        """Folder, up to and with its last slash, and base name of a Destination."""
        filled = expand(url, self.common())
        folder, slash, base = filled.removeprefix("s3://").rpartition("/")
        if not slash:
            return f"s3://{base}/", self.first_name
        return f"s3://{folder}/", base or self.first_name


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Fill in `$name$`, and `$name%0N$` to at least N digits; what is not known stays as it is."""

    def filled(match: re.Match[str]) -> str:
        value = variables.get(match[1])
        if value is None:
            return match[0]
        return value.zfill(int(match[2])) if match[2] else value

    return _VARIABLE.sub(filled, text)


def output_variables(
    names: JobNames, *, size: tuple[int, int] | None, rate: Fraction | None, video: int, audio: int, extension: str
) -> dict[str, str]:
    """Variables of one output's modifiers; bit rates in bit/s, frames per second cut to whole ones."""
    found = names.common() | {"ex": extension, "rv": str(video // 1000), "ra": str(audio // 1000)}
    found["rc"] = str((video + audio) // 1000)
    if size is not None:
        found |= {"w": str(size[0]), "h": str(size[1])}
    if rate is not None:
        found["f"] = str(int(rate))
    return found
