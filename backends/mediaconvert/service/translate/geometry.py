"""Where an input's picture lies in an output's frame: cropping, scaling behaviours, pixel aspects. All edges even."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.timeline.model import Rect

if TYPE_CHECKING:
    from backends.mediaconvert.service.translate.inputs import InputPlan
    from backends.mediaconvert.service.translate.reader import Reader

MIN_SIDE = 32
Crop = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Canvas:
    """An output's frame: width and height in pixels, and how wide a pixel is for its height."""

    width: int
    height: int
    pixel_aspect: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Placed:
    """An input in an output: `crop` in upright source pixels, and the rectangle that the cropped picture fills."""

    crop: Crop | None
    rect: Rect


def even(length: Fraction | int) -> int:
    """The nearest even number, at least 2."""
    return max(2, 2 * int((Fraction(length) + 1) // 2))


def canvas_of(video: Reader, followed: InputPlan | None) -> Canvas:
    """The frame of an output; sides that are not given follow the source. Raises: JobFailure."""
    width, height = video.whole("Width"), video.whole("Height")
    aspect = _pixel_aspect(video)
    video.text("ScalingBehavior")
    shown = None if followed is None or followed.size is None else _shown_size(video, followed)
    if width and height:
        size = _fitted(video, (width, height), shown) if shown else (width, height)
    elif shown is None:
        video.fail("nothing to follow: Width and Height are needed")
    elif width:
        size = width, even(width * Fraction(shown[1]) / shown[0])
    elif height:
        size = even(height * Fraction(shown[0]) / shown[1]), height
    else:
        size = even(shown[0]), even(shown[1])
    return Canvas(max(MIN_SIDE, size[0] // 2 * 2), max(MIN_SIDE, size[1] // 2 * 2), aspect)


def _pixel_aspect(video: Reader) -> Fraction:
    """By ParControl of whichever codec is given."""
    codec = video.node("CodecSettings")
    for name in ("H264Settings", "H265Settings", "Vp9Settings", "Vp8Settings", "Mpeg2Settings", "ProresSettings"):
        settings = codec.node(name)
        if settings.text("ParControl") == "SPECIFIED":
            numerator, denominator = settings.whole("ParNumerator"), settings.whole("ParDenominator")
            if numerator and denominator:
                return Fraction(numerator, denominator)
    return Fraction(1)


def _shown_size(video: Reader, source: InputPlan) -> tuple[Fraction, Fraction]:
    """Width and height of an input as it is to be seen, in square pixels."""
    crop = _crop(video, source)
    width, height = (crop[2], crop[3]) if crop is not None else source.size or (0, 0)
    aspect = source.video.pixel_aspect if source.video is not None else Fraction(1)
    return width * aspect, Fraction(height)


def _fitted(video: Reader, size: tuple[int, int], shown: tuple[Fraction, Fraction]) -> tuple[int, int]:
    """FIT and FIT_NO_UPSCALE make the frame itself smaller instead of padding it."""
    behaviour = video.text("ScalingBehavior", "DEFAULT")
    if behaviour not in ("FIT", "FIT_NO_UPSCALE"):
        return size
    scale = min(size[0] / shown[0], size[1] / shown[1])
    if behaviour == "FIT_NO_UPSCALE":
        scale = min(scale, Fraction(1))
    return even(shown[0] * scale), even(shown[1] * scale)


def _crop(video: Reader, source: InputPlan) -> Crop | None:
    """The input's own cropping, else the output's, within the picture."""
    for settings in (source.settings, video):
        if settings.has("Crop"):
            crop = _rectangle(settings.node("Crop"))
            width, height = source.size or (0, 0)
            if crop[0] + crop[2] > width or crop[1] + crop[3] > height:
                settings.fail(f"lies outside the picture of {width}x{height}", name="Crop")
            return crop
    return None


def _rectangle(settings: Reader) -> Crop:
    values = [settings.whole(name) or 0 for name in ("X", "Y", "Width", "Height")]
    if values[2] < 2 or values[3] < 2:
        settings.fail("Width and Height are needed")
    return values[0], values[1], values[2], values[3]


def place(video: Reader, canvas: Canvas, source: InputPlan) -> Placed:
    """Where an input's picture goes. Raises: JobFailure."""
    crop = _crop(video, source)
    for settings in (source.settings, video):
        if settings.has("Position"):
            return Placed(crop, _whole(*_rectangle(settings.node("Position"))))
    shown = _shown_size(video, source)
    frame = canvas.width * canvas.pixel_aspect, Fraction(canvas.height)
    match video.text("ScalingBehavior", "DEFAULT"):
        case "STRETCH_TO_OUTPUT":
            return Placed(crop, _whole(0, 0, canvas.width, canvas.height))
        case "FILL":
            return Placed(_filling(crop, source, frame[0] / frame[1], shown), _whole(0, 0, canvas.width, canvas.height))
        case _:
            scale = min(frame[0] / shown[0], frame[1] / shown[1])
            width = min(canvas.width, even(shown[0] * scale / canvas.pixel_aspect))
            height = min(canvas.height, even(shown[1] * scale))
            left, top = (canvas.width - width) // 4 * 2, (canvas.height - height) // 4 * 2
            return Placed(crop, _whole(left, top, width, height))


def _filling(crop: Crop | None, source: InputPlan, aspect: Fraction, shown: tuple[Fraction, Fraction]) -> Crop | None:
    """The middle of the picture that has the frame's aspect."""
    left, top, width, height = crop or (0, 0, *(source.size or (0, 0)))
    ratio = shown[0] / shown[1]
    if ratio > aspect:
        narrower = min(width, even(width * aspect / ratio))
        return left + (width - narrower) // 4 * 2, top, narrower, height
    if ratio < aspect:
        shorter = min(height, even(height * ratio / aspect))
        return left, top + (height - shorter) // 4 * 2, width, shorter
    return crop


def _whole(left: int, top: int, width: int, height: int) -> Rect:
    return Rect(Fraction(left), Fraction(top), Fraction(width), Fraction(height))
