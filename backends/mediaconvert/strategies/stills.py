"""Still pictures by the output's ImageInserter, the sound as one finished mix; the picture under them is auto-black.

Everything but the corner logo becomes a full-frame opaque slide. A slide ends because the next one starts on a higher
layer, never because its time is up: only starts are exact in the service (see `images`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backends.mediaconvert.assets import Assets
from backends.mediaconvert.conformance import (
    PROGRAMME,
    approximated,
    dropped_motion,
    exact,
    mix_conformance,
    programme_conformance,
    refused,
    slide_colours,
    too_many_layers,
)
from backends.mediaconvert.images import (
    TOP_LAYER,
    Insertion,
    exact_ms,
    fade_ms,
    overrunning_ms,
    pixel_box,
    rounded_ms,
    scaled_to,
    timecode,
)
from backends.mediaconvert.job import JobPlan, create_job_request, planned
from backends.mediaconvert.outputs import Outputs
from backends.mediaconvert.scenes import corner_logos
from backends.mediaconvert.sound import MIX_AUDIO, input_mix
from renderer.renditions import story_name
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.base import Conformance
    from backends.mediaconvert.job import Job, JobOptions, JobTarget
    from renderer.output import OutputFormat
    from renderer.timeline.model import Layer, Timeline


@dataclass(frozen=True, slots=True)
class Slide:
    """One layer as an image of the job: `number` is its Layer. Opaque slides fill the frame."""

    layer: Layer
    start: int
    end: int
    fade_in: int
    number: int
    opaque: bool


def build_job(timeline: Timeline, output: OutputFormat, target: JobTarget, options: JobOptions) -> JobPlan:
    """One audio-only input, which the service gives black pictures, and images over them."""
    verdicts = conformance(timeline, output, allow_approximate=options.allow_approximate)
    if any(item.verdict == "refused" for item in verdicts):
        return planned("stills", {}, (), verdicts)
    assets = Assets(timeline, target)
    sound: Job = {"FileInput": assets.mix(), "TimecodeSource": "ZEROBASED", "AudioSelectors": input_mix()}
    every = slides(timeline)
    images = [insertion(slide, every, timeline, assets) for slide in every]
    inserter = partial(scaled_to, images, (timeline.width, timeline.height))
    groups = Outputs(output, target, story_name(timeline), inserter, MIX_AUDIO).groups()
    settings: Job = {"TimecodeConfig": {"Source": "ZEROBASED"}, "Inputs": [sound], "OutputGroups": groups}
    return planned("stills", create_job_request("stills", timeline, target, settings), assets.made(), verdicts)


def slides(timeline: Timeline) -> list[Slide]:
    """Every layer by its number, lowest first, and the background once more where nothing else ends the last slide."""
    numbers = layer_numbers(timeline)
    corners = {layer.id for layer in corner_logos(timeline)}
    found = [
        Slide(layer, layer.range.start, layer.range.end, layer.fade_in, numbers[layer.id], layer.id not in corners)
        for layer in timeline.layers
    ]
    found.sort(key=lambda slide: slide.number)
    last = max(slide.end for slide in found[1:]) if len(found) > 1 else timeline.frame_count
    if last < timeline.frame_count and found[-1].number < TOP_LAYER:
        found.append(Slide(found[0].layer, last, timeline.frame_count, 0, found[-1].number + 1, opaque=True))
    return found


def layer_numbers(timeline: Timeline) -> dict[str, int]:
    """Layer of each timeline layer: its `z`, which is production's number while those are unique (X10).

    A card that ends before the images and on no whole millisecond goes below them, where the first image covers its
    end; then everything is numbered anew from the background up.
    """
    numbers = {layer.id: layer.z for layer in timeline.layers}
    first = _first_content(timeline)
    early = [layer for layer in timeline.layers if first is not None and _ends_badly(layer, first, timeline)]
    if not early:
        return numbers
    background, *rest = timeline.layers
    order = [background, *early, *(layer for layer in rest if layer not in early)]
    return {layer.id: number for number, layer in enumerate(order)}


def _first_content(timeline: Timeline) -> Layer | None:
    """What follows the opening card: the first image, or the logo that stands for images."""
    shown = [layer for layer in timeline.layers if layer.kind == "image"]
    shown += [layer for layer in timeline.layers if layer.id == "logo-fallback"]
    return shown[0] if shown else None


def _ends_badly(layer: Layer, first: Layer, timeline: Timeline) -> bool:
    ends_there = layer.kind == "logo" and layer.range.end == first.range.start and layer.z > first.z
    return ends_there and exact_ms(len(layer.range), timeline.rate) is None


def insertion(slide: Slide, every: list[Slide], timeline: Timeline, assets: Assets) -> Insertion:
    """The image of one slide among all."""
    layer, whole = slide.layer, (0, 0, timeline.width, timeline.height)
    if not slide.opaque and layer.rect is not None:
        whole = pixel_box(layer.rect)
    return Insertion(
        url=assets.slide(layer) if slide.opaque else assets.logo(layer),
        box=whole,
        start=timecode(slide.start, timeline.rate),
        duration_ms=_duration_ms(slide, every, timeline),
        fade_in_ms=fade_ms(slide.fade_in, timeline.rate),
        opacity=100 if slide.opaque else layer.opacity,
        layer=slide.number,
    )


def _duration_ms(slide: Slide, every: list[Slide], timeline: Timeline) -> int | None:
    """None to the programme's end; else longer than it is seen, where it is covered."""
    if slide.end == timeline.frame_count:
        return None
    length = slide.end - slide.start
    if _covered(slide, every):
        return overrunning_ms(length, timeline.rate)
    return rounded_ms(length, timeline.rate)


def _covered(slide: Slide, every: list[Slide]) -> bool:
    """Whether another slide hides the end of this one: above it, opaque and wholly faded in by then."""
    above = [other for other in every if other.opaque and other.number > slide.number]
    return any(other.start + other.fade_in <= slide.end < other.end for other in above)


def _ends_exactly(slide: Slide, every: list[Slide], timeline: Timeline) -> bool:
    whole = exact_ms(slide.end - slide.start, timeline.rate) is not None
    return whole or slide.end == timeline.frame_count or _covered(slide, every)


def conformance(timeline: Timeline, output: OutputFormat, *, allow_approximate: bool) -> tuple[Conformance, ...]:
    """Every feature of the timeline under this strategy."""
    every = slides(timeline)
    bad = {slide.layer.id for slide in every if not _ends_exactly(slide, every, timeline)}
    return (
        *programme_conformance(timeline, output, timecodes=True),
        *too_many_layers(timeline),
        slide_colours(),
        *_length(timeline),
        *(_shown(layer, ends_exactly=layer.id not in bad) for layer in timeline.layers),
        *(verdict for layer in timeline.layers for verdict in _layer(layer, timeline, allowed=allow_approximate)),
        *mix_conformance(timeline),
    )


def _shown(layer: Layer, *, ends_exactly: bool) -> Conformance:
    if ends_exactly:
        return exact(layer.kind, layer.id, "a PNG made from the renderer's own planes")
    how = "ends on no whole millisecond with nothing opaque above it: up to one frame early or late"
    return approximated(layer.kind, layer.id, how)


def _length(timeline: Timeline) -> Iterator[Conformance]:
    """Auto-black lasts as long as the sound."""
    samples = timeline.frame_count / timeline.rate * SAMPLE_RATE
    if samples.denominator != 1:
        how = "the picture lasts as long as the sound, which ends inside a frame: up to one frame more or less"
        yield approximated("length", PROGRAMME, how)


def _layer(layer: Layer, timeline: Timeline, *, allowed: bool) -> Iterator[Conformance]:
    if layer.fit is not None:
        yield exact("fit", layer.id, "inside the PNG")
    if layer.motion is not None:
        yield dropped_motion(layer, allowed=allowed)
    if layer.fade_in:
        yield fade_conformance(layer, timeline)
    if layer.opacity < 100 and layer.kind == "image":
        yield refused("opacity", layer.id, "slides are opaque: use --strategy mezzanine")


def fade_conformance(layer: Layer, timeline: Timeline) -> Conformance:
    """FadeIn over an opaque picture: the ramp's shape is assumed, its length is whole milliseconds."""
    length, frames = fade_ms(layer.fade_in, timeline.rate), layer.fade_in
    step = 100 / (2 * frames) + 100 * float(1 - length * timeline.rate / (1000 * frames))
    how = f"FadeIn of {length} ms for {frames} frames, assumed linear: up to {step:.1f} % of opacity off in a frame"
    if layer.source is not None and (layer.source.alpha or layer.fit == "contain"):
        how += "; what shows beside the picture fades with it instead of staying until the fade is over"
    return approximated("crossfade", layer.id, how)
