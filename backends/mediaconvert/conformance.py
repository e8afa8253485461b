"""Verdicts that several strategies share. Each says for one feature of one timeline what becomes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.base import Conformance
from backends.mediaconvert.images import HIGHEST_NOMINAL_RATE, TOP_LAYER
from backends.mediaconvert.motion import edges
from backends.mediaconvert.outputs import AAC_BITRATES
from renderer.timebase import nominal_rate
from renderer.timeline.geometry import moved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.output import OutputFormat
    from renderer.timeline.model import Layer, Motion, Timeline

PROGRAMME = "programme"
LARGEST_LONG_SIDE, LARGEST_SHORT_SIDE, SMALLEST_SIDE = 4096, 2160, 32
"""H.264 in the service (MEDIACONVERT.md A7), either way round."""


def exact(feature: str, where: str, detail: str = "") -> Conformance:
    return Conformance(feature, where, "exact", detail)


def approximated(feature: str, where: str, how: str) -> Conformance:
    return Conformance(feature, where, "approximated", how)


def refused(feature: str, where: str, why_and_instead: str) -> Conformance:
    return Conformance(feature, where, "refused", why_and_instead)


def layer_features(layer: Layer) -> list[str]:
    """The words for what a layer does."""
    words = {"motion": layer.motion is not None, "crossfade": layer.fade_in > 0, "fit": layer.fit is not None}
    return [layer.kind, *(word for word, present in words.items() if present)]


def programme_conformance(timeline: Timeline, output: OutputFormat, *, timecodes: bool) -> Iterator[Conformance]:
    """Size, sound rate, captions, chapters, title; and where a strategy writes timecodes, whether there are any."""
    short, long = sorted((timeline.width, timeline.height))
    if long > LARGEST_LONG_SIDE or short > LARGEST_SHORT_SIDE or short < SMALLEST_SIDE:
        why = f"{timeline.width}×{timeline.height} is outside the service's H.264, 32 to 4096×2160"
        yield refused("size", PROGRAMME, f"{why}: use --backend ffmpeg")
    if output.audio.bitrate not in AAC_BITRATES:
        why = f"{output.audio.bitrate} bit/s is none of the service's AAC rates"
        yield refused("audio bitrate", PROGRAMME, f"{why}: use 128000")
    if timecodes and nominal_rate(timeline.rate) > HIGHEST_NOMINAL_RATE:
        why = f"timecodes end at {HIGHEST_NOMINAL_RATE} frames per second, found {timeline.rate}"
        yield refused("rate", PROGRAMME, f"{why}: use --strategy mezzanine")
    if timecodes and timeline.frame_count > 24 * 3600 * nominal_rate(timeline.rate):
        yield refused("length", PROGRAMME, "timecodes end at 24 hours: use --strategy mezzanine")
    if timecodes:
        for layer in timeline.layers:
            if layer.clip is not None:
                yield refused("clip", layer.id, "a video among the images: use --strategy mezzanine, which pre-renders")
    if timeline.captions:
        yield refused("captions", PROGRAMME, "no strategy writes captions yet: use --backend ffmpeg")
    if timeline.chapters:
        yield approximated("chapters", PROGRAMME, "left out: the service writes none")
    yield approximated("title", PROGRAMME, "in the job's metadata: the service writes no title into the file")


def mix_conformance(timeline: Timeline) -> list[Conformance]:
    """The programme mix is made here, sample for sample the one that the local backend encodes."""
    detail = "in the programme mix, one WAV file"
    tracks = timeline.sound.tracks
    return [exact("sound", track.role, detail) for track in tracks] or [exact("silence", PROGRAMME, detail)]


def slide_colours() -> Conformance:
    """Slides are RGB, and frames at rest hold nothing else (docs/decisions/0032)."""
    return exact("colour", PROGRAMME, "slides are PNGs that become the renderer's own samples again")


def dropped_motion(layer: Layer, *, allowed: bool) -> Conformance:
    """Motion where images stand still: refused, or dropped on demand, with what that costs."""
    if layer.motion is None:
        raise ValueError(f"layer {layer.id} does not move")
    if not allowed:
        why = "the service's ImageInserter does not move images"
        return refused(
            "motion", layer.id, f"{why}: use --strategy mezzanine, or --allow approximate to drop the motion"
        )
    how = f"dropped: held at its first view, up to {_reach(layer.motion):.0f} px from where it would be"
    return approximated("motion", layer.id, how)


def too_many_layers(timeline: Timeline) -> list[Conformance]:
    """ImageInserter has the layers 0 to 99 (X10)."""
    if not timeline.layers or timeline.layers[-1].z <= TOP_LAYER:
        return []
    images = sum(layer.kind == "image" for layer in timeline.layers)
    why = f"{images} images with their brand need layer {timeline.layers[-1].z}, ImageInserter ends at {TOP_LAYER}"
    return [refused("images", PROGRAMME, f"{why}: use --strategy mezzanine")]


def _reach(motion: Motion) -> float:
    """The longest way of any edge from the first view, in pixels."""
    first, last = edges(motion.start), edges(moved(motion, motion.over.end))
    return max(abs(a - b) for a, b in zip(first, last, strict=True))
