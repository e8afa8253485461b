"""Rules about inputs: where their media come from, generators, clips, and which input outputs follow."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, lacking, missing, rule
from backends.mediaconvert.validation.sources import external_audio, has_own_rate, has_picture, timecode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.sources import Timecode
    from backends.mediaconvert.validation.view import Track, View

MAX_INPUTS = 150
MAX_CAPTION_SELECTORS = 100
MAX_LUTS = 8
CLIP_LIMIT_S = 12 * 3600
_LUTS = "ColorConversion3DLUTSettings"


@rule("V09")
def file_or_generator(view: View) -> Iterator[Found]:
    """V09: FileInput and VideoGenerator exclude each other. [model: Input]"""
    for source in view.inputs:
        if not source.blank("FileInput") and source.has("VideoGenerator"):
            yield Found(source.at("VideoGenerator"), "fileInput and videoGenerator exclude each other")


@rule("V10")
def inputs_have_media(view: View) -> Iterator[Found]:
    """V10: A job has inputs, and each has a source: FileInput, VideoGenerator, external audio, sidecar captions or
    TAMS. [doc: video-generator] [inferred]"""
    if view.complete:
        yield from lacking(view.settings, "Inputs")
    if view.subject != "job":
        return
    for source in view.inputs:
        own = any(source.has(name) for name in ("FileInput", "VideoGenerator", "TamsSettings"))
        if not own and not external_audio(source) and not _sidecar_captions(source):
            hint = "or videoGenerator, external audio, sidecar captions, tamsSettings"
            yield from missing(source, "FileInput", hint)


@rule("V11")
def inputs_are_few(view: View) -> Iterator[Found]:
    """V11: A job has at most 150 inputs. [doc: specify-input-settings]"""
    if view.settings.count("Inputs") > MAX_INPUTS:
        yield Found(view.settings.at("Inputs"), f"Should have at most {MAX_INPUTS} items")


@rule("V12")
def generator_pairs(view: View) -> Iterator[Found]:
    """V12: In a VideoGenerator, Width goes with Height and FramerateNumerator with FramerateDenominator.
    [model: InputVideoGenerator]"""
    for generator in _generators(view):
        for pair in (("Width", "Height"), ("FramerateNumerator", "FramerateDenominator")):
            if any(generator.has(name) for name in pair):
                for name in pair:
                    yield from missing(generator, name, "both or neither")


@rule("V13")
def generator_size_is_even(view: View) -> Iterator[Found]:
    """V13: A VideoGenerator's Width and Height are even. [model: InputVideoGenerator]"""
    for generator in _generators(view):
        for name in ("Width", "Height"):
            if (generator.whole(name) or 0) % 2:
                yield Found(generator.at(name), "Should be an even number")


@rule("V14")
def outputs_follow_something(view: View) -> Iterator[Found]:
    """V14: Where no input has a picture to follow (only sound or generated), outputs with video specify their frame
    rate, Width and Height. [doc: video-generator]"""
    if not view.complete or not view.inputs or any(has_picture(source) is not False for source in view.inputs):
        return
    for video in view.videos:
        if not video.output.has_preset:
            yield from _follows_nothing(video)


@rule("V15")
def clips_have_an_end(view: View) -> Iterator[Found]:
    """V15: A clip has StartTimecode or EndTimecode. [model: InputClipping]"""
    for source in view.inputs:
        for clip in source.nodes("InputClippings"):
            if clip.blank("StartTimecode") and clip.blank("EndTimecode"):
                yield Found(clip.here(), "startTimecode or endTimecode is a required property")


@rule("V16")
def clips_are_chronological(view: View) -> Iterator[Found]:
    """V16: Clips are chronological and don't overlap: each starts after the end of the one before, whose end frame is
    included. [doc: setting-up-an-assembly-workflow-job]"""
    for source in view.inputs:
        clips = source.nodes("InputClippings")
        for before, clip in itertools.pairwise(clips):
            end, start = timecode(before, "EndTimecode"), timecode(clip, "StartTimecode")
            if before.blank("EndTimecode"):
                yield Found(clip.here(), "Overlaps the clip before, which lasts to the end of the input")
            elif clip.blank("StartTimecode"):
                yield Found(clip.here(), "Overlaps the clip before: it starts at the beginning of the input")
            elif end is not None and start is not None and start <= end and not _mixed_rates(before, clip):
                yield Found(clip.at("StartTimecode"), "Should be after the end of the clip before")


@rule("V17")
def clips_run_forward(view: View) -> Iterator[Found]:
    """V17: A clip's EndTimecode is not before its StartTimecode; a clip outside the source fails with 1060.
    [model: InputClipping] [doc: mediaconvert_error_codes]"""
    for clip, start, end in _clips(view):
        if start is not None and end is not None and end < start:
            yield Found(clip.at("EndTimecode"), "Should not be before startTimecode")


@rule("V18")
def clips_are_short(view: View) -> Iterator[Found]:
    """V18: A clip is shorter than 12 hours. [doc: setting-up-an-assembly-workflow-job]"""
    for clip, start, end in _clips(view):
        if start is None or end is None or end.whole_seconds - start.whole_seconds < CLIP_LIMIT_S:
            continue
        if end[:3] != (start.hours + 12, start.minutes, start.seconds) or end.frame >= start.frame:
            yield Found(clip.at("EndTimecode"), "Should be less than 12 hours after startTimecode")


@rule("V20")
def starts_need_specifiedstart(view: View) -> Iterator[Found]:
    """V20: TimecodeStart and TimecodeConfig.Start are set only with source SPECIFIEDSTART, in overlay inputs too.
    [model: Input, TimecodeConfig, VideoOverlayInput]"""
    overlays = [overlay.node("Input") for source in view.inputs for overlay in source.nodes("VideoOverlays")]
    places = [(node, "TimecodeSource", "TimecodeStart") for node in (*view.inputs, *overlays)]
    for node, kind, start in (*places, (view.settings.node("TimecodeConfig"), "Source", "Start")):
        broken = node is not None and node.has(kind) and node.text(kind) is None
        if node is not None and node.has(start) and node.text(kind) != "SPECIFIEDSTART" and not broken:
            yield Found(node.at(start), "Should only be set with timecode source SPECIFIEDSTART")


@rule("V21")
def followed_input_exists(view: View) -> Iterator[Found]:
    """V21: FollowSource is not above the number of inputs. [inferred]"""
    number, count = view.settings.whole("FollowSource"), view.settings.count("Inputs")
    if view.complete and count and number is not None and number > count:
        yield Found(view.settings.at("FollowSource"), f"Should be less than or equal to {count}, the number of inputs")


@rule("V22")
def selectors_and_luts_are_few(view: View) -> Iterator[Found]:
    """V22: An input has at most 100 caption selectors, a job at most 8 3D LUTs. [model: Input, JobSettings]"""
    for source in view.inputs:
        if source.count("CaptionSelectors") > MAX_CAPTION_SELECTORS:
            message = f"Should have at most {MAX_CAPTION_SELECTORS} properties"
            yield Found(source.at("CaptionSelectors"), message)
    if view.settings.count(_LUTS) > MAX_LUTS:
        yield Found(view.settings.at(_LUTS), f"Should have at most {MAX_LUTS} items")


def _generators(view: View) -> list[Node]:
    found = (source.node("VideoGenerator") for source in view.inputs)
    return [generator for generator in found if generator is not None]


def _clips(view: View) -> Iterator[tuple[Node, Timecode | None, Timecode | None]]:
    for source in view.inputs:
        for clip in source.nodes("InputClippings"):
            if has_own_rate(clip, "StartTimecode") == has_own_rate(clip, "EndTimecode"):
                yield clip, timecode(clip, "StartTimecode"), timecode(clip, "EndTimecode")


def _mixed_rates(before: Node, clip: Node) -> bool:
    return has_own_rate(before, "EndTimecode") != has_own_rate(clip, "StartTimecode")


def _sidecar_captions(source: Node) -> bool:
    files = (selector.node("SourceSettings", "FileSourceSettings") for selector in source.nodes("CaptionSelectors"))
    return any(file is not None and file.has("SourceFile") for file in files)


def _follows_nothing(video: Track) -> Iterator[Found]:
    hint = "no input has a picture to follow"
    for name in ("Width", "Height"):
        yield from missing(video.node, name, hint)
    settings = video.settings
    if settings is None or video.codec in {"FRAME_CAPTURE", None}:
        return
    if settings.text("FramerateControl") == "INITIALIZE_FROM_SOURCE":
        yield Found(settings.at("FramerateControl"), "Should be SPECIFIED", hint)
    else:
        for name in ("FramerateControl", "FramerateNumerator", "FramerateDenominator"):
            yield from missing(settings, name, hint)
