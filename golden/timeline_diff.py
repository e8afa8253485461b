"""Two timelines → what is other in the picture, in an author's words, part by part.

Lengths that merely follow from an earlier change are not repeated: after one longer image the next ones come later, and
only the longer one is named.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from golden.alignment import pair_layers
from golden.model import Difference
from golden.names import frames_word, layer_name, shot_ranges
from renderer.timebase import FrameRange, format_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.timeline.model import ImageSource, Layer, Rect, Timeline

_SMALLEST_MOVE_PX = Fraction(1, 100)


def picture_differences(old: Timeline, new: Timeline) -> list[Difference]:
    """Frames are the recorded timeline's. Whether pixels really differ is not known here."""
    found = [*_programme(old, new)]
    paired = pair_layers(old, new)
    swapped = _swapped(old, new)
    for before, after in paired.pairs:
        found += _layer(before, after, swapped.get(before.id), old, new)
    found += _shot_lengths(old, new)
    for layer in paired.removed:
        found.append(Difference("is no longer there", layer_name(layer), "data", layer.range, layer.id))
    for layer in paired.added:
        start = min(layer.range.start, old.frame_count)
        where = FrameRange(start, max(start, min(layer.range.end, old.frame_count)))
        found.append(Difference("is new", layer_name(layer), "data", where, layer.id))
    return found


def _programme(old: Timeline, new: Timeline) -> Iterator[Difference]:
    whole = FrameRange(0, old.frame_count)
    if (old.width, old.height) != (new.width, new.height):
        what = f"size {new.width}x{new.height} instead of {old.width}x{old.height}"
        yield Difference(what, "programme", "data", whole)
    if old.rate != new.rate:
        yield Difference(
            f"{format_rate(new.rate)} frames per second instead of {format_rate(old.rate)}", "programme", "data", whole
        )
    if old.frame_count != new.frame_count:
        apart = new.frame_count - old.frame_count
        more = f"{frames_word(abs(apart))} {'longer' if apart > 0 else 'shorter'}"
        what = f"lasts {frames_word(new.frame_count)} instead of {old.frame_count}, {more}"
        start = min(old.frame_count, new.frame_count)
        yield Difference(what, "programme", "data", FrameRange(start, old.frame_count))
    if old.title != new.title:
        yield Difference(f"title {new.title!r} instead of {old.title!r}", "programme", "data")
    if old.id != new.id:
        yield Difference(f"id {new.id!r} instead of {old.id!r}", "programme", "data", fails=False)
    for name in ("captions", "chapters"):
        if getattr(old, name) != getattr(new, name):
            yield Difference(f"its {name} are other", "programme", "data")


def _swapped(old: Timeline, new: Timeline) -> dict[str, Layer]:
    """Layer id → the recorded layer whose picture now stands in its place, where two changed places."""
    before = {layer.id: layer for layer in old.layers if layer.kind == "image"}
    after = {layer.id: layer for layer in new.layers if layer.kind == "image"}
    found: dict[str, Layer] = {}
    if before.keys() != after.keys():
        return found
    for name, layer in before.items():
        for other_name, other in before.items():
            crossed = _sha(after[name]) == _sha(other) and _sha(after[other_name]) == _sha(layer)
            if name != other_name and crossed and _sha(layer) != _sha(other):
                found[name] = other
    return found


def _sha(layer: Layer) -> str | None:
    return None if layer.source is None else layer.source.sha256


def _layer(before: Layer, after: Layer, swapped: Layer | None, old: Timeline, new: Timeline) -> Iterator[Difference]:
    where, seen = layer_name(before), before.range

    def other(what: str, frames: FrameRange = seen, *, fails: bool = True) -> Difference:
        return Difference(what, where, "data", frames, before.id, fails=fails)

    if swapped is not None:
        yield other(f"swapped with {layer_name(swapped)}")
    else:
        yield from (other(what, fails=fails) for what, fails in _sources(before.source, after.source))
    if before.color != after.color:
        yield other(f"colour {after.color or 'none'} instead of {before.color or 'none'}")
    if before.fit != after.fit:
        yield other(f"fit {after.fit} instead of {before.fit}")
    if before.opacity != after.opacity:
        yield other(f"opacity {after.opacity} % instead of {before.opacity} %")
    if before.fade_in != after.fade_in:
        start = before.range.start
        frames = FrameRange(start, min(old.frame_count, start + max(before.fade_in, after.fade_in)))
        yield other(_fade(before.fade_in, after.fade_in), frames)
    if (old.width, old.height) == (new.width, new.height) and before.fit == after.fit and swapped is None:
        yield from (other(what, _moving(before)) for what in _movement(before, after))


def _moving(layer: Layer) -> FrameRange:
    return layer.range if layer.motion is None else FrameRange(layer.motion.over.start, layer.range.end)


def _sources(before: ImageSource | None, after: ImageSource | None) -> Iterator[tuple[str, bool]]:
    if before is None or after is None:
        if before is not after:
            yield (f"shows {after.path}" if after is not None else "shows a plain colour"), True
    elif before.sha256 != after.sha256:
        yield (CONTENT if before.path == after.path else f"shows {after.path} instead of {before.path}"), True
    elif before.path != after.path:
        yield f"its file is called {after.path} now; the content is the same", False


CONTENT = "the file's content changed"


def _fade(before: int, after: int) -> str:
    if not before:
        return f"begins with a crossfade of {frames_word(after)} instead of a cut"
    if not after:
        return f"begins with a cut instead of a crossfade of {frames_word(before)}"
    apart = f"{frames_word(abs(after - before))} {'longer' if after > before else 'shorter'}"
    return f"crossfade of {frames_word(after)} instead of {before}, {apart}"


def _movement(before: Layer, after: Layer) -> Iterator[str]:
    """Easing, zoom and place: what the displayed rectangle does other than before."""
    a, b = before.motion, after.motion
    if a is not None and b is not None and a.ease != b.ease:
        yield f"easing {b.ease} instead of {a.ease}"
    if (a is None) != (b is None):
        yield "moves now" if a is None else "stands still now"
        return
    starts = (before.rect, after.rect) if a is None or b is None else (a.start, b.start)
    ends = starts if a is None or b is None else (a.end, b.end)
    words = [_rect_words(*pair) for pair in (starts, ends)]
    if words[0] == words[1]:
        if words[0]:
            yield words[0]
        return
    for name, text in zip(("at its start", "at its end"), words, strict=True):
        if text:
            yield f"{name}: {text}"


def _rect_words(before: Rect | None, after: Rect | None) -> str:
    """`moved 2 px left`, `shown 3 % larger`; empty where nothing is other."""
    if before is None or after is None or before == after:
        return ""
    if before.width != after.width or before.height != after.height:
        percent = float((after.width / before.width - 1) * 100)
        if abs(percent) >= 0.01:
            return f"shown {abs(percent):.3g} % {'larger' if percent > 0 else 'smaller'}"
        return "shown at another size"
    return moved_words(float(after.left - before.left), float(after.top - before.top))


def moved_words(right_px: float, down_px: float) -> str:
    """`moved 2 px left and 1.5 px down`; empty for less than a hundredth of a pixel."""
    parts = []
    for amount, positive, negative in ((right_px, "right", "left"), (down_px, "down", "up")):
        if abs(amount) >= float(_SMALLEST_MOVE_PX):
            parts.append(f"{abs(amount):.3g} px {positive if amount > 0 else negative}")
    return f"moved {' and '.join(parts)}" if parts else ""


def _shot_lengths(old: Timeline, new: Timeline) -> Iterator[Difference]:
    """Shots that last longer or shorter, or begin elsewhere for no reason that an earlier shot gives."""
    before, after = shot_ranges(old), shot_ranges(new)
    pairs = sorted(pair_layers(old, new).pairs, key=lambda pair: (pair[0].range.start, pair[0].z))
    shots = [(a, before[a.id], after[b.id]) for a, b in pairs if a.kind == "image" or a.id in {"intro", "outro"}]
    expected = 0
    for layer, was, now in shots:
        shift = now.start - was.start
        if shift != expected:
            apart = f"{frames_word(abs(shift - expected))} {'later' if shift > expected else 'earlier'}"
            yield Difference(f"begins {apart}", layer_name(layer), "data", was, layer.id)
        if len(was) != len(now):
            more = len(now) - len(was)
            apart = f"{frames_word(abs(more))} {'longer' if more > 0 else 'shorter'}"
            what = f"lasts {frames_word(len(now))} instead of {len(was)}, {apart}"
            yield Difference(what, layer_name(layer), "data", was, layer.id)
        expected = shift + len(now) - len(was)
