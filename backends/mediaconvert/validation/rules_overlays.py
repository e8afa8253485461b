"""Rules about what lies over the picture: inserted images, motion images, video overlays and their transitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backends.mediaconvert.validation.model import wire_name
from backends.mediaconvert.validation.registry import Found, missing, rule
from backends.mediaconvert.validation.sources import timecode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import View

MAX_OVERLAYS = 99
MAX_OVERLAY_CLIPS = 99
_NUMBERED = re.compile(r"(?<![0-9])([0-9]+)\.png(\?.*)?$")


@rule("V24")
def layers_are_unique(view: View) -> Iterator[Found]:
    """V24: Within an image inserter each Layer is used once. [doc: using-multiple-overlays]"""
    for inserter in _inserters(view):
        used: dict[int, Node] = {}
        for image in inserter.nodes("InsertableImages"):
            layer = image.whole("Layer")
            if layer is None:
                continue
            if layer in used:
                message = f"Layer {layer} is used by another image of this inserter"
                yield Found(image.at("Layer"), message, f"first used at {used[layer].at('Layer').pointer}")
            used.setdefault(layer, image)


@rule("V25")
def images_have_positions(view: View) -> Iterator[Found]:
    """V25: Every inserted image has ImageX and ImageY. [model: InsertableImage]"""
    for inserter in _inserters(view):
        for image in inserter.nodes("InsertableImages"):
            for name in ("ImageX", "ImageY"):
                yield from missing(image, name)
            if not image.has("ImageInserterInput"):
                message = "imageInserterInput is a required property"
                yield Found(image.here(), message, "not on record as the service's own rule", "warning")


@rule("V26")
def audio_only_outputs_show_nothing(view: View) -> Iterator[Found]:
    """V26: Audio-only outputs have no captions and no overlays. [doc: feature-limitations-for-audio-only]"""
    audio_only = [output for output in view.outputs if output.audio_only and not output.has_preset]
    for output in audio_only:
        if output.node.count("CaptionDescriptions"):
            yield Found(output.node.at("CaptionDescriptions"), "Should not be set in an audio-only output")
    if not audio_only or len(audio_only) < len(view.outputs):
        return
    places = [(source, name) for source in view.inputs for name in ("ImageInserter", "VideoOverlays")]
    places += [(view.settings, name) for name in ("MotionImageInserter", "MotionImageInserters")]
    for node, name in places:
        inner = node.node(name)
        if inner is not None and inner.values:
            yield Found(node.at(name), "Should not be set where all outputs are audio-only")


@rule("V28")
def one_kind_of_motion_images(view: View) -> Iterator[Found]:
    """V28: MotionImageInserter and MotionImageInserters exclude each other. [model: JobSettings]"""
    if view.settings.has("MotionImageInserter") and view.settings.has("MotionImageInserters"):
        message = "motionImageInserter and motionImageInserters exclude each other"
        yield Found(view.settings.at("MotionImageInserters"), message)


@rule("V29")
def motion_images_are_numbered(view: View) -> Iterator[Found]:
    """V29: PNG motion images are numbered from zero and come with a Framerate. [model: MotionImageInserter]"""
    single = view.settings.node("MotionImageInserter")
    for inserter in ([single] if single is not None else []) + view.settings.nodes("MotionImageInserters"):
        number = _NUMBERED.search(inserter.text("Input") or "")
        if number is None and inserter.text("InsertionMode") != "PNG":
            continue
        yield from missing(inserter, "Framerate", "PNG images need one")
        if number is not None and int(number.group(1)) != 0:
            yield Found(inserter.at("Input"), "The first PNG file should have number zero")


@rule("V30")
def overlays_are_few(view: View) -> Iterator[Found]:
    """V30: A job has at most 99 video overlays, and an overlay at most 99 clips.
    [doc: live:video-overlays-restrictions]"""
    total = 0
    for source in view.inputs:
        count = source.count("VideoOverlays")
        if total <= MAX_OVERLAYS < total + count:
            yield Found(source.at("VideoOverlays"), f"Should have at most {MAX_OVERLAYS} video overlays in the job")
        total += count
    for overlay in _overlays(view):
        media = overlay.node("Input")
        if media is not None and media.count("InputClippings") > MAX_OVERLAY_CLIPS:
            yield Found(media.at("InputClippings"), f"Should have at most {MAX_OVERLAY_CLIPS} items")


@rule("V31")
def overlay_clips_have_an_end(view: View) -> Iterator[Found]:
    """V31: A clip of an overlay has StartTimecode, EndTimecode or both. [model: VideoOverlayInput]"""
    for overlay in _overlays(view):
        for clip in overlay.nodes("Input", "InputClippings"):
            if clip.blank("StartTimecode") and clip.blank("EndTimecode"):
                yield Found(clip.here(), "startTimecode or endTimecode is a required property")


@rule("V32")
def transitions_run_forward(view: View) -> Iterator[Found]:
    """V32: A transition has StartTimecode and EndTimecode, the end after the start.
    [model: VideoOverlayTransition] [inferred]"""
    for overlay in _overlays(view):
        for transition in overlay.nodes("Transitions"):
            for name in ("StartTimecode", "EndTimecode"):
                if transition.blank(name):
                    yield Found(transition.here(), f"{wire_name(name)} is a required property")
            start, end = timecode(transition, "StartTimecode"), timecode(transition, "EndTimecode")
            if start is not None and end is not None and end <= start:
                yield Found(transition.at("EndTimecode"), "Should be after startTimecode")


@rule("V33")
def overlays_run_forward(view: View) -> Iterator[Found]:
    """V33: An overlay's EndTimecode is not before its StartTimecode. [inferred]"""
    for overlay in _overlays(view):
        start, end = timecode(overlay, "StartTimecode"), timecode(overlay, "EndTimecode")
        if start is not None and end is not None and end < start:
            yield Found(overlay.at("EndTimecode"), "Should not be before startTimecode")


def _inserters(view: View) -> list[Node]:
    found = [source.node("ImageInserter") for source in view.inputs]
    found += [video.node.node("VideoPreprocessors", "ImageInserter") for video in view.videos]
    return [inserter for inserter in found if inserter is not None]


def _overlays(view: View) -> list[Node]:
    return [overlay for source in view.inputs for overlay in source.nodes("VideoOverlays")]
