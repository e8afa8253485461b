"""Timeline and frame number → one planar YUV 4:2:0 frame, BT.709 limited range.

A frame depends on nothing but the timeline, the media and its number. What the same thread rendered before is used
again where it must come out the same: a whole frame, or the unchanged layers underneath.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from renderer.picture.clips import ClipReader, lay_planes
from renderer.picture.kernels import (
    POSITION_BITS,
    Axis,
    Plane,
    PreparedPlane,
    Resampler,
    blend_alpha,
    blend_coverage,
    choose_filter,
    mix_over,
    rgb_to_yuv420,
    settle,
)
from renderer.picture.placement import Placement, Span, is_frame_sized_logo, pixel_box, place
from renderer.picture.prepared import PictureShelf, PreparedPicture, longest_step
from renderer.picture.scene import OPAQUE, LayerState, Scene, color_levels, scene_at
from renderer.timeline.model import Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from renderer.picture.kernels import Image
    from renderer.timebase import FrameRange
    from renderer.timeline.model import Layer, Timeline

    Box = tuple[int, int, int, int]

NEUTRAL = (16, 128, 128)
"""The levels of Y, U and V that mean nothing: what premultiplied planes lie about."""

_KEPT_SLIDES = 3
"""Layers at rest that are kept as they were drawn: those of a crossfade, and a picture behind them."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture. `data` is (height * 3 / 2, width) uint8, contiguous: Y, U, V, as yuv420p lies in memory."""

    data: NDArray[np.uint8]
    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def empty(cls, width: int, height: int) -> Frame:
        """A frame of undefined content; both sides are even."""
        data = np.empty((height * 3 // 2, width), np.uint8)
        flat, luma, chroma = data.reshape(-1), width * height, width * height // 4
        half = (height // 2, width // 2)
        u, v = flat[luma : luma + chroma].reshape(half), flat[luma + chroma :].reshape(half)
        return cls(data, data[:height], u, v)

    def copy_from(self, other: Frame) -> None:
        np.copyto(self.data, other.data)


class FrameRenderer:
    """Renders frames of one timeline, in one thread. Shares prepared pictures with others through `shelf`."""

    def __init__(self, timeline: Timeline, shelf: PictureShelf) -> None:
        self._timeline, self._shelf = timeline, shelf
        self._size = (timeline.width, timeline.height)
        self._resamplers: dict[str, Resampler] = {}
        self._canvas, self._below, self._group = (Frame.empty(*self._size) for _ in range(3))
        self._shown: Scene = ()
        self._kept_below: Scene = ()
        self._slides: dict[tuple[str, ...], Frame] = {}
        self._clips = ClipReader(timeline.rate, shelf.open_video)

    def close(self) -> None:
        """End the decoders of clips; they start again when needed."""
        self._clips.close()

    def frame(self, number: int) -> Frame:
        """Frame `number`; valid until the next call. Raises: MediaError, IndexError."""
        return self._compose(self._scene(number))

    def _scene(self, number: int) -> Scene:
        if not 0 <= number < self._timeline.frame_count:
            raise IndexError(f"frame {number} of {self._timeline.frame_count}")
        return scene_at(self._timeline.layers, number, self._size)

    def frames(self, numbers: FrameRange) -> Iterator[Frame]:
        """The frames of a range in order; each is valid until the next one is asked for."""
        layers = [layer for layer in self._timeline.layers if layer.range.intersects(numbers)]
        try:
            for number in numbers:
                yield self._compose(scene_at(layers, number, self._size))
        finally:
            self.close()

    def _compose(self, scene: Scene) -> Frame:
        if scene == self._shown:
            return self._canvas
        same = _common_length(scene, self._shown)
        self._shown = ()  # if drawing fails, nothing on the canvas may be taken for a frame
        if 0 < same < len(scene):
            self._use_below(scene[:same])
        else:
            same = 0
        self._draw(scene, same, self._canvas)
        self._shown = scene
        return self._canvas

    def _use_below(self, states: Scene) -> None:
        """Put the unchanged lower layers on the canvas, drawing them apart when they are needed the first time."""
        if self._kept_below != states:
            self._kept_below = ()
            self._draw(states, 0, self._below)
            self._kept_below = states
        self._canvas.copy_from(self._below)

    def _draw(self, scene: Scene, first: int, onto: Frame) -> None:
        """Draw a scene's states from number `first` on."""
        for number, state in enumerate(scene[first:], first):
            if state.layer.color is not None:
                self._fill(state, onto)
            elif state.layer.clip is not None:
                self._draw_clip(state, onto)
            elif not self._lay_slide(state, scene[:number], onto):
                self._draw_resampled(state, onto)

    def _draw_resampled(self, state: LayerState, onto: Frame) -> None:
        if state.layer.fit == "blur":
            self._draw_over_backdrop(state, onto)
        elif state.rect is not None:
            self._draw_picture(state.layer, self._shelf.picture(state.layer), state.rect, state.opacity, onto)

    def picture(self, number: int) -> Image:
        """Frame `number` as RGB, (height, width, 3): its very planes come back from a flat one or a layer at rest.

        From any other frame the nearest picture. Raises: MediaError, IndexError.
        """
        scene = self._scene(number)
        *below, top = scene
        if top.layer.color is not None and top.opacity == OPAQUE:
            return np.full((*reversed(self._size), 3), color_levels(top.layer.color), np.uint8)
        drawn = Frame.empty(*self._size)
        found = self._slide_of(top, tuple(below)) if top.opacity == OPAQUE else None
        if found is not None and found[1] == (0, 0, *self._size):
            return self._draw_slide(top.layer, found[0], drawn)
        drawn.copy_from(self._compose(scene))
        return settle(*_planes(drawn))

    def _lay_slide(self, state: LayerState, below: Scene, onto: Frame) -> bool:
        """Lay what a layer at rest shows on the background, where that is what is seen; False where it isn't."""
        found = self._slide_of(state, below)
        if found is None:
            return False
        behind, box = found
        for window, slide in zip(_inside(onto, box), _inside(self._slide(state.layer, behind), box), strict=True):
            mix_over(window, slide, state.opacity)
        return True

    def _slide_of(self, state: LayerState, below: Scene) -> tuple[tuple[Layer, ...], Box] | None:
        """The backgrounds behind a layer at rest, and the part of the frame that they and it fill.

        Decided by the scene alone: a cached segment knows no more of the programme than what it shows.
        """
        layer, rect = state.layer, state.rect
        if layer.motion is not None or layer.source is None or rect is None:
            return None
        behind = tuple(
            under.layer
            for under in below
            if under.layer.kind == "background" and under.layer.clip is None and under.layer.motion is None
        )
        alone = state.opacity == OPAQUE and len(behind) == len(below)
        whole = (0, 0, *self._size)
        if layer.kind == "logo" and (not alone or is_frame_sized_logo(layer, self._size)):
            return None
        if state.covers(*self._size):
            return (), whole
        if alone:
            return behind, whole
        box = pixel_box(rect, self._size)
        return None if box is None or layer.source.alpha else (behind, box)

    def _slide(self, layer: Layer, behind: tuple[Layer, ...]) -> Frame:
        key = layer.id, *(under.id for under in behind)
        if key not in self._slides:
            if len(self._slides) >= _KEPT_SLIDES:
                del self._slides[next(iter(self._slides))]
            slide = Frame.empty(*self._size)
            self._draw_slide(layer, behind, slide)
            self._slides[key] = slide
        return self._slides[key]

    def _draw_slide(self, layer: Layer, behind: tuple[Layer, ...], onto: Frame) -> Image:
        """A layer at rest, wholly opaque on the backgrounds `behind` it, in colours of the RGB picture it returns.

        A moving layer keeps what the resampler gave: docs/decisions/0032-still-frames-are-pictures.md.
        """
        for plane, level in zip(_planes(onto), NEUTRAL, strict=True):
            plane[:] = level
        for under in behind:
            if under.color is not None:
                self._fill(LayerState(under, under.rect, OPAQUE), onto)
            else:
                self._draw_resampled(LayerState(under, under.rect, OPAQUE), onto)
        self._draw_resampled(LayerState(layer, layer.rect, OPAQUE), onto)
        return settle(*_planes(onto))

    def _fill(self, state: LayerState, onto: Frame) -> None:
        rgb = np.full((2, 2, 3), color_levels(str(state.layer.color)), np.uint8)
        for plane, level in zip((onto.y, onto.u, onto.v), rgb_to_yuv420(rgb), strict=True):
            plane[:] = level[0, 0]

    def _draw_clip(self, state: LayerState, onto: Frame) -> None:
        """A moving picture: laid where it fits the pixels, resampled where it moves or lies between them."""
        if state.rect is None:
            return
        planes = self._clips.planes(state.layer, state.moment)
        box = pixel_box(state.rect, self._size)
        if box is not None and planes.size == (box[2] - box[0], box[3] - box[1]):
            lay_planes(planes, box, state.opacity, onto)
            return
        placement = place(state.rect, planes.size, self._size)
        if placement is not None:
            self._blend(self._clips.resampler(state.layer, planes), planes.prepared(), placement, state.opacity, onto)

    def _draw_over_backdrop(self, state: LayerState, onto: Frame) -> None:
        """A picture and its blurred copy fade as one."""
        target = onto if state.opacity == OPAQUE else self._group
        whole = Rect(Fraction(0), Fraction(0), *map(Fraction, self._size))
        backdrop = self._shelf.backdrop(state.layer)
        self._draw_picture(state.layer, backdrop, whole, OPAQUE, target)
        if state.rect is not None:
            self._draw_picture(state.layer, self._shelf.picture(state.layer), state.rect, OPAQUE, target)
        if target is self._group:
            for below, above in zip(_planes(onto), _planes(target), strict=True):
                mix_over(below, above, state.opacity)

    def _draw_picture(self, layer: Layer, picture: PreparedPicture, rect: Rect, opacity: int, onto: Frame) -> None:
        box = pixel_box(rect, self._size)
        if layer.kind == "logo" and box is not None and picture.size == (box[2] - box[0], box[3] - box[1]):
            _lay_logo(picture, box, opacity, onto)
            return
        placement = place(rect, picture.size, self._size)
        if placement is None:
            return
        resampler = self._resampler(layer, picture)
        if opacity == OPAQUE and not placement.partial and picture.alpha is None:
            for window, plane, x, y in _windows(onto, picture, placement):
                resampler.resample(window, plane, x, y)
        else:
            self._blend(resampler, picture, placement, opacity, onto)

    def _blend(
        self, resampler: Resampler, picture: PreparedPicture, placement: Placement, opacity: int, onto: Frame
    ) -> None:
        alphas = (picture.alpha, picture.chroma_alpha, picture.chroma_alpha)
        coverages = (_coverage(placement, chroma=False), *[_coverage(placement, chroma=True)] * 2)
        for (window, plane, x, y), alpha, (cov_x, cov_y), neutral in zip(
            _windows(onto, picture, placement), alphas, coverages, NEUTRAL, strict=True
        ):
            above = np.empty(window.shape, np.uint8)
            resampler.resample(above, plane, x, y)
            if alpha is not None:
                mask = np.empty(window.shape, np.uint8)
                resampler.resample(mask, alpha, x, y)
                if placement.partial:
                    _cut_edges(above, neutral, cov_x, cov_y)
                    _cut_edges(mask, 0, cov_x, cov_y)
                blend_alpha(window, above, mask, neutral, opacity)
            elif placement.partial:
                blend_coverage(window, above, cov_x, cov_y, opacity)
            else:
                mix_over(window, above, opacity)

    def _resampler(self, layer: Layer, picture: PreparedPicture) -> Resampler:
        """One filter for a layer's whole life: nothing may change its look in the middle of a shot."""
        key = f"{layer.id}:{picture.width}x{picture.height}"
        if key not in self._resamplers:
            step = int(longest_step(layer, picture) * (1 << POSITION_BITS)) + 1
            if len(self._resamplers) > 8:
                self._resamplers.clear()
            self._resamplers[key] = Resampler(choose_filter(step))
        return self._resamplers[key]


def _planes(frame: Frame) -> tuple[Plane, Plane, Plane]:
    return frame.y, frame.u, frame.v


def _inside(frame: Frame, box: Box) -> tuple[Plane, Plane, Plane]:
    """The planes' windows of (left, top, right, bottom), which are even."""
    left, top, right, bottom = box
    half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
    return frame.y[top:bottom, left:right], frame.u[half], frame.v[half]


def _common_length(scene: Scene, other: Scene) -> int:
    same = 0
    for state, before in zip(scene, other, strict=False):
        if state != before:
            break
        same += 1
    return same


def _windows(
    frame: Frame, picture: PreparedPicture, placement: Placement
) -> Iterator[tuple[Plane, PreparedPlane, Axis, Axis]]:
    """For each plane: the window it is drawn into, the prepared plane, and the positions along both axes."""
    x, y = placement.x, placement.y
    yield frame.y[y.start : y.end, x.start : x.end], picture.y, x.luma, y.luma
    rows, columns = slice(y.start // 2, y.end // 2), slice(x.start // 2, x.end // 2)
    yield frame.u[rows, columns], picture.u, x.chroma, y.chroma
    yield frame.v[rows, columns], picture.v, x.chroma, y.chroma


def _coverage(placement: Placement, *, chroma: bool) -> tuple[NDArray[np.uint16], NDArray[np.uint16]]:
    return _span_coverage(placement.x, chroma=chroma), _span_coverage(placement.y, chroma=chroma)


def _span_coverage(span: Span, *, chroma: bool) -> NDArray[np.uint16]:
    coverage = span.chroma_coverage if chroma else span.coverage
    if coverage is not None:
        return coverage
    length = span.end - span.start
    return np.full(length // 2 if chroma else length, 65_535, np.uint16)


def _lay_logo(picture: PreparedPicture, box: tuple[int, int, int, int], opacity: int, onto: Frame) -> None:
    """A picture already at its final size, on even pixels."""
    alphas = (picture.alpha, picture.chroma_alpha, picture.chroma_alpha)
    parts = zip(_inside(onto, box), (picture.y, picture.u, picture.v), alphas, NEUTRAL, strict=True)
    for window, plane, alpha, neutral in parts:
        height, width = window.shape
        above = plane.rows[:height, :width]
        if alpha is None:
            mix_over(window, above, opacity)
        else:
            blend_alpha(window, above, alpha.rows[:height, :width], neutral, opacity)


def _cut_edges(plane: Plane, nothing: int, cov_x: NDArray[np.uint16], cov_y: NDArray[np.uint16]) -> None:
    """Fade a resampled plane to `nothing` where the picture covers a pixel only in part."""
    empty = np.full_like(plane, nothing)
    blend_coverage(plane, empty, 65_535 - cov_x, np.full_like(cov_y, 65_535))
    blend_coverage(plane, empty, np.full_like(cov_x, 65_535), 65_535 - cov_y)
