"""The sound side of a job: one finished mix, or the production job's selectors, group and remix matrix (A4-A6, X3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from backends.mediaconvert.job import Job
    from renderer.timeline.canonical import JSONValue

STORY, MUSIC, GROUP = "Audio Selector 1", "Audio Selector 2", "Audio Selector Group 1"
MUTE_DB = -60
HIGHEST_DB = 6
MIX_AUDIO: Job = {"AudioTypeControl": "FOLLOW_INPUT", "AudioSourceName": STORY}
"""An output's sound where there is one source and nothing to remix (A5)."""


def input_mix() -> Job:
    """Selectors of an input whose file is the mix itself."""
    return {STORY: _selector()}


def external_mix(url: str) -> Job:
    """Selectors of a picture input with the mix beside it."""
    return {STORY: _selector() | {"ExternalAudioFileInput": url, "Offset": 0}}


def production_selectors(music_url: str | None, offset_ms: int) -> Job:
    """Narration from the input, music from a file of its own, as production has them (A6).

    AudioDurationCorrection does nothing for MP3 (X5); it stays because A6 freezes the block.
    """
    corrected: Job = {"AudioDurationCorrection": "AUTO"}
    selectors: Job = {STORY: _selector() | corrected}
    if music_url is not None:
        beside: Job = {"ExternalAudioFileInput": music_url, "Offset": offset_ms}
        selectors[MUSIC] = _selector() | beside | corrected
    return selectors


def production_groups() -> Job:
    """Narration first, then music: the order the matrix counts channels in."""
    names: list[JSONValue] = [STORY, MUSIC]
    return {GROUP: {"AudioSelectorNames": names}}


def remixed_audio(channels: tuple[int, int], gains_db: tuple[Fraction, Fraction]) -> Job:
    """An output's sound made from the group; `channels` and `gains_db` are those of narration and music."""
    left, right = remix_matrix(channels, gains_db)
    return {
        "AudioTypeControl": "USE_CONFIGURED",
        "AudioSourceName": GROUP,
        "RemixSettings": {
            "ChannelMapping": {"OutputChannels": [_channel(left), _channel(right)]},
            "ChannelsIn": sum(channels),
            "ChannelsOut": 2,
        },
    }


def remix_matrix(channels: tuple[int, int], gains_db: tuple[Fraction, Fraction]) -> tuple[list[float], list[float]]:
    """Decibels for left and right, one entry for each channel of narration and music in turn (X3).

    A mono source is heard on both sides, a stereo source on its own; −60 mutes.
    """
    sides: tuple[list[float], list[float]] = ([], [])
    for count, gain_db in zip(channels, gains_db, strict=True):
        if count not in (1, 2):
            raise ValueError(f"expected a mono or stereo source, found {count} channels")
        for side, entries in enumerate(sides):
            entries += [_db(gain_db) if count == 1 or channel == side else MUTE_DB for channel in range(count)]
    return sides


def _selector() -> Job:
    return {"DefaultSelection": "DEFAULT", "SelectorType": "TRACK", "Tracks": [1]}


def _channel(entries: Sequence[float]) -> JSONValue:
    return {"InputChannelsFineTune": list(entries)}


def _db(gain: Fraction) -> float:
    """The service counts in thousandths of a decibel; whole ones stay integers, as in the production job."""
    rounded = round(gain, 3)
    return int(rounded) if rounded.denominator == 1 else float(rounded)
