"""Each image a still clip moved by the service: VideoOverlays with Transitions over a bed with background and cards.

The corner logo, and the closing card that ends it, lie above the overlays: they are images of the output's inserter.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from backends.mediaconvert.assets import Assets
from backends.mediaconvert.conformance import (
    PROGRAMME,
    approximated,
    exact,
    mix_conformance,
    programme_conformance,
    refused,
    too_many_layers,
)
from backends.mediaconvert.images import pixel_box, scaled_to, timecode
from backends.mediaconvert.job import JobPlan, create_job_request, planned
from backends.mediaconvert.motion import Keyframe, Path, follow
from backends.mediaconvert.outputs import Outputs
from backends.mediaconvert.scenes import clip_size
from backends.mediaconvert.sound import MIX_AUDIO, external_mix
from backends.mediaconvert.strategies.stills import Slide, insertion, slides
from renderer.renditions import story_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.base import Conformance
    from backends.mediaconvert.job import Job, JobOptions, JobTarget
    from renderer.output import OutputFormat
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Layer, Timeline

MAX_OVERLAYS = 99


def build_job(timeline: Timeline, output: OutputFormat, target: JobTarget, options: JobOptions) -> JobPlan:
    """One input, the bed with the mix beside it; an overlay for each image, two where it has a blurred backdrop."""
    paths = {layer.id: follow(layer, bound_px=options.max_deviation_px) for layer in _images(timeline)}
    verdicts = conformance(timeline, output, paths)
    if any(item.verdict == "refused" for item in verdicts):
        return planned("overlays", {}, (), verdicts)
    assets = Assets(timeline, target)
    overlays = [
        overlay for layer in _images(timeline) for overlay in _overlays(layer, paths[layer.id], timeline, assets)
    ]
    bed: Job = {
        "FileInput": assets.bed(),
        "TimecodeSource": "ZEROBASED",
        "VideoSelector": {"ColorSpace": "REC_709", "ColorSpaceUsage": "FORCE"},
        "AudioSelectors": external_mix(assets.mix()),
    }
    if overlays:
        bed["VideoOverlays"] = overlays
    images = [insertion(slide, slides(timeline), timeline, assets) for slide in _above(timeline)]
    inserter = partial(scaled_to, images, (timeline.width, timeline.height))
    groups = Outputs(output, target, story_name(timeline), inserter, MIX_AUDIO).groups()
    settings: Job = {"TimecodeConfig": {"Source": "ZEROBASED"}, "Inputs": [bed], "OutputGroups": groups}
    return planned("overlays", create_job_request("overlays", timeline, target, settings), assets.made(), verdicts)


def _images(timeline: Timeline) -> list[Layer]:
    return [layer for layer in timeline.layers if layer.kind == "image"]


def _above(timeline: Timeline) -> list[Slide]:
    """Corner logos, and the slides that end them."""
    every = slides(timeline)
    corners = [slide for slide in every if not slide.opaque]
    ends = {corner.end for corner in corners}
    return [slide for slide in every if slide in corners or (slide.number > 0 and slide.opaque and slide.start in ends)]


def _overlays(layer: Layer, path: Path, timeline: Timeline, assets: Assets) -> Iterator[JSONValue]:
    """Later overlays lie on top: the backdrop first, then the picture."""
    if layer.fit == "blur":
        whole = (0, 0, timeline.width, timeline.height)
        start = layer.range.start
        fade = [Keyframe(frame.frame, whole, frame.opacity) for frame in path.keyframes if frame.frame == start]
        if layer.fade_in:
            fade += [Keyframe(f.frame, whole, f.opacity) for f in path.keyframes if f.frame == start + layer.fade_in]
        yield _overlay(assets.backdrop(layer), layer, fade, timeline)
    yield _overlay(assets.clip(layer), layer, list(path.keyframes), timeline)


def _overlay(url: str, layer: Layer, keyframes: list[Keyframe], timeline: Timeline) -> JSONValue:
    """From the layer's first frame to its last, which the service still shows."""
    rate = timeline.rate
    transitions: list[JSONValue] = [
        {
            "StartTimecode": timecode(here.frame, rate),
            "EndTimecode": timecode(there.frame, rate),
            "EndPosition": _position(there),
        }
        for here, there in itertools.pairwise(keyframes)
        if (here.box, here.opacity) != (there.box, there.opacity)
    ]
    overlay: Job = {
        "Input": {"FileInput": url, "TimecodeSource": "ZEROBASED"},
        "StartTimecode": timecode(layer.range.start, rate),
        "EndTimecode": timecode(layer.range.end - 1, rate),
        "Playback": "REPEAT",
        "InitialPosition": _position(keyframes[0]),
    }
    return overlay | ({"Transitions": transitions} if transitions else {})


def _position(keyframe: Keyframe) -> JSONValue:
    left, top, width, height = keyframe.box
    return {
        "XPosition": left,
        "YPosition": top,
        "Width": width,
        "Height": height,
        "Unit": "PIXELS",
        "Opacity": keyframe.opacity,
    }


def conformance(timeline: Timeline, output: OutputFormat, paths: dict[str, Path]) -> tuple[Conformance, ...]:
    """Every feature of the timeline under this strategy."""
    overlays = sum(2 if layer.fit == "blur" else 1 for layer in _images(timeline))
    count = [_too_many(overlays)] if overlays > MAX_OVERLAYS else []
    above = [] if not any(not slide.opaque for slide in slides(timeline)) else too_many_layers(timeline)
    return (
        *programme_conformance(timeline, output, timecodes=True),
        *count,
        *above,
        *(verdict for layer in timeline.layers for verdict in _layer(layer, paths)),
        *mix_conformance(timeline),
    )


def _too_many(overlays: int) -> Conformance:
    why = f"{overlays} overlays are needed, the service takes {MAX_OVERLAYS}"
    return refused("images", PROGRAMME, f"{why}: use --strategy mezzanine")


def _layer(layer: Layer, paths: dict[str, Path]) -> Iterator[Conformance]:
    if layer.kind != "image":
        yield exact(layer.kind, layer.id, "pre-rendered, or a PNG above the overlays")
        return
    path = paths[layer.id]
    yield _picture(layer)
    if layer.source is not None and layer.source.alpha:
        yield refused("alpha", layer.id, "an overlay's transparency becomes black: use --strategy mezzanine or stills")
    if layer.opacity < 100:
        yield refused("opacity", layer.id, "an image that shows others through: use --strategy mezzanine")
    if layer.fit is not None:
        yield exact("fit", layer.id, "by the overlay's rectangle")
    if layer.motion is not None:
        yield _motion(layer, path)
    elif path.deviation_px:
        yield approximated("place", layer.id, f"in whole pixels, {path.deviation_px:.2f} px off")
    if layer.fade_in:
        yield _fade(layer, path)


def _picture(layer: Layer) -> Conformance:
    size, rect = clip_size(layer), layer.rect
    if layer.motion is None and rect is not None and pixel_box(rect)[2:] == size:
        return exact("image", layer.id, "a still clip at its size in the frame")
    return approximated("image", layer.id, f"scaled by the service from a still clip of {size[0]}×{size[1]}")


def _motion(layer: Layer, path: Path) -> Conformance:
    parts = sum(a.box != b.box for a, b in itertools.pairwise(path.keyframes))
    how = (
        f"{parts} linear transition{'s' * (parts != 1)} between whole pixels: at most {path.deviation_px:.2f} px off in"
        f" any frame, {path.whole_pixel_deviation_px:.2f} px if the service moves in whole pixels; unverified there"
    )
    return approximated("motion", layer.id, how)


def _fade(layer: Layer, path: Path) -> Conformance:
    how = (
        f"an opacity transition in whole percent: up to {100 * path.opacity_deviation:.1f} % of opacity off in a frame"
    )
    if layer.fit == "blur":
        how += "; picture and backdrop fade one after the other, up to a quarter of the backdrop shows through halfway"
    return approximated("crossfade", layer.id, how)
