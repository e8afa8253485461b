"""A brand as written, layered over its preset, to the values the compiler uses (REQUIREMENTS A11-A16)."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.timebase import Time
from renderer.timeline.model import Rect

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.spec.model import BrandSpec

REFERENCE_LINES = 1080
"""Sizes in a brand are pixels at this many lines; other formats scale by their shorter side."""


@dataclass(frozen=True, slots=True)
class Corner:
    """The logo over the content: opacity in percent, size and distance to the edges at 1080 lines."""

    opacity: int = 80
    size: int = 200
    margin: int = 40


@dataclass(frozen=True, slots=True)
class Brand:
    """Resolved values. `background` is a file name, or a colour such as `#102030`; no logo means no cards."""

    background: str = "#000000"
    logo: str | None = None
    logo_size: int = 600
    intro: Time = field(default_factory=lambda: Time("seconds"))
    outro: Time = field(default_factory=lambda: Time("seconds"))
    corner: Corner | None = None

    @property
    def has_color(self) -> bool:
        return self.background.startswith("#")


def resolve_brand(written: BrandSpec, load: Callable[[str], BrandSpec]) -> Brand:
    """Layer defaults < preset < spec; `load` reads a preset by name."""
    layers = [written]
    if written.preset not in (None, "none"):
        layers.insert(0, load(str(written.preset)))
    given: dict[str, object] = {}
    for layer in layers:
        for name in ("background", "logo", "logo_size", "intro", "outro"):
            value = getattr(layer, name)
            if value is not None:
                given[name] = value
    return Brand(**given, corner=_corner(layers))  # type: ignore[arg-type]


def _corner(layers: list[BrandSpec]) -> Corner | None:
    given: dict[str, int] = {}
    for layer in layers:
        if layer.corner is not None:
            for name in ("opacity", "size", "margin"):
                value = getattr(layer.corner, name)
                if value is not None:
                    given[name] = int(value)
    if not given or given.get("opacity") == 0:
        return None
    return Corner(**given)


def centre_box(brand: Brand, picture: tuple[int, int], frame: tuple[int, int]) -> Rect:
    """The logo in the middle: 600 × 600 at 660, 240 of a 1920 × 1080 frame with the production values."""
    side = _scaled(brand.logo_size, frame)
    left, top = _even((frame[0] - side) / 2), _even((frame[1] - side) / 2)
    return contained(picture, Rect(left, top, side, side))


def corner_box(corner: Corner, picture: tuple[int, int], frame: tuple[int, int]) -> Rect:
    """The logo bottom right: 200 × 200 at 1680, 840 of a 1920 × 1080 frame with the production values."""
    side, margin = _scaled(corner.size, frame), _scaled(corner.margin, frame)
    return contained(picture, Rect(frame[0] - margin - side, frame[1] - margin - side, side, side))


def contained(picture: tuple[int, int], box: Rect) -> Rect:
    """The picture, whole, in the middle of the box, on even pixels: chroma covers two."""
    scale = min(box.width / picture[0], box.height / picture[1])
    width = min(box.width, max(Fraction(2), _even(picture[0] * scale)))
    height = min(box.height, max(Fraction(2), _even(picture[1] * scale)))
    left, top = _even((box.width - width) / 2), _even((box.height - height) / 2)
    return Rect(box.left + left, box.top + top, width, height)


def _scaled(pixels: int, frame: tuple[int, int]) -> Fraction:
    return _even(Fraction(pixels * min(frame), REFERENCE_LINES))


def _even(length: Fraction) -> Fraction:
    """The nearest even whole number of pixels, halves upwards."""
    return Fraction(2 * int((length + 1) // 2))
