"""A render that was killed goes on where it was: finished segments are kept, and the file is the same (SAFETY P2)."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def story(tmp_path_factory, write_spec):
    """Twelve pictures of noise, a second each: a few seconds of work in twelve segments."""
    folder = tmp_path_factory.mktemp("resume")
    noise = np.random.default_rng(7)
    images = []
    for number in range(12):
        name = f"image{number}.png"
        Image.fromarray(noise.integers(0, 256, (90, 160, 3), np.uint8)).resize((640, 360)).save(folder / name)
        images.append({"file": name, "hold": 1})
    return write_spec(folder, images=images, output={"width": 640, "height": 360})


def started(story, target, cache):
    argv = [sys.executable, "-m", "cli", "render", str(story), "-o", str(target), "--json"]
    environment = os.environ | {"STORYREEL_CACHE_DIR": str(cache)}
    return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process):
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors.decode()
    return json.loads(output)


@pytest.fixture(scope="module")
def uninterrupted(story, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    finished(started(story, folder / "out.mp4", folder / "cache"))
    return (folder / "out.mp4").read_bytes()


def children_of(pid):
    """Who decodes pictures and who encodes sound, with `STORYREEL_FFMPEG` also the pictures' encoders."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def kill(process, chance, *, child):
    """Kill the run, or only one of its children; says whether there was one. A quick run has simply ended."""
    victims = [process.pid]
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        victims = children_of(process.pid) if child else victims
        if victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
    process.communicate(timeout=60)
    return bool(victims)


def kept_segments(cache):
    return len(list((cache / "segments").rglob("*.json")))


@pytest.mark.parametrize("child", [False, True], ids=["the whole run killed", "one child killed"])
def test_a_killed_render_resumes_to_the_same_file(story, uninterrupted, tmp_path, child):
    target, cache, chance = tmp_path / "out.mp4", tmp_path / "cache", random.Random(5)
    hit = 0
    for least in (2, 5):
        process = started(story, target, cache)
        while kept_segments(cache) < least and process.poll() is None:
            time.sleep(0.01)
        hit += kill(process, chance, child=child)
    result = finished(started(story, target, cache))
    assert hit >= 1
    assert result["segments"]["from_cache"] >= 1
    assert target.read_bytes() == uninterrupted
    assert [path.name for path in tmp_path.iterdir() if path != cache] == ["out.mp4"]


@pytest.mark.campaign
def test_fifty_kills_at_random_moments_all_resume_to_the_same_file(story, uninterrupted, tmp_path):
    chance = random.Random(20)
    kept, hit = 0, {False: 0, True: 0}
    for turn in range(50):
        target, cache = tmp_path / f"out{turn}.mp4", tmp_path / f"cache{turn}"
        process, child = started(story, target, cache), chance.random() < 0.5
        time.sleep(chance.uniform(0.2, 4))
        hit[child] += kill(process, chance, child=child)
        result = finished(started(story, target, cache))
        kept += result["segments"]["from_cache"]
        assert target.read_bytes() == uninterrupted, f"turn {turn}"
    print(f"\n{hit[False]} runs and {hit[True]} children killed: every file the same")  # noqa: T201
    print(f"{kept} of {50 * 12} segments were kept over the kill")  # noqa: T201
