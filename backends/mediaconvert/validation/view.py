"""A checked document as the cross-field rules see it: inputs, output groups, outputs, tracks, without their nesting."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.documents import Subject
    from backends.mediaconvert.validation.node import Node

VIDEO_SETTINGS = {
    "AV1": "Av1Settings",
    "AVC_INTRA": "AvcIntraSettings",
    "FRAME_CAPTURE": "FrameCaptureSettings",
    "GIF": "GifSettings",
    "H_264": "H264Settings",
    "H_265": "H265Settings",
    "MPEG2": "Mpeg2Settings",
    "PRORES": "ProresSettings",
    "UNCOMPRESSED": "UncompressedSettings",
    "VC3": "Vc3Settings",
    "VP8": "Vp8Settings",
    "VP9": "Vp9Settings",
    "XAVC": "XavcSettings",
}
AUDIO_SETTINGS = {
    "AAC": "AacSettings",
    "AC3": "Ac3Settings",
    "AC4": "Ac4Settings",
    "AIFF": "AiffSettings",
    "EAC3": "Eac3Settings",
    "EAC3_ATMOS": "Eac3AtmosSettings",
    "FLAC": "FlacSettings",
    "MP2": "Mp2Settings",
    "MP3": "Mp3Settings",
    "OPUS": "OpusSettings",
    "VORBIS": "VorbisSettings",
    "WAV": "WavSettings",
}
GROUP_SETTINGS = {
    "FILE_GROUP_SETTINGS": "FileGroupSettings",
    "HLS_GROUP_SETTINGS": "HlsGroupSettings",
    "DASH_ISO_GROUP_SETTINGS": "DashIsoGroupSettings",
    "CMAF_GROUP_SETTINGS": "CmafGroupSettings",
    "MS_SMOOTH_GROUP_SETTINGS": "MsSmoothGroupSettings",
}
FILE_GROUP = "FILE_GROUP_SETTINGS"


@dataclass(frozen=True)
class Track:
    """One video or audio description of an output. `settings` are those of its codec, None where they are missing."""

    node: Node
    codec: str | None
    settings: Node | None
    output: Output

    @property
    def rate(self) -> Fraction | None:
        """Frames per second where they are specified; None where they follow the source or are incomplete."""
        if self.settings is None or self.settings.text("FramerateControl") != "SPECIFIED":
            return None
        numerator, denominator = self.settings.whole("FramerateNumerator"), self.settings.whole("FramerateDenominator")
        return Fraction(numerator, denominator) if numerator and denominator else None


@dataclass(frozen=True)
class Output:
    """One output, or a preset, which has no group."""

    node: Node
    group: Group | None

    @cached_property
    def container(self) -> str | None:
        settings = self.node.node("ContainerSettings")
        return settings.text("Container") if settings is not None else None

    @cached_property
    def video(self) -> Track | None:
        node = self.node.node("VideoDescription")
        return _track(node, VIDEO_SETTINGS, self) if node is not None else None

    @cached_property
    def audios(self) -> list[Track]:
        return [_track(node, AUDIO_SETTINGS, self) for node in self.node.nodes("AudioDescriptions")]

    @cached_property
    def coded_video(self) -> list[Track]:
        """The video once for each codec whose settings are there, chosen or left over from another choice."""
        node = self.node.node("VideoDescription")
        return list(_coded(node, VIDEO_SETTINGS, self)) if node is not None else []

    @cached_property
    def coded_audios(self) -> list[Track]:
        """Every sound once for each codec whose settings are there."""
        nodes = self.node.nodes("AudioDescriptions")
        return [track for node in nodes for track in _coded(node, AUDIO_SETTINGS, self)]

    @property
    def has_preset(self) -> bool:
        return bool(self.node.text("Preset"))

    @property
    def audio_only(self) -> bool:
        return self.node.count("AudioDescriptions") > 0 and not self.node.has("VideoDescription")


@dataclass(frozen=True)
class Group:
    """One output group; `settings` are those that match its type."""

    node: Node

    @cached_property
    def kind(self) -> str | None:
        settings = self.node.node("OutputGroupSettings")
        return settings.text("Type") if settings is not None else None

    @cached_property
    def settings(self) -> Node | None:
        return self.node.node("OutputGroupSettings", GROUP_SETTINGS.get(self.kind or "", ""))

    @cached_property
    def outputs(self) -> list[Output]:
        return [Output(node, self) for node in self.node.nodes("Outputs")]

    @property
    def segmented(self) -> bool:
        return self.kind in GROUP_SETTINGS and self.kind != FILE_GROUP

    @property
    def automated(self) -> bool:
        """Whether MediaConvert chooses the renditions (automated ABR)."""
        return self.node.node("AutomatedEncodingSettings", "AbrSettings") is not None


@dataclass(frozen=True)
class View:
    """One job, job template or preset. `request` is what surrounds the settings, None where they are bare."""

    subject: Subject
    request: Node | None
    settings: Node

    @cached_property
    def complete(self) -> bool:
        """A job that brings everything itself: nothing is merged in from a job template, or later."""
        return self.subject == "job" and not (self.request is not None and self.request.has("JobTemplate"))

    @cached_property
    def inputs(self) -> list[Node]:
        return self.settings.nodes("Inputs")

    @cached_property
    def groups(self) -> list[Group]:
        return [Group(node) for node in self.settings.nodes("OutputGroups")]

    @cached_property
    def outputs(self) -> list[Output]:
        if self.subject == "preset":
            return [Output(self.settings, None)]
        return [output for group in self.groups for output in group.outputs]

    @cached_property
    def videos(self) -> list[Track]:
        return [output.video for output in self.outputs if output.video is not None]

    @cached_property
    def audios(self) -> list[Track]:
        return [audio for output in self.outputs for audio in output.audios]

    @cached_property
    def coded_videos(self) -> list[Track]:
        return [video for output in self.outputs for video in output.coded_video]

    @cached_property
    def coded_audios(self) -> list[Track]:
        return [audio for output in self.outputs for audio in output.coded_audios]


def _track(node: Node, names: dict[str, str], output: Output) -> Track:
    codecs = node.node("CodecSettings")
    codec = codecs.text("Codec") if codecs is not None else None
    return Track(node, codec, codecs.node(names.get(codec or "", "")) if codecs is not None else None, output)


def _coded(node: Node, names: dict[str, str], output: Output) -> Iterator[Track]:
    codecs = node.node("CodecSettings")
    for codec, name in names.items():
        settings = codecs.node(name) if codecs is not None else None
        if settings is not None:
            yield Track(node, codec, settings, output)
