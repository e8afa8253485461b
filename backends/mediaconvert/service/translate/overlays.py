"""VideoOverlays → clip layers: positions, transitions, playback; and transitions of the base picture itself.

A transition becomes a `Motion` and an opacity ramp, both linear (`unknowns.OVERLAY_MOTION`). A repeated clip becomes
one layer for each time that it plays, all with the same motion.
"""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.translate.sources import video_source
from backends.mediaconvert.service.translate.timing import InputClock, boundary, frame_number
from renderer.timebase import FrameRange
from renderer.timeline.model import Clip, Layer, Motion, Rect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.programme import Shown
    from backends.mediaconvert.service.translate.reader import Reader
    from renderer.container_facts import ContainerFacts


@dataclass(frozen=True, slots=True)
class Base:
    """The picture that overlays lie on: its pixels, and where they are in the output."""

    width: int
    height: int
    rect: Rect

    def placed(self, left: Fraction, top: Fraction, width: Fraction, height: Fraction) -> Rect:
        """A rectangle in base pixels, in output pixels."""
        across, down = self.rect.width / self.width, self.rect.height / self.height
        return Rect(self.rect.left + left * across, self.rect.top + top * down, width * across, height * down)


@dataclass(frozen=True, slots=True)
class _State:
    """Where an overlay is at a frame, and its opacity in percent."""

    frame: int
    rect: Rect
    opacity: int


def overlay_layers(
    settings: Reader, shown: Shown, base: Base, rate: Fraction, *, media: MediaFacts, name: str
) -> Iterator[Layer]:
    """Layers of the overlays of one input over one span, lowest first; `z` is left for the caller."""
    for index, overlay in enumerate(settings.nodes("VideoOverlays")):
        url = overlay.node("Input").text("FileInput")
        if url:
            yield from _Overlay(overlay, shown, base, rate).layers(url, media, f"{name}-{index}")


def base_layers(layer: Layer, settings: Reader, shown: Shown, base: Base, rate: Fraction) -> list[Layer]:
    """The base picture itself, moved by overlays without a file."""
    for overlay in settings.nodes("VideoOverlays"):
        if not overlay.node("Input").text("FileInput"):
            states = _Overlay(overlay, shown, base, rate).states((base.width, base.height), layer.range)
            return _pieces(layer, states)
    return [layer]


class _Overlay:
    """One overlay over one span."""

    def __init__(self, settings: Reader, shown: Shown, base: Base, rate: Fraction) -> None:
        self._settings, self._shown, self._base, self._rate = settings, shown, base, rate

    def layers(self, url: str, media: MediaFacts, name: str) -> Iterator[Layer]:
        facts = media.container(url)
        if not facts.videos:
            self._settings.node("Input").fail("no video stream found", name="FileInput")
        seen = self._range()
        if not seen:
            return
        crop = self._crop()
        clip = Clip(video_source(url, facts), crop=crop)
        states = self.states(clip.size, seen)
        for number, (frames, start_s) in enumerate(self._plays(facts, seen)):
            played = Layer(
                f"{name}-{number}", "image", 0, frames, clip=dataclasses.replace(clip, start=start_s),
                rect=states[0].rect, opacity=states[0].opacity,
            )  # fmt: skip
            yield from _pieces(played, states)

    def _range(self) -> FrameRange:
        """The frames in which it is active; the end timecode's frame is still shown."""
        start, end = self._shown.frames.start, self._shown.frames.end
        if self._settings.has("StartTimecode"):
            start = max(start, self._frame("StartTimecode"))
        if self._settings.has("EndTimecode"):
            end = min(end, self._frame("EndTimecode", inclusive=True))
        return FrameRange(start, max(start, end))

    def _frame(self, name: str, settings: Reader | None = None, *, inclusive: bool = False) -> int:
        """The programme frame of a timecode of the base input."""
        settings = settings or self._settings
        clock = self._shown.source.clock
        try:
            at_s = clock.seconds(settings.text(name))
        except ValueError as error:
            settings.fail(str(error), name=name)
        return boundary(self._shown.programme_s(at_s + (clock.step_s if inclusive else 0)), self._rate)

    def _crop(self) -> tuple[int, int, int, int] | None:
        if not self._settings.has("Crop"):
            return None
        crop = self._settings.node("Crop")
        crop.text("Unit")
        left, top, width, height = (crop.whole(member) or 0 for member in ("X", "Y", "Width", "Height"))
        return left, top, width, height

    def states(self, size: tuple[int, int], seen: FrameRange) -> list[_State]:
        """Keyframes: at rest at the first, then where each transition begins and ends."""
        found = [self._state(self._settings.node("InitialPosition"), seen.start, size, None)]
        for transition in self._settings.nodes("Transitions"):
            start, end = self._frame("StartTimecode", transition), self._frame("EndTimecode", transition)
            before = found[-1]
            found.append(_State(max(start, before.frame), before.rect, before.opacity))
            found.append(self._state(transition.node("EndPosition"), end, size, before))
        return found

    def _state(self, position: Reader, frame: int, size: tuple[int, int], before: _State | None) -> _State:
        """Blank sides are the base's, one blank side keeps the aspect; a blank opacity is full, or stays."""
        percent = position.text("Unit", "PIXELS") == "PERCENTAGE"
        base = self._base
        across, down = (Fraction(side, 100) if percent else Fraction(1) for side in (base.width, base.height))
        left, top = (position.whole("XPosition") or 0) * across, (position.whole("YPosition") or 0) * down
        wide, high = position.whole("Width"), position.whole("Height")
        own_across, own_down = (Fraction(side, 100) if percent else Fraction(1) for side in size)
        width = wide * own_across if wide and wide > 0 else None
        height = high * own_down if high and high > 0 else None
        if width is None and height is None:
            width, height = Fraction(base.width), Fraction(base.height)
        elif width is None and height is not None:
            width = height * size[0] / size[1]
        elif height is None and width is not None:
            height = width * size[1] / size[0]
        assert width is not None and height is not None  # noqa: PT018, S101  (all four cases are above)
        opacity = position.whole("Opacity")
        kept = 100 if before is None else before.opacity
        return _State(frame, base.placed(left, top, width, height), kept if opacity is None else opacity)

    def _plays(self, facts: ContainerFacts, seen: FrameRange) -> Iterator[tuple[FrameRange, Fraction]]:
        """Frames and the clip's start for each time that it plays."""
        clips = list(self._clips(facts))
        repeat = self._settings.text("Playback", "REPEAT") == "REPEAT"
        at_s, start = seen.start / self._rate, seen.start
        while start < seen.end:
            for begin_s, end_s in clips:
                at_s += end_s - begin_s
                end = min(seen.end, boundary(at_s, self._rate))
                if end > start:
                    yield FrameRange(start, end), begin_s
                start = max(start, end)
                if start >= seen.end:
                    return
            if not repeat:
                return

    def _clips(self, facts: ContainerFacts) -> Iterator[tuple[Fraction, Fraction]]:
        settings = self._settings.node("Input")
        track = facts.videos[0]
        length_s = track.frames / track.rate
        origin = 0
        match settings.text("TimecodeSource", "EMBEDDED"):
            case "SPECIFIEDSTART":
                origin = frame_number(settings.text("TimecodeStart", "00:00:00:00"), track.rate)
            case "EMBEDDED" if facts.timecode is not None:
                origin = frame_number(facts.timecode, track.rate)
        clock = InputClock(track.rate, origin)
        clips = settings.nodes("InputClippings")
        if not clips:
            yield Fraction(0), length_s
        for clip in clips:
            start_s = clock.seconds(clip.text("StartTimecode")) if clip.has("StartTimecode") else Fraction(0)
            end_s = clock.seconds(clip.text("EndTimecode")) + clock.step_s if clip.has("EndTimecode") else length_s
            if not 0 <= start_s < min(end_s, length_s):
                clip.fail("the clip lies outside the overlay's source")
            yield start_s, min(end_s, length_s)


def _pieces(layer: Layer, states: list[_State]) -> list[Layer]:
    """The layer cut where its motion changes; each piece at rest, or in one linear move."""
    cuts = sorted({layer.range.start, layer.range.end, *(s.frame for s in states if s.frame in layer.range)})
    pieces = []
    for start, end in itertools.pairwise(cuts):
        before = [state for state in states if state.frame <= start] or states[:1]
        after = [state for state in states if state.frame > start]
        here, there = before[-1], after[0] if after else before[-1]
        piece = dataclasses.replace(
            layer, id=f"{layer.id}@{start}", range=FrameRange(start, end), rect=here.rect, opacity=here.opacity,
            clip=_later(layer, start),
        )  # fmt: skip
        over = FrameRange(here.frame, max(there.frame, here.frame) + 1)
        if there.rect != here.rect:
            piece = dataclasses.replace(piece, motion=Motion(here.rect, there.rect, "linear", over))
        if there.opacity != here.opacity:
            piece = dataclasses.replace(piece, opacity_end=there.opacity, opacity_over=over)
        pieces.append(piece)
    return pieces


def _later(layer: Layer, start: int) -> Clip | None:
    """The clip as it goes on at `start`; the rate is put in by the caller's frames, so frames are kept as they are."""
    return layer.clip if layer.clip is None else dataclasses.replace(layer.clip, skip=start - layer.range.start)
