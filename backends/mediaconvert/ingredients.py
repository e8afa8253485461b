"""What makes an uploaded object: everything its bytes depend on, as a small JSON document whose hash is its key.

So a job can be printed before anything is rendered, and an object that is already there is never made again.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

from renderer.ffmpeg_process import find_ffmpeg
from renderer.sound.pcm_store import DECODER_VERSION
from renderer.timebase import format_rate
from renderer.timeline.canonical import JSONValue, canonical_json, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.timeline.model import Layer, Sound, Timeline

Ingredients = dict[str, JSONValue]

_PROJECT = Path(__file__).resolve().parents[2]
_PICTURE_CODE = ("renderer/picture", "renderer/timeline/geometry.py")
_SOUND_CODE = ("renderer/sound",)


def picture_ingredients(timeline: Timeline, argv: Sequence[str]) -> Ingredients:
    """What the frames of a whole timeline are made from; `argv` is the encoder's list."""
    return {
        "layers": [_layer(layer) for layer in timeline.layers],
        "frames": timeline.frame_count,
        "rate": format_rate(timeline.rate),
        "size": [timeline.width, timeline.height],
        "encoder": _settings(argv),
        "ffmpeg": find_ffmpeg().version,
        "picture code": _code_sha256(_PICTURE_CODE),
        "pillow": importlib.metadata.version("pillow"),
    }


def mix_ingredients(sound: Sound) -> Ingredients:
    """What the programme mix is made from: content hashes stand for files, whatever they are called."""
    document = cast("dict[str, JSONValue]", encoded(sound))
    for track in cast("list[dict[str, dict[str, JSONValue]]]", document["tracks"]):
        del track["source"]["path"]
    return {
        "sound": document,
        "ffmpeg": find_ffmpeg().version,
        "sound code": _code_sha256(_SOUND_CODE),
        "decoder": DECODER_VERSION,
    }


def ingredients_key(ingredients: Ingredients) -> str:
    """The name of what is made from these: 64 hex digits."""
    return hashlib.sha256(canonical_json(ingredients).encode()).hexdigest()


def _layer(layer: Layer) -> JSONValue:
    document = cast("dict[str, JSONValue]", encoded(layer))
    for name in ("id", "z"):
        del document[name]
    if layer.source is not None:
        del cast("dict[str, JSONValue]", document["source"])["path"]
    return document


def _settings(argv: Sequence[str]) -> JSONValue:
    """The argument list without the program's place on this machine and without the target."""
    return [word for word in argv[1:] if not word.startswith("file:")]


@functools.cache
def _code_sha256(places: tuple[str, ...]) -> str:
    """Hash of our own code: a changed kernel never meets an object that the old one made."""
    digest = hashlib.sha256()
    for place in places:
        path = _PROJECT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(_PROJECT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
