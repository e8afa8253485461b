"""Frames of video files as planes: decoded one after the other in a limited FFmpeg child, each at its exact place.

A clip's frame n is the source picture that is seen at its start plus n frames of the programme (`docs/decisions/0031`).
FFmpeg cuts, turns, scales and repeats; the child sees one inherited descriptor, forced to the sniffed container.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.errors import MediaError, ToolError
from renderer.ffmpeg_process import Child
from renderer.picture.clip_argv import ClipFrames, clip_argv, clip_limits
from renderer.picture.kernels import PreparedPlane, Resampler, mix_over
from renderer.picture.kernels.filters import Filter
from renderer.picture.kernels.plane import POSITION_BITS
from renderer.picture.kernels.weights import CATMULL_ROM

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from fractions import Fraction

    from renderer.picture.compositor import Frame
    from renderer.picture.kernels import Plane
    from renderer.picture.prepared import PreparedPicture
    from renderer.timeline.model import Layer, VideoSource

MAX_DECODERS = 8
"""Clips being read at once by one thread: a crossfade needs two, an overlay for each that is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class ClipPlanes:
    """One decoded frame: Y, U and V of width × height at 4:2:0, both even."""

    y: Plane
    u: Plane
    v: Plane

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.y.shape[1], self.y.shape[0]

    def prepared(self) -> PreparedPicture:
        """For the resampler."""
        from renderer.picture.prepared import PreparedPicture

        width, height = self.size
        return PreparedPicture(width, height, *(PreparedPlane(plane) for plane in (self.y, self.u, self.v)))


class _Decoder:
    """One child that delivers a layer's frames from `first` on."""

    def __init__(self, layer: Layer, first: int, rate: Fraction, size: tuple[int, int], descriptor: int) -> None:
        assert layer.clip is not None  # noqa: S101  (the reader's condition)
        self.next = first
        self._name, self._size = layer.clip.source.path, size
        wanted = ClipFrames(rate, layer.clip.skip + first - layer.range.start, layer.range.end - first, size)
        argv = clip_argv(layer.clip, descriptor, wanted)
        self._child = Child(argv, pass_fds=[descriptor], limits=clip_limits(wanted.count))
        width, height = size
        self._data = np.empty(width * height * 3 // 2, np.uint8)

    def read(self) -> ClipPlanes:
        """Raises: MediaError where the file gives no more frames."""
        view = self._data.data
        while view:
            found = self._child.output.readinto(view)  # type: ignore[attr-defined]  # (a raw stream has it)
            if not found:
                raise MediaError(self._name, f"can't be decoded{self._reason()}")
            view = view[found:]
        self.next += 1
        width, height = self._size
        luma, chroma = width * height, width * height // 4
        half = (height // 2, width // 2)
        parts = self._data[:luma], self._data[luma : luma + chroma], self._data[luma + chroma :]
        return ClipPlanes(parts[0].reshape(height, width), parts[1].reshape(half), parts[2].reshape(half))

    def _reason(self) -> str:
        try:
            said = self._child.finish().stderr_tail
        except ToolError as error:
            said = error.stderr_tail
        return f": {said.strip().splitlines()[-1]}" if said.strip() else ""

    def close(self) -> None:
        self._child.__exit__()


class ClipReader:
    """Frames of every clip of a timeline, in one thread, each layer in order; going back starts a decoder anew."""

    def __init__(self, rate: Fraction, opener: Callable[[VideoSource], AbstractContextManager[int]]) -> None:
        self._rate, self._opener = rate, opener
        self._open: dict[str, tuple[_Decoder, contextlib.ExitStack]] = {}
        self._last: dict[str, tuple[int, ClipPlanes]] = {}
        self._resamplers: dict[int, Resampler] = {}

    def planes(self, layer: Layer, frame: int) -> ClipPlanes:
        """What the layer shows in programme frame `frame`; valid until the next call for the same layer.

        Raises: MediaError where the file is missing or can't be decoded.
        """
        kept = self._last.get(layer.id)
        if kept is not None and kept[0] == frame:
            return kept[1]
        decoder = self._decoder(layer, frame)
        planes = decoder.read()
        self._last[layer.id] = (frame, planes)
        if decoder.next >= layer.range.end:
            self._close(layer.id)
        return planes

    def _decoder(self, layer: Layer, frame: int) -> _Decoder:
        known = self._open.get(layer.id)
        if known is not None and known[0].next == frame:
            return known[0]
        self._close(layer.id)
        while len(self._open) >= MAX_DECODERS:
            self._close(next(iter(self._open)))
        assert layer.clip is not None  # noqa: S101  (only clips are read)
        stack = contextlib.ExitStack()
        descriptor = stack.enter_context(self._opener(layer.clip.source))
        decoder = _Decoder(layer, frame, self._rate, decoded_size(layer), descriptor)
        self._open[layer.id] = decoder, stack
        return decoder

    def resampler(self, layer: Layer, planes: ClipPlanes) -> Resampler:
        """Sharp where the clip is shown at its size, widening where it is shown smaller; one for a layer's life."""
        taps = _taps(layer, planes.size)
        if taps not in self._resamplers:
            self._resamplers[taps] = Resampler(Filter(taps, CATMULL_ROM, 1 << POSITION_BITS))
        return self._resamplers[taps]

    def _close(self, name: str) -> None:
        known = self._open.pop(name, None)
        if known is not None:
            known[0].close()
            known[1].close()

    def close(self) -> None:
        for name in list(self._open):
            self._close(name)
        self._last.clear()


def decoded_size(layer: Layer) -> tuple[int, int]:
    """Width and height to decode a layer's clip at: its place at rest, or its own size where it moves; even."""
    assert layer.clip is not None  # noqa: S101  (only clips are decoded)
    if layer.motion is None and layer.rect is not None:
        return _even(layer.rect.width), _even(layer.rect.height)
    width, height = layer.clip.size
    return max(2, width // 2 * 2), max(2, height // 2 * 2)


def _even(length: Fraction) -> int:
    return max(2, 2 * int((length + 1) // 2))


def _taps(layer: Layer, size: tuple[int, int]) -> int:
    rects = [layer.rect] if layer.motion is None else [layer.motion.start, layer.motion.end]
    steps = [max(size[0] / rect.width, size[1] / rect.height) for rect in rects if rect is not None]
    reach = 4 * max(steps)
    return next((taps for taps in (4, 8, 16, 32, 64) if 5 * reach <= 6 * taps), 64)


def lay_planes(planes: ClipPlanes, box: tuple[int, int, int, int], opacity: int, onto: Frame) -> None:
    """Put a frame of the size of `box` (left, top, right, bottom; even) where it belongs."""
    left, top, right, bottom = box
    half = (slice(top // 2, bottom // 2), slice(left // 2, right // 2))
    windows = (onto.y[top:bottom, left:right], onto.u[half], onto.v[half])
    for window, plane in zip(windows, (planes.y, planes.u, planes.v), strict=True):
        if opacity == 65_536:
            np.copyto(window, plane)
        else:
            mix_over(window, plane, opacity)
