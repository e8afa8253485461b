"""How steadily a picture moves: a tracked dot against the planned path, and the flicker of one-pixel detail.

`jitter` is the root mean square of the tracking error's second difference, in output pixels per frame², the larger of
both axes; `position` that of the error itself. `shimmer` is the mean absolute change of luma from frame to frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from benchmarks.context import Row
from benchmarks.measure import run
from renderer.ffmpeg_process import find_ffmpeg
from renderer.timeline.geometry import eased

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.context import Context
    from renderer.timeline.model import Ease

from fractions import Fraction

EASES: tuple[Ease, ...] = ("linear", "in", "out", "in-out")
FRAMES = 150
DOT = (0.7, 0.35)
"""Where the dot lies in the picture, as fractions; the view zooms about the picture's middle."""
ZOOM = Fraction(115, 100)
FLOOR, PEAK, SIGMA = 50, 150, 0.012
"""Levels of the background and of the dot above it; its width in fractions of the picture's."""
FAINT = 15
"""Levels above the background that do not count: far out, where rounding is all there is, they would be noise."""


@dataclass(frozen=True, slots=True)
class Track:
    """A dot's path against the plan, in output pixels."""

    position_rms: float
    jitter_rms: float


def easings(context: Context) -> Iterator[Row]:
    """Each easing by us, and the steady one by zoompan and its remedy."""
    picture = _dot_picture(context)
    worst = Track(0.0, 0.0)
    for ease in EASES:
        track = _tracked(_ours(context, picture, ease), ease, context)
        worst = Track(max(worst.position_rms, track.position_rms), max(worst.jitter_rms, track.jitter_rms))
        yield Row(
            f"jitter, {ease}",
            track.jitter_rms,
            "px/frame²",
            "tracked dot, a picture of the frame's size, 1.0 to 1.15 in 5 s",
            0.02,
        )
        yield Row(f"position error, {ease}", track.position_rms, "px", "", 0.02)
    for name, width in (("zoompan", 0), ("scale to 8000, zoompan", 8000)):
        track = _tracked(_zoompan(context, picture, width), "in-out", context)
        yield Row(f"jitter, {name}", track.jitter_rms, "px/frame²", "for comparison, in-out")


def shimmer(context: Context) -> Iterator[Row]:
    """One-pixel detail under a slow zoom."""
    size = (4000, 2250) if context.scale.width == 1920 else (1000, 562)
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    grain = np.random.default_rng(3).normal(0, 4, (size[1], size[0]))
    texture = np.where((x % 3 == 0) & (y % 3 == 0), 190, 90) + grain
    path = context.material.folder / f"texture-{size[0]}.png"
    Image.fromarray(texture.clip(0, 255).astype(np.uint8)).save(path, compress_level=1)
    detail = f"{size[0]}×{size[1]} grid of one-pixel dots with grain, 1.0 to 1.15 in 5 s"
    yield Row("shimmer", _flicker(_ours(context, path, "linear")), "levels", detail, 4.0)
    yield Row("shimmer, zoompan", _flicker(_zoompan(context, path, 0, "linear")), "levels", "for comparison")


def _dot_picture(context: Context) -> Path:
    width, height = context.scale.width, context.scale.height
    y, x = np.mgrid[0:height, 0:width] + 0.5
    squares = (x - DOT[0] * width) ** 2 + (y - DOT[1] * height) ** 2
    levels = np.rint(FLOOR + PEAK * np.exp(-squares / (2 * (SIGMA * width) ** 2)))
    path = context.material.folder / f"dot-{width}.png"
    Image.fromarray(levels.astype(np.uint8)).save(path)
    return path


def _ours(context: Context, picture: Path, ease: Ease) -> NDArray[np.uint8]:
    """Luma of every frame, (frames, height, width), as it reaches the encoder."""
    motion = {"from": {"zoom": 1.0}, "to": {"zoom": float(ZOOM)}, "ease": ease}
    fields = {"brand": None, "narration": None, "music": None, "length": f"{FRAMES}f"}
    story = context.material.story(
        f"{picture.stem}-{ease}", **fields, images=[{"file": picture.name, "motion": motion}]
    )
    target = context.scratch / "frames.y4m"
    context.storyreel("frames", str(story), "-o", str(target))
    return _luma(target, context)


def _luma(y4m: Path, context: Context) -> NDArray[np.uint8]:
    width, height = context.scale.width, context.scale.height
    data = np.memmap(y4m, np.uint8, "r")
    header = int(np.flatnonzero(data[:200] == ord("\n"))[0]) + 1
    size = len("FRAME\n") + width * height * 3 // 2
    frames = data[header:].reshape(-1, size)[:, len("FRAME\n") :]
    luma = np.array(frames[:, : width * height]).reshape(-1, height, width)
    y4m.unlink()
    return luma


def _zoompan(context: Context, picture: Path, prescale: int, ease: Ease = "in-out") -> NDArray[np.uint8]:
    t = f"(on/{FRAMES - 1})"
    progress = t if ease == "linear" else f"({t}*{t}*(3-2*{t}))"
    zoom = f"z='1+{float(ZOOM - 1)}*{progress}':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"
    large = f"scale={prescale}:-2," if prescale else ""
    size = f"{context.scale.width}x{context.scale.height}"
    graph = f"{large}zoompan={zoom}:d={FRAMES}:s={size}:fps=30,format=yuv420p"
    target = context.scratch / "frames.y4m"
    program = str(find_ffmpeg().path)
    run([program, "-v", "error", "-nostdin", "-i", str(picture), "-vf", graph, "-strict", "-1", "-y", str(target)])
    return _luma(target, context)


def _tracked(frames: NDArray[np.uint8], ease: Ease, context: Context) -> Track:
    """Follow the dot by its centre of mass within five widths of where it should be."""
    width, height = context.scale.width, context.scale.height
    reach = int(6 * SIGMA * width * float(ZOOM))
    errors = []
    for number, frame in enumerate(frames):
        zoom = float(1 + (ZOOM - 1) * eased(ease, Fraction(number, FRAMES - 1)))
        planned = [(0.5 + (place - 0.5) * zoom) * side for place, side in zip(DOT, (width, height), strict=True)]
        left, top = (max(0, int(value) - reach) for value in planned)
        window = frame[top : top + 2 * reach, left : left + 2 * reach].astype(float)
        weight = np.clip(window - float(frame[0, 0]) - FAINT, 0, None)
        rows, columns = np.mgrid[0 : window.shape[0], 0 : window.shape[1]] + 0.5
        found = ((weight * columns).sum() / weight.sum() + left, (weight * rows).sum() / weight.sum() + top)
        errors.append([found[0] - planned[0], found[1] - planned[1]])
    error = np.array(errors)
    position = np.sqrt((error**2).mean(axis=0)).max()
    jitter = np.sqrt((np.diff(error, 2, axis=0) ** 2).mean(axis=0)).max()
    return Track(float(position), float(jitter))


def _flicker(frames: NDArray[np.uint8]) -> float:
    changes = [np.abs(a.astype(np.int16) - b).mean() for a, b in zip(frames[1:], frames[:-1], strict=True)]
    return float(np.mean(changes))
