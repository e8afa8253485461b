"""Is the finished file what was planned? Asked of the file itself: FFmpeg exits 0 on a full disk (SAFETY R1)."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from backends.base import Check
from backends.ffmpeg.mux import PacketDigest, open_undecoded
from renderer.errors import OutputError
from renderer.mp4_facts import AAC_FRAME, Mp4Facts, playability, read_mp4_facts

if TYPE_CHECKING:
    from pathlib import Path

    from av.packet import Packet
    from av.video.stream import VideoStream

    from backends.ffmpeg.mux import Muxed
    from renderer.output import OutputFormat
    from renderer.timeline.model import Timeline


def verify_file(url: str, timeline: Timeline, output: OutputFormat, muxed: Muxed, *, full: bool) -> tuple[Check, ...]:
    """Check a finished file against its plan and against what left the encoders.

    Raises: OutputError naming every check that failed, with what was found and expected.
    """
    facts = read_mp4_facts(url)
    checks = [*_planned(facts, timeline), *_packets(facts, muxed)]
    checks += [
        Check(fact.name, fact.found, fact.expected, fact.passed)
        for fact in playability(facts, keyframe_frames=output.keyframe_frames)
    ]
    if full:
        checks.append(_decoded(url, timeline.frame_count))
    failed = [check for check in checks if not check.passed]
    if failed:
        details = "; ".join(f"{check.name}: expected {check.expected}, found {check.found}" for check in failed)
        raise OutputError(f"the finished video is not what was planned, and was thrown away: {details}")
    return tuple(checks)


def _planned(facts: Mp4Facts, timeline: Timeline) -> list[Check]:
    video_s, audio_s = facts.video.duration, facts.audio.duration
    apart = abs(audio_s - video_s)
    return [
        _equal("frames", facts.video.packets, timeline.frame_count),
        _equal("size", f"{facts.width}x{facts.height}", f"{timeline.width}x{timeline.height}"),
        _equal("rate", facts.rate, timeline.rate),
        _equal("duration", video_s, timeline.duration_s),
        Check(
            "sound and picture end together",
            f"{float(apart) * 1000:.1f} ms apart",
            "within one AAC frame, 21.3 ms",
            apart <= Fraction(AAC_FRAME, 48_000),
        ),
    ]


def _packets(facts: Mp4Facts, muxed: Muxed) -> list[Check]:
    """Every packet as it left its encoder, none lost, none altered."""
    return [
        _equal("video packets", facts.video.sha256, muxed.video.hexdigest()),
        _equal("audio packets", facts.audio.sha256, muxed.audio.hexdigest()),
    ]


def _equal(name: str, found: object, expected: object) -> Check:
    return Check(name, str(found), str(expected), found == expected)


def _decoded(url: str, frame_count: int) -> Check:
    """Decode everything: `--verify full`."""
    try:
        with av.open(url) as container:
            frames = sum(1 for _ in container.decode(video=0))
        with av.open(url) as container:
            for _ in container.decode(audio=0):
                pass
    except av.FFmpegError as error:
        return Check("decodes wholly", str(error), f"{frame_count} frames", passed=False)
    return _equal("decodes wholly", frames, frame_count)


def verify_segment(path: Path, frame_count: int, *, born: str | None = None, to_the_end: bool = True) -> str:
    """Read a new segment back: are its packets those that left the encoder (`born`), and do they decode?

    The first picture is decoded; `to_the_end` also the last and what it refers to. Pictures that nothing refers to are
    skipped and none is deblocked: 2.4 ms a frame at 1080p (measured), where the first picture alone takes 0.6 ms a
    frame of its segment (decision 0006). Skipping every B picture would be cheaper, and wrong: P pictures may refer to
    some of them. Returns the hash of the packets, for `join` to compare. Raises: OutputError.
    """
    try:
        with open_undecoded(path) as container:
            stream = container.streams.video[0]
            unit = Fraction(stream.time_base or 0) * Fraction(stream.average_rate or 0)
            packets = [packet for packet in container.demux(stream) if packet.size]
            times = sorted(Fraction(packet.pts or 0) * unit for packet in packets)
            shown = _decoded_times(stream, packets if to_the_end else packets[:1], unit)
    except av.FFmpegError as error:
        raise OutputError(f"segment {path.name} does not decode: {error}") from error
    if times != list(range(frame_count)):
        raise OutputError(f"segment {path.name} holds {len(times)} pictures, planned are {frame_count}")
    if not shown or shown[0] != 0 or (to_the_end and shown[-1] != frame_count - 1):
        raise OutputError(f"segment {path.name} does not decode from its first picture to its last")
    digest = PacketDigest()
    for packet in packets:
        digest.add(packet)
    if born not in (None, digest.hexdigest()):
        raise OutputError(f"segment {path.name} does not hold what its encoder made: is the disk full or failing?")
    return digest.hexdigest()


def _decoded_times(stream: VideoStream, packets: list[Packet[VideoStream]], unit: Fraction) -> list[Fraction]:
    """Decode what others refer to; their times in frames. x264 always ends a segment with such a picture."""
    decoder = av.CodecContext.create("h264", "r")
    decoder.extradata = stream.codec_context.extradata
    decoder.thread_count = 1
    decoder.options = {"skip_loop_filter": "all", "err_detect": "explode"}
    decoder.skip_frame = "NONREF"
    pictures = [picture for packet in [*packets, None] for picture in decoder.decode(packet)]
    return [(picture.pts or 0) * unit for picture in pictures]
