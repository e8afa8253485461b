"""Rules about audio selectors, groups and remixing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backends.mediaconvert.validation.findings import shown
from backends.mediaconvert.validation.registry import Found, lacking, missing, rule
from backends.mediaconvert.validation.sources import audio_codec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.validation.node import Key, Node
    from backends.mediaconvert.validation.view import View

DEFAULT_SOURCE_NAME = "Audio Selector 1"
_CHANNELS = ("InputChannels", "InputChannelsFineTune")


@rule("V34")
def group_members_exist(view: View) -> Iterator[Found]:
    """V34: The AudioSelectorNames of a group exist in the same input. [model: AudioSelectorGroup]"""
    for source in view.inputs:
        known = source.node("AudioSelectors")
        for group in source.nodes("AudioSelectorGroups"):
            names = group.node("AudioSelectorNames")
            for index, name in names.values.items() if names is not None else ():
                if names is not None and isinstance(name, str) and (known is None or not known.has(name)):
                    yield Found(names.at(index), f"This input has no audio selector {shown(name)}")


@rule("V35")
def group_members_share_a_codec(view: View) -> Iterator[Found]:
    """V35: The sources of one group share a codec, judged by the extensions of audio-only files; else the job fails
    with 1040. [thread: repost.aws]"""
    for source in view.inputs:
        for group in source.nodes("AudioSelectorGroups"):
            codecs = [_source_codec(source, name) for name in group.texts("AudioSelectorNames")]
            found = sorted({codec for codec in codecs if codec is not None})
            if len(found) > 1:
                hint = "the job fails with 1040"
                yield Found(
                    group.at("AudioSelectorNames"), f"Sources should share a codec; found {', '.join(found)}", hint
                )


@rule("V36", "warning")
def audio_sources_exist(view: View) -> Iterator[Found]:
    """V36: AudioSourceName names a selector or group of some input; otherwise the default selector is used, or
    silence. [model: AudioDescription]"""
    inputs = [source for source in view.inputs if not source.has("VideoGenerator")]
    kinds = ("AudioSelectors", "AudioSelectorGroups", "DynamicAudioSelectors")
    known = {str(name) for source in inputs for kind in kinds for name, _ in source.entries(kind)}
    hint = f"known: {', '.join(shown(name) for name in sorted(known)[:8])}" if known else None
    for audio in view.audios if inputs else ():
        name = audio.node.text("AudioSourceName")
        if name is None and audio.node.has("AudioSourceName"):
            continue
        if (name or DEFAULT_SOURCE_NAME) not in known:
            message = f"No input has an audio selector or group {shown(name or DEFAULT_SOURCE_NAME)}"
            yield Found(audio.node.at("AudioSourceName"), message, hint)


@rule("V37")
def channels_are_given_once(view: View) -> Iterator[Found]:
    """V37: Each entry of OutputChannels has one of InputChannels and InputChannelsFineTune. [model: ChannelMapping]"""
    for remix in _remixes(view):
        for entry in remix.nodes("ChannelMapping", "OutputChannels"):
            given = [name for name in _CHANNELS if entry.has(name)]
            if len(given) == 2:
                yield Found(entry.at(given[1]), "inputChannels and inputChannelsFineTune exclude each other")
            elif not given:
                yield Found(entry.here(), "inputChannels or inputChannelsFineTune is a required property")


@rule("V38")
def channels_out_are_one_or_even(view: View) -> Iterator[Found]:
    """V38: ChannelsOut is 1 or even. [model: RemixSettings]"""
    for remix in _remixes(view):
        count = remix.whole("ChannelsOut")
        if count is not None and count != 1 and count % 2:
            yield Found(remix.at("ChannelsOut"), f"Should be 1 or an even number; found {count}")


@rule("V39")
def one_entry_per_output_channel(view: View) -> Iterator[Found]:
    """V39: OutputChannels has as many entries as ChannelsOut says. [model: ChannelMapping]"""
    for remix in _remixes(view):
        count, entries = remix.whole("ChannelsOut"), remix.node("ChannelMapping", "OutputChannels")
        if count is not None and entries is not None and len(entries.values) != count:
            place = entries.parent.at("OutputChannels") if entries.parent is not None else entries.here()
            yield Found(place, f"Should have {count} items, as channelsOut says; found {len(entries.values)}")


@rule("V40")
def one_value_per_input_channel(view: View) -> Iterator[Found]:
    """V40: Each entry has as many values as ChannelsIn says. [inferred]"""
    for remix in _remixes(view):
        count = remix.whole("ChannelsIn")
        for entry in remix.nodes("ChannelMapping", "OutputChannels"):
            for name in _CHANNELS:
                values = entry.node(name)
                if count is not None and values is not None and len(values.values) != count:
                    message = f"Should have {count} items, as channelsIn says; found {len(values.values)}"
                    yield Found(entry.at(name), message)


@rule("V42")
def audio_description_pair(view: View) -> Iterator[Found]:
    """V42: AudioDescriptionAudioChannel and AudioDescriptionDataChannel are set together. [model: RemixSettings]"""
    pair = ("AudioDescriptionAudioChannel", "AudioDescriptionDataChannel")
    for remix in _remixes(view):
        if any(remix.has(name) for name in pair):
            for name in pair:
                yield from missing(remix, name, "both or neither")


@rule("V43")
def remixes_fit_together(view: View) -> Iterator[Found]:
    """V43: Where a selector and the output that uses it both remix, the selector's ChannelsOut is the output's
    ChannelsIn. [model: RemixSettings]"""
    given: dict[Key, set[int]] = {}
    for source in view.inputs:
        for name, selector in source.entries("AudioSelectors"):
            before = selector.node("RemixSettings")
            channels = before.whole("ChannelsOut") if before is not None else None
            if channels is not None:
                given.setdefault(name, set()).add(channels)
    for audio in view.audios:
        remix = audio.node.node("RemixSettings")
        wanted = remix.whole("ChannelsIn") if remix is not None else None
        name = audio.node.text("AudioSourceName") or DEFAULT_SOURCE_NAME
        others = sorted(given.get(name, set()) - {wanted})
        if remix is not None and wanted is not None and others:
            hint = f"{shown(name)} gives {', '.join(str(channels) for channels in others)} channels"
            yield Found(remix.at("ChannelsIn"), f"Should be {others[0]}, the selector's channelsOut", hint)


@rule("V49")
def selectors_say_what_they_select(view: View) -> Iterator[Found]:
    """V49: SelectorType LANGUAGE_CODE comes with a language code, PID with Pids, STREAM with Streams.
    [model: DynamicAudioSelector] [inferred]"""
    for selector in _selectors(view):
        match selector.text("SelectorType"):
            case "LANGUAGE_CODE" if not selector.has("CustomLanguageCode"):
                yield from missing(selector, "LanguageCode", "selectorType is LANGUAGE_CODE")
            case "PID":
                yield from lacking(selector, "Pids", "selectorType is PID")
            case "STREAM":
                yield from lacking(selector, "Streams", "selectorType is STREAM")
            case _:
                pass


def _source_codec(source: Node, name: str) -> str | None:
    selector = source.node("AudioSelectors", name)
    if selector is None:
        return None
    if selector.has("ExternalAudioFileInput"):
        return audio_codec(selector.text("ExternalAudioFileInput"))
    return audio_codec(source.text("FileInput"))


def _selectors(view: View) -> list[Node]:
    places = [*view.inputs]
    overlays = [overlay.node("Input") for source in view.inputs for overlay in source.nodes("VideoOverlays")]
    places += [media for media in overlays if media is not None]
    kinds = ("AudioSelectors", "DynamicAudioSelectors")
    return [selector for place in places for kind in kinds for selector in place.nodes(kind)]


def _remixes(view: View) -> list[Node]:
    found = [node.node("RemixSettings") for node in (*_selectors(view), *(audio.node for audio in view.audios))]
    return [remix for remix in found if remix is not None]
