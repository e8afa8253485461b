"""The child that decodes pictures: limited, replaced when it dies, in step whatever it is asked."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from renderer.errors import MediaError, ToolError
from renderer.media import MediaLimits
from renderer.picture import intake
from renderer.picture.intake import Intake


@pytest.fixture
def door():
    with Intake() as one:
        yield one


@pytest.fixture(scope="module")
def good(tmp_path_factory, make_image):
    return make_image(tmp_path_factory.mktemp("good") / "good.png", (64, 48)).read_bytes()


def pid_of(door):
    return door._child._popen.pid


def test_facts_are_those_of_the_picture(door, good):
    facts = door.facts("good.png", good)
    assert (facts.width, facts.height, facts.alpha) == (64, 48, False)


def test_planes_have_the_asked_size_and_one_colour(door, good):
    planes = door.still("good.png", good, 32, 24)
    luma = np.frombuffer(planes.data, np.uint8)[: 32 * 24]
    assert (planes.width, planes.height, planes.alpha, len(planes.data)) == (32, 24, False, 32 * 24 * 3 // 2)
    assert luma.min() == luma.max()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (64, 1), (1, 48)], ids=str)
def test_smallest_and_odd_sizes_work(door, good, size):
    planes = door.still("good.png", good, *size)
    chroma = -(-size[0] // 2) * -(-size[1] // 2)
    assert len(planes.data) == size[0] * size[1] + 2 * chroma


def test_backdrop_is_small_and_dim(door, good):
    planes = door.backdrop("good.png", good, 640, 360)
    assert (planes.width, planes.height) == (80, 45)
    assert np.frombuffer(planes.data, np.uint8)[: 80 * 45].max() < 80


def test_nothing_is_started_before_it_is_needed():
    with Intake() as door, pytest.raises(MediaError, match="whatever its name says"):
        door.facts("x.png", b"no picture")
    assert door._child is None


@pytest.mark.parametrize("content", [b"", b"\x89PNG", b"\xff\xd8", b"RIFF\0\0\0\0WAVE"], ids=repr)
def test_foreign_content_never_reaches_the_child(door, content):
    with pytest.raises(MediaError, match="is not a picture that can be used"):
        door.facts("x", content)


def test_killed_child_is_replaced_and_the_next_picture_is_good(door, good):
    door.facts("good.png", good)
    os.kill(pid_of(door), signal.SIGKILL)
    time.sleep(0.1)
    with pytest.raises(MediaError, match=r"next\.png: can't be decoded within the limits"):
        door.facts("next.png", good)
    assert door.facts("good.png", good).width == 64


def test_hanging_child_is_ended_and_the_picture_named(door, good, monkeypatch):
    door.facts("good.png", good)  # starting the child takes as long as the machine is busy
    monkeypatch.setattr(intake, "_SECONDS_PER_PICTURE", 0.5)
    os.kill(pid_of(door), signal.SIGSTOP)
    with pytest.raises(MediaError, match=r"stuck\.png: .*took too long"):
        door.facts("stuck.png", good)
    monkeypatch.setattr(intake, "_SECONDS_PER_PICTURE", 60)
    assert door.facts("good.png", good).width == 64


SLOW_KERNELS = """
import sys, time
sys.path.insert(0, sys.argv[1])
from renderer.picture import intake_child
intake_child._load_kernels = lambda: time.sleep(2)
intake_child.make_planes = lambda content, request: ({"width": 2, "height": 2, "alpha": False}, bytes(6))
intake_child.main()
"""


def test_compiling_kernels_takes_nothing_from_a_pictures_minute(good, monkeypatch):
    monkeypatch.setattr(intake, "_PROGRAM", SLOW_KERNELS)
    with Intake() as door:
        door.facts("good.png", good)
        monkeypatch.setattr(intake, "_SECONDS_PER_PICTURE", 1.5)
        assert door.moving("good.png", good, 2, 2).data == bytes(6)


def test_kernels_that_can_not_be_loaded_are_no_fault_of_the_picture(good, monkeypatch):
    monkeypatch.setattr(intake, "_PROGRAM", SLOW_KERNELS)
    monkeypatch.setattr(intake, "_SECONDS_TO_COMPILE", 0.5)
    with Intake() as door:
        door.facts("good.png", good)
        with pytest.raises(ToolError, match=r"can't load its kernels: .*took too long"):
            door.moving("good.png", good, 2, 2)


def test_child_may_not_write_large_files_nor_use_all_memory(door, good):
    door.facts("good.png", good)
    limits = Path(f"/proc/{pid_of(door)}/limits").read_text()
    found = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert found["Max file size"] == ["64000000"] * 2
    assert found["Max address space"] == ["6000000000"] * 2
    assert found["Max core file size"] == ["0"] * 2


def test_child_has_no_file_of_the_story_open(door, good):
    door.facts("good.png", good)
    folder = Path(f"/proc/{pid_of(door)}/fd")
    kinds = {link.readlink().name.partition(":")[0] for link in folder.iterdir()}
    assert kinds <= {"pipe", "null"}


def test_many_threads_get_their_own_answers(door, make_image, tmp_path):
    pictures = {width: make_image(tmp_path / f"{width}.png", (width, 10)).read_bytes() for width in range(20, 60)}
    with ThreadPoolExecutor(8) as pool:
        found = dict(
            zip(pictures, pool.map(lambda pair: door.facts("x", pair[1]).width, pictures.items()), strict=True)
        )
    assert all(width == answer for width, answer in found.items())


def test_refusals_between_good_pictures_keep_the_child(door, good):
    door.facts("good.png", good)
    before = pid_of(door)
    for cut in range(30, len(good) - 12, 7):
        with pytest.raises(MediaError):
            door.facts("cut.png", good[:cut])
    assert door.facts("good.png", good).width == 64
    assert pid_of(door) == before


def test_limit_on_pixels_is_the_callers(good):
    with (
        Intake(MediaLimits(image_pixels=1000)) as door,
        pytest.raises(MediaError, match=r"over the limit|exceeds limit"),
    ):
        door.facts("good.png", good)


def test_close_ends_the_child_and_may_be_called_twice(good):
    door = Intake()
    door.facts("good.png", good)
    pid = pid_of(door)
    door.close()
    door.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_child_lives_as_long_as_the_door_when_its_first_user_was_a_thread_that_ended(door, good):
    """The death signal fires when the thread that started a child ends, not when the process does (SAFETY R3)."""
    thread = threading.Thread(target=door.facts, args=("good.png", good))
    thread.start()
    thread.join()
    time.sleep(0.2)
    assert door.facts("good.png", good).width == 64


def test_a_child_that_dies_over_a_picture_is_not_said_to_be_late(make_image, tmp_path):
    make_image(tmp_path / "a.png", (8, 8))
    content = (tmp_path / "a.png").read_bytes()
    with Intake() as door:
        door.facts("a.png", content)
        door._child.kill()
        with pytest.raises(MediaError, match=r"within the limits for one picture$"):
            door.facts("a.png", content)
        assert door.facts("a.png", content).width == 8
