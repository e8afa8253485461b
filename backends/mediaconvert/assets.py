"""The objects a job reads, each under a key made from all its bytes depend on."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from backends.mediaconvert import scenes
from backends.mediaconvert.encode import PixelFormat, intra_argv, png_argv
from backends.mediaconvert.ingredients import picture_ingredients
from backends.mediaconvert.job import EXTENSIONS, AssetKind, JobTarget, RemoteAsset
from renderer.ingredients import ingredients_key, mix_ingredients

if TYPE_CHECKING:
    from renderer.ingredients import Ingredients
    from renderer.timeline.model import AudioSource, Layer, Timeline, TrackRole

TARGET = "file:TARGET"
"""Stands for an output file in argument lists that are only hashed."""


class Assets:
    """Makes the assets of one timeline for one target, and remembers them in order of first use."""

    def __init__(self, timeline: Timeline, target: JobTarget) -> None:
        self._timeline, self._target = timeline, target
        self._made: dict[str, RemoteAsset] = {}

    def made(self) -> tuple[RemoteAsset, ...]:
        """Every asset asked for, once."""
        return tuple(self._made.values())

    def mezzanine(self) -> str:
        """URL of the whole picture as one silent intra file."""
        ingredients = picture_ingredients(self._timeline, intra_argv(self._timeline, TARGET))
        return self._derived("mezzanine", "programme", ingredients)

    def bed(self) -> str:
        """URL of the picture without images: what the overlays lie on."""
        bed = scenes.bed(self._timeline)
        return self._derived("bed", "programme", picture_ingredients(bed, bed_argv(bed, TARGET)))

    def mix(self) -> str:
        """URL of the programme mix, exactly as long as the programme."""
        return self._derived("mix", "programme", mix_ingredients(self._timeline.sound))

    def slide(self, layer: Layer) -> str:
        """URL of one full-frame PNG: the background, and `layer` on it as its first frame shows it."""
        picture = scenes.slide(self._timeline, layer)
        argv = png_argv(picture.width, picture.height, "rgb24", TARGET)
        return self._derived("slide", layer.id, picture_ingredients(picture, argv))

    def logo(self, layer: Layer) -> str:
        """URL of a logo's PNG with alpha, at the size of its box."""
        alone = scenes.logo(self._timeline, layer)
        ingredients = picture_ingredients(alone, png_argv(alone.width, alone.height, logo_pixels(layer), TARGET))
        return self._derived("logo", layer.id, ingredients)

    def clip(self, layer: Layer) -> str:
        """URL of a second of the layer's whole picture."""
        clip = scenes.clip(self._timeline, layer, scenes.clip_size(layer))
        return self._derived("clip", layer.id, picture_ingredients(clip, bed_argv(clip, TARGET)))

    def backdrop(self, layer: Layer) -> str:
        """URL of a second of what lies behind a picture with fit `blur`."""
        clip = scenes.backdrop(self._timeline, layer)
        return self._derived("clip", f"{layer.id} backdrop", picture_ingredients(clip, bed_argv(clip, TARGET)))

    def original(self, source: AudioSource, role: TrackRole) -> str:
        """URL of a sound file as it is, under the hash of its content."""
        key = f"{self._target.prefix}/{source.sha256}{PurePosixPath(source.path).suffix.lower()}"
        return self._remember(RemoteAsset(key, "original", role, {"sha256": source.sha256, "path": source.path}))

    def _derived(self, kind: AssetKind, describes: str, ingredients: Ingredients) -> str:
        key = f"{self._target.prefix}/{ingredients_key(ingredients)}.{EXTENSIONS[kind]}"
        return self._remember(RemoteAsset(key, kind, describes, ingredients))

    def _remember(self, asset: RemoteAsset) -> str:
        return self._target.url(self._made.setdefault(asset.key, asset))


def bed_argv(timeline: Timeline, url: str) -> list[str]:
    """Still pictures: the same quality as the mezzanine, a keyframe every second."""
    return intra_argv(timeline, url, keyframe_frames=max(1, int(timeline.rate)))


def logo_pixels(layer: Layer) -> PixelFormat:
    """Which pixels a logo's PNG is made from."""
    return "rgba" if layer.source is not None and layer.source.alpha else "rgb24"
