"""Audio codec settings → FFmpeg's arguments, and how many channels come out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.service.translate.plan import Arguments
    from backends.mediaconvert.service.translate.reader import Reader

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}
_MODES = {
    "CODING_MODE_1_0": 1,
    "CODING_MODE_1_1": 2,
    "CODING_MODE_2_0": 2,
    "CODING_MODE_5_1": 6,
    "CODING_MODE_3_2_LFE": 6,
    "CODING_MODE_3_2": 6,
    "AD_RECEIVER_MIX": 1,
}
_AAC_VBR = {"LOW": 64_000, "MEDIUM_LOW": 96_000, "MEDIUM_HIGH": 128_000, "HIGH": 192_000}
"""Bit rates of a stereo track that stand for the four qualities: FFmpeg's own variable mode is experimental."""


@dataclass(frozen=True, slots=True)
class AudioCodec:
    """How one track is encoded. `channels` is None where it follows the source."""

    arguments: Arguments
    channels: int | None
    sample_rate: int
    raw_format: str
    """The muxer for an output without a container."""


def audio_codec(description: Reader) -> AudioCodec:
    """Raises: JobFailure for a codec that is not offered."""
    codecs = description.node("CodecSettings")
    codec = codecs.text("Codec")
    found = _CODECS.get(codec)
    if found is None:
        codecs.fail(f"{codec} is not offered by this local endpoint", name="Codec")
    member, read = found
    return read(codecs.node(member))


def _aac(settings: Reader) -> AudioCodec:
    channels = _MODES.get(settings.text("CodingMode"))
    bitrate = settings.whole("Bitrate")
    if settings.text("RateControlMode", "CBR") == "VBR":
        bitrate = _AAC_VBR[settings.text("VbrQuality", "MEDIUM_HIGH")] * (channels or 2) // 2
    arguments: Arguments = {"acodec": "aac", "audio_bitrate": bitrate or 96_000}
    return AudioCodec(arguments, channels, settings.whole("SampleRate") or 48_000, "adts")


def _dolby(settings: Reader, *, name: str) -> AudioCodec:
    channels = _MODES.get(settings.text("CodingMode"))
    arguments: Arguments = {"acodec": name, "audio_bitrate": settings.whole("Bitrate") or 64_000 * (channels or 6)}
    dialnorm = settings.whole("Dialnorm")
    if dialnorm is not None:
        arguments["dialnorm"] = -dialnorm
    settings.whole("SampleRate")
    return AudioCodec(arguments, channels, 48_000, name)


def _plain(settings: Reader, *, encoder: str, raw: str, bitrate: int) -> AudioCodec:
    arguments: Arguments = {"acodec": encoder, "audio_bitrate": settings.whole("Bitrate") or bitrate}
    return AudioCodec(arguments, settings.whole("Channels") or None, settings.whole("SampleRate") or 48_000, raw)


def _vorbis(settings: Reader) -> AudioCodec:
    quality = settings.whole("VbrQuality")
    arguments: Arguments = {"acodec": "libvorbis", "q:a": 4 if quality is None else quality}
    return AudioCodec(arguments, settings.whole("Channels") or None, settings.whole("SampleRate") or 48_000, "ogg")


def _mp3(settings: Reader) -> AudioCodec:
    arguments: Arguments = {"acodec": "libmp3lame"}
    bitrate, quality = settings.whole("Bitrate"), settings.whole("VbrQuality")
    if settings.text("RateControlMode", "CBR") == "VBR":
        arguments["q:a"] = 4 if quality is None else quality
    else:
        arguments["audio_bitrate"] = bitrate or 192_000
    return AudioCodec(arguments, settings.whole("Channels") or None, settings.whole("SampleRate") or 48_000, "mp3")


def _lossless(settings: Reader, *, encoder: str, raw: str) -> AudioCodec:
    bits = settings.whole("BitDepth") or 24
    arguments: Arguments = {"acodec": encoder, "sample_fmt": "s16" if bits == 16 else "s32"}
    return AudioCodec(arguments, settings.whole("Channels") or None, settings.whole("SampleRate") or 48_000, raw)


def _pcm(settings: Reader, *, order: str, raw: str) -> AudioCodec:
    bits = settings.whole("BitDepth") or 16
    settings.text("Format")
    arguments: Arguments = {"acodec": f"pcm_s{bits}{order}"}
    return AudioCodec(arguments, settings.whole("Channels") or None, settings.whole("SampleRate") or 48_000, raw)


_CODECS: dict[str, tuple[str, Callable[[Reader], AudioCodec]]] = {
    "AAC": ("AacSettings", _aac),
    "AC3": ("Ac3Settings", partial(_dolby, name="ac3")),
    "EAC3": ("Eac3Settings", partial(_dolby, name="eac3")),
    "OPUS": ("OpusSettings", partial(_plain, encoder="libopus", raw="opus", bitrate=96_000)),
    "VORBIS": ("VorbisSettings", _vorbis),
    "MP3": ("Mp3Settings", _mp3),
    "MP2": ("Mp2Settings", partial(_plain, encoder="mp2", raw="mp2", bitrate=256_000)),
    "FLAC": ("FlacSettings", partial(_lossless, encoder="flac", raw="flac")),
    "WAV": ("WavSettings", partial(_pcm, order="le", raw="wav")),
    "AIFF": ("AiffSettings", partial(_pcm, order="be", raw="aiff")),
}
"""The service's word for a codec → the member with its settings, and who reads them."""
