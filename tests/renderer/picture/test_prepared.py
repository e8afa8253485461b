"""Pictures on the shelf: decoded once for all threads, at the size the deepest zoom needs, let go in time."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pytest

from renderer.errors import MediaError
from renderer.media import MediaFolder
from renderer.picture.intake import PicturePlanes
from renderer.picture.prepared import KEPT_PICTURES, PictureShelf, deepest_size, longest_step
from renderer.timebase import FrameRange
from renderer.timeline.model import ImageSource, Layer, Motion, Rect

FRAME = (64, 36)


def rect(left, top, width, height):
    return Rect(*map(Fraction, (left, top, width, height)))


def source_of(path, size, *, alpha=False):
    return ImageSource(path.name, hashlib.sha256(path.read_bytes()).hexdigest(), *size, alpha)


def layer_of(source, *, start=None, end=None, fit="cover", kind="image"):
    first = start or rect(0, 0, *FRAME)
    motion = Motion(first, end, "linear", FrameRange(0, 10)) if end else None
    return Layer("i", kind, 1, FrameRange(0, 10), source=source, rect=first, fit=fit, motion=motion)


class CountingIntake:
    """Answers with black planes, counts what it is asked for, and can be told to wait or to refuse."""

    def __init__(self):
        self.asked, self.go_on, self.refuse = [], threading.Event(), False
        self.go_on.set()

    def moving(self, name, _content, width, height):
        return self._answer("moving", name, width, height)

    def still(self, name, _content, width, height):
        return self._answer("still", name, width, height)

    def backdrop(self, name, _content, width, height):
        return self._answer("backdrop", name, width, height)

    def _answer(self, use, name, width, height):
        self.asked.append((use, name, width, height))
        self.go_on.wait(10)
        if self.refuse:
            raise MediaError(name, "damaged")
        size = width * height + 2 * ((width + 1) // 2) * ((height + 1) // 2)
        return PicturePlanes(width, height, alpha=False, data=bytes(size))


@pytest.fixture
def counting():
    return CountingIntake()


@pytest.fixture
def shelf_of(tmp_path):
    """`shelf_of(intake)`: a shelf over the test's folder."""
    return lambda intake: PictureShelf(MediaFolder(tmp_path), intake, max_bytes=10**7, frame=FRAME)


@pytest.fixture
def pictures(tmp_path, make_image):
    """Ten layers with ten different pictures of 640 x 360."""
    paths = [make_image(tmp_path / f"{number}.png", color=(number, 2, 3)) for number in range(10)]
    return [layer_of(source_of(path, (640, 360))) for path in paths]


@pytest.mark.parametrize(
    ("picture", "end", "expected"),
    [
        pytest.param((4000, 2250), None, (96, 54), id="a photograph at rest: one and a half times the frame"),
        pytest.param((4000, 2250), rect(-32, -18, 128, 72), (192, 108), id="the deepest zoom counts"),
        pytest.param((80, 45), rect(-32, -18, 128, 72), (80, 45), id="never more than there is"),
        pytest.param((1, 1), None, (1, 1), id="one pixel"),
    ],
)
def test_a_picture_is_prepared_at_the_size_its_deepest_zoom_needs(
    tmp_path, make_image, intake, shelf_of, picture, end, expected
):
    source = source_of(make_image(tmp_path / "a.png", picture), picture)
    prepared = shelf_of(intake).picture(layer_of(source, end=end))
    assert prepared.size == expected
    assert (prepared.u.width, prepared.u.height) == tuple((side + 1) // 2 for side in expected)


def test_the_deepest_zoom_is_found_at_either_end_of_a_motion(tmp_path, make_image):
    source = source_of(make_image(tmp_path / "a.png"), (640, 360))
    wide, near = rect(0, 0, 64, 36), rect(-10, -10, 100, 60)
    assert deepest_size(layer_of(source, start=wide, end=near)) == (100, 60)
    assert deepest_size(layer_of(source, start=near, end=wide)) == (100, 60)


def test_the_longest_step_is_that_of_the_widest_view(tmp_path, make_image, intake, shelf_of):
    source = source_of(make_image(tmp_path / "a.png"), (640, 360))
    layer = layer_of(source, start=rect(-32, -18, 128, 72), end=rect(0, 0, 64, 36))
    assert longest_step(layer, shelf_of(intake).picture(layer)) == Fraction(192, 64)


def test_two_threads_that_want_one_picture_decode_it_once(pictures, counting, shelf_of):
    counting.go_on.clear()
    shelf = shelf_of(counting)
    with ThreadPoolExecutor(4) as pool:
        wanted = [pool.submit(shelf.picture, pictures[0]) for _ in range(4)]
        counting.go_on.set()
        found = {id(future.result()) for future in wanted}
    assert (len(found), len(counting.asked)) == (1, 1)


def test_a_picture_that_is_asked_for_again_is_not_decoded_again(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    assert shelf.picture(pictures[0]) is shelf.picture(pictures[0])


def test_one_picture_at_two_sizes_is_two_pictures(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    near = dataclasses.replace(pictures[0], rect=rect(-32, -18, 128, 72))
    assert shelf.picture(pictures[0]).size != shelf.picture(near).size


def test_the_shelf_keeps_few_pictures_and_lets_the_least_used_go(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    for layer in pictures[:KEPT_PICTURES]:
        shelf.picture(layer)
    shelf.picture(pictures[0])
    shelf.picture(pictures[8])
    counting.asked.clear()
    shelf.picture(pictures[0])
    shelf.picture(pictures[1])
    assert [name for _, name, *_ in counting.asked] == ["1.png"]


def test_only_a_few_pictures_wait_for_their_turn(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    for layer in pictures:
        shelf.prepare_in_turn(layer)
    assert [name for _, name, *_ in counting.asked] == ["0.png", "1.png", "2.png"]
    shelf.picture(pictures[0])
    shelf.prepare_in_turn(pictures[3])
    shelf.prepare_in_turn(pictures[4])
    assert [name for _, name, *_ in counting.asked][3:] == ["3.png"]


def test_a_picture_that_waits_is_not_let_go_for_one_that_was_drawn(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    shelf.prepare_in_turn(pictures[0])
    for layer in pictures[1:]:
        shelf.picture(layer)
    counting.asked.clear()
    shelf.picture(pictures[0])
    assert counting.asked == []


def test_a_damaged_picture_takes_no_place_among_those_that_wait(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    counting.refuse = True
    for layer in pictures[:5]:
        with pytest.raises(MediaError):
            shelf.prepare_in_turn(layer)
    counting.refuse = False
    shelf.prepare_in_turn(pictures[5])
    assert [name for _, name, *_ in counting.asked][-1] == "5.png"


def test_every_thread_that_waits_for_a_damaged_picture_is_told_and_the_next_one_tries_again(
    pictures, counting, shelf_of
):
    counting.refuse = True
    shelf = shelf_of(counting)
    with ThreadPoolExecutor(3) as pool:
        failures = [pool.submit(shelf.picture, pictures[0]).exception() for _ in range(3)]
    assert [type(failure) for failure in failures] == [MediaError] * 3
    counting.refuse = False
    assert shelf.picture(pictures[0]).size == FRAME


def test_a_picture_that_changed_since_the_timeline_is_refused_by_name(
    tmp_path, make_image, pictures, counting, shelf_of
):
    make_image(tmp_path / "3.png", color=(99, 99, 99))
    with pytest.raises(MediaError, match=r"3\.png.*changed since"):
        shelf_of(counting).picture(pictures[3])
    assert counting.asked == []


def test_preparing_a_blurred_picture_makes_its_backdrop_too(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    shelf.prepare(dataclasses.replace(pictures[0], fit="blur"))
    assert counting.asked == [("moving", "0.png", *FRAME), ("backdrop", "0.png", *FRAME)]


def test_what_is_prepared_out_of_turn_never_keeps_others_from_it(pictures, counting, shelf_of):
    shelf = shelf_of(counting)
    for layer in pictures:
        shelf.prepare(layer)
    assert len(counting.asked) == len(pictures)


def test_preparing_a_colour_does_nothing(counting, shelf_of):
    shelf_of(counting).prepare(Layer("b", "background", 0, FrameRange(0, 1), color="#000000"))
    assert counting.asked == []


def test_a_logo_is_prepared_at_exactly_its_size(pictures, counting, shelf_of):
    layer = dataclasses.replace(pictures[0], kind="logo", rect=rect(4, 4, 20, 12))
    assert shelf_of(counting).picture(layer).size == (20, 12)
    assert counting.asked == [("still", "0.png", 20, 12)]


@pytest.mark.parametrize(
    ("color", "alpha"),
    [
        pytest.param((10, 20, 30), False, id="opaque"),
        pytest.param((10, 20, 30, 255), False, id="an alpha channel without transparency"),
        pytest.param((10, 20, 30, 128), True, id="half transparent"),
        pytest.param((10, 20, 30, 0), True, id="invisible"),
    ],
)
def test_alpha_planes_are_there_only_where_something_can_be_seen_through(
    tmp_path, make_image, intake, shelf_of, color, alpha
):
    source = source_of(make_image(tmp_path / "a.png", (80, 45), color), (80, 45), alpha=len(color) == 4)
    prepared = shelf_of(intake).picture(layer_of(source))
    assert (prepared.alpha is not None, prepared.chroma_alpha is not None) == (alpha, alpha)
    if alpha:
        assert np.unique(prepared.alpha.rows).tolist() == [color[3]]


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 2000), (4000, 10), (5, 7)], ids=str)
def test_a_picture_of_any_size_keeps_its_colour(tmp_path, make_image, intake, shelf_of, size):
    prepared = shelf_of(intake).picture(layer_of(source_of(make_image(tmp_path / "a.png", size), size)))
    levels = [np.unique(plane.rows).tolist() for plane in (prepared.y, prepared.u, prepared.v)]
    assert levels == [[80], [112], [198]], "BT.709 limited of (200, 40, 40)"


def test_a_damaged_picture_is_refused_by_name_and_the_next_one_works(tmp_path, make_image, intake, shelf_of):
    path = make_image(tmp_path / "cut.jpg", (400, 300))
    path.write_bytes(path.read_bytes()[:-200])
    shelf = shelf_of(intake)
    with pytest.raises(MediaError, match=r"cut\.jpg"):
        shelf.picture(layer_of(source_of(path, (400, 300))))
    assert shelf.picture(layer_of(source_of(make_image(tmp_path / "b.png"), (640, 360)))).size == (96, 54)


def test_the_picture_of_a_phone_held_upright_is_turned_before_it_is_prepared(tmp_path, make_image, intake, shelf_of):
    from PIL import Image

    stored = Image.new("RGB", (60, 40), (0, 0, 0))
    stored.paste((255, 255, 255), (0, 0, 60, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    stored.save(tmp_path / "turned.png", exif=exif)
    layer = layer_of(source_of(tmp_path / "turned.png", (40, 60)), start=rect(0, 0, 40, 60))
    luma = shelf_of(intake).picture(layer).y
    assert (luma.width, luma.height) == (40, 60)
    assert (luma.rows[30, 5], luma.rows[30, 35]) == (16, 235)
