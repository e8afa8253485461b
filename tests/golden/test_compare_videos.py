"""Two MP4s without a story: changes of file, sound and picture are found, encoder noise is not."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from cli import main
from golden.compare import CompareSettings, compare
from renderer.errors import MediaError
from renderer.ffmpeg_process import find_ffmpeg, run_process

X264 = ["-c:v", "libx264", "-crf", "18", "-g", "40", "-sc_threshold", "0", "-profile:v", "high", "-level", "4.0"]
X264 += ["-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
X264 += ["-movflags", "+faststart", "-c:a", "copy"]
SOUND = ["-c:v", "copy", "-c:a", "aac", "-b:a", "128k", "-movflags", "+faststart"]


@pytest.fixture
def made(video, tmp_path):
    """`made(*options)`: the video through FFmpeg."""

    def make(*options):
        target = tmp_path / "other.mp4"
        run_process([str(find_ffmpeg().path), "-v", "error", "-y", "-i", str(video), *options, str(target)])
        return target

    return make


def found(video, other, failures):
    return [(frames, what) for _, _, frames, what in failures(compare(video, other, CompareSettings(vmaf=False)))]


CAMPAIGN = pytest.mark.campaign
SAME = {
    "another container order": ["-c", "copy", "-movflags", "+faststart"],
    "another preset": ["-vf", "null", *X264, "-preset", "medium"],
    "coarser": ["-vf", "null", *X264, "-preset", "veryfast", "-crf", "23"],
}


def quick(cases, *names):
    """The named cases on every run, the others by `make campaign`."""
    return [
        pytest.param(*(case if isinstance(case, tuple) else (case,)), id=name, marks=[] if name in names else CAMPAIGN)
        for name, case in cases.items()
    ]


@pytest.mark.parametrize("options", quick(SAME, "another preset"))
def test_encoder_noise_is_no_difference(video, made, failures, options):
    assert found(video, made(*options), failures) == []


MUTANTS = {
    "hue": (["-vf", "hue=h=3", *X264], r"hue \+(2\.[6-9]|3\.[0-4])°"),
    "gamma": (["-vf", "eq=gamma=1.05", *X264], r"gamma 1\.0[456]"),
    "2 px": (["-vf", "crop=iw-2:ih:2:0,pad=iw+2:ih:0:0", *X264], r"moved (1\.9|2|2\.1) px left"),
    "blur": (["-vf", "gblur=sigma=1", *X264], r"blurred by (0\.[89]|1\.[01]) px"),
    "full range": (["-vf", "scale=out_range=full,setparams=range=tv", *X264], "full range instead of limited"),
    "moov": (["-c", "copy"], "moov at the end instead of first"),
    "keyframes": (["-vf", "null", *X264, "-g", "80"], r"keyframe interval doubled: 80 frames instead of 40 frames"),
    "44.1 kHz": ([*SOUND, "-ar", "44100"], r"sample rate 44\.1 kHz instead of 48 kHz"),
    "late": ([*SOUND, "-af", "adelay=20:all=1,atrim=0:4"], r"20\.0 ms late"),
    "swapped": ([*SOUND, "-af", "pan=stereo|c0=c1|c1=c0"], "left and right swapped"),
    "louder": ([*SOUND, "-af", "volume=3dB"], r"(2\.9|3\.0|3\.1) dB louder"),
}


@pytest.mark.parametrize(("options", "words"), quick(MUTANTS, "hue", "2 px", "moov", "late"))
def test_a_change_is_found_and_named(video, made, failures, options, words):
    [(_frames, what)] = found(video, made(*options), failures)
    assert re.fullmatch(words, what), what


def test_a_dropped_frame_is_placed(video, made, failures):
    other = made("-vf", "select='not(eq(n,63))',setpts=N/30/TB", *X264)
    assert ((63, 64), "frame 63 dropped") in found(video, other, failures)


def test_the_command_answers_json_and_writes_a_report(video, made, tmp_path):
    report = tmp_path / "report.html"
    words = ["compare", str(video), str(made("-c", "copy")), "--json", "--report", str(report), "--no-vmaf"]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["differences"][0]["what"] == "moov at the end instead of first"
    assert "moov" in report.read_text()


def test_vmaf_is_measured(video):
    assert any(fact.startswith("VMAF 9") for fact in compare(video, video).facts)


NO_VIDEOS = {"empty": b"", "cut": b"\0\0\0\x18ftypisom", "a list": b"#EXTM3U\n", "zeros": b"\0" * 64}


@pytest.mark.parametrize("content", NO_VIDEOS.values(), ids=NO_VIDEOS)
def test_what_is_no_video_is_refused(video, tmp_path, content):
    path = tmp_path / "no.mp4"
    path.write_bytes(content)
    with pytest.raises(MediaError, match=r"no\.mp4"):
        compare(video, path)
