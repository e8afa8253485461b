"""Pictures ready to move: each decoded once, shrunk to what its deepest zoom needs, as planes, and let go in time."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from renderer.picture.kernels import Plane, PreparedPlane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from fractions import Fraction

    from renderer.media import MediaFolder
    from renderer.picture.intake import Intake, PicturePlanes
    from renderer.timeline.model import ImageSource, Layer, Rect, VideoSource

KEPT_PICTURES = 8
"""Pictures in memory at once: those of two segments under way, with crossfades and a logo, and three to come."""
IN_USE = 5
"""How many of them may be on screen; the others may wait for their turn."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPicture:
    """Planes of (width, height) samples; `alpha` and `chroma_alpha` are None for an opaque picture."""

    width: int
    height: int
    y: PreparedPlane
    u: PreparedPlane
    v: PreparedPlane
    alpha: PreparedPlane | None = None
    chroma_alpha: PreparedPlane | None = None

    @property
    def size(self) -> tuple[int, int]:
        """(width, height)."""
        return self.width, self.height


@dataclass(frozen=True, slots=True)
class _Wanted:
    """One picture for one use: what is decoded at most once at a time."""

    source: ImageSource
    width: int
    height: int
    use: Literal["still", "moving", "backdrop"]


class PictureShelf:
    """Prepares pictures on demand, for several threads: the second to ask for one waits for the first.

    Of `kept` pictures, `kept - in_use` may be prepared before they are drawn; they are let go last.
    """

    def __init__(
        self,
        folder: MediaFolder,
        intake: Intake,
        *,
        max_bytes: int,
        frame: tuple[int, int],
        kept: int = KEPT_PICTURES,
        in_use: int = IN_USE,
    ) -> None:
        self._folder, self._intake, self._max_bytes, self._frame = folder, intake, max_bytes, frame
        self._kept, self._most_waiting = kept, kept - in_use
        self._waiting: set[_Wanted] = set()
        self._shelf: OrderedDict[_Wanted, Future[PreparedPicture]] = OrderedDict()
        self._lock = threading.Lock()

    def open_video(self, source: VideoSource) -> AbstractContextManager[int]:
        """A descriptor of a clip's file.

        Raises: MediaError where it is missing, or no longer what the timeline was made from.
        """
        return self._opened_video(source)

    @contextlib.contextmanager
    def _opened_video(self, source: VideoSource) -> Iterator[int]:
        with self._folder.open_video(source) as medium:
            yield medium.descriptor

    def picture(self, layer: Layer) -> PreparedPicture:
        """The layer's own picture.

        Raises: MediaError where the original is damaged, or no longer what the timeline was made from.
        """
        return self._get(self._wanted(layer))

    def backdrop(self, layer: Layer) -> PreparedPicture:
        """The small blurred copy for a layer with fit `blur`. Raises: as `picture`."""
        return self._get(_Wanted(_source(layer), *self._frame, "backdrop"))

    def prepare(self, layer: Layer) -> None:
        """Have the layer's pictures ready for when they are needed. Raises: as `picture`."""
        if layer.source is not None:
            self.picture(layer)
            if layer.fit == "blur":
                self.backdrop(layer)

    def prepare_in_turn(self, layer: Layer) -> None:
        """The same for one that is drawn in its turn, unless enough of them wait already. Raises: as `picture`."""
        if layer.source is not None:
            self._get_ahead(self._wanted(layer))
            if layer.fit == "blur":
                self._get_ahead(_Wanted(layer.source, *self._frame, "backdrop"))

    def _get_ahead(self, wanted: _Wanted) -> None:
        with self._lock:
            if wanted in self._shelf or len(self._waiting) >= self._most_waiting:
                return
            self._waiting.add(wanted)
        self._get(wanted, drawn=False)

    def _wanted(self, layer: Layer) -> _Wanted:
        source = _source(layer)
        if layer.kind == "logo" and layer.rect is not None:
            return _Wanted(source, max(1, round(layer.rect.width)), max(1, round(layer.rect.height)), "still")
        width, height = deepest_size(layer)
        return _Wanted(source, -int(-width // 1), -int(-height // 1), "moving")

    def _get(self, wanted: _Wanted, *, drawn: bool = True) -> PreparedPicture:
        with self._lock:
            if drawn:
                self._waiting.discard(wanted)
            kept = self._shelf.get(wanted)
            if kept is not None:
                self._shelf.move_to_end(wanted)
            else:
                mine: Future[PreparedPicture] = Future()
                self._shelf[wanted] = mine
                while len(self._shelf) > self._kept:
                    self._let_go()
        if kept is not None:
            return kept.result()
        try:
            mine.set_result(self._prepare(wanted))
        except BaseException as error:
            with self._lock:
                self._shelf.pop(wanted, None)
                self._waiting.discard(wanted)
            mine.set_exception(error)
            raise
        return mine.result()

    def _let_go(self) -> None:
        """Of the picture that was drawn longest ago."""
        oldest = next((wanted for wanted in self._shelf if wanted not in self._waiting), next(iter(self._shelf)))
        self._waiting.discard(oldest)
        del self._shelf[oldest]

    def _prepare(self, wanted: _Wanted) -> PreparedPicture:
        name = wanted.source.path
        content = self._folder.read_image(wanted.source, self._max_bytes)
        tasks = {"still": self._intake.still, "moving": self._intake.moving, "backdrop": self._intake.backdrop}
        return _shelved(tasks[wanted.use](name, content, wanted.width, wanted.height))


def _source(layer: Layer) -> ImageSource:
    if layer.source is None:
        raise ValueError(f"layer {layer.id} has no picture")
    return layer.source


def deepest_size(layer: Layer) -> tuple[Fraction, Fraction]:
    """The largest width and height at which the layer shows its whole picture, in output pixels."""
    rects: list[Rect] = [rect for rect in (layer.rect,) if rect is not None]
    if layer.motion is not None:
        rects += [layer.motion.start, layer.motion.end]
    return max(rect.width for rect in rects), max(rect.height for rect in rects)


def longest_step(layer: Layer, picture: PreparedPicture) -> Fraction:
    """The most prepared samples to one output pixel, over both axes and the whole motion."""
    rects = [layer.rect] if layer.motion is None else [layer.motion.start, layer.motion.end]
    steps = [(picture.width / rect.width, picture.height / rect.height) for rect in rects if rect is not None]
    return max(max(step) for step in steps)


def _shelved(planes: PicturePlanes) -> PreparedPicture:
    luma = (planes.height, planes.width)
    chroma = ((planes.height + 1) // 2, (planes.width + 1) // 2)
    shapes = [luma, chroma, chroma, *([luma, chroma] if planes.alpha else [])]
    return PreparedPicture(planes.width, planes.height, *(PreparedPlane(plane) for plane in _cut(planes.data, shapes)))


def _cut(data: bytes, shapes: list[tuple[int, int]]) -> list[Plane]:
    parts, offset = [], 0
    for height, width in shapes:
        parts.append(np.frombuffer(data, np.uint8, height * width, offset).reshape(height, width))
        offset += height * width
    return parts
