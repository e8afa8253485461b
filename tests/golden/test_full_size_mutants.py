"""The bundled demo in 1080p: each change of story, code or file is found, placed and named; no other is."""

from __future__ import annotations

import os
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from full_size import SHOTS, WHOLE, Demo, assert_found, blur, copy_demo, left, named
from picture_faults import bt601, full_range, gamma, hue

from backends.ffmpeg.backend import FFmpegBackend
from golden import sound_check, versions
from golden.check import CheckSettings, check
from golden.record import record
from golden.store import RecordOptions
from renderer.ffmpeg_process import find_ffmpeg, run_process

pytestmark = pytest.mark.campaign
CONTENT = "the file's content changed: "
LOGO = ("brand.corner (brand/logo.png)", "corner", (90, 915))
NARRATION, MUSIC = ("narration (narration.flac)", "narration"), ("music (music.flac)", "music")
DEBIAN_FFMPEG = Path("/usr/bin/ffmpeg")


@pytest.fixture(scope="module")
def recorded_demo(tmp_path_factory):
    demo = copy_demo(tmp_path_factory.mktemp("demo") / "story")
    record(demo.spec, demo.golden, RecordOptions())
    return demo


@pytest.fixture
def demo(recorded_demo, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(recorded_demo.folder, tmp_path / "story")
    return Demo(tmp_path / "story")


@pytest.fixture
def told(failures, request):
    """`told(comparison)`: what makes it fail; also printed, for the table in the documentation."""

    def listed(found):
        rows = failures(found)
        for row in rows:
            print("\nMUTANT", request.node.name, *row, sep=" | ")  # noqa: T201  (with -s)
        return rows

    return listed


def content(name, words):
    return (*named(name), SHOTS[name], CONTENT + words)


PICTURES = {
    "hue +3°": ("osprey", hue(3), r"hue \+(2\.[89]|3\.[0-2])°"),
    "hue +3° of a pale picture": ("wren", hue(3), r"hue \+(2\.[3-9]|3\.[0-5])°"),
    "gamma 1.05": ("osprey", gamma(1.05), r"gamma 1\.0[456]"),
    "2 px left": ("mountain-lake", left(2), r"moved (1\.9\d?|2|2\.0\d?) px left"),
    "1 px blur": ("osprey", blur(1.09), r"blurred by (0\.9|1\.0|1\.1) px"),
}


@pytest.mark.parametrize(("name", "change", "words"), PICTURES.values(), ids=PICTURES)
def test_a_changed_photograph(demo, told, name, change, words):
    demo.picture(name, change)
    assert_found(told(check(demo.golden)), [content(name, words)])


LAKE_FOCUS = "motion: {from: {zoom: 1.14, focus: [0.44, 0.5]}, to: {zoom: 1.14, focus: [0.56, 0.5]}}"
SHIFTED_FOCUS = "motion: {from: {zoom: 1.14, focus: [0.4409137, 0.5]}, to: {zoom: 1.14, focus: [0.5609137, 0.5]}}"
SPECS = {
    "2 px left by its focus": (
        [(LAKE_FOCUS, SHIFTED_FOCUS)],
        [(*named("mountain-lake"), SHOTS["mountain-lake"], "moved 2 px left")],
    ),
    "corner logo missing": (
        [("brand: stories-of-you ", "brand: {preset: stories-of-you, corner: none} ")],
        [(*LOGO, "is no longer there")],
    ),
    "opacity 80 to 70": (
        [("brand: stories-of-you ", "brand: {preset: stories-of-you, corner: {opacity: 70}} ")],
        [(*LOGO, "opacity 70 % instead of 80 %")],
    ),
    "crossfade 2 frames shorter": (
        [("kind: crossfade, length: 0.5s", "kind: crossfade, length: 13f")],
        [(*named("mountain-lake"), (420, 435), "crossfade of 13 frames instead of 15, 2 frames shorter")],
    ),
    "another easing": (
        [("focus: [0.44, 0.42]}}", "focus: [0.44, 0.42]}, ease: linear}")],
        [(*named("wren"), SHOTS["wren"], "easing linear instead of in-out")],
    ),
    "two images swapped": (
        [("file: wren.jpg", "file: x.jpg"), ("file: osprey.jpg", "file: wren.jpg"), ("x.jpg", "osprey.jpg")],
        [
            (*named("wren"), SHOTS["wren"], r"swapped with images\[2\] \(osprey\.jpg\)"),
            (*named("osprey"), SHOTS["osprey"], r"swapped with images\[1\] \(wren\.jpg\)"),
        ],
    ),
    "music -22 dB": ([("gain_db: -25", "gain_db: -22")], [(*MUSIC, WHOLE, "gain -22 dB instead of -25 dB")]),
}


@pytest.mark.parametrize(("changes", "expected"), SPECS.values(), ids=SPECS)
def test_a_changed_spec(demo, told, changes, expected):
    demo.edit(*changes)
    assert_found(told(check(demo.golden)), expected)


SOUNDS = {
    "narration 20 ms late": (
        "narration",
        "adelay=20:all=1,atrim=0:27.5",
        (*NARRATION, (90, 915), CONTENT + r"(19\.[89]|20\.[01]) ms late"),
    ),
    "music's channels swapped": (
        "music",
        "pan=stereo|c0=c1|c1=c0",
        (*MUSIC, WHOLE, CONTENT + "left and right swapped"),
    ),
    "music 3 dB louder in its file": (
        "music",
        "volume=3dB",
        (*MUSIC, WHOLE, CONTENT + r"(2\.[89]|3\.[01]) dB louder"),
    ),
}


@pytest.mark.parametrize(("name", "filters", "expected"), SOUNDS.values(), ids=SOUNDS)
def test_a_changed_sound(demo, told, name, filters, expected):
    demo.sound(name, filters)
    assert_found(told(check(demo.golden)), [expected])


def test_two_changes_at_once_are_both_named(demo, told):
    demo.picture("osprey", gamma(1.05))
    demo.sound("narration", "adelay=20:all=1,atrim=0:27.5")
    late = (*NARRATION, (90, 915), CONTENT + r"(19\.[89]|20\.[01]) ms late")
    assert_found(told(check(demo.golden)), [content("osprey", r"gamma 1\.0[456]"), late])


def test_three_changes_of_one_image_and_the_logo(demo, told):
    """One claim each. With two things over a picture, what happened to its colour may only be measured."""
    demo.picture("mountain-lake", hue(3))
    demo.edit(
        ("kind: crossfade, length: 0.5s", "kind: crossfade, length: 13f"),
        ("brand: stories-of-you ", "brand: {preset: stories-of-you, corner: {opacity: 70}} "),
    )
    found = told(check(demo.golden))
    lake = named("mountain-lake")
    expected = [
        (*LOGO, "opacity 70 % instead of 80 %"),
        content("mountain-lake", r"(hue \+(2\.[89]|3\.[0-2])°|in part other by [0-9.]+ levels of luma on average, .*)"),
        (*lake, (420, 435), "crossfade of 13 frames instead of 15, 2 frames shorter"),
    ]
    assert_found(found, expected)


def test_music_and_voice_at_once(demo, told):
    demo.edit(("gain_db: -25", "gain_db: -22"))
    demo.sound("narration", "adelay=20:all=1,atrim=0:27.5")
    late = (*NARRATION, (90, 915), CONTENT + r"(19\.[89]|20\.[01]) ms late")
    assert_found(told(check(demo.golden)), [late, (*MUSIC, WHOLE, "gain -22 dB instead of -25 dB")])


CODE = {
    "BT.601 instead of BT.709": (bt601, "matrix BT.601 instead of BT.709"),
    "full range instead of limited": (full_range, "full range instead of limited"),
}


@pytest.mark.parametrize(("change", "what"), CODE.values(), ids=CODE)
def test_a_fault_of_the_code(recorded_demo, told, spoil_frames, change, what):
    spoil_frames(change)
    assert_found(told(check(recorded_demo.golden)), [("programme", None, WHOLE, what)])


def test_a_swapped_mix(recorded_demo, told, monkeypatch):
    made = sound_check.programme

    class Swapped:
        def __init__(self, *arguments):
            self._made = made(*arguments)

        def blocks(self):
            return (np.ascontiguousarray(block[:, ::-1]) for block in self._made.blocks())

    monkeypatch.setattr(sound_check, "programme", Swapped)
    monkeypatch.setattr(versions, "mix_key", lambda _timeline: "0" * 64)
    assert_found(told(check(recorded_demo.golden)), [("programme", "mix", WHOLE, "left and right swapped")])


def test_a_dropped_frame(demo, told):
    """One frame fewer of an image, and of the programme: the later shots are what they were."""
    demo.edit(("hold: 3.3s", "hold: 98f"), ("narration: narration.flac ", "length: 974f\nnarration: narration.flac "))
    found = told(check(demo.golden))
    assert (*named("osprey"), SHOTS["osprey"], "lasts 98 frames instead of 99, 1 frame shorter") in [
        (where, part, frames if frames is None else SHOTS["osprey"], what) for where, part, frames, what in found
    ]
    assert not [row for row in found if row[1] in {"image-1", "image-2", "image-4", "image-5"}]


@pytest.fixture
def other_file(monkeypatch):
    """`other_file(*options)`: today's joining code makes another file: the finished one goes through FFmpeg."""

    def use(*options):
        run = FFmpegBackend.run

        def spoiled(backend, timeline, output, workspace, settings):
            result = run(backend, timeline, output, workspace, settings)
            other = settings.destination.with_name("spoiled.mp4")
            run_process([str(find_ffmpeg().path), "-v", "error", "-i", str(settings.destination), *options, str(other)])
            other.replace(settings.destination)
            return result

        monkeypatch.setattr(FFmpegBackend, "run", spoiled)
        made = versions.made_with
        monkeypatch.setattr(versions, "made_with", lambda: made() | {"file code": "0" * 64})

    return use


AAC = ["-map", "0", "-c:v", "copy", "-c:a", "aac", "-b:a", "192k", "-movflags", "+faststart"]
FILES = {
    "moov at the end": (["-c", "copy"], None, "moov at the end instead of first"),
    "44.1 kHz": ([*AAC, "-ar", "44100"], "mix", r"sample rate 44\.1 kHz instead of 48 kHz"),
}


@pytest.mark.parametrize(("options", "track", "words"), FILES.values(), ids=FILES)
def test_a_fault_of_the_file(recorded_demo, told, other_file, options, track, words):
    other_file(*options)
    assert_found(told(check(recorded_demo.golden)), [("file", track, None, words)])


def test_a_doubled_keyframe_interval(recorded_demo, told, other_encoding):
    other_encoding(keyframe_s=Fraction(4))
    words = "keyframe interval doubled: 120 frames instead of 60 frames"
    assert_found(told(check(recorded_demo.golden)), [("file", None, None, words)])


def test_another_preset_is_the_encoders_alone(recorded_demo, other_encoding):
    other_encoding(preset="medium")
    found = check(recorded_demo.golden)
    assert found.passed
    assert found.notices[0].what == "x264 preset medium instead of veryfast"
    assert found.facts[0] == "all 975 frames made of the same ingredients: none had to be rendered"


@pytest.mark.parametrize(("jobs", "cores"), [(1, 1), (5, 1), (3, 2)])
def test_other_jobs_and_cores_make_the_recorded_frames(recorded_demo, monkeypatch, tmp_path, jobs, cores):
    """All frames are rendered again, by other code as far as the golden knows, into a cache that is empty."""
    allowed = os.sched_getaffinity(0)
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(versions, "picture_ingredients", lambda: {"picture code": "0" * 64, "pillow": "99"})
    os.sched_setaffinity(0, set(sorted(allowed)[:cores]))
    try:
        found = check(recorded_demo.golden, CheckSettings(jobs=jobs))
    finally:
        os.sched_setaffinity(0, allowed)
    assert found.passed
    assert found.facts[0] == "975 of 975 frames rendered and compared by their hashes, all of them equal"


@pytest.mark.skipif(not DEBIAN_FFMPEG.exists(), reason="no second FFmpeg at /usr/bin/ffmpeg")
def test_another_ffmpeg_decodes_the_same_sound_and_makes_a_file_of_the_same_structure(recorded_demo, tmp_path):
    import json
    import subprocess
    import sys

    argv = [str(Path(sys.executable).with_name("storyreel")), "golden", "check", str(recorded_demo.golden), "--json"]
    env = os.environ | {"STORYREEL_FFMPEG": str(DEBIAN_FFMPEG), "STORYREEL_CACHE_DIR": str(tmp_path / "cache")}
    ran = subprocess.run(argv, capture_output=True, text=True, env=env, check=False)
    answer = json.loads(ran.stdout)
    assert (ran.returncode, answer["differences"]) == (0, []), ran.stdout
    assert any(item["what"].startswith("FFmpeg ") for item in answer["notices"])
    assert answer["facts"][0] == "all 975 frames made of the same ingredients: none had to be rendered"
    assert answer["facts"][-1] == "file: made once to look at its structure"
