"""Rules about frame fields, timecode sources, and what accelerated transcoding excludes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, rule
from backends.mediaconvert.validation.sources import frame_fields, generated_rate, is_audio_only

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import View

_EMBEDDED = "EMBEDDED"


@rule("V19")
def frame_fields_fit_the_rate(view: View) -> Iterator[Found]:
    """V19: The frame field of a timecode is below the frame rate of its timeline, where that is known: generated
    inputs, and the output timeline at a specified rate. [doc: setting-up-timecode] [inferred]"""
    for source in view.inputs:
        rate = generated_rate(source)
        if rate is not None:
            yield from _above(_input_timecodes(source), rate)
    rates = [video.rate for video in view.videos]
    for video in view.videos:
        inserter = video.node.node("VideoPreprocessors", "ImageInserter")
        if video.rate is not None and inserter is not None:
            yield from _above(frame_fields(inserter.nodes("InsertableImages"), "StartTime"), video.rate)
    config = view.settings.node("TimecodeConfig")
    known = [rate for rate in rates if rate is not None]
    if config is not None and known and len(known) == len(rates):
        yield from _above(frame_fields([config], "Start", "Anchor"), max(known))


@rule("V27", "warning")
def timed_things_need_a_source(view: View) -> Iterator[Found]:
    """V27: Clips and overlays that start at a timecode count from EMBEDDED timecodes unless another source is set;
    where the media carry none, the guide and the model disagree about what happens. [doc: timecode-jobconfig]
    [model: TimecodeConfig]"""
    hint = "set ZEROBASED to count from the first frame"
    for source in view.inputs:
        if source.text("TimecodeSource") in {None, _EMBEDDED} and any(_input_timecodes(source)):
            yield Found(source.at("TimecodeSource"), "Clips or overlays count from embedded timecodes", hint)
    config = view.settings.node("TimecodeConfig")
    if config is not None and config.text("Source") not in {None, _EMBEDDED}:
        return
    images = [
        image
        for video in view.videos
        for image in video.node.nodes("VideoPreprocessors", "ImageInserter", "InsertableImages")
    ]
    if view.subject == "job" and any(frame_fields(images, "StartTime")):
        place = config.at("Source") if config is not None else view.settings.here()
        yield Found(place, "Overlays of outputs count from embedded timecodes", f"timecodeConfig.source: {hint}")


@rule("V23")
def acceleration_excludes(view: View) -> Iterator[Found]:
    """V23: With acceleration ENABLED there are no generated or padded black, motion images, burn-in captions,
    audio-only outputs, INTERPOLATE, job-wide EMBEDDED source, timecode anchor, telecine, ESAM or avail blanking (1041).
    [doc: job-requirements] [doc: video-padding]"""
    acceleration = view.request.node("AccelerationSettings") if view.request is not None else None
    if acceleration is None or acceleration.text("Mode") != "ENABLED":
        return
    found = [*_job_wide(view.settings), *_in_inputs(view), *_in_outputs(view)]
    for node, name in found:
        yield Found(node.at(name), "Is not allowed with accelerationSettings mode ENABLED", "the job fails with 1041")


def _input_timecodes(source: Node) -> Iterator[tuple[Node, str, int]]:
    inserter = source.node("ImageInserter")
    overlays = source.nodes("VideoOverlays")
    yield from frame_fields(source.nodes("InputClippings"), "StartTimecode", "EndTimecode")
    yield from frame_fields(inserter.nodes("InsertableImages") if inserter is not None else [], "StartTime")
    yield from frame_fields(overlays, "StartTimecode", "EndTimecode")
    for overlay in overlays:
        yield from frame_fields(overlay.nodes("Transitions"), "StartTimecode", "EndTimecode")


def _above(fields: Iterator[tuple[Node, str, int]], rate: Fraction) -> Iterator[Found]:
    limit = math.ceil(rate)
    for node, name, frame in fields:
        if frame >= limit:
            yield Found(node.at(name), f"Its frame field should be less than {limit}; found {frame:02}")


def _job_wide(settings: Node) -> Iterator[tuple[Node, str]]:
    for name in ("MotionImageInserter", "MotionImageInserters", "Esam", "AvailBlanking"):
        inner = settings.node(name)
        if inner is not None and inner.values:
            yield settings, name
    config = settings.node("TimecodeConfig")
    if config is not None and config.text("Source") == _EMBEDDED:
        yield config, "Source"
    if config is not None and config.has("Anchor"):
        yield config, "Anchor"


def _in_inputs(view: View) -> Iterator[tuple[Node, str]]:
    for source in view.inputs:
        selector = source.node("VideoSelector")
        if source.has("VideoGenerator"):
            yield source, "VideoGenerator"
        if is_audio_only(source) and view.videos:
            yield source, "FileInput"
        if selector is not None and selector.text("PadVideo") == "BLACK":
            yield selector, "PadVideo"


def _in_outputs(view: View) -> Iterator[tuple[Node, str]]:
    for output in view.outputs:
        if output.audio_only and not output.has_preset:
            yield output.node, "AudioDescriptions"
        for caption in output.node.nodes("CaptionDescriptions"):
            destination = caption.node("DestinationSettings")
            if destination is not None and destination.text("DestinationType") == "BURN_IN":
                yield destination, "DestinationType"
    for video in view.videos:
        settings = video.settings
        if settings is not None and settings.text("FramerateConversionAlgorithm") == "INTERPOLATE":
            yield settings, "FramerateConversionAlgorithm"
        if settings is not None and settings.text("Telecine") not in {"NONE", None}:
            yield settings, "Telecine"
