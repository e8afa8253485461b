"""Rules about picture sizes: what a codec and its level can hold, even rectangles, slices."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.view import Track, View

LARGEST = {
    "AV1": [(4096, 2160)],
    "AVC_INTRA": [(1920, 1080), (1080, 1920)],
    "GIF": [(3840, 3840)],
    "H_264": [(4096, 2160), (2160, 4096)],
    "H_265": [(8192, 4320), (4320, 8192)],
    "MPEG2": [(1920, 1152)],
    "PRORES": [(4096, 4096)],
    "VC3": [(1920, 1080), (1080, 1920)],
    "VP8": [(4096, 2160), (2160, 4096)],
    "VP9": [(4096, 2160), (2160, 4096)],
    "XAVC": [(4096, 2160)],
}
H264_LEVELS = {
    "LEVEL_1": (99, 1485),
    "LEVEL_1_1": (396, 3000),
    "LEVEL_1_2": (396, 6000),
    "LEVEL_1_3": (396, 11880),
    "LEVEL_2": (396, 11880),
    "LEVEL_2_1": (792, 19800),
    "LEVEL_2_2": (1620, 20250),
    "LEVEL_3": (1620, 40500),
    "LEVEL_3_1": (3600, 108000),
    "LEVEL_3_2": (5120, 216000),
    "LEVEL_4": (8192, 245760),
    "LEVEL_4_1": (8192, 245760),
    "LEVEL_4_2": (8704, 522240),
    "LEVEL_5": (22080, 589824),
    "LEVEL_5_1": (36864, 983040),
    "LEVEL_5_2": (36864, 2073600),
}
"""Macroblocks per picture and per second (ITU-T H.264, table A-1)."""

H265_LEVELS = {
    "LEVEL_1": (36864, 552960),
    "LEVEL_2": (122880, 3686400),
    "LEVEL_2_1": (245760, 7372800),
    "LEVEL_3": (552960, 16588800),
    "LEVEL_3_1": (983040, 33177600),
    "LEVEL_4": (2228224, 66846720),
    "LEVEL_4_1": (2228224, 133693440),
    "LEVEL_5": (8912896, 267386880),
    "LEVEL_5_1": (8912896, 534773760),
    "LEVEL_5_2": (8912896, 1069547520),
    "LEVEL_6": (35651584, 1069547520),
    "LEVEL_6_1": (35651584, 2139095040),
    "LEVEL_6_2": (35651584, 4278190080),
}
"""Luma samples per picture and per second (ITU-T H.265, tables A.8 and A.9)."""

_MACROBLOCK = 16


@rule("V60")
def pictures_fit_codec_and_level(view: View) -> Iterator[Found]:
    """V60: The size is within the codec's maximum, and CodecLevel fits size and frame rate.
    [doc: supported-output-resolution-maximums-by-codec] [thread: avalon#6650]"""
    for video in view.videos:
        width, height = video.node.whole("Width"), video.node.whole("Height")
        largest = LARGEST.get(video.codec or "")
        if largest is None:
            continue
        if not any((width or 0) <= most_wide and (height or 0) <= most_high for most_wide, most_high in largest):
            sizes = " or ".join(f"{most_wide}x{most_high}" for most_wide, most_high in largest)
            place = video.node.at("Width") if width is not None else video.node.at("Height")
            yield Found(place, f"Should fit in {sizes}, the largest picture of {video.codec}")
        elif width is not None and height is not None:
            yield from _above_level(video, width, height)


@rule("V61")
def rectangles_are_even(view: View) -> Iterator[Found]:
    """V61: Crop and Position rectangles have even numbers. [model: Rectangle]"""
    for node in (*view.inputs, *(video.node for video in view.videos)):
        for kind in ("Crop", "Position"):
            rectangle = node.node(kind)
            for name in ("X", "Y", "Width", "Height") if rectangle is not None else ():
                if rectangle is not None and (rectangle.whole(name) or 0) % 2:
                    yield Found(rectangle.at(name), "Should be an even number")


@rule("V62")
def slices_fit_the_rows(view: View) -> Iterator[Found]:
    """V62: Slices are at most the macroblock rows of the picture, half of them where it is interlaced.
    [model: H264Settings]"""
    for video in view.videos:
        height, settings = video.node.whole("Height"), video.settings
        slices = settings.whole("Slices") if settings is not None else None
        if settings is None or slices is None or height is None:
            continue
        interlaced = settings.text("InterlaceMode") not in {"PROGRESSIVE", None}
        rows = -(-height // _MACROBLOCK) // (2 if interlaced else 1)
        if slices > rows:
            message = f"Should be less than or equal to {rows}, the macroblock rows of the picture"
            yield Found(settings.at("Slices"), message)


def _above_level(video: Track, width: int, height: int) -> Iterator[Found]:
    """Frames per second count where they are specified."""
    levels, area = H264_LEVELS, -(-width // _MACROBLOCK) * -(-height // _MACROBLOCK)
    if video.codec == "H_265":
        levels, area = H265_LEVELS, width * height
    settings = video.settings if video.codec in {"H_264", "H_265"} else None
    level = settings.text("CodecLevel") if settings is not None else None
    if settings is None or level not in levels:
        return
    picture, second = levels[level]
    if area > picture or area * (video.rate or Fraction(0)) > second:
        hint = _lowest(levels, area, area * (video.rate or Fraction(0)))
        message = "Invalid level specified for the selected framerate or resolution."
        yield Found(settings.at("CodecLevel"), message, hint)


def _lowest(levels: dict[str, tuple[int, int]], area: int, per_second: Fraction) -> str | None:
    fitting = [level for level, (picture, second) in levels.items() if area <= picture and per_second <= second]
    return f"{fitting[0]} is the lowest that fits" if fitting else None
