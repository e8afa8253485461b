"""Rules about streaming packages: segments, manifests, thumbnails, automated renditions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.validation.registry import Found, missing, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Node
    from backends.mediaconvert.validation.view import Group, View

DEFAULT_SEGMENT_S = {"HLS_GROUP_SETTINGS": 10, "CMAF_GROUP_SETTINGS": 10, "DASH_ISO_GROUP_SETTINGS": 30}


@rule("V73")
def last_segments_fit(view: View) -> Iterator[Found]:
    """V73: MinFinalSegmentLength is 0 (off), or at least 1 and less than SegmentLength.
    [model: HlsGroupSettings, DashIsoGroupSettings, CmafGroupSettings]"""
    for group, settings in _packages(view):
        last = settings.number("MinFinalSegmentLength")
        length = settings.whole("SegmentLength") or DEFAULT_SEGMENT_S.get(group.kind or "", 0)
        if last and length and not 1 <= last < length:
            place = settings.at("MinFinalSegmentLength")
            yield Found(place, f"Should be 0, or at least 1 and less than segmentLength, {length}")


@rule("V74")
def matched_segments_are_possible(view: View) -> Iterator[Found]:
    """V74: SegmentLengthControl MATCH needs at least one video and one audio output, specified frame rates that share
    an integer multiple, and AAC. [model: HlsGroupSettings]"""
    for group, settings in _packages(view):
        if settings.text("SegmentLengthControl") != "MATCH" or any(output.has_preset for output in group.outputs):
            continue
        place = settings.at("SegmentLengthControl")
        videos = [output.video for output in group.outputs if output.video is not None]
        audios = [audio for output in group.outputs for audio in output.audios]
        rates = [video.rate for video in videos if video.rate is not None]
        if not videos or not audios:
            yield Found(place, "MATCH needs at least one video and one audio output")
        if len(rates) < len(videos):
            yield Found(place, "MATCH needs a specified frame rate in every video output")
        slowest = min(rates, default=Fraction(1))
        if any((rate / slowest).denominator != 1 for rate in rates):
            yield Found(place, "MATCH needs frame rates that share an integer multiple")
        if any(audio.codec not in {"AAC", None} for audio in audios):
            yield Found(place, "MATCH needs audio codec AAC")


@rule("V75")
def on_demand_is_one_file(view: View) -> Iterator[Found]:
    """V75: MpdProfile ON_DEMAND_PROFILE needs SegmentControl SINGLE_FILE.
    [model: DashIsoGroupSettings, CmafGroupSettings]"""
    for _, settings in _packages(view):
        if settings.text("MpdProfile") == "ON_DEMAND_PROFILE" and settings.text("SegmentControl") != "SINGLE_FILE":
            yield Found(settings.at("MpdProfile"), "ON_DEMAND_PROFILE needs segmentControl SINGLE_FILE")


@rule("V76", "warning")
def fragments_hold_whole_gops(view: View) -> Iterator[Found]:
    """V76: Outside HLS, FragmentLength is a multiple of GopSize x GopClosedCadence / frame rate.
    [doc: setting-the-fragment-length]"""
    for group, settings in _packages(view):
        fragment = settings.whole("FragmentLength")
        if fragment is None or group.kind == "HLS_GROUP_SETTINGS":
            continue
        for output in group.outputs:
            gop = _closed_gop_s(output.video.settings, output.video.rate) if output.video is not None else None
            if gop and (fragment / gop).denominator != 1:
                message = f"Should be a multiple of {float(gop):g} s, the closed GOPs of an output"
                yield Found(settings.at("FragmentLength"), message)
                break


@rule("V77")
def thumbnails_divide(view: View) -> Iterator[Found]:
    """V77: Trick-play thumbnails have a width divisible by 8 and a height divisible by 2.
    [model: DashIsoImageBasedTrickPlaySettings]"""
    for _, settings in _packages(view):
        single = settings.node("ImageBasedTrickPlaySettings")
        tiles = ([single] if single is not None else []) + settings.nodes("ImageBasedTrickPlayVariants")
        for tile in tiles:
            for name, divisor in (("ThumbnailWidth", 8), ("ThumbnailHeight", 2)):
                if (tile.whole(name) or 0) % divisor:
                    yield Found(tile.at(name), f"Should be divisible by {divisor}")


@rule("V78")
def automated_groups_are_uniform(view: View) -> Iterator[Found]:
    """V78: In an automated ABR group video is H.264 or H.265 with QVBR and MULTI_PASS_HQ, and all ABR groups of the
    job are automated. [doc: feature-restrictions-for-automated-abr]"""
    automated = [group for group in view.groups if group.automated]
    for group in automated:
        for output in group.outputs:
            video = output.video
            codecs = video.node.node("CodecSettings") if video is not None else None
            if video is None or codecs is None:
                continue
            if video.codec not in {"H_264", "H_265", None}:
                yield Found(codecs.at("Codec"), "Automated ABR needs codec H_264 or H_265")
            wanted = {"RateControlMode": "QVBR", "QualityTuningLevel": "MULTI_PASS_HQ"}
            for name, value in wanted.items() if video.settings is not None else ():
                if video.settings is not None and video.settings.text(name) != value:
                    yield Found(video.settings.at(name), f"Automated ABR needs {value}")
    for group in view.groups:
        if automated and group.segmented and not group.automated:
            yield Found(group.node.here(), "All ABR groups of a job with automated ABR should be automated")


@rule("V81")
def smooth_bitrates_differ(view: View) -> Iterator[Found]:
    """V81: In a Smooth group, video bitrates are unique after rounding down to 1000. [model: H264Settings]"""
    for group in view.groups:
        used: set[int] = set()
        for output in group.outputs if group.kind == "MS_SMOOTH_GROUP_SETTINGS" else ():
            settings = output.video.settings if output.video is not None else None
            bitrate = settings.whole("Bitrate") if settings is not None else None
            if settings is not None and bitrate is not None:
                if bitrate // 1000 in used:
                    message = "Should differ from the bitrates of other outputs after rounding down to 1000"
                    yield Found(settings.at("Bitrate"), message)
                used.add(bitrate // 1000)


@rule("V82")
def segments_need_closed_gops(view: View) -> Iterator[Found]:
    """V82: GopClosedCadence is not 0 in segmented outputs. [model: H264Settings]"""
    for group in view.groups:
        videos = [video for output in group.outputs if group.segmented for video in output.coded_video]
        for settings in (video.settings for video in videos):
            if settings is not None and settings.number("GopClosedCadence") == 0:
                yield Found(settings.at("GopClosedCadence"), "Should not be 0 in a segmented output")


@rule("V86")
def cmaf_audio_tracks_have_types(view: View) -> Iterator[Found]:
    """V86: Where a CMAF group has several audio variants, each has an explicit AudioTrackType.
    [model: CmfcSettings]"""
    for group in view.groups:
        variants = [output for output in group.outputs if output.audio_only and not output.has_preset]
        for output in variants if group.kind == "CMAF_GROUP_SETTINGS" and len(variants) > 1 else ():
            container = output.node.node("ContainerSettings")
            settings = container.node("CmfcSettings") if container is not None else None
            hint = "the group has several audio variants"
            if settings is not None:
                yield from missing(settings, "AudioTrackType", hint)
            elif container is not None and not container.has("CmfcSettings"):
                message = "cmfcSettings.audioTrackType should be set"
                yield Found(container.here(), message, f"{hint}; public jobs leave it out", "warning")


def _packages(view: View) -> list[tuple[Group, Node]]:
    return [(group, group.settings) for group in view.groups if group.segmented and group.settings is not None]


def _closed_gop_s(settings: Node | None, rate: Fraction | None) -> Fraction | None:
    """Seconds from one closed GOP to the next, or None where that is not fixed."""
    if settings is None or (settings.has("GopSizeUnits") and settings.text("GopSizeUnits") == "AUTO"):
        return None
    size, cadence = settings.number("GopSize"), settings.number("GopClosedCadence")
    frames = Fraction(str(size if size is not None else 0)) * Fraction(1 if cadence is None else int(cadence))
    if settings.text("GopSizeUnits") == "SECONDS":
        return frames or None
    return frames / rate if frames and rate else None
