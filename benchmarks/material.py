"""The stories that are measured: made once from the bundled example, kept in one folder, the same at every run."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from assets import asset_path
from benchmarks.measure import run
from renderer.ffmpeg_process import find_ffmpeg

if TYPE_CHECKING:
    from pathlib import Path

PHOTOS = ("misty-hills", "wren", "osprey", "mountain-lake", "forget-me-nots", "dandelion")


@dataclass(frozen=True, slots=True)
class Scale:
    """How large everything is. `voice_s` is the narration; cards add 5 s."""

    width: int
    height: int
    voice_s: int
    repeats: int
    parts_s: float
    """Seconds of picture that a very slow rival renders, shared by the twelve photographs."""
    long_factor: int
    image_counts: tuple[int, int]
    image_size: tuple[int, int]
    spec_sizes: tuple[int, ...]


FULL = Scale(1920, 1080, 55, 3, 12.0, 10, (12, 200), (6000, 4000), (500, 1000, 2000))
QUICK = Scale(320, 180, 7, 1, 2.0, 2, (3, 12), (1200, 800), (50, 100, 200))


@dataclass(frozen=True, slots=True)
class Material:
    """A folder of media and the scale they are for."""

    folder: Path
    scale: Scale

    def photos(self) -> list[str]:
        """Twelve distinct photographs at their original resolution: the example's six, and each of them mirrored."""
        names = []
        for name in PHOTOS:
            plain, mirrored = self.folder / f"{name}.jpg", self.folder / f"{name}-mirrored.jpg"
            if not mirrored.exists():
                shutil.copyfile(asset_path(f"demo/{name}.jpg"), plain)
                with Image.open(plain) as photo:
                    ImageOps.mirror(photo).save(mirrored, quality=92, icc_profile=photo.info.get("icc_profile"))
            names += [plain.name, mirrored.name]
        return names

    def other_photo(self) -> str:
        """One more, that is in no story but the one where it replaces another."""
        target = self.folder / "other.jpg"
        if not target.exists():
            with Image.open(asset_path("demo/osprey.jpg")) as photo:
                ImageOps.flip(photo).save(target, quality=92, icc_profile=photo.info.get("icc_profile"))
        return target.name

    def noisy_photos(self) -> list[str]:
        """Twelve photographs as a camera takes them in the dark: the example's, under noise of 25 levels."""
        names = []
        random = np.random.default_rng(8)
        for name in self.photos():
            target = self.folder / f"noisy-{name}"
            if not target.exists():
                with Image.open(self.folder / name) as photo:
                    pixels = np.asarray(photo.convert("RGB"), np.int16)
                noise = random.normal(0, 25, pixels.shape)
                Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8)).save(target, quality=90)
            names.append(target.name)
        return names

    def voice(self, seconds: int) -> str:
        """The example's narration, repeated for so long."""
        return self._looped("narration", seconds)

    def music(self) -> str:
        name = "music.flac"
        if not (self.folder / name).exists():
            shutil.copyfile(asset_path("demo/music.flac"), self.folder / name)
        return name

    def _looped(self, name: str, seconds: int) -> str:
        target = self.folder / f"{name}-{seconds}s.flac"
        if not target.exists():
            source = str(asset_path(f"demo/{name}.flac"))
            argv = [str(find_ffmpeg().path), "-v", "error", "-nostdin", "-stream_loop", "-1", "-i", source]
            run([*argv, "-t", str(seconds), "-y", str(target)])
        return target.name

    def story(self, name: str, **changes: object) -> Path:
        """The measured story as a spec file; `changes` replace its keys, None removes one."""
        scale = self.scale
        fields: dict[str, object] = {
            "storyreel": 1,
            "title": "Benchmark",
            "output": {"preset": "story-1080p", "width": scale.width, "height": scale.height},
            "brand": "stories-of-you",
            "narration": self.voice(scale.voice_s),
            "music": {"file": self.music(), "gain_db": -25},
            "images": self.photos(),
        } | changes
        path = self.folder / f"{name}.yaml"
        path.write_text(json.dumps({key: value for key, value in fields.items() if value is not None}, indent=1))
        return path

    def large_images(self, count: int) -> list[str]:
        """Distinct smooth JPEGs of a camera's size, cheap to make and to keep."""
        width, height = self.scale.image_size
        names = [f"large-{width}x{height}-{index:03d}.jpg" for index in range(count)]
        random = np.random.default_rng(7)
        for name in names:
            tiles = random.integers(0, 256, (16, 24, 3), np.uint8)
            if not (self.folder / name).exists():
                Image.fromarray(tiles).resize((width, height), Image.Resampling.BICUBIC).save(
                    self.folder / name, quality=80
                )
        return names

    def tiny_images(self, count: int) -> list[str]:
        """Distinct pictures of a few bytes, for specs with thousands of them."""
        names = [f"tiny-{index:04d}.png" for index in range(count)]
        for index, name in enumerate(names):
            if not (self.folder / name).exists():
                Image.new("RGB", (64, 36), (index % 256, index // 256, 99)).save(self.folder / name)
        return names
