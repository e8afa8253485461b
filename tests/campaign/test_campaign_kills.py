"""Kill -9 at random moments, again and again, then finish: the film is the one that was never interrupted (P2, R3)."""

from __future__ import annotations

import hashlib
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

pytestmark = pytest.mark.campaign

KILLS = int(os.environ.get("STORYREEL_CAMPAIGN_KILLS", "50"))
PROJECT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "import sys; sys.argv[0] = 'storyreel'; from cli import main; main()"]


@pytest.fixture
def story(tmp_path, write_spec, make_tone):
    """Ten seconds of noise with sound, its film to be written to a folder of its own."""
    folder = tmp_path / "story"
    make_tone(folder / "voice.wav", 10)
    for number in range(4):
        pixels = np.random.default_rng(number).integers(0, 255, (180, 320, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    (tmp_path / "output").mkdir()
    return write_spec(folder, images=[f"{number}.png" for number in range(4)], narration="voice.wav")


def render(spec, target, cache):
    environment = os.environ | {"PYTHONPATH": str(PROJECT), "STORYREEL_CACHE_DIR": str(cache)}
    command = [*COMMAND, "render", str(spec), "-o", str(target)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, start_new_session=True)


def finished(spec, target, cache):
    process = render(spec, target, cache)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    return hashlib.sha256(target.read_bytes()).hexdigest()


def left_over(marker):
    """Processes whose command line names this test's folder."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and folder.name != str(os.getpid()):
            try:
                state = (folder / "stat").read_text().rpartition(") ")[2][0]
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if state != "Z" and marker.encode() in command:
                found.append(command)
    return found


def test_film_after_many_kills_is_the_uninterrupted_one(tmp_path, story):
    chance = random.Random(int(os.environ.get("STORYREEL_CAMPAIGN_SEED", "1")))
    started = time.monotonic()
    expected = finished(story, tmp_path / "reference.mp4", tmp_path / "cache-of-reference")
    whole, target, midway = time.monotonic() - started, tmp_path / "output" / "out.mp4", 0
    for number in range(KILLS):
        process = render(story, target, tmp_path / f"cache{number // 2}")
        time.sleep(chance.uniform(0.1, 0.8 * whole))
        process.kill()
        process.communicate()
        midway += process.returncode == -signal.SIGKILL
        time.sleep(0.5)
        assert left_over(str(tmp_path)) == []
        assert {path.name for path in target.parent.iterdir()} <= {"out.mp4"}
        assert not target.exists() or hashlib.sha256(target.read_bytes()).hexdigest() == expected
    for number in range((KILLS + 1) // 2):
        assert finished(story, target, tmp_path / f"cache{number}") == expected
        assert list((tmp_path / f"cache{number}" / "scratch").iterdir()) == []
    assert midway >= KILLS // 2
    print(f"\n{midway} of {KILLS} runs were under way when they were killed: every film the same")  # noqa: T201
