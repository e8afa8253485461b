"""Joining: packets keep their bytes, times count whole frames, and parts that do not belong together are refused."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from backends.ffmpeg.mux import PacketDigest, join
from renderer.errors import OutputError
from renderer.timebase import FrameRange


def encode(path, frames, size=(64, 48), rate=30, **options):
    """An H.264 file of flat greys, one level a frame, by PyAV."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number in range(frames):
            picture = np.full((size[1] * 3 // 2, size[0]), 16 + number * 4, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="yuv420p")))
        container.mux(stream.encode(None))
    return path


def encode_silence(path, samples=48_000):
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=48_000, layout="stereo")
        silence = av.AudioFrame.from_ndarray(np.zeros((2, samples), np.float32), format="fltp", layout="stereo")
        silence.sample_rate = 48_000
        container.mux([*stream.encode(silence), *stream.encode(None)])
    return path


@pytest.fixture
def parts(tmp_path):
    """Three segments of 10 frames each, with B-frames, and a second of silence."""
    ranges = [FrameRange(start, start + 10) for start in (0, 10, 20)]
    segments = [(part, encode(tmp_path / f"{part.start}.mp4", 10, bf="2")) for part in ranges]
    return segments, encode_silence(tmp_path / "sound.m4a")


def joined(parts, target, **changed):
    segments, sound = parts
    return join(segments, sound, str(target), **({"rate": Fraction(30), "title": "T"} | changed))


def test_joined_segments_play_as_one_evenly_spaced_video(parts, tmp_path):
    joined(parts, tmp_path / "all.mp4")
    with av.open(str(tmp_path / "all.mp4")) as container:
        shown = [(frame.pts * frame.time_base * 30, frame.to_ndarray()[0, 0]) for frame in container.decode(video=0)]
    assert [time for time, _ in shown] == list(range(30))
    np.testing.assert_allclose([int(level) for _, level in shown], [16 + 4 * (n % 10) for n in range(30)], atol=2)


def test_packets_decode_in_order_without_repeated_times(parts, tmp_path):
    joined(parts, tmp_path / "all.mp4")
    with av.open(str(tmp_path / "all.mp4")) as container:
        packets = [(packet.pts, packet.dts) for packet in container.demux(video=0) if packet.size]
    times = [dts for _, dts in packets]
    assert times == sorted(set(times))
    assert all(pts >= dts for pts, dts in packets)


def test_digests_are_those_of_the_packets_in_the_file(parts, tmp_path):
    digests = joined(parts, tmp_path / "all.mp4")
    read = {"video": PacketDigest(), "audio": PacketDigest()}
    with av.open(str(tmp_path / "all.mp4")) as container:
        for packet in container.demux():
            if packet.size:
                read[packet.stream.type].add(packet)
    assert [read[kind].hexdigest() for kind in read] == [digests.video.hexdigest(), digests.audio.hexdigest()]
    assert (read["video"].packets, digests.video.packets) == (30, 30)


def test_joining_twice_gives_the_same_bytes(parts, tmp_path):
    for name in ("one.mp4", "two.mp4"):
        joined(parts, tmp_path / name)
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_a_segment_of_another_length_is_refused(parts, tmp_path):
    parts[0][1] = (FrameRange(10, 19), parts[0][1][1])
    with pytest.raises(OutputError, match="holds 10 frames, planned are 9"):
        joined(parts, tmp_path / "all.mp4")


def test_a_segment_of_another_encoding_is_refused(parts, tmp_path):
    parts[0][1] = (FrameRange(10, 20), encode(tmp_path / "other.mp4", 10, size=(96, 48)))
    with pytest.raises(OutputError, match="other settings"):
        joined(parts, tmp_path / "all.mp4")


def test_a_segment_of_another_rate_is_refused(parts, tmp_path):
    parts[0][1] = (FrameRange(10, 20), encode(tmp_path / "other.mp4", 10, rate=24, bf="2"))
    with pytest.raises(OutputError, match=r"between two frames|other settings"):
        joined(parts, tmp_path / "all.mp4")


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda path: path.unlink(), id="missing"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:300]), id="cut short"),
    ],
)
@pytest.mark.parametrize("which", ["segment", "sound"])
def test_a_part_that_can_not_be_read_is_an_output_error(parts, tmp_path, spoil, which):
    spoil(parts[1] if which == "sound" else parts[0][2][1])
    with pytest.raises(OutputError):
        joined(parts, tmp_path / "all.mp4")


def test_a_target_that_can_not_be_written_is_an_output_error(parts, tmp_path):
    with pytest.raises(OutputError, match="can't write the video"):
        joined(parts, tmp_path / "no folder" / "all.mp4")
