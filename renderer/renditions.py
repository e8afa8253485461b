"""What an output preset may ask for beside the MP4: streaming ladders, WebM, a poster, thumbnails.

Every backend that makes one of these gives it the same name: the story's name and the rendition's modifier. The local
backend makes the WebM, the poster and the thumbnails; MediaConvert makes them all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from presets import PresetValue
    from renderer.timeline.model import Timeline

MP4_MODIFIER = "_complete"
POSTER_MODIFIER = "_poster"
THUMBNAIL_MODIFIER = "_thumbnail"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rendition of a ladder: its shorter side in pixels, and its bit rate in bit/s."""

    lines: int
    bitrate: int

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of a picture of that aspect, even."""
        scale = Fraction(self.lines, min(width, height))
        return _even(width * scale), _even(height * scale)


@dataclass(frozen=True, slots=True)
class Ladder:
    """Renditions of one streaming group, segments of `segment_s` whole seconds."""

    rungs: tuple[Rung, ...]
    segment_s: int = 6

    def rungs_for(self, width: int, height: int) -> tuple[Rung, ...]:
        """The renditions that are no larger than a picture of that size; at least one, at its size."""
        lines = min(width, height)
        fitting = tuple(rung for rung in self.rungs if rung.lines <= lines)
        return fitting or (Rung(lines, min(rung.bitrate for rung in self.rungs)),)


@dataclass(frozen=True, slots=True)
class Renditions:
    """Everything beside the MP4; None where it is not wanted."""

    hls: Ladder | None = None
    cmaf: Ladder | None = None
    webm_bitrate: int | None = None
    poster_s: Fraction | None = None
    """Where in the programme the poster is taken; a frame capture starts at 0, so the service writes frame 0 too."""
    thumbnails_every_s: Fraction | None = None

    def kinds(self) -> tuple[str, ...]:
        """What is wanted, by the words of a preset."""
        wanted = {
            "hls": self.hls,
            "cmaf": self.cmaf,
            "webm": self.webm_bitrate,
            "poster": self.poster_s,
            "thumbnails": self.thumbnails_every_s,
        }
        return tuple(kind for kind, value in wanted.items() if value is not None)

    def captures(self, duration_s: Fraction) -> dict[str, Fraction]:
        """Poster and thumbnails of a programme: modifier and number of each picture → its time in seconds.

        Pictures are numbered from 0 (service model; the user's guide reads as from 1). A poster from beyond the end is
        the first frame.
        """
        found: dict[str, Fraction] = {}
        if self.poster_s is not None:
            later = 0 < self.poster_s < duration_s
            found[f"{POSTER_MODIFIER}.{int(later):07d}"] = self.poster_s if later else Fraction(0)
        if self.thumbnails_every_s is not None:
            count = -int(-duration_s // self.thumbnails_every_s)
            times = (number * self.thumbnails_every_s for number in range(count))
            found |= {f"{THUMBNAIL_MODIFIER}.{number:07d}": time for number, time in enumerate(times)}
        return found


NO_RENDITIONS = Renditions()


def parse_renditions(content: Mapping[str, PresetValue]) -> Renditions:
    """The optional `renditions:` of an output preset's content.

    Raises: KeyError, ValueError where it is not of the form that docs/mediaconvert.md shows.
    """
    given = cast("dict[str, dict[str, PresetValue]]", content.get("renditions") or {})
    unknown = set(given) - {"hls", "cmaf", "webm", "poster", "thumbnails"}
    if unknown:
        raise ValueError(f"renditions: expected hls, cmaf, webm, poster or thumbnails, found {', '.join(unknown)}")
    return Renditions(
        hls=_ladder(given["hls"]) if "hls" in given else None,
        cmaf=_ladder(given["cmaf"]) if "cmaf" in given else None,
        webm_bitrate=int(str(given["webm"]["bitrate"])) if "webm" in given else None,
        poster_s=Fraction(str(given["poster"]["at_s"])) if "poster" in given else None,
        thumbnails_every_s=Fraction(str(given["thumbnails"]["every_s"])) if "thumbnails" in given else None,
    )


def story_name(timeline: Timeline) -> str:
    """The timeline's id as part of a file's name: everything but letters, digits, `.`, `_` and `-` becomes a hyphen.

    `$` would start one of MediaConvert's own variables; an id without any such character stays as it is.
    """
    return re.sub(r"[^A-Za-z0-9._-]+", "-", timeline.id) or "story"


def output_names(story: str, renditions: Renditions, duration_s: Fraction) -> tuple[str, ...]:
    """Every file of a story below its destination folder; ladders by their main playlists."""
    found = [f"{story}{MP4_MODIFIER}.mp4"]
    if renditions.webm_bitrate is not None:
        found.append(f"{story}{MP4_MODIFIER}.webm")
    found += [f"{story}{name}.jpg" for name in renditions.captures(duration_s)]
    if renditions.hls is not None:
        found.append(f"{story}/hls/main.m3u8")
    if renditions.cmaf is not None:
        found += [f"{story}/cmaf/main.m3u8", f"{story}/cmaf/main.mpd"]
    return tuple(found)


def video_path(target: Path, timeline: Timeline) -> Path:
    """The MP4 to write: `target`, or in the folder `target` the name that a MediaConvert job gives it."""
    inside = target.is_dir() and target.suffix.lower() != ".mp4"
    return target / f"{story_name(timeline)}{MP4_MODIFIER}.mp4" if inside else target


def webm_beside(mp4: Path) -> Path:
    """Where the WebM of a video lies: `lake_complete.mp4` → `lake_complete.webm`."""
    return mp4.with_suffix(".webm")


def capture_beside(mp4: Path, name: str) -> Path:
    """Where a poster or thumbnail of a video lies: `lake_complete.mp4` or `lake.mp4` → `lake_poster.0000001.jpg`."""
    return mp4.with_name(f"{mp4.stem.removesuffix(MP4_MODIFIER)}{name}.jpg")


def rendition_files(destination: Path, renditions: Renditions, duration_s: Fraction) -> list[Path]:
    """Every file that a run writes beside the MP4 at `destination`."""
    found = [webm_beside(destination)] if renditions.webm_bitrate is not None else []
    return [*found, *(capture_beside(destination, name) for name in renditions.captures(duration_s))]


def _ladder(content: dict[str, PresetValue]) -> Ladder:
    rungs = cast("list[dict[str, PresetValue]]", content["ladder"])
    if not rungs:
        raise ValueError("a ladder needs at least one rendition")
    return Ladder(
        tuple(Rung(int(str(rung["lines"])), int(str(rung["bitrate"]))) for rung in rungs),
        int(str(content.get("segment_s", 6))),
    )


def _even(length: Fraction) -> int:
    return max(32, 2 * int((length + 1) // 2))
