"""The oracle for pictures: the same timeline composited by MoviePy from pictures resized by Pillow's bicubic filter.

Slow and simple on purpose: every layer is a clip whose frame function resizes the visible part of the original anew,
in floating point and RGB. It shares the timeline and its geometry with the renderer, and nothing that makes pixels.
Clips start and end at k / rate and find their frame by its number: measured, `CompositeVideoClip` then never shows a
wrong one, which `concatenate_videoclips` does.
"""

from __future__ import annotations

import io
import math
import warnings
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import Image, ImageCms, ImageFilter, ImageOps

from renderer.errors import MediaError, Unsupported, UnsupportedError
from renderer.media import sniff_image
from renderer.timeline.geometry import opacity_at, rect_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from moviepy import CompositeVideoClip, VideoClip
    from numpy.typing import NDArray

    from renderer.media import MediaFolder, MediaLimits
    from renderer.timeline.model import ImageSource, Layer, Rect, Timeline

Picture: TypeAlias = "NDArray[np.uint8]"
Coverage: TypeAlias = "NDArray[np.float64]"

_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF", "avif": "AVIF"}
_KEPT_PICTURES = 4
_BICUBIC_REACH = 2
"""Source samples on either side that the filter reads where it does not shrink."""
_BACKDROP_SCALE, _BACKDROP_BLUR, _BACKDROP_LEVEL = 8, 1 / 24, 166 / 256
"""A backdrop: made at an eighth of the frame, blurred by a 24th of its longer side, dimmed."""


class Originals:
    """Decoded originals, the last few of them: upright, in sRGB, mode RGB or RGBA."""

    def __init__(self, folder: MediaFolder, limits: MediaLimits) -> None:
        self._folder, self._limits = folder, limits
        self._kept: OrderedDict[str, Image.Image] = OrderedDict()

    def get(self, source: ImageSource) -> Image.Image:
        """Raises: MediaError where the original is damaged, or no longer what the timeline was made from."""
        if source.sha256 not in self._kept:
            content = self._folder.read_image(source, self._limits.image_bytes)
            self._kept[source.sha256] = _decoded(source, content, self._limits.image_pixels)
        self._kept.move_to_end(source.sha256)
        while len(self._kept) > _KEPT_PICTURES:
            self._kept.popitem(last=False)
        return self._kept[source.sha256]


def _decoded(source: ImageSource, content: bytes, max_pixels: int) -> Image.Image:
    kind = sniff_image(content[:64])
    if kind not in _FORMATS:
        raise MediaError(source.path, f"the reference decodes {', '.join(_FORMATS)}, found {kind}")
    try:
        picture = Image.open(io.BytesIO(content), formats=[_FORMATS[kind]])
        if picture.width * picture.height > max_pixels:
            raise MediaError(source.path, f"{picture.width}×{picture.height} is over the limit of {max_pixels} pixels")
        upright = ImageOps.exif_transpose(picture)
    except (OSError, ValueError, SyntaxError) as error:
        raise MediaError(source.path, f"damaged ({error})") from error
    profile = picture.info.get("icc_profile")
    mode = "RGBA" if source.alpha else "RGB"
    return _in_srgb(upright, profile, mode) if profile else upright.convert(mode)


def _in_srgb(picture: Image.Image, profile: bytes, mode: str) -> Image.Image:
    embedded, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
    flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
    intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
    converted = ImageCms.profileToProfile(picture, embedded, srgb, intent, mode, flags=flags)
    return picture.convert(mode) if converted is None else converted


@dataclass(frozen=True, slots=True)
class _Shown:
    """One layer at one place: colours (height, width, 3), and how much of each pixel they cover, 0 to 1."""

    rect: Rect | None
    rgb: Picture
    coverage: Coverage


class _Painter:
    """Paints one layer, whole frames at a time; remembers the last one, for the mask and for layers at rest."""

    def __init__(self, layer: Layer, originals: Originals, timeline: Timeline) -> None:
        self._layer, self._originals = layer, originals
        self._size = (timeline.width, timeline.height)
        self._rate = float(timeline.rate)
        self._last: _Shown | None = None

    def rgb(self, seconds: float) -> Picture:
        """MoviePy's frame function; `seconds` counts from the layer's start."""
        return self._shown(self._number(seconds)).rgb

    def coverage(self, seconds: float) -> Coverage:
        """MoviePy's mask function. MoviePy cuts it to 8 bits: the half added here makes that rounding."""
        number = self._number(seconds)
        return (np.rint(self._shown(number).coverage * (255 * float(opacity_at(self._layer, number)))) + 0.5) / 255

    def _number(self, seconds: float) -> int:
        return self._layer.range.start + round(seconds * self._rate)

    def _shown(self, number: int) -> _Shown:
        rect = rect_at(self._layer, number)
        if self._last is None or self._last.rect != rect:
            self._last = _Shown(rect, *self._painted(rect))
        return self._last

    def _painted(self, rect: Rect | None) -> tuple[Picture, Coverage]:
        layer, (width, height) = self._layer, self._size
        whole: Coverage = np.ones((height, width))
        if layer.source is None or rect is None:
            color = str(layer.color)
            flat = np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)], np.uint8)
            return np.tile(flat, (height, width, 1)), whole
        rgb, coverage = _placed(self._originals.get(layer.source), rect, self._size)
        if layer.fit != "blur":
            return rgb, coverage
        behind = _backdrop(self._originals.get(layer.source), self._size)
        mixed = behind + (rgb - behind.astype(float)) * coverage[:, :, np.newaxis]
        return np.rint(mixed).astype(np.uint8), whole


def _placed(picture: Image.Image, rect: Rect, size: tuple[int, int]) -> tuple[Picture, Coverage]:
    """The whole picture at `rect`: a frame of colours, black outside, and its coverage."""
    rgb, coverage = np.zeros((size[1], size[0], 3), np.uint8), np.zeros((size[1], size[0]))
    left, top, width, height = (float(value) for value in (rect.left, rect.top, rect.width, rect.height))
    x0, x1 = max(0, math.floor(left)), min(size[0], math.ceil(left + width))
    y0, y1 = max(0, math.floor(top)), min(size[1], math.ceil(top + height))
    if x0 >= x1 or y0 >= y1:
        return rgb, coverage
    across, down = picture.width / width, picture.height / height
    border = math.ceil(_BICUBIC_REACH * max(across, down, 1)) + 1
    box = ((x0 - left) * across, (y0 - top) * down, (x1 - left) * across, (y1 - top) * down)
    resized = np.asarray(_resized(picture, box, (x1 - x0, y1 - y0), border))
    rgb[y0:y1, x0:x1] = resized[:, :, :3]
    inside = _inside(y0, y1, top, top + height)[:, np.newaxis] * _inside(x0, x1, left, left + width)
    coverage[y0:y1, x0:x1] = inside if resized.shape[2] == 3 else inside * resized[:, :, 3] / 255
    return rgb, coverage


def _resized(
    picture: Image.Image, box: tuple[float, float, float, float], size: tuple[int, int], border: int
) -> Image.Image:
    """The part `box` of a picture whose edge pixels go on for ever. Pillow weighs colours by alpha itself."""
    x0, y0 = math.floor(box[0]) - border, math.floor(box[1]) - border
    x1, y1 = math.ceil(box[2]) + border, math.ceil(box[3]) + border
    inner = (max(x0, 0), max(y0, 0), min(x1, picture.width), min(y1, picture.height))
    part = np.asarray(picture.crop(inner))
    beyond = ((inner[1] - y0, y1 - inner[3]), (inner[0] - x0, x1 - inner[2]), (0, 0))
    endless = Image.fromarray(np.pad(part, beyond, mode="edge"))
    moved = (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)
    return endless.resize(size, Image.Resampling.BICUBIC, box=moved)


def _inside(start: int, end: int, low: float, high: float) -> Coverage:
    """How much of each of the pixels `start` to `end` lies between `low` and `high`."""
    edges = np.arange(start, end, dtype=float)
    inside: Coverage = np.clip(np.minimum(edges + 1, high) - np.maximum(edges, low), 0, 1)
    return inside


def _backdrop(picture: Image.Image, size: tuple[int, int]) -> Picture:
    """The blurred, dimmed copy behind a picture that does not fill the frame."""
    scale = max(size[0] / picture.width, size[1] / picture.height)
    width, height = min(picture.width, size[0] / scale), min(picture.height, size[1] / scale)
    left, top = (picture.width - width) / 2, (picture.height - height) / 2
    small_size = (max(2, size[0] // _BACKDROP_SCALE), max(2, size[1] // _BACKDROP_SCALE))
    small = picture.convert("RGB").resize(
        small_size, Image.Resampling.BICUBIC, box=(left, top, left + width, top + height)
    )
    blurred = small.filter(ImageFilter.GaussianBlur(max(1, round(max(small_size) * _BACKDROP_BLUR)) + 0.5))
    whole = np.asarray(blurred.resize(size, Image.Resampling.BICUBIC))
    return np.rint(whole * _BACKDROP_LEVEL).astype(np.uint8)


def composite(
    timeline: Timeline, folder: MediaFolder, limits: MediaLimits, *, before_frame: Callable[[], None] = lambda: None
) -> CompositeVideoClip:
    """The whole picture as one MoviePy clip, half a frame longer than the programme: MoviePy counts frames by `int`.

    `before_frame` is called before each frame is composed.
    Raises: UnsupportedError without MoviePy; MediaError, then and while frames are made.
    """
    _check_moviepy()
    from moviepy import CompositeVideoClip

    originals, rate = Originals(folder, limits), float(timeline.rate)
    clips = [_clip(layer, _Painter(layer, originals, timeline), timeline) for layer in timeline.layers]
    whole = CompositeVideoClip(clips, size=(timeline.width, timeline.height), bg_color=(0, 0, 0))
    paint = whole.frame_function

    def painted(seconds: float) -> Picture:
        before_frame()
        frame: Picture = paint(seconds)
        return frame

    whole.frame_function = painted
    return whole.with_duration((timeline.frame_count + 0.5) / rate)


def _clip(layer: Layer, painter: _Painter, timeline: Timeline) -> VideoClip:
    from moviepy import VideoClip

    rate = float(timeline.rate)
    clip = VideoClip(painter.rgb)
    if not _opaque(layer, timeline):
        clip = clip.with_mask(VideoClip(painter.coverage, is_mask=True))
    return clip.with_start(layer.range.start / rate).with_end(layer.range.end / rate)


def _opaque(layer: Layer, timeline: Timeline) -> bool:
    """Whether the layer fills every pixel of every frame it is in."""
    if layer.fade_in or layer.opacity < 100 or (layer.source is not None and layer.source.alpha):
        return False
    ends = [layer.rect] if layer.motion is None else [layer.motion.start, layer.motion.end]
    filled = (rect is not None and rect.covers(timeline.width, timeline.height) for rect in ends)
    return layer.color is not None or layer.fit == "blur" or all(filled)


def _check_moviepy() -> None:
    """Raises: UnsupportedError where MoviePy is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import moviepy  # noqa: F401
    except ImportError as error:
        missing = Unsupported("rendering without MoviePy", "--backend", 'pip install "storyreel[reference]"')
        raise UnsupportedError("reference", [missing]) from error


def composed_frames(timeline: Timeline, folder: MediaFolder, limits: MediaLimits) -> Iterator[Picture]:
    """Every frame in order, (height, width, 3) RGB. Raises: as `composite`."""
    clip = composite(timeline, folder, limits)
    for number in range(timeline.frame_count):
        frame: Picture = clip.get_frame(number / float(timeline.rate))
        yield frame
