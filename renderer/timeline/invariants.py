"""What holds for every timeline, checked in one place (DESIGN §6): after compiling and before running."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from renderer.errors import StoryreelError
from renderer.timebase import SAMPLE_RATE, sample_at_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.timeline.model import Layer, Timeline


class InvariantError(StoryreelError):
    """A timeline contradicts itself: a defect of whoever made it, with every contradiction named."""

    exit_code = 4

    def __init__(self, violations: list[str]) -> None:
        self.violations = tuple(violations)
        super().__init__("the timeline contradicts itself: " + "; ".join(violations))


def check_invariants(timeline: Timeline) -> None:
    """Every frame covered, images end to end but for declared crossfades, sample positions derived from frames.

    Raises: InvariantError with every violation.
    """
    violations = [
        *_frame_violations(timeline),
        *_layer_violations(timeline),
        *_image_violations(timeline),
        *_sound_violations(timeline),
    ]
    if violations:
        raise InvariantError(violations)


def _frame_violations(timeline: Timeline) -> Iterator[str]:
    if timeline.frame_count < 1:
        yield f"frame_count is {timeline.frame_count}"
    if timeline.width % 2 or timeline.height % 2 or min(timeline.width, timeline.height) < 2:
        yield f"size {timeline.width}×{timeline.height} is not even"
    covering = [layer for layer in timeline.layers if _covers_programme(layer, timeline)]
    if not covering:
        yield "no background covers every frame"


def _covers_programme(layer: Layer, timeline: Timeline) -> bool:
    whole = layer.range.start == 0 and layer.range.end == timeline.frame_count
    filled = layer.color is not None or (layer.rect is not None and layer.rect.covers(timeline.width, timeline.height))
    return layer.kind == "background" and whole and filled


def _layer_violations(timeline: Timeline) -> Iterator[str]:
    order = [layer.z for layer in timeline.layers]
    if order != sorted(set(order)):
        yield f"layers are not in an order of unique z: {order}"
    if len({layer.id for layer in timeline.layers}) != len(timeline.layers):
        yield "two layers share an id"
    for layer in timeline.layers:
        yield from _one_layer(layer, timeline)


def _one_layer(layer: Layer, timeline: Timeline) -> Iterator[str]:
    if not layer.range or layer.range.end > timeline.frame_count:
        yield f"{layer.id} is seen in [{layer.range.start}, {layer.range.end}) of {timeline.frame_count} frames"
    if sum(content is not None for content in (layer.source, layer.clip, layer.color)) != 1:
        yield f"{layer.id} needs either a source, a clip or a color"
    if layer.color is None and (layer.rect is None or layer.rect.width <= 0 or layer.rect.height <= 0):
        yield f"{layer.id} has no place"
    if not 0 <= layer.opacity <= 100:
        yield f"{layer.id} has an opacity of {layer.opacity} %"
    if not 0 <= layer.fade_in <= len(layer.range):
        yield f"{layer.id} fades in for {layer.fade_in} of {len(layer.range)} frames"
    if not 0 <= layer.fade_out <= len(layer.range) - layer.fade_in:
        yield f"{layer.id} fades out for {layer.fade_out} of {len(layer.range)} frames"
    if layer.motion is not None and (layer.motion.start != layer.rect or not layer.motion.over):
        yield f"{layer.id} does not start its motion where it lies"


def _image_violations(timeline: Timeline) -> Iterator[str]:
    """Consecutive images meet exactly, or overlap by exactly the later one's fade."""
    images = sorted((layer for layer in timeline.layers if layer.kind == "image"), key=lambda layer: layer.range.start)
    for before, after in itertools.pairwise(images):
        overlap = before.range.end - after.range.start
        if overlap != after.fade_in:
            yield f"{before.id} and {after.id} overlap by {overlap} frames, the crossfade has {after.fade_in}"
        if after.z <= before.z:
            yield f"{after.id} lies below {before.id}, which it follows"


def _sound_violations(timeline: Timeline) -> Iterator[str]:
    sound = timeline.sound
    expected = sample_at_frame(timeline.frame_count, timeline.rate)
    if sound.sample_rate != SAMPLE_RATE or sound.sample_count != expected:
        yield f"{sound.sample_count} samples at {sound.sample_rate} Hz, expected {expected} at {SAMPLE_RATE}"
    for track in sound.tracks:
        if not 0 <= track.start < track.end <= sound.sample_count:
            yield f"{track.role} is heard in [{track.start}, {track.end}) of {sound.sample_count} samples"
        if track.fade_in < 0 or track.fade_out < 0 or track.fade_in + track.fade_out > track.end - track.start:
            yield f"{track.role} fades longer than it is heard"
        points = [point.sample for point in track.envelope]
        if points != sorted(set(points)):
            yield f"{track.role} has an envelope out of order"
