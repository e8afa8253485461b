"""The same story gives the same bytes: on one core or many, with either FFmpeg, with every kernel, at every run."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from backends.base import RunSettings
from backends.ffmpeg.backend import FFmpegBackend
from renderer.picture.kernels.jit import has_cpu_feature
from renderer.story import StoryOptions, compile_story, open_workspace

PROJECT = Path(__file__).parents[1]


def painted(width, height, seed):
    """A busy picture: a gradient, waves and noise."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(-20, 20, (height, width, 3))
    waves = np.stack([x * 255 / width, 128 + 100 * np.sin(x / 9 + seed) * np.cos(y / 7), y * 255 / height], 2)
    return Image.fromarray(np.clip(waves + noise, 0, 255).astype(np.uint8))


def write_story(folder, write_spec, make_tone, scale=1, **overrides):
    """Every kind of layer: cover, contain and blur, cut and crossfade, JPEG and alpha, logo cards, voice and music."""
    folder.mkdir(exist_ok=True)
    painted(480 // scale, 270 // scale, 1).save(folder / "wide.jpg", quality=90)
    painted(180 // scale, 260 // scale, 2).save(folder / "tall.png")
    glass = painted(300 // scale, 200 // scale, 3)
    glass.putalpha(Image.linear_gradient("L").resize(glass.size))
    glass.save(folder / "glass.png")
    make_tone(folder / "voice.wav", 1.5, rate=44_100)
    make_tone(folder / "bed.wav", 1, hz=220, channels=2)
    fade = {"kind": "crossfade", "length": "0.2s"}
    images = [
        {"file": "wide.jpg"},
        {"file": "tall.png", "fit": "blur", "transition": fade},
        {"file": "glass.png", "fit": "contain", "transition": fade},
    ]
    brand = {"preset": "stories-of-you", "intro": "0.2s", "outro": "0.2s"}
    fields = {"brand": brand, "images": images, "narration": "voice.wav", "music": "bed.wav"}
    return write_spec(folder, **(fields | overrides))


@pytest.fixture(scope="session")
def story(tmp_path_factory, write_spec, make_tone):
    """1.9 s at 320 x 180."""
    return write_story(tmp_path_factory.mktemp("determinism"), write_spec, make_tone)


@pytest.fixture(scope="session")
def tiny_story(tmp_path_factory, write_spec, make_tone):
    """The same at 56 x 32, from tiny pictures and without the brand."""
    folder = tmp_path_factory.mktemp("tiny")
    return write_story(folder, write_spec, make_tone, scale=12, output={"width": 56, "height": 32}, brand="none")


@pytest.fixture(scope="session")
def run_program():
    """`run_program(*arguments, before=(), **environment)`: the command in a process of its own; its stdout."""

    def run(*arguments, before=(), **environment):
        argv = [*before, sys.executable, "-m", "cli", *map(str, arguments)]
        settings = {"cwd": PROJECT, "env": os.environ | environment, "timeout": 300}
        ran = subprocess.run(argv, check=False, capture_output=True, **settings)
        assert ran.returncode == 0, ran.stderr.decode()
        return ran.stdout

    return run


@pytest.fixture(scope="session")
def frames_digest(story, run_program):
    """`frames_digest(before=(), **environment)`: hash of all frames as `storyreel frames` writes them."""

    def digest(before=(), **environment):
        return hashlib.sha256(run_program("frames", story, "-o", "-", before=before, **environment)).hexdigest()

    return digest


@pytest.fixture(scope="session")
def usual_frames(frames_digest):
    return frames_digest()


def test_frames_are_the_same_on_one_core(frames_digest, usual_frames):
    if shutil.which("taskset") is None:
        pytest.skip("taskset is not installed")
    core = str(min(os.sched_getaffinity(0)))
    assert frames_digest(before=("taskset", "-c", core)) == usual_frames


def test_frames_are_the_same_with_the_systems_ffmpeg(frames_digest, usual_frames, debian_ffmpeg):
    assert frames_digest(STORYREEL_FFMPEG=str(debian_ffmpeg)) == usual_frames


@pytest.mark.parametrize("kernel", ["portable", "avx2"])
def test_frames_are_the_same_with_every_kernel(frames_digest, usual_frames, kernel):
    if kernel == "avx2" and not has_cpu_feature("avx2"):
        pytest.skip("this CPU has no AVX2")
    assert frames_digest(STORYREEL_KERNEL=kernel) == usual_frames


def test_frames_are_the_same_when_strings_hash_otherwise(frames_digest, usual_frames):
    assert frames_digest(PYTHONHASHSEED="1", LC_ALL="C", TZ="Asia/Tokyo") == usual_frames


@pytest.fixture(scope="session")
def tiny_frames(tiny_story, run_program):
    """Every frame of the tiny story, by compiled kernels."""
    frames = run_program("frames", tiny_story, "-o", "-").split(b"FRAME\n")[1:]
    assert {len(frame) for frame in frames} == {56 * 32 * 3 // 2}
    return frames


@pytest.mark.parametrize("number", [2, 17, 33], ids=["cover", "crossfade to blur", "crossfade to alpha"])
def test_a_frame_is_the_same_without_compiled_kernels(tiny_story, tiny_frames, run_program, number):
    span = f"{number}:{number + 1}"
    stream = run_program("frames", tiny_story, "-o", "-", "--range", span, NUMBA_DISABLE_JIT="1")
    assert stream.partition(b"FRAME\n")[2] == tiny_frames[number]


def test_a_story_that_moved_to_another_folder_is_the_same_story(story, tmp_path, run_program, usual_frames):
    moved = shutil.copytree(story.parent, tmp_path / "another place") / story.name
    assert run_program("compile", moved) == run_program("compile", story)
    assert hashlib.sha256(run_program("frames", moved, "-o", "-")).hexdigest() == usual_frames


@pytest.fixture(scope="session")
def render_story(story, tmp_path_factory):
    """`render_story(jobs=2, use_cache=False)`: (bytes of the video, result)."""

    def render(jobs=2, *, use_cache=False):
        target, options = tmp_path_factory.mktemp("video") / "story.mp4", StoryOptions(use_cache=use_cache)
        with open_workspace(story, options) as workspace:
            compiled = compile_story(story, workspace, options)
            result = FFmpegBackend().run(compiled.timeline, compiled.output, workspace, RunSettings(target, jobs))
        return target.read_bytes(), result

    return render


@pytest.fixture(scope="session")
def usual_video(render_story):
    return render_story()[0]


@pytest.mark.parametrize("jobs", [1, 2, 4])
def test_the_video_is_the_same_byte_for_byte_with_any_number_of_jobs(render_story, usual_video, jobs):
    assert render_story(jobs)[0] == usual_video


def test_the_video_is_the_same_byte_for_byte_from_another_process_on_one_core(
    story, tmp_path, run_program, usual_video
):
    if shutil.which("taskset") is None:
        pytest.skip("taskset is not installed")
    core = str(max(os.sched_getaffinity(0)))
    run_program("render", story, "-o", tmp_path / "one.mp4", "--no-cache", before=("taskset", "-c", core))
    assert (tmp_path / "one.mp4").read_bytes() == usual_video


def test_the_video_is_the_same_byte_for_byte_from_the_cache(render_story, usual_video):
    (first, _), (second, result) = (render_story(use_cache=True) for _ in range(2))
    assert first == second == usual_video
    assert result.segments == {"total": result.segments["total"], "from_cache": result.segments["total"], "rendered": 0}


def test_what_a_run_says_does_not_depend_on_the_cache(render_story):
    results = [render_story(use_cache=use_cache)[1] for use_cache in (False, True, True)]
    told = [(result.warnings, dict(result.sound), result.checks, result.timeline_sha256) for result in results]
    assert told[0] == told[1] == told[2]


def test_a_loud_mix_is_warned_about_from_the_cache_as_well(tmp_path, make_image, make_tone, write_spec):
    make_image(tmp_path / "a.png", (64, 36))
    make_tone(tmp_path / "loud.wav", 1, level_db=-1)
    voice = {"file": "loud.wav", "gain_db": 6}
    spec = write_spec(tmp_path, output={"width": 64, "height": 36}, images=["a.png"], narration=voice)
    warned = []
    for _ in range(2):
        with open_workspace(spec, StoryOptions()) as workspace:
            compiled = compile_story(spec, workspace, StoryOptions())
            settings = RunSettings(tmp_path / "loud.mp4", 2)
            warned.append(FFmpegBackend().run(compiled.timeline, compiled.output, workspace, settings).warnings)
    assert warned[0]
    assert warned[0] == warned[1]


def test_the_systems_ffmpeg_makes_a_video_that_passes_every_check(story, tmp_path, run_program, debian_ffmpeg):
    target = tmp_path / "other.mp4"
    run_program("render", story, "-o", target, "--no-cache", "--verify", "full", STORYREEL_FFMPEG=str(debian_ffmpeg))
    with av.open(str(target)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 57
