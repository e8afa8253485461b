"""What bytes are made from: small JSON documents that hold everything a derived file depends on, and nothing else.

The hash of such a document names the file, in the local cache and among uploaded objects alike, so it is found again
without being made; the difference of two documents says why it has to be made again. Names and places of files are
left out: content hashes stand for them.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

from renderer.ffmpeg_process import find_ffmpeg
from renderer.machine import package_version
from renderer.sound.pcm_store import DECODER_VERSION
from renderer.timeline.canonical import JSONValue, canonical_json, encoded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.timeline.model import Layer, Sound

Ingredients = dict[str, JSONValue]

_PROJECT = Path(__file__).resolve().parents[1]
_PICTURE_CODE = ("renderer/picture", "renderer/timeline/geometry.py")
_SOUND_CODE = ("renderer/sound",)
_package_version = functools.cache(package_version)  # asked for every segment


def ingredients_key(ingredients: Ingredients) -> str:
    """The name of what is made from these: 64 hex digits."""
    return hashlib.sha256(canonical_json(ingredients).encode()).hexdigest()


def layer_ingredients(layer: Layer) -> Ingredients:
    """How a layer looks, without what it is called, how high it lies, and where its file is."""
    document = cast("Ingredients", encoded(layer))
    for name in ("id", "z"):
        del document[name]
    if layer.source is not None:
        del cast("Ingredients", document["source"])["path"]
    if layer.clip is not None:
        del cast("dict[str, Ingredients]", document["clip"])["source"]["path"]
        document["decoded by"] = find_ffmpeg().version
    return document


def mix_ingredients(sound: Sound) -> Ingredients:
    """What the programme mix depends on: tracks, decoder, and our own code."""
    document = cast("Ingredients", encoded(sound))
    for track in cast("list[dict[str, Ingredients]]", document["tracks"]):
        del track["source"]["path"]
    return {
        "sound": document,
        "ffmpeg": find_ffmpeg().version,
        "sound code": code_sha256(_SOUND_CODE),
        "decoder": DECODER_VERSION,
    }


def encoded_picture_ingredients(argv: Sequence[str], build: str) -> Ingredients:
    """What encoded frames depend on besides their layers: `argv` is the encoder's list, `build` names its build."""
    return {"encoder": encoder_settings(argv), "encoder build": build, **picture_ingredients()}


def picture_ingredients() -> Ingredients:
    """What frames before the encoder depend on besides their layers: the code that makes them."""
    return {
        "picture code": code_sha256(_PICTURE_CODE),
        "pillow": _package_version("pillow"),
        "pillow-heif": _package_version("pillow-heif"),
    }


def encoder_settings(argv: Sequence[str]) -> JSONValue:
    """The argument list without the program's place on this machine and without the target."""
    return [word for word in argv[1:] if not word.startswith("file:")]


@functools.cache
def code_sha256(places: tuple[str, ...]) -> str:
    """Hash of our own code: a changed kernel never meets what the old one made."""
    digest = hashlib.sha256()
    for place in places:
        path = _PROJECT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(_PROJECT).as_posix().encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()
