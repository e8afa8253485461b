"""What an output preset may ask for beside the MP4: streaming ladders, WebM, a poster, thumbnails. Names, not jobs.

The local backend makes the MP4, the WebM and the poster under the same names (`output_names`).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from presets import PresetValue

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


@dataclass(frozen=True, slots=True)
class Renditions:
    """Everything beside the MP4; None where it is not wanted."""

    hls: Ladder | None = None
    cmaf: Ladder | None = None
    webm_bitrate: int | None = None
    poster_s: Fraction | None = None
    """Where in the programme the poster is taken; a frame capture starts at 0, so the service writes frame 0 too."""
    thumbnails_every_s: Fraction | None = None


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


def preset_renditions(name: str) -> Renditions:
    """What the output preset of that name asks for. Raises: KeyError for an unknown name."""
    from presets import load_preset

    return parse_renditions(load_preset("outputs", name))


def output_names(story: str, renditions: Renditions = NO_RENDITIONS) -> tuple[str, ...]:
    """Every single file of a story below the destination folder; ladders by their main playlist.

    The number of a captured frame counts from 0 (service model; the user's guide reads as from 1).
    """
    poster = 0 if not renditions.poster_s else 1
    found = [f"{story}{MP4_MODIFIER}.mp4"]
    if renditions.webm_bitrate is not None:
        found.append(f"{story}{MP4_MODIFIER}.webm")
    if renditions.poster_s is not None:
        found.append(f"{story}{POSTER_MODIFIER}.{poster:07d}.jpg")
    if renditions.hls is not None:
        found.append(f"{story}/hls/main.m3u8")
    if renditions.cmaf is not None:
        found += [f"{story}/cmaf/main.m3u8", f"{story}/cmaf/main.mpd"]
    return tuple(found)


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
