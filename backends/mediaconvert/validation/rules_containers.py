"""Rules about which container a group takes, which codecs a container takes, and frame capture.

The tables are those of the service's User Guide of June 2023. What came later (and so isn't in them) is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, rule
from backends.mediaconvert.validation.view import FILE_GROUP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.view import View

_STREAMING_CONTAINERS = frozenset({"M3U8", "CMFC", "MPD", "ISMV"})
GROUP_CONTAINERS = {
    "HLS_GROUP_SETTINGS": frozenset({"M3U8", "RAW"}),
    "DASH_ISO_GROUP_SETTINGS": frozenset({"MPD", "CMFC"}),
    "CMAF_GROUP_SETTINGS": frozenset({"CMFC"}),
    "MS_SMOOTH_GROUP_SETTINGS": frozenset({"ISMV"}),
}
CONTAINER_VIDEO = {
    "MP4": {"AV1", "H_264", "H_265"},
    "MOV": {"H_264", "MPEG2", "PRORES"},
    "M2TS": {"H_264", "H_265", "MPEG2"},
    "M3U8": {"H_264", "H_265"},
    "MPD": {"AV1", "H_264", "H_265", "VP8", "VP9"},
    "CMFC": {"AV1", "H_264", "H_265"},
    "ISMV": {"H_264"},
    "WEBM": {"VP8", "VP9"},
    "F4V": {"H_264", "MPEG2"},
    "RAW": {"H_264", "H_265", "MPEG2", "AVC_INTRA", "VC3", "XAVC", "FRAME_CAPTURE"},
}
CONTAINER_AUDIO = {
    "MP4": {"AAC", "AC3", "EAC3"},
    "MOV": {"AAC", "AC3", "EAC3", "WAV", "AIFF"},
    "M2TS": {"AAC", "AC3", "EAC3", "MP2", "WAV"},
    "M3U8": {"AAC", "AC3", "EAC3"},
    "MPD": {"AAC", "AC3", "EAC3"},
    "CMFC": {"AAC", "AC3", "EAC3"},
    "ISMV": {"AAC", "AC3", "EAC3"},
    "WEBM": {"OPUS", "VORBIS"},
    "F4V": {"AAC"},
    "RAW": {"AAC", "AIFF", "AC3", "EAC3", "WAV"},
}
LATER_VIDEO = frozenset({"UNCOMPRESSED", "PASSTHROUGH", "GIF"})
LATER_AUDIO = frozenset({"AC4", "EAC3_ATMOS", "FLAC", "PASSTHROUGH"})


@rule("V64")
def groups_take_containers(view: View) -> Iterator[Found]:
    """V64: The container is one that the group's type takes. [thread: openfun/marsha#790] [lint]"""
    for group in view.groups:
        for output in group.outputs:
            settings, container = output.node.node("ContainerSettings"), output.container
            allowed = GROUP_CONTAINERS.get(group.kind or "")
            if settings is None or container is None or group.kind is None:
                continue
            if container in _STREAMING_CONTAINERS if allowed is None else container not in allowed:
                hint = f"it takes {', '.join(sorted(allowed))}" if allowed else "streaming containers have their groups"
                yield Found(settings.at("Container"), f"{container} is not allowed in {group.kind}", hint)


@rule("V65")
def containers_take_video(view: View) -> Iterator[Found]:
    """V65: The container takes the video codec. [doc: reference-codecs-containers] [lint]"""
    for video in view.videos:
        container = video.output.container or ""
        allowed = CONTAINER_VIDEO.get(container)
        codecs = video.node.node("CodecSettings")
        if allowed is None or codecs is None or video.codec is None or video.codec in allowed | LATER_VIDEO:
            continue
        hint = f"{container} takes {', '.join(sorted(allowed))}"
        yield Found(codecs.at("Codec"), f"{video.codec} is not allowed in container {container}", hint)


@rule("V66")
def containers_take_audio(view: View) -> Iterator[Found]:
    """V66: The container takes the audio codec beside video; MOV takes AIFF only with ProRes.
    [doc: reference-codecs-containers] [lint]"""
    for audio in view.audios:
        container, video = audio.output.container or "", audio.output.video
        allowed, codecs = CONTAINER_AUDIO.get(container), audio.node.node("CodecSettings")
        if video is None or allowed is None or codecs is None or audio.codec is None or audio.codec in LATER_AUDIO:
            continue
        if audio.codec not in allowed:
            hint = f"{container} takes {', '.join(sorted(allowed))}"
            yield Found(codecs.at("Codec"), f"{audio.codec} is not allowed in container {container}", hint)
        elif audio.codec == "AIFF" and container == "MOV" and video.codec not in {"PRORES", None}:
            yield Found(codecs.at("Codec"), "AIFF is allowed in container MOV only with PRORES")


@rule("V67")
def ctts_version_needs_cslg(view: View) -> Iterator[Found]:
    """V67: CttsVersion 1 needs CslgAtom INCLUDE. [model: Mp4Settings]"""
    for output in view.outputs:
        settings = output.node.node("ContainerSettings", "Mp4Settings")
        if settings is not None and settings.number("CttsVersion") == 1 and settings.text("CslgAtom") != "INCLUDE":
            yield Found(settings.at("CttsVersion"), "cttsVersion 1 needs cslgAtom INCLUDE")


@rule("V68")
def frame_captures_stand_alone(view: View) -> Iterator[Found]:
    """V68: FRAME_CAPTURE stands in container RAW, in a File group, without audio.
    [doc: file-group-with-frame-capture-output]"""
    for video in view.videos:
        output, codecs = video.output, video.node.node("CodecSettings")
        if video.codec != "FRAME_CAPTURE" or codecs is None:
            continue
        place = codecs.at("Codec")
        if output.container not in {"RAW", None}:
            yield Found(place, f"FRAME_CAPTURE needs container RAW; found {output.container}")
        if output.node.count("AudioDescriptions"):
            yield Found(output.node.at("AudioDescriptions"), "Should not be set beside FRAME_CAPTURE")
        if output.group is not None and output.group.kind not in {FILE_GROUP, None}:
            yield Found(place, f"FRAME_CAPTURE needs a group of type {FILE_GROUP}; found {output.group.kind}")


@rule("V69")
def jobs_have_a_normal_output(view: View) -> Iterator[Found]:
    """V69: A job has an output besides frame captures. [doc: file-group-with-frame-capture-output]"""
    if not view.complete or not view.outputs:
        return
    normal = (
        output.has_preset
        or output.node.count("AudioDescriptions")
        or (output.video is not None and output.video.codec != "FRAME_CAPTURE")
        for output in view.outputs
    )
    if not any(normal):
        message = "Should have at least one output with audio, or with video other than FRAME_CAPTURE"
        yield Found(view.settings.at("OutputGroups"), message)
