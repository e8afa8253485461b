"""Videos that we did not make: other rates, sizes and containers, turned, cut off, uneven, without sound."""

from __future__ import annotations

import numpy as np
import pytest

from golden.compare import CompareSettings, compare
from golden.sound_words import hear
from renderer.errors import MediaError
from renderer.ffmpeg_process import find_ffmpeg, run_process

PICTURE = ["-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "copy"]
COPY = ["-c", "copy"]


def ffmpeg(*words):
    run_process([str(find_ffmpeg().path), "-v", "error", "-y", *map(str, words)])


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    """A second of a test picture that moves, with a tone that comes and goes, index first."""
    target = tmp_path_factory.mktemp("foreign") / "first.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc2=size=192x108:rate=30:duration=1"]
    sound = ["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000:duration=1,tremolo=f=3:d=0.9"]
    options = ["-c:v", "libx264", "-crf", "12", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ac", "2"]
    ffmpeg(*picture, *sound, *options, "-movflags", "+faststart", target)
    return target


@pytest.fixture
def told(first, tmp_path, failures):
    """`told(name, *options)`: the first video through FFmpeg, compared with it."""

    def said(name, *options, before=()):
        other = tmp_path / name
        ffmpeg(*before, "-i", first, *options, other)
        return [what for *_, what in failures(compare(first, other, CompareSettings(vmaf=False)))]

    return said


FASTSTART = ["-movflags", "+faststart"]
OTHERS = {
    "a lower rate": (
        ["-vf", "fps=20", *PICTURE, *FASTSTART],
        ["10 frames dropped, in 10 places", "frame rate 20 instead of 30", "frames 20 instead of 30"],
    ),
    "without sound": (["-an", *COPY, *FASTSTART], ["there is none", "sound codec none instead of aac LC"]),
    "turned": (
        ["-vf", "transpose=1", *PICTURE, *FASTSTART],
        ["turned by 90° clockwise", "size 108x192 instead of 192x108"],
    ),
    "black before it": (
        ["-vf", "tpad=start=6:color=black", *PICTURE, *FASTSTART],
        [
            "6 frames inserted before frame 0",
            "frames 36 instead of 30",
            "picture length 1.200 s instead of 1.000 s",
        ],
    ),
    "uneven times": (
        ["-vf", "select='lt(n,21)+not(mod(n,3))'", "-fps_mode", "vfr", *PICTURE, *FASTSTART],
        ["frame times uneven instead of even"],
    ),
}


@pytest.mark.parametrize(("options", "expected"), OTHERS.values(), ids=OTHERS)
def test_it_is_told_in_a_few_words(told, options, expected):
    found = told("other.mp4", *options)
    assert set(expected) <= set(found)
    assert len(found) <= len(expected) + 5


def test_a_label_turns_a_picture_as_a_player_does(told):
    found = told("turned.mp4", *COPY, *FASTSTART, before=("-display_rotation", "90"))
    assert found == ["turned by 90° anticlockwise", "rotation 90° instead of 0°"]


def test_another_container_is_one_difference(told):
    assert told("other.mkv", *COPY) == ["container MKV or WebM instead of MP4 or MOV"]


def test_a_file_that_breaks_off_says_so(first, tmp_path, failures):
    content = first.read_bytes()
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(content[: len(content) * 7 // 10])
    found = [what for *_, what in failures(compare(first, cut, CompareSettings(vmaf=False)))]
    assert "file's end cut off instead of whole" in found
    assert any(what.startswith("ends ") for what in found)


def test_a_file_without_its_index_is_refused_in_words(first, tmp_path):
    late, cut = tmp_path / "late.mp4", tmp_path / "cut.mp4"
    ffmpeg("-i", first, *COPY, late)
    cut.write_bytes(late.read_bytes()[:5000])
    with pytest.raises(MediaError, match=r"cut off or damaged: its index \(moov\) is missing"):
        compare(first, cut)


def voice(seconds=3):
    """Words of noise with silence between them, as a voice recorded alone: in the pauses is only hiss."""
    random = np.random.default_rng(2)
    clock = np.arange(seconds * 48_000) / 48_000
    words = random.standard_normal(len(clock)) * (np.sin(2 * np.pi * 1.3 * clock) > 0) * 0.1
    mono = words + random.standard_normal(len(clock)) * 0.0005
    return np.stack([mono, mono], axis=1).astype(np.float32)


def test_a_voice_is_like_its_own_copy():
    """Its pauses are found nowhere else, though the words are louder there."""
    sound = voice()
    assert hear(sound, sound.copy()) == []
    noise = np.random.default_rng(5).standard_normal(sound.shape).astype(np.float32)
    assert hear(sound, sound + 0.001 * noise * (np.abs(sound) > 0.01)) == []


def test_a_word_that_is_another_is_placed():
    sound, other = voice(), voice()
    second = slice(48_000, 96_000)
    other[second] = np.random.default_rng(9).standard_normal((48_000, 1)) * np.abs(other[second])
    [found] = hear(sound, other)
    assert found.what == "other in its content here"
    assert 15 <= found.steps.start < found.steps.end <= 20


def test_a_sound_that_begins_later_in_it_is_early_and_nothing_else():
    sound = voice()
    assert [item.what for item in hear(sound, sound[24_000:])] == ["500.0 ms early", "lasts 0.500 s shorter"]
