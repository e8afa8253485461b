"""Draws the art of the brand `stories-of-you`: a warm background, and an open book with a film reel rising from it.

    python -m assets.brand.draw_brand assets/brand

Both drawings are pure functions of this file: the same pixels on every machine.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

Point = tuple[float, float]

BACKGROUND_SIZE = (1920, 1080)
# A quadratic curve through colour, from the darkest corner to the glow in the middle; no kink, so no edge to see.
RAMP = ((112.0, 58.0, 38.0), (206.0, 112.0, 58.0), (248.0, 214.0, 162.0))
STEPS = 112  # 1.1 steps of 8-bit video luma each: coarser would band, finer would not survive
DITHER = 0.75  # of a step: no edge is left to see, and the file is a quarter smaller than at 1.0
SEED = 1811

LOGO_PX = 1200
OVERSAMPLING = 8
CENTRE = (600.0, 600.0)
DISC = (62, 34, 27)
RIM = (232, 178, 108)
REEL = (240, 184, 104)
PAGE = (255, 244, 224)


def draw_background() -> Image.Image:
    """1920 x 1080, 112 colours: an off-centre glow on warm brown, faint paper grain, dithered so that it can't band."""
    width, height = BACKGROUND_SIZE
    rng = np.random.default_rng(SEED)
    y, x = np.mgrid[0:height, 0:width]
    u, v = x / width - 0.5, y / height - 0.46
    glow = np.exp(-(u * u / 0.16 + v * v / 0.20))
    shade = 0.10 + 0.82 * glow - 0.10 * v
    shade += 0.006 * _mottle(rng, x, y)
    level = np.clip(shade, 0, 1) * (STEPS - 1)
    dithered = np.rint(level + DITHER * (rng.random(level.shape) - 0.5)).clip(0, STEPS - 1).astype(np.uint8)
    picture = Image.frombytes("P", BACKGROUND_SIZE, dithered.tobytes())
    picture.putpalette(_ramp().astype(np.uint8).tobytes())
    return picture


def _ramp() -> NDArray[np.float64]:
    dark, middle, light = (np.array(colour) for colour in RAMP)
    t = np.linspace(0, 1, STEPS)[:, None]
    curve: NDArray[np.float64] = (1 - t) ** 2 * dark + 2 * t * (1 - t) * middle + t**2 * light
    return np.rint(curve)


def _mottle(rng: np.random.Generator, x: NDArray[np.int64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """The unevenness of old paper, about -2..2: sixteen waves in all directions, 70 to 560 pixels long."""
    total: NDArray[np.float64] = np.zeros(x.shape)
    for _ in range(16):
        angle, length, phase = rng.uniform(0, np.pi), 70 * 8 ** rng.uniform(), rng.uniform(0, 2 * np.pi)
        total += np.cos((x * np.cos(angle) + y * np.sin(angle)) * (2 * np.pi / length) + phase)
    return total * 8**-0.5


def draw_logo() -> Image.Image:
    """1200 x 1200 RGBA: a dark medallion, so that the mark reads on bright and on dark pictures alike."""
    logo = Image.new("RGBA", (LOGO_PX, LOGO_PX), (*DISC, 0))
    logo.putalpha(_shadow())
    for colour, mask in (
        (DISC, _mask(_paint_disc)),
        (RIM, _mask(_paint_rim)),
        (REEL, _mask(_paint_reel)),
        (REEL, _mask(_paint_film)),
        (PAGE, _mask(_paint_pages)),
    ):
        logo.alpha_composite(_tinted(colour, mask))
    return logo


def _tinted(colour: tuple[int, int, int], mask: Image.Image) -> Image.Image:
    layer = Image.new("RGBA", mask.size, (*colour, 0))
    layer.putalpha(mask)
    return layer


def _shadow() -> Image.Image:
    """A soft shadow around the medallion, a little below it; gone before the picture's edge."""
    y, x = np.mgrid[0:LOGO_PX, 0:LOGO_PX] + 0.5
    outside = np.hypot(x - CENTRE[0], y - CENTRE[1] - 6) - 552
    fall = np.clip(1 - outside / 42, 0, 1)
    return Image.fromarray(np.rint(96 * fall * fall).astype(np.uint8))


class _Brush:
    """A much enlarged mask to paint on in logo coordinates; 255 paints, 0 erases."""

    def __init__(self) -> None:
        self.image = Image.new("L", (LOGO_PX * OVERSAMPLING,) * 2, 0)
        self._draw = ImageDraw.Draw(self.image)

    def circle(self, centre: Point, radius: float, ink: int = 255) -> None:
        (x, y), k = centre, OVERSAMPLING
        self._draw.ellipse(((x - radius) * k, (y - radius) * k, (x + radius) * k, (y + radius) * k), fill=ink)

    def polygon(self, points: list[Point], ink: int = 255, *, margin: float = 0) -> None:
        """Fills a polygon and, with `margin`, a disc of that radius at each of its points."""
        scaled = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        self._draw.polygon(scaled, fill=ink)
        if margin:
            for point in points:
                self.circle(point, margin, ink)


def _mask(paint: Callable[[_Brush], None]) -> Image.Image:
    brush = _Brush()
    paint(brush)
    return brush.image.reduce(OVERSAMPLING)


def _paint_disc(brush: _Brush) -> None:
    brush.circle(CENTRE, 556)


def _paint_rim(brush: _Brush) -> None:
    brush.circle(CENTRE, 522)
    brush.circle(CENTRE, 513, 0)


def _paint_reel(brush: _Brush) -> None:
    """The reel, with five windows and a hub, and the book's outline cut out of it."""
    hub = (600.0, 516.0)
    brush.circle(hub, 300)
    for turn in range(5):
        angle = np.pi * (turn / 2.5 - 0.5)
        brush.circle((hub[0] + 180 * float(np.cos(angle)), hub[1] + 180 * float(np.sin(angle))), 74, 0)
    brush.circle(hub, 42, 0)
    for side in (-1, 1):
        brush.polygon(_page(side), 0, margin=26)
    brush.polygon([*reversed(_edge(-1, 0.0)), *_edge(1, 0.0), (958.0, 900.0), (242.0, 900.0)], 0)


def _paint_pages(brush: _Brush) -> None:
    for side in (-1, 1):
        brush.polygon(_page(side))


def _paint_film(brush: _Brush) -> None:
    """Below the pages lies not paper but a strip of film with its perforation."""
    for side in (-1, 1):
        upper, lower = _edge(side, 214.0), _edge(side, 268.0)
        brush.polygon([*upper, *reversed(lower)])
        for hole in range(8):
            first, last = round((hole + 0.31) / 8 * (len(upper) - 1)), round((hole + 0.71) / 8 * (len(upper) - 1))
            brush.polygon([_between(upper[i], lower[i], part) for i, part in
                           ((first, 0.3), (last, 0.3), (last, 0.7), (first, 0.7))], 0)  # fmt: skip


def _page(side: int) -> list[Point]:
    return [*_edge(side, 0.0), *reversed(_edge(side, 188.0))]


def _edge(side: int, down: float) -> list[Point]:
    """One page's curved edge from the spine outwards, `down` pixels below the upper one."""
    start, lift, sink, end = (609.0, 662.0), (690.0, 568.0), (840.0, 576.0), (958.0, 626.0)
    t = np.linspace(0, 1, 193)[:, None]
    curve = (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * lift + 3 * (1 - t) * t**2 * sink + t**3 * end
    return [(600 + side * (float(x) - 600), float(y) + down) for x, y in curve]


def _between(a: Point, b: Point, part: float) -> Point:
    return a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part


def main(folder: Path) -> None:
    draw_background().save(folder / "warm-background.png", optimize=True)
    draw_logo().save(folder / "logo.png", optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
