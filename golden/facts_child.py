"""Runs as a limited child: reads what a video file is, without decoding it, and prints one JSON object.

Started as `python -I facts_child.py DESCRIPTOR FORMAT`; the file may come from anywhere, so its demuxer runs here and
not in the program. Imports nothing of the project.
"""

import itertools
import json
import os
import struct
import sys
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.video.stream import VideoStream

MAX_PACKETS = 4_000_000
Facts = dict[str, object]


@dataclass
class Seen:
    """Packets of one stream, in the stream's own time base."""

    times: "list[int]" = field(default_factory=list)
    keyframes: "list[int]" = field(default_factory=list)
    payload: int = 0
    end: int = 0


def box_names(descriptor: int) -> "tuple[list[str], bool]":
    """Top-level boxes of an MP4 in order, as many as can be read, and whether the last one ends with the file."""
    names: list[str] = []
    offset, size = 0, os.fstat(descriptor).st_size
    while offset + 8 <= size and len(names) < 1000:
        length, name = struct.unpack(">I4s", os.pread(descriptor, 8, offset))
        if length == 1:
            length = int.from_bytes(os.pread(descriptor, 8, offset + 8), "big")
        elif length == 0:
            length = size - offset
        if length < 8:
            break
        names.append(name.decode("latin-1"))
        offset += length
    return names, offset == size


def read(descriptor: int, form: str) -> Facts:
    with av.open(f"/dev/fd/{descriptor}", format=form, options={"protocol_whitelist": "file"}) as container:
        video = container.streams.video[0] if container.streams.video else None
        audio = container.streams.audio[0] if container.streams.audio else None
        seen = packets(container, [stream for stream in (video, audio) if stream is not None])
        boxes, whole = box_names(descriptor) if form == "mov" else ([], True)
        return {
            "container": form,
            "boxes": boxes,
            "whole": whole,
            "bytes": os.fstat(descriptor).st_size,
            "title": container.metadata.get("title"),
            "streams": [stream.type for stream in container.streams],
            "video": None
            if video is None
            else common(video, seen[video.index]) | of_video(video, seen[video.index]) | rotation(container, video),
            "audio": None if audio is None else common(audio, seen[audio.index]) | of_audio(audio),
        }


def packets(container: "InputContainer", streams: "list[VideoStream | AudioStream]") -> "dict[int, Seen]":
    found = {stream.index: Seen() for stream in streams}
    for count, packet in enumerate(container.demux(*streams) if streams else ()):
        if count > MAX_PACKETS:
            raise ValueError("more packets than a video of a day has")
        if not packet.size or packet.pts is None:
            continue
        seen = found[packet.stream_index]
        seen.times.append(packet.pts)
        seen.payload += packet.size
        seen.end = max(seen.end, packet.pts + (packet.duration or 0))
        if packet.is_keyframe:
            seen.keyframes.append(packet.pts)
    return found


def common(stream: "VideoStream | AudioStream", seen: Seen) -> Facts:
    unit = Fraction(stream.time_base or 0)
    return {
        "codec": stream.codec_context.name,
        "profile": str(stream.codec_context.profile),
        "packets": len(seen.times),
        "payload": seen.payload,
        "start": str((stream.start_time or 0) * unit),
        "duration": str((stream.duration or seen.end) * unit),
    }


def of_audio(stream: "AudioStream") -> Facts:
    return {"sample_rate": stream.codec_context.sample_rate, "channels": stream.codec_context.channels}


def rotation(container: "InputContainer", stream: "VideoStream") -> Facts:
    """Degrees by which a player turns the picture anticlockwise, as the first frame says: 0, 90, 180 or 270."""
    try:
        container.seek(0)
        frame = next(container.decode(stream), None)
    except av.error.FFmpegError:
        return {"rotation": 0}
    return {"rotation": 0 if frame is None else round(frame.rotation / 90) * 90 % 360}


def of_video(stream: "VideoStream", seen: Seen) -> Facts:
    unit, rate = Fraction(stream.time_base or 0), Fraction(stream.average_rate or stream.guessed_rate or 0)
    context, times = stream.codec_context, sorted(seen.times)
    origin = times[0] if times else 0
    places = [(time - origin) * unit * rate for time in times]
    keys = [round((time - origin) * unit * rate) for time in sorted(seen.keyframes)]
    # a container that counts in milliseconds can't say where a frame of 1/30 s starts
    slack = rate * unit if unit.denominator <= 1000 else Fraction(0)
    extradata = context.extradata
    return {
        "width": context.width,
        "height": context.height,
        "pixel_format": str(context.pix_fmt),
        "aspect": str(stream.sample_aspect_ratio or 1),
        "rate": str(rate),
        "level": extradata[3] if context.name == "h264" and extradata and len(extradata) > 3 else 0,
        "range": int(context.color_range),
        "primaries": int(context.color_primaries),
        "transfer": int(context.color_trc),
        "matrix": int(context.colorspace),
        "keyframe_gap": max((b - a for a, b in itertools.pairwise([*keys, len(places)])), default=0),
        "even_times": all(abs(found - place) <= slack for place, found in enumerate(places)),
    }


if __name__ == "__main__":
    av.logging.set_level(av.logging.PANIC)
    print(json.dumps(read(int(sys.argv[1]), sys.argv[2])))  # noqa: T201  (the child's answer)
