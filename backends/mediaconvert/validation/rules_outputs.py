"""Rules about output groups and outputs: what they must hold, what their containers take, and how they are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, lacking, missing, rule
from backends.mediaconvert.validation.view import AUDIO_SETTINGS, FILE_GROUP, GROUP_SETTINGS, VIDEO_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import Group, Output, View

CUSTOM_NAME_LENGTH = 12


@rule("V02")
def groups_have_outputs(view: View) -> Iterator[Found]:
    """V02: A job has output groups, and each of them has at least one output.
    [thread: video-on-demand-on-aws#1]"""
    if view.subject == "job" and not view.complete:
        return
    if view.complete:
        yield from lacking(view.settings, "OutputGroups")
    for group in view.groups:
        yield from lacking(group.node, "Outputs")


@rule("V03")
def outputs_have_containers(view: View) -> Iterator[Found]:
    """V03: Each output has ContainerSettings with a Container, unless a Preset is set.
    [thread: aws-sdk-js-v3#2661]"""
    if view.subject == "preset" or (view.subject == "job" and not view.complete):
        return
    for output in view.outputs:
        if output.has_preset:
            continue
        settings = output.node.node("ContainerSettings")
        yield from missing(output.node, "ContainerSettings")
        if settings is not None:
            yield from missing(settings, "Container")


@rule("V04")
def preset_or_container(view: View) -> Iterator[Found]:
    """V04: Preset and ContainerSettings exclude each other. [model: Output]"""
    for output in view.outputs:
        if output.node.has("Preset") and output.node.has("ContainerSettings"):
            yield Found(output.node.at("ContainerSettings"), "preset and containerSettings exclude each other")


@rule("V05")
def codecs_have_settings(view: View) -> Iterator[Found]:
    """V05: A codec is named and comes with its own settings object, video and audio alike.
    [thread: aws-sdk-php#2148] [model: VideoCodecSettings, AudioCodecSettings]"""
    for tracks, names in ((view.videos, VIDEO_SETTINGS), (view.audios, AUDIO_SETTINGS)):
        for track in tracks:
            settings = track.node.node("CodecSettings")
            if settings is None:
                if not track.node.has("CodecSettings") and not track.output.has_preset:
                    message = "codecSettings is a required property"
                    yield Found(track.node.here(), message, "not on record as the service's own rule", "warning")
                continue
            wanted = names.get(track.codec or "", "")
            if not settings.has("Codec") or (wanted and not settings.has(wanted)):
                hint = f"{wanted} is missing" if wanted else "Codec is missing"
                yield Found(settings.here(), "Should have at least 2 properties", hint)
            for other in names.values():
                if track.codec is not None and other != wanted and settings.has(other):
                    yield Found(settings.at(other), f"Has no effect with codec {track.codec}", None, "warning")


@rule("V06")
def group_settings_match_type(view: View) -> Iterator[Found]:
    """V06: OutputGroupSettings has a Type and the object that matches it. [lint]"""
    if view.subject == "job" and not view.complete:
        return
    for group in view.groups:
        settings = group.node.node("OutputGroupSettings")
        yield from missing(group.node, "OutputGroupSettings")
        if settings is not None:
            yield from missing(settings, GROUP_SETTINGS.get(group.kind or "", "Type"))


@rule("V07")
def outputs_have_content(view: View) -> Iterator[Found]:
    """V07: An output without Preset has video, audio or captions. [inferred]"""
    if view.subject == "preset" or (view.subject == "job" and not view.complete):
        return
    for output in view.outputs:
        tracks = ("VideoDescription", "AudioDescriptions", "CaptionDescriptions")
        if not output.has_preset and not any(_says_something(output.node, name) for name in tracks):
            yield Found(output.node.here(), "Should have videoDescription, audioDescriptions or captionDescriptions")


@rule("V08", "warning")
def custom_names_are_short(view: View) -> Iterator[Found]:
    """V08: CustomName is at most 12 letters, digits, spaces or underscores; it is a label for people.
    [model: OutputGroup]"""
    for group in view.groups:
        name = group.node.text("CustomName") or ""
        if len(name) > CUSTOM_NAME_LENGTH or not all(char.isalnum() or char in " _" for char in name):
            place = group.node.at("CustomName")
            yield Found(place, f"Should be at most {CUSTOM_NAME_LENGTH} letters, digits, spaces or underscores")


@rule("V70")
def several_outputs_have_modifiers(view: View) -> Iterator[Found]:
    """V70: Where a group has several outputs, every one has a NameModifier. [model: Output]"""
    for group in view.groups:
        if group.node.count("Outputs") < 2:
            continue
        for output in group.outputs:
            yield from missing(output.node, "NameModifier", "every output of a group with several needs one")


@rule("V71")
def dash_numbering_is_uniform(view: View) -> Iterator[Found]:
    """V71: $Number$ or $Time$ is used in the same way in all outputs of a DASH group, or in none. [model: Output]"""
    for group in view.groups:
        if group.kind != "DASH_ISO_GROUP_SETTINGS":
            continue
        used = [(output.node, _segment_names(output.node)) for output in group.outputs]
        for node, names in used[1:]:
            if names != used[0][1]:
                place = node.at("NameModifier")
                yield Found(place, "$Number$ and $Time$ should be used in all outputs of the group or in none")


@rule("V72")
def destinations_name_one_file_each(view: View) -> Iterator[Found]:
    """V72: Without any FileInput the Destination ends in a base name, and no two outputs of a job share a path.
    [inferred]"""
    if not view.complete:
        return
    named_by_input = any(source.has("FileInput") for source in view.inputs)
    paths: dict[tuple[str, ...], Node] = {}
    for group in view.groups:
        yield from _nameless(group, named_by_input=named_by_input)
        for path, node in _paths(group):
            if path in paths:
                hint = f"the same path as {paths[path].here().pointer}"
                yield Found(node.at("NameModifier"), "Should not write the same file as another output", hint)
            paths.setdefault(path, node)


def _nameless(group: Group, *, named_by_input: bool) -> Iterator[Found]:
    if group.settings is None:
        return
    destination = group.settings.text("Destination")
    if not group.settings.has("Destination"):
        hint = "there is no FileInput either, so that the outputs have no name" if not named_by_input else None
        message = "destination is a required property"
        yield Found(group.settings.here(), message, hint, "warning" if named_by_input else None)
    elif destination is not None and not named_by_input and not _base_name(destination):
        message = "Should end in a base name, because no input file gives one"
        yield Found(group.settings.at("Destination"), message)


def _paths(group: Group) -> Iterator[tuple[tuple[str, ...], Node]]:
    """What each output is called, where that is certain: not with variables, which may differ between outputs."""
    destination = group.settings.text("Destination") if group.settings is not None else None
    if destination is None:
        return
    for output in group.outputs:
        modifier = output.node.text("NameModifier") or ""
        extension = output.node.text("Extension") or _extension(output)
        if "$" in modifier or (group.kind == FILE_GROUP and extension is None):
            continue
        yield (destination, modifier, str(group.kind), extension or ""), output.node


def _extension(output: Output) -> str | None:
    """Stands for the default extension, which follows from the container, and in RAW from the codec."""
    codec = output.video.codec if output.video is not None else None
    return f"RAW {codec}" if output.container == "RAW" else output.container


def _base_name(destination: str) -> str:
    path = destination.removeprefix("s3://")
    return path.rpartition("/")[2] if "/" in path else ""


def _segment_names(output: Node) -> frozenset[str]:
    modifier = output.text("NameModifier") or ""
    return frozenset(name for name in ("$Number", "$Time") if name in modifier)


def _says_something(output: Node, name: str) -> bool:
    return output.has(name) and (name == "VideoDescription" or output.node(name) is None or output.count(name) > 0)
