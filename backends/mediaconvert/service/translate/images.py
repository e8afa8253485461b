"""ImageInserter → layers: still pictures at their place, in their time, with their fades."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.translate.geometry import even
from backends.mediaconvert.service.translate.timing import boundary, milliseconds
from renderer.timebase import FrameRange
from renderer.timeline.model import Layer, Rect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.reader import Reader

DEFAULT_OPACITY = 50
"""Percent (service model: InsertableImage.Opacity)."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Where and when an inserter's images appear.

    `starts_s` turns a StartTime into programme seconds; `begins_s` and `ends_s` bound what is shown; `scale` and
    `origin` turn the inserter's pixels into the output's.
    """

    rate: Fraction
    begins_s: Fraction
    ends_s: Fraction
    starts_s: Callable[[str], Fraction]
    scale: tuple[Fraction, Fraction] = (Fraction(1), Fraction(1))
    origin: tuple[Fraction, Fraction] = (Fraction(0), Fraction(0))

    @property
    def scaled(self) -> bool:
        """Whether the inserter's pixels are not the output's."""
        return any(factor != 1 for factor in self.scale)


def image_layers(inserter: Reader, stage: Stage, media: MediaFacts, name: str) -> Iterator[Layer]:
    """The images of one inserter, lowest first; `z` is left for the caller. Raises: JobFailure."""
    images = sorted(inserter.nodes("InsertableImages"), key=lambda image: image.whole("Layer") or 0)
    for index, image in enumerate(images):
        layer = _layer(image, stage, media, f"{name}-{index}")
        if layer is not None:
            yield layer


def _layer(image: Reader, stage: Stage, media: MediaFacts, name: str) -> Layer | None:
    """None where the image is never seen."""
    source = media.image(image.text("ImageInserterInput"))
    rect = _rect(image, stage, source.width, source.height)
    begin_s = stage.begins_s
    if image.has("StartTime"):
        try:
            begin_s = stage.starts_s(image.text("StartTime"))
        except ValueError as error:
            image.fail(str(error), name="StartTime")
    fade_in_s, fade_out_s = (milliseconds(image.whole(member) or 0) for member in ("FadeIn", "FadeOut"))
    duration = image.whole("Duration")
    held_s = stage.ends_s if duration is None else begin_s + milliseconds(duration)
    end_s = held_s if duration is None else held_s + fade_out_s
    start = boundary(begin_s, stage.rate)
    end = boundary(end_s, stage.rate)
    opacity = image.whole("Opacity")
    if end <= start or end <= boundary(stage.begins_s, stage.rate) or start >= boundary(stage.ends_s, stage.rate):
        return None
    fade_out = 0 if duration is None else end - boundary(held_s, stage.rate)
    fade_in = min(end - start - fade_out, boundary(begin_s + fade_in_s, stage.rate) - start)
    return Layer(
        id=name,
        kind="logo",
        z=0,
        range=FrameRange(start, end),
        source=source,
        rect=rect,
        opacity=DEFAULT_OPACITY if opacity is None else opacity,
        fade_in=max(0, fade_in),
        fade_out=fade_out,
    )


def _rect(image: Reader, stage: Stage, native_width: int, native_height: int) -> Rect:
    """The whole image in output pixels (`unknowns.ONE_IMAGE_SIDE`)."""
    width, height = image.whole("Width") or 0, image.whole("Height") or 0
    if not width and not height:
        width, height = native_width, native_height
    across = Fraction(width) if width else Fraction(native_width * height, native_height)
    down = Fraction(height) if height else Fraction(native_height * width, native_width)
    left, top = Fraction(image.whole("ImageX") or 0), Fraction(image.whole("ImageY") or 0)
    if not stage.scaled:
        return Rect(left + stage.origin[0], top + stage.origin[1], _whole(across), _whole(down))
    left, top = left * stage.scale[0] + stage.origin[0], top * stage.scale[1] + stage.origin[1]
    size = Fraction(even(across * stage.scale[0])), Fraction(even(down * stage.scale[1]))
    return Rect(_even_edge(left), _even_edge(top), *size)


def _whole(length: Fraction) -> Fraction:
    return Fraction(max(1, round(length)))


def _even_edge(edge: Fraction) -> Fraction:
    """Scaled images are set on even pixels, where they need no second resampling."""
    return Fraction(2 * int((edge + 1) // 2))
