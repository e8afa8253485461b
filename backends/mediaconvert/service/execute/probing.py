"""What files hold, as the Probe operation and the INPUT_INFORMATION event tell it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.execute.media import JobMedia
from renderer.cache import scratch_folder

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.storage.base import Storage
    from renderer.container_facts import AudioTrack, VideoTrack

_CODECS = {
    "h264": "AVC",
    "hevc": "HEVC",
    "aac": "AAC",
    "ac3": "AC3",
    "eac3": "EAC3",
    "av1": "AV1",
    "mp3": "MP3",
    "mpeg2video": "MPEG2",
    "mpeg4": "MPEG4P2",
    "opus": "OPUS",
    "prores": "PRORES",
    "vorbis": "VORBIS",
    "vp8": "VP8",
    "vp9": "VP9",
    "flac": "FLAC",
    "mjpeg": "MJPEG",
}
_FORMATS = {"mov": "mp4", "matroska": "matroska", "mxf": "mxf", "mpegts": "mpegts", "wav": "wave", "avi": "avi"}


def codec_name(name: str) -> str:
    """The model's word for FFmpeg's name of a codec."""
    return "PCM" if name.startswith("pcm") else _CODECS.get(name, "UNKNOWN")


def probe_result(storage: Storage, url: str) -> Job:
    """A ProbeResult in PascalCase. Raises: JobFailure."""
    with scratch_folder() as scratch, JobMedia(storage, scratch) as media:
        found, facts = media.opened(url), media.container(url)
    tracks: list[Job] = [_video(track, index) for index, track in enumerate(facts.videos, start=1)]
    tracks += [_audio(track, index) for index, track in enumerate(facts.audios, start=len(tracks) + 1)]
    container: Job = {
        "Duration": float(facts.duration_s),
        "Format": _FORMATS.get(facts.container, facts.container),
        "Tracks": list(tracks),
    }
    if facts.duration_s > 0:
        container["BitRate"] = int(found.size * 8 / facts.duration_s)
    if facts.timecode is not None:
        container["StartTimecode"] = facts.timecode
    mapping: Job = {
        "VideoTrackIndexes": list(range(1, len(facts.videos) + 1)),
        "AudioTrackIndexes": list(range(len(facts.videos) + 1, len(tracks) + 1)),
        "DataTrackIndexes": [],
    }
    metadata: Job = {"FileSize": found.size, "LastModified": found.modified_s}
    return {"Container": container, "Metadata": metadata, "TrackMappings": [mapping]}


def _rate(rate: Fraction) -> Job:
    return {"Numerator": rate.numerator, "Denominator": rate.denominator}


def _video(track: VideoTrack, index: int) -> Job:
    matrices = {"bt601": "ITU_601", "bt709": "ITU_709", "bt2020": "ITU_2020_NCL"}
    length_s = track.end_s - track.start_s
    properties: Job = {
        "Width": track.width,
        "Height": track.height,
        "FrameRate": _rate(track.rate),
        "BitDepth": 10 if "10" in track.pixel_format else 8,
        "MatrixCoefficients": matrices[track.matrix],
        "Rotation": track.rotation,
        "SampleAspectRatio": _rate(track.pixel_aspect),
        "DisplayAspectRatio": _rate(track.pixel_aspect * Fraction(track.width, track.height)),
    }
    if length_s > 0:
        properties["BitRate"] = int(track.bytes * 8 / length_s)
    return {
        "Codec": codec_name(track.codec),
        "Duration": float(length_s),
        "Index": index,
        "TrackType": "video",
        "VideoProperties": properties,
    }


def _audio(track: AudioTrack, index: int) -> Job:
    length_s = track.end_s - track.start_s
    properties: Job = {"Channels": track.channels, "SampleRate": track.sample_rate, "ChannelLayout": track.layout}
    if length_s > 0:
        properties["BitRate"] = int(track.bytes * 8 / length_s)
    if track.language:
        properties["LanguageCode"] = track.language
    return {
        "AudioProperties": properties,
        "Codec": codec_name(track.codec),
        "Duration": float(length_s),
        "Index": index,
        "TrackType": "audio",
    }


def input_details(settings: Job, media: JobMedia) -> list[Job]:
    """INPUT_INFORMATION's details of every input with a file, numbered from 0."""
    found: list[Job] = []
    for number, source in enumerate(cast("list[Job]", settings.get("Inputs") or [])):
        url = source.get("FileInput")
        if not url:
            continue
        facts = media.container(str(url))
        detail: Job = {
            "id": number,
            "uri": url,
            "audio": [_audio_detail(track, place) for place, track in enumerate(facts.audios, start=1)],
            "video": [_video_detail(track, place) for place, track in enumerate(facts.videos, start=1)],
        }
        found.append(detail)
    return found


def _audio_detail(track: AudioTrack, number: int) -> Job:
    return {
        "channels": track.channels,
        "codec": codec_name(track.codec),
        "language": track.language.upper() or "UNK",
        "sampleRate": track.sample_rate,
        "streamId": number,
    }


def _video_detail(track: VideoTrack, number: int) -> Job:
    return {
        "bitDepth": 10 if "10" in track.pixel_format else 8,
        "codec": codec_name(track.codec),
        "colorFormat": "YUV_422" if "422" in track.pixel_format else "YUV_420",
        "fourCC": track.codec[:4],
        "frameRate": round(float(track.rate), 3),
        "height": track.height,
        "interlaceMode": "INTERLACED" if track.interlaced else "PROGRESSIVE",
        "sar": f"{track.pixel_aspect.numerator}:{track.pixel_aspect.denominator}",
        "standard": "UNSPECIFIED",
        "streamId": number,
        "width": track.width,
    }
