"""What an author calls the parts of a timeline: `images[3] (beach.jpg)`, `brand.corner`, `music (bed.mp3)`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from fractions import Fraction

    from renderer.timeline.model import Layer, SoundTrack, Timeline

_BRAND = {
    "background": "brand.background",
    "intro": "brand.intro",
    "corner": "brand.corner",
    "outro": "brand.outro",
    "logo-fallback": "brand.logo",
}


def layer_name(layer: Layer) -> str:
    """`images[3] (beach.jpg)` for the layer `image-4`; brand layers by their place in a spec."""
    file = "" if layer.source is None else f" ({layer.source.path.removeprefix('asset:')})"
    match = re.fullmatch(r"image-(\d+)", layer.id)
    if match is not None:
        return f"images[{int(match[1]) - 1}]{file}"
    return f"{_BRAND.get(layer.id, layer.id)}{file}"


def track_name(track: SoundTrack) -> str:
    return f"{track.role} ({track.source.path})"


def samples_to_frames(start: int, end: int, rate: Fraction, frame_count: int) -> FrameRange:
    """The frames that a range of samples at 48 kHz touches."""
    first = min(frame_count, int(start * rate // 48_000))
    last = min(frame_count, int(-(-end * rate // 48_000)))
    return FrameRange(first, max(first, last))


def frames_of_track(track: SoundTrack, timeline: Timeline) -> FrameRange:
    return samples_to_frames(track.start, track.end, timeline.rate, timeline.frame_count)


def shot_ranges(timeline: Timeline) -> dict[str, FrameRange]:
    """Each image's own shot, without the frames that a following crossfade lends it; other layers as they are."""
    images = sorted((layer for layer in timeline.layers if layer.kind == "image"), key=lambda layer: layer.range.start)
    shots = {layer.id: layer.range for layer in timeline.layers if layer.kind != "image"}
    for layer, following in zip(images, [*images[1:], None], strict=True):
        end = layer.range.end if following is None else min(layer.range.end, following.range.start)
        shots[layer.id] = FrameRange(layer.range.start, max(layer.range.start, end))
    return shots


def frames_word(count: int) -> str:
    return f"{count} frame{'' if abs(count) == 1 else 's'}"
