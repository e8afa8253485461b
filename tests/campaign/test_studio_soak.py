"""A long day in the studio: thousands of saves leave memory and file descriptors where they were."""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

import pytest

from studio.session import open_session
from studio.watch import watching

SAVES = int(os.environ.get("STORYREEL_SOAK_SAVES", "2000"))
WARM = SAVES // 5
"""Saves before the first look: caches fill up to their limits."""
MAX_GROWTH_BYTES = 40_000_000


def resident_bytes():
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


def save_and_wait(session, path, text, number):
    """Every save changes the sound; every third also a hold, and so the picture."""
    gain, hold = -30 + number % 20, 1 + number % 3 / 10
    path.write_text(text.format(gain=gain, hold=hold, number=number), encoding="utf-8")
    end = time.monotonic() + 120
    while time.monotonic() < end:
        state = session.board.snapshot()
        video, version = state["video"], session.version
        ours = version is not None and version.story.timeline.title == f"s{number}"
        if ours and video is not None and video["story"] == version.sha256:
            return session.frame(version.sha256, number % 60)
        time.sleep(0.01)
    raise AssertionError(f"no video after save {number}: {session.board.snapshot()}")


@pytest.mark.campaign
def test_thousands_of_saves_leave_memory_and_handles_flat(tmp_path, make_image, make_tone):
    for number in range(2):
        make_image(tmp_path / f"image{number}.png", (320, 180), (60 * number, 90, 120))
    make_tone(tmp_path / "voice.wav", 2)
    make_tone(tmp_path / "bed.wav", 1, channels=2)
    text = (
        "storyreel: 1\ntitle: s{number}\noutput: {{width: 160, height: 90}}\nnarration: voice.wav\n"
        "music: {{file: bed.wav, gain_db: {gain}}}\nimages:\n  - {{file: image0.png, hold: {hold}s}}\n  - image1.png\n"
    )
    path = tmp_path / "story.yaml"
    path.write_text(text.format(gain=-25, hold=1, number=-1), encoding="utf-8")
    with open_session(path, jobs=2) as session, watching(session):
        seen = []
        for number in range(SAVES):
            save_and_wait(session, path, text, number)
            if number >= WARM and number % max(1, SAVES // 20) == 0:
                gc.collect()
                seen.append((number, resident_bytes(), open_files()))
                sys.stderr.write(f"{number} saves: {seen[-1][1] / 1e6:.1f} MB, {seen[-1][2]} files\n")
    assert seen[-1][2] <= seen[0][2] + 3
    assert seen[-1][1] - seen[0][1] <= MAX_GROWTH_BYTES
