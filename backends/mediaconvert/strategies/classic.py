"""The production job (REQUIREMENTS 1.2), field by field: bare narration as input, images and brand by ImageInserter.

What the production job can't say is refused with the way out. Its images end by their duration in whole milliseconds,
as they do in production; where that is no whole number of frames, the report says so.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from backends.mediaconvert.assets import Assets
from backends.mediaconvert.conformance import (
    approximated,
    dropped_motion,
    exact,
    programme_conformance,
    refused,
    slide_colours,
    too_many_layers,
)
from backends.mediaconvert.images import (
    Insertion,
    exact_ms,
    fade_ms,
    pixel_box,
    rounded_ms,
    scaled_to,
    timecode,
)
from backends.mediaconvert.job import JobPlan, create_job_request, planned
from backends.mediaconvert.outputs import Outputs
from backends.mediaconvert.sound import MIX_AUDIO, production_groups, production_selectors, remixed_audio
from backends.mediaconvert.strategies.classic_sound import music_offset_ms, sound_conformance, tracks_of
from backends.mediaconvert.strategies.stills import fade_conformance
from renderer.renditions import story_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.base import Conformance
    from backends.mediaconvert.job import Job, JobOptions, JobTarget
    from renderer.output import OutputFormat
    from renderer.timeline.model import Layer, Timeline

BACKGROUND_OVERHANG_MS = 5_000
"""Production's background lasts narration + 5 s (REQUIREMENTS 1.1); what lies beyond the end is never seen."""
_ORDER = {"intro": 1, "corner": 3, "outro": 4}
"""Production lists background, intro, content, corner logo, outro."""


def build_job(timeline: Timeline, output: OutputFormat, target: JobTarget, options: JobOptions) -> JobPlan:
    """The production job of a story with `length: narration`."""
    verdicts = conformance(timeline, output, options)
    if any(item.verdict == "refused" for item in verdicts):
        return planned("classic", {}, (), verdicts)
    assets = Assets(timeline, target)
    narration, music = tracks_of(timeline)
    assert narration is not None  # noqa: S101  (refused otherwise)
    story: Job = {"FileInput": assets.original(narration.source, "narration"), "TimecodeSource": "ZEROBASED"}
    audio = MIX_AUDIO
    if music is None:
        story |= {"AudioSelectors": production_selectors(None, 0)}
    else:
        url = assets.original(music.source, "music")
        story |= {
            "AudioSelectors": production_selectors(url, music_offset_ms(music)),
            "AudioSelectorGroups": production_groups(),
        }
        channels = narration.source.channels, music.source.channels
        audio = remixed_audio(channels, (narration.gain_db, music.gain_db))
    images = [_insertion(layer, timeline, assets) for layer in sorted(timeline.layers, key=_place)]
    inserter = partial(scaled_to, images, (timeline.width, timeline.height))
    groups = Outputs(output, target, story_name(timeline), inserter, audio).groups()
    settings: Job = {"TimecodeConfig": {"Source": "ZEROBASED"}, "Inputs": [story], "OutputGroups": groups}
    return planned("classic", create_job_request("classic", timeline, target, settings), assets.made(), verdicts)


def _place(layer: Layer) -> tuple[int, int]:
    return (0 if layer.kind == "background" else _ORDER.get(layer.id, 2)), layer.z


def _insertion(layer: Layer, timeline: Timeline, assets: Assets) -> Insertion:
    duration = rounded_ms(len(layer.range), timeline.rate)
    whole = (0, 0, timeline.width, timeline.height)
    logo = layer.kind == "logo" and layer.rect is not None
    return Insertion(
        url=assets.logo(layer) if logo else assets.slide(layer),
        box=pixel_box(layer.rect) if logo and layer.rect is not None else whole,
        start=timecode(layer.range.start, timeline.rate),
        duration_ms=duration + (BACKGROUND_OVERHANG_MS if layer.kind == "background" else 0),
        fade_in_ms=fade_ms(layer.fade_in, timeline.rate),
        opacity=layer.opacity,
        layer=layer.z,
    )


def conformance(timeline: Timeline, output: OutputFormat, options: JobOptions) -> tuple[Conformance, ...]:
    """Every feature of the timeline under this strategy."""
    return (
        *programme_conformance(timeline, output, timecodes=True),
        *too_many_layers(timeline),
        slide_colours(),
        *(verdict for layer in timeline.layers for verdict in _layer(layer, timeline, options)),
        *sound_conformance(timeline, options),
    )


def _layer(layer: Layer, timeline: Timeline, options: JobOptions) -> Iterator[Conformance]:
    yield _ending(layer, timeline)
    if layer.fit is not None:
        yield exact("fit", layer.id, "inside the PNG")
    if layer.motion is not None:
        yield dropped_motion(layer, allowed=options.allow_approximate)
    if layer.fade_in:
        yield fade_conformance(layer, timeline)
    if layer.opacity < 100 and layer.kind == "image":
        yield refused("opacity", layer.id, "an image that shows others through: use --strategy mezzanine")


def _ending(layer: Layer, timeline: Timeline) -> Conformance:
    """An image that ends inside the programme does so by its duration."""
    inside = layer.range.end < timeline.frame_count
    if not inside or exact_ms(len(layer.range), timeline.rate) is not None:
        return exact(layer.kind, layer.id, "as in production; a PNG made from the renderer's own planes")
    length = rounded_ms(len(layer.range), timeline.rate)
    how = f"lasts {length} ms, no whole number of frames, as in production: where the service rounds down, what lies"
    return approximated(layer.kind, layer.id, f"{how} below shows for its last frame (--strategy stills is exact)")
