"""A drawing surface with a time axis: everything is drawn at twice its size, so that lines are smooth once halved."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import ImageFont

WIDTH, LEFT, RIGHT = 1600, 96, 64
SCALE = 2
PAPER, PANEL, GRID, INK, FAINT, SOFT = "#ffffff", "#f8f7f4", "#dedcd6", "#222222", "#77746d", "#e3ecf6"

Point = tuple[float, float]


class Canvas:
    """Coordinates are pixels of the finished picture."""

    def __init__(self, height: float, sample_count: int) -> None:
        from PIL import Image, ImageDraw

        self.image = Image.new("RGB", (WIDTH * SCALE, round(height) * SCALE), PAPER)
        self._draw = ImageDraw.Draw(self.image)
        self._samples_per_pixel = max(1, sample_count) / (WIDTH - LEFT - RIGHT)
        self._fonts: dict[int, ImageFont.ImageFont | ImageFont.FreeTypeFont] = {}

    def x_of(self, sample: float) -> float:
        """Where a programme sample lies."""
        return LEFT + sample / self._samples_per_pixel

    def box(self, edges: tuple[float, float, float, float], color: str) -> None:
        """A filled rectangle from (left, top) up to (right, bottom)."""
        left, top, right, bottom = (round(edge * SCALE) for edge in edges)
        if right > left and bottom > top:
            self._draw.rectangle((left, top, right - 1, bottom - 1), fill=color)

    def area(self, points: Sequence[Point], color: str) -> None:
        """A filled outline."""
        if len(points) > 2:
            self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=color)

    def line(self, points: Sequence[Point], color: str, *, width: float = 1.5) -> None:
        """A line through points; one point is a dot."""
        ends = list(points) if len(points) > 1 else list(points) * 2
        scaled = [(x * SCALE, y * SCALE) for x, y in ends]
        self._draw.line(scaled, fill=color, width=round(width * SCALE), joint="curve")

    def dashes(self, y: float, color: str) -> None:
        """A dashed line over the whole time."""
        for x in range(LEFT, WIDTH - RIGHT, 12):
            self.line([(x, y), (x + 6, y)], color, width=1)

    def text(self, place: Point, text: str, *, size: int, anchor: str, color: str = INK) -> float:
        """Write one line; returns where it ends, counted from a left anchor."""
        scaled = (place[0] * SCALE, place[1] * SCALE)
        self._draw.text(scaled, text, fill=color, font=self._font(size), anchor=anchor)
        return place[0] + self.width_of(text, size)

    def width_of(self, text: str, size: int) -> float:
        """How wide a line of text is."""
        return self._draw.textlength(text, font=self._font(size)) / SCALE

    def _font(self, size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
        from PIL import ImageFont

        return self._fonts.setdefault(size, ImageFont.load_default(size * SCALE))
