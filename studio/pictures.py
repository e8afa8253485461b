"""Pictures on demand: frames before any encoder, originals at a size for the screen, posters, contact sheets.

What was decoded or encoded stays in bounded memory, by content: an edit of a story decodes only what it brings in.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import TYPE_CHECKING, Generic, TypeVar

from renderer.errors import StoryreelError
from renderer.picture.intake import Intake, PictureFacts, PicturePlanes

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from renderer.media import MediaLimits
    from renderer.picture.compositor import FrameRenderer
    from renderer.picture.prepared import PictureShelf
    from renderer.picture.still import SheetCell, StillFormat
    from renderer.story import Story, Workspace
    from renderer.timeline.model import ImageSource, Timeline

T = TypeVar("T")
PLANES_BYTES, STILLS_BYTES = 192_000_000, 32_000_000
SMALLEST_STILL_BYTES = 32_000
"""What a small still counts as: at most 1,000 are kept, with what Python needs around each."""
SHELVED_PICTURES = 24
MAX_EXPECTED = 2
"""New pictures decoded ahead after a save; of more, those that are asked for come first."""
SHEET_WIDTH = 360
MAX_SHEET_CELLS = 48


class Remembered(Generic[T]):
    """The last results by key, at most `max_bytes` of them. Threads that ask for the same wait for the first."""

    def __init__(self, max_bytes: int, size: Callable[[T], int]) -> None:
        self._max_bytes, self._size = max_bytes, size
        self._kept: OrderedDict[Hashable, T] = OrderedDict()
        self._being_made: dict[Hashable, Future[T]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """What is kept under `key`, or what `make` returns. Raises: as `make`."""
        mine: Future[T] = Future()
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
            first = self._being_made.setdefault(key, mine)
        if first is not mine:
            return first.result()
        try:
            mine.set_result(make())
        except BaseException as error:
            mine.set_exception(error)
            raise
        finally:
            with self._lock:
                del self._being_made[key]
                if mine.exception() is None:
                    self._keep(key, mine.result())
        return mine.result()

    def _keep(self, key: Hashable, made: T) -> None:
        self._kept[key] = made
        self._bytes += self._size(made)
        while self._bytes > self._max_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= self._size(dropped)


class RememberingIntake(Intake):
    """An intake for a long session: what it decoded is known by the content's hash."""

    def __init__(self, limits: MediaLimits) -> None:
        super().__init__(limits, for_frames=True, outlives_runs=True)
        self._planes_kept = Remembered[PicturePlanes](PLANES_BYTES, lambda planes: len(planes.data))
        self._facts_kept = Remembered[PictureFacts](10_000, lambda _: 1)

    def facts(self, name: str, content: bytes) -> PictureFacts:
        return self._facts_kept.get(_digest(content), lambda: super(RememberingIntake, self).facts(name, content))

    def still(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        key = ("still", _digest(content), width, height)
        return self._planes_kept.get(key, lambda: super(RememberingIntake, self).still(name, content, width, height))

    def moving(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        key = ("moving", _digest(content), width, height)
        return self._planes_kept.get(key, lambda: super(RememberingIntake, self).moving(name, content, width, height))

    def backdrop(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        key = ("backdrop", _digest(content), width, height)
        return self._planes_kept.get(key, lambda: super(RememberingIntake, self).backdrop(name, content, width, height))


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


class Pictures:
    """Stills of one workspace's stories. Frames are rendered one at a time; encoded ones are kept."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.Lock()
        self._shelves: OrderedDict[tuple[int, int], PictureShelf] = OrderedDict()
        self._renderer: tuple[Timeline, FrameRenderer] | None = None
        self._stills = Remembered[bytes](STILLS_BYTES, lambda still: max(len(still), SMALLEST_STILL_BYTES))

    def expect(self, story: Story, before: Story) -> None:
        """Decode what a save brought in, beside whatever plans to use it; one that can't be is reported by its user."""
        known = set(before.timeline.sources())
        new = [layer for layer in story.timeline.layers if layer.kind == "image" and layer.source not in known]
        with self._lock:
            shelf = self._shelf(story.timeline)
        for layer in new[:MAX_EXPECTED]:
            with contextlib.suppress(StoryreelError):
                shelf.prepare(layer)

    def frame(self, story: Story, sha256: str, number: int) -> bytes:
        """Frame `number` as JPEG; `sha256` is the timeline's. Raises: MediaError, IndexError."""
        return self._stills.get((sha256, number), lambda: self._frame(story, number, "JPEG"))

    def poster(self, story: Story, number: int, form: StillFormat) -> bytes:
        """Frame `number` for a download. Raises: as `frame`."""
        return self._frame(story, number, form)

    def original(self, source: ImageSource, width: int) -> bytes:
        """A whole original, at most `width` pixels wide, as JPEG. Raises: MediaError."""
        from renderer.picture.still import encoded_still, planes_rgb

        def made() -> bytes:
            content = self._workspace.folder.read_image(source, self._workspace.limits.image_bytes)
            across = min(width, source.width)
            down = max(1, round(source.height * across / source.width))
            planes = self._workspace.intake.still(source.path, content, across, down)
            return encoded_still(planes_rgb(planes))

        return self._stills.get((source.sha256, width), made)

    def contact_sheet(self, story: Story) -> bytes:
        """One frame of every shot and card, as JPEG. Raises: MediaError."""
        from renderer.picture.still import contact_sheet

        layers = sorted(story.timeline.layers, key=lambda layer: layer.range.start)
        shown = [layer for layer in layers if layer.kind == "image" or layer.id in {"intro", "outro", "logo-fallback"}]
        step = -(-len(shown) // MAX_SHEET_CELLS) or 1
        cells = []
        for layer in shown[::step]:
            middle = (layer.range.start + layer.fade_in + layer.range.end) // 2
            name = layer.source.path if layer.kind == "image" and layer.source is not None else layer.id
            cells.append(self._cell(story, min(middle, layer.range.end - 1), name))
        if not cells:
            cells.append(self._cell(story, story.timeline.frame_count // 2, story.timeline.title))
        return contact_sheet(cells, f"{story.timeline.title}: {float(story.timeline.duration_s):.1f} s")

    def _cell(self, story: Story, number: int, name: str) -> SheetCell:
        from renderer.picture.still import SheetCell, frame_rgb, smaller

        with self._lock:
            rgb = frame_rgb(self._of(story.timeline).frame(number))
        seconds = float(number / story.timeline.rate)
        label = f"{int(seconds // 60)}:{seconds % 60:04.1f}  {name}"
        return SheetCell(smaller(rgb, SHEET_WIDTH), label if len(label) < 46 else label[:45] + "…")

    def _frame(self, story: Story, number: int, form: StillFormat) -> bytes:
        from renderer.picture.still import encoded_still, frame_rgb

        with self._lock:
            rgb = frame_rgb(self._of(story.timeline).frame(number))
        return encoded_still(rgb, form=form)

    def _of(self, timeline: Timeline) -> FrameRenderer:
        """The last timeline's renderer stays, with what it drew before."""
        if self._renderer is None or self._renderer[0] != timeline:
            from renderer.picture.compositor import FrameRenderer

            self._renderer = (timeline, FrameRenderer(timeline, self._shelf(timeline)))
        return self._renderer[1]

    def _shelf(self, timeline: Timeline) -> PictureShelf:
        from renderer.picture.prepared import PictureShelf

        size = (timeline.width, timeline.height)
        if size not in self._shelves:
            workspace = self._workspace
            limit = workspace.limits.image_bytes
            self._shelves[size] = PictureShelf(
                workspace.folder, workspace.intake, max_bytes=limit, frame=size, kept=SHELVED_PICTURES
            )
            while len(self._shelves) > 2:
                self._shelves.popitem(last=False)
        return self._shelves[size]
