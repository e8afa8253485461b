"""Facts read back from files that FFmpeg wrote in every way we do not want, each found out by name."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import struct
import subprocess
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renderer.errors import OutputError
from renderer.mp4_facts import box_order, playability, read_mp4_facts

LABELS = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
GOOD = {
    "-vf": f"format=yuv420p,{LABELS}", "-c:v": "libx264", "-preset": "ultrafast", "-profile:v": "high", "-level": "4.0",
    "-x264-params": "cabac=1:8x8dct=1", "-g": "60", "-bf": "2", "-sc_threshold": "0", "-c:a": "aac", "-ar": "48000",
    "-ac": "2", "-movflags": "+faststart",
}  # fmt: skip


@pytest.fixture(scope="module")
def write_video(tmp_path_factory, ffmpeg):
    """`write_video(**options)`: 4 s of a test picture and a tone, with the good options changed; returns the path.

    An option given as None is left out; `inputs` are further arguments before the outputs.
    """
    folder = tmp_path_factory.mktemp("videos")

    def write(changed=None, *, rate="30", sound=True, extra=()):
        path = folder / f"{len(list(folder.iterdir()))}.mp4"
        options = {key: value for key, value in (GOOD | (changed or {})).items() if value is not None}
        inputs = ["-f", "lavfi", "-i", f"testsrc2=s=128x72:r={rate}:d=4"]
        inputs += ["-f", "lavfi", "-i", "sine=r=48000:d=4"] if sound else []
        argv = [
            ffmpeg,
            "-v",
            "error",
            "-y",
            *inputs,
            *[word for pair in options.items() for word in pair],
            *extra,
            path,
        ]
        subprocess.run([str(word) for word in argv], check=True, capture_output=True, timeout=60)
        return path

    return write


@pytest.fixture(scope="module")
def good_facts(write_video):
    return read_mp4_facts(str(write_video()))


def broken(facts, keyframe_frames=60):
    """Names of what is wrong."""
    return [fact.name for fact in playability(facts, keyframe_frames=keyframe_frames) if not fact.passed]


def test_a_good_file_has_no_faults_and_every_fact_says_what_was_found(good_facts):
    facts = list(playability(good_facts, keyframe_frames=60))
    assert all(fact.passed for fact in facts)
    assert all(fact.found and fact.expected for fact in facts)


def test_facts_of_a_good_file(good_facts):
    assert (good_facts.width, good_facts.height, good_facts.rate) == (128, 72, 30)
    assert (good_facts.profile, good_facts.level, good_facts.pixel_format) == ("High", 40, "yuv420p")
    assert (good_facts.video.packets, good_facts.video.duration, good_facts.video.start) == (120, 4, 0)
    assert (good_facts.audio.codec, good_facts.audio_profile, good_facts.audio.start) == ("aac", "LC", 0)
    assert (good_facts.sample_rate, good_facts.channels, good_facts.keyframe_gap) == (48_000, 2, 60)
    assert abs(good_facts.audio.duration - 4) <= Fraction(1024, 48_000)


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        pytest.param({"-movflags": None}, ["moov first"], id="the index at the end"),
        pytest.param({"-profile:v": "baseline", "-x264-params": "cabac=0", "-bf": "0"}, ["profile"], id="baseline"),
        pytest.param({"-profile:v": "main", "-x264-params": "8x8dct=0"}, ["profile"], id="main profile"),
        pytest.param({"-level": "3.1"}, ["level"], id="a lower level"),
        pytest.param({"-vf": f"format=yuv444p,{LABELS}", "-profile:v": "high444"}, ["profile", "pixel format"],
                     id="4:4:4"),
        pytest.param({"-vf": "format=yuv420p"}, ["colour labels"], id="no colour labels"),
        pytest.param({"-vf": f"format=yuv420p,{LABELS}:range=pc"}, ["colour labels"], id="full range"),
        pytest.param({"-vf": f"format=yuv420p,{LABELS.replace('colorspace=bt709', 'colorspace=smpte170m')}"},
                     ["colour labels"], id="the matrix of standard definition"),
        pytest.param({"-g": "120"}, ["keyframe distance"], id="four seconds without a keyframe"),
        pytest.param({"-ar": "44100"}, ["sample rate"], id="44.1 kHz"),
        pytest.param({"-ac": "1"}, ["channels"], id="mono"),
        pytest.param({"-c:a": "libmp3lame"}, ["audio codec"], id="MP3 sound"),
        pytest.param({"-c:v": "mpeg4", "-profile:v": None, "-level": None, "-x264-params": None, "-preset": None},
                     ["video codec", "profile"], id="another video codec"),
    ],
)  # fmt: skip
def test_what_keeps_a_file_from_playing_is_named(write_video, changed, names):
    assert set(names) <= set(broken(read_mp4_facts(str(write_video(changed)))))


def test_uneven_times_are_no_constant_rate(write_video):
    path = write_video({"-vf": f"select='not(eq(n,50))',format=yuv420p,{LABELS}"}, extra=["-fps_mode", "passthrough"])
    assert "constant frame rate" in broken(read_mp4_facts(str(path)))


@pytest.mark.parametrize(
    ("stream", "name"), [pytest.param("v", "video start", id="picture"), pytest.param("a", "audio start", id="sound")]
)
def test_a_stream_that_starts_late_is_named(write_video, stream, name):
    late = {"v": "setpts=PTS+0.2/TB", "a": "asetpts=PTS+0.2/TB"}[stream]
    changed = {"-vf": f"format=yuv420p,{LABELS},{late}"} if stream == "v" else {"-af": late}
    facts = read_mp4_facts(
        str(write_video(changed, extra=["-fps_mode", "passthrough", "-avoid_negative_ts", "disabled"]))
    )
    assert getattr(facts, {"v": "video", "a": "audio"}[stream]).start > 0
    assert name in broken(facts)


def test_the_keyframe_limit_is_the_callers(good_facts):
    assert broken(good_facts, keyframe_frames=59) == ["keyframe distance"]


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001", "60"])
def test_every_rate_is_read_exactly(write_video, rate):
    facts = read_mp4_facts(str(write_video({"-g": "40"}, rate=rate)))
    assert (facts.rate, facts.even_times, broken(facts)) == (Fraction(rate), True, [])


@pytest.mark.parametrize(
    ("level", "size", "rate", "good"),
    [
        pytest.param(51, (3840, 2160), 30, True, id="5.1 for ultra HD"),
        pytest.param(42, (1920, 1080), 60, True, id="4.2 for full HD at 60"),
        pytest.param(40, (3840, 2160), 30, False, id="4.0 is too low for ultra HD"),
        pytest.param(40, (1920, 1080), 60, False, id="4.0 is too low for full HD at 60"),
        pytest.param(62, (1920, 1080), 30, False, id="6.2 keeps phones from playing full HD"),
    ],
)
def test_the_level_is_the_lowest_from_4_on_that_fits(good_facts, level, size, rate, good):
    facts = dataclasses.replace(good_facts, level=level, width=size[0], height=size[1], rate=Fraction(rate))
    assert ("level" not in broken(facts)) == good


def test_a_file_without_sound_is_refused(write_video):
    with pytest.raises(OutputError):
        read_mp4_facts(str(write_video({"-c:a": None, "-ar": None, "-ac": None}, sound=False)))


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda content: content[: len(content) // 2], id="half of it"),
        pytest.param(lambda content: content[:-1], id="one byte less"),
        pytest.param(lambda content: content[:20], id="only a beginning"),
        pytest.param(lambda content: content[:0], id="nothing"),
        pytest.param(lambda content: b"RIFF" + content, id="something else"),
        pytest.param(lambda content: bytes(len(content)), id="zeros"),
    ],
)
def test_a_damaged_file_is_an_output_error(write_video, tmp_path, spoil):
    (tmp_path / "spoilt.mp4").write_bytes(spoil(write_video().read_bytes()))
    with pytest.raises(OutputError):
        read_mp4_facts(str(tmp_path / "spoilt.mp4"))


@pytest.fixture(scope="module")
def good_bytes(write_video):
    return write_video().read_bytes()


@settings(max_examples=60, deadline=None)
@given(changes=st.dictionaries(st.integers(0, 4_000), st.integers(0, 255), min_size=1, max_size=6))
def test_any_damage_to_the_index_gives_facts_or_an_output_error(good_bytes, tmp_path_factory, changes):
    content = bytearray(good_bytes)
    for place, byte in changes.items():
        content[place] = byte
    path = tmp_path_factory.getbasetemp() / "damaged.mp4"
    path.write_bytes(content)
    with contextlib.suppress(OutputError):
        assert read_mp4_facts(str(path)).video.packets >= 0


def test_a_missing_file_is_an_output_error(tmp_path):
    with pytest.raises(OutputError, match="can't be read back"):
        read_mp4_facts(str(tmp_path / "none.mp4"))


def test_equal_files_have_equal_digests_and_another_byte_another_one(write_video, tmp_path):
    path = write_video()
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    (tmp_path / "other.mp4").write_bytes(content)
    one, again, other = (read_mp4_facts(str(file)) for file in (path, path, tmp_path / "other.mp4"))
    assert one == again
    assert (one.video.sha256, one.audio.sha256) != (other.video.sha256, other.audio.sha256)


def box(name, length=8, *, large=False, to_the_end=False):
    if large:
        return struct.pack(">I4sQ", 1, name, length) + bytes(length - 16)
    return struct.pack(">I4s", 0 if to_the_end else length, name) + bytes(length - 8)


@pytest.mark.parametrize(
    ("content", "names"),
    [
        pytest.param(box(b"ftyp", 24) + box(b"moov", 100) + box(b"mdat", 50), ["ftyp", "moov", "mdat"], id="plain"),
        pytest.param(
            box(b"free") + box(b"mdat", 60, large=True) + box(b"moov"), ["free", "mdat", "moov"], id="64-bit size"
        ),
        pytest.param(box(b"moov") + box(b"mdat", 40, to_the_end=True), ["moov", "mdat"], id="the last to the end"),
        pytest.param(b"", [], id="empty"),
    ],
)
def test_boxes_are_listed_in_file_order(content, names):
    assert box_order(io.BytesIO(content)) == names


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(box(b"moov", 40)[:30], id="longer than the file"),
        pytest.param(box(b"moov") + b"\0\0\0", id="three bytes at the end"),
        pytest.param(struct.pack(">I4s", 4, b"moov"), id="shorter than its own header"),
        pytest.param(struct.pack(">I4sQ", 1, b"mdat", 3), id="a large size of three"),
        pytest.param(struct.pack(">I4s", 1, b"mdat"), id="a large size that is missing"),
        pytest.param(struct.pack(">I4sQ", 1, b"mdat", 2**63), id="a size beyond every file"),
    ],
)
def test_a_broken_box_is_an_output_error(content):
    with pytest.raises(OutputError):
        box_order(io.BytesIO(content))
