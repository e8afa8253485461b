"""What frames, sound and file are made by: recorded with a golden, and looked at before anything is rendered.

Where a recorded value and today's are equal, what was made from it is equal too, and need not be made again.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

from backends.ffmpeg.encode import encoder_build, segment_argv, sound_argv
from backends.ffmpeg.slices import picture_slice, segment_ingredients
from renderer.ffmpeg_process import find_ffmpeg
from renderer.ingredients import (
    code_sha256,
    encoder_settings,
    ingredients_key,
    mix_ingredients,
    picture_ingredients,
)

if TYPE_CHECKING:
    from golden.store import Json
    from renderer.output import OutputFormat
    from renderer.timebase import FrameRange
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Timeline

_FILE_CODE = (
    "backends/ffmpeg/encode.py",
    "backends/ffmpeg/x264.py",
    "backends/ffmpeg/mux.py",
    "backends/ffmpeg/segments.py",
    "backends/ffmpeg/backend.py",
)
_NOWHERE = Path("/")


def made_with() -> Json:
    """The versions that a reviewer may ask for; `picture code` and `file code` are hashes of our own modules."""
    return {
        **picture_ingredients(),
        "file code": code_sha256(_FILE_CODE),
        "ffmpeg": find_ffmpeg().version,
        "av": importlib.metadata.version("av"),
        "encoder build": encoder_build(),
        "storyreel": importlib.metadata.version("storyreel"),
    }


FILE_TOOLS = ("file code", "ffmpeg", "av", "encoder build")


def draws_as(made: Json) -> bool:
    """Whether all that makes frames before the encoder is what a golden was made with."""
    return all(made.get(name) == value for name, value in picture_ingredients().items())


def encoder(output: OutputFormat) -> Json:
    """Both encoders' argument lists without program and target: what the finished file looks like depends on them."""
    return {
        "video": encoder_settings(segment_argv(output, _NOWHERE / "x.mp4")),
        "sound": encoder_settings(sound_argv(output, _NOWHERE / "x.m4a")),
        "keyframe_frames": output.keyframe_frames,
    }


def slice_sha256(timeline: Timeline, frames: FrameRange) -> str:
    """Names what is seen in `frames`, without names, places and absolute times."""
    return ingredients_key(picture_slice(timeline, frames))


def cache_key(timeline: Timeline, frames: FrameRange, output: OutputFormat) -> str:
    """The name of the encoded segment in the render cache."""
    argv = segment_argv(output, _NOWHERE / "x.mp4")
    return ingredients_key(segment_ingredients(timeline, frames, argv, encoder_build()))


def mix_key(timeline: Timeline) -> str:
    """Names the programme mix: tracks, decoder and code."""
    return ingredients_key(mix_ingredients(timeline.sound))


def settings_of(words: JSONValue) -> dict[str, str]:
    """`-option value` pairs of an argument list; a lone option maps to an empty text."""
    found: dict[str, str] = {}
    items = [str(word) for word in cast("list[JSONValue]", words)]
    for index, word in enumerate(items):
        if word.startswith("-") and not word.lstrip("-").isdigit():
            follows = items[index + 1] if index + 1 < len(items) else ""
            found[word.lstrip("-")] = "" if follows.startswith("-") else follows
    return found
