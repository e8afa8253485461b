"""Which layers one frame shows: from the bottom up, nothing that is hidden, nothing that is transparent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renderer.picture.scene import OPAQUE, scene_at
from renderer.timebase import FrameRange
from renderer.timeline.model import ImageSource, Layer, Motion, Rect

SIZE = (64, 32)
WHOLE = Rect(Fraction(0), Fraction(0), Fraction(64), Fraction(32))
PART = Rect(Fraction(4), Fraction(4), Fraction(8), Fraction(8))
PICTURE = ImageSource("a.png", "1" * 64, 64, 32, alpha=False)
CLEAR = replace(PICTURE, path="b.png", alpha=True)

GROUND = Layer("background", "background", 0, FrameRange(0, 60), color="#000000")
IMAGE = Layer("image-1", "image", 1, FrameRange(0, 60), source=PICTURE, rect=WHOLE, fit="cover")
LOGO = Layer("corner", "logo", 50, FrameRange(10, 20), source=CLEAR, rect=PART, opacity=80)


def shown(*layers, frame=0):
    return [state.layer.id for state in scene_at(layers, frame, SIZE)]


def opacity(layer, frame):
    return scene_at([layer], frame, SIZE)[0].opacity


HIDING = {
    "a picture over the whole frame": (IMAGE, True),
    "a picture that reaches beyond it": (
        replace(IMAGE, rect=replace(WHOLE, left=Fraction(-5), width=Fraction(80))),
        True,
    ),
    "a colour": (replace(GROUND, id="image-1", z=1), True),
    "a blurred backdrop": (replace(IMAGE, rect=PART, fit="blur"), True),
    "a picture beside bars": (replace(IMAGE, rect=replace(WHOLE, left=Fraction(1), width=Fraction(62))), False),
    "a picture short of a sliver": (replace(IMAGE, rect=replace(WHOLE, width=Fraction(63999, 1000))), False),
    "a picture with alpha": (replace(IMAGE, source=CLEAR), False),
    "a picture at 99 %": (replace(IMAGE, opacity=99), False),
    "a picture fading in": (replace(IMAGE, fade_in=5), False),
}


@pytest.mark.parametrize(("layer", "hides"), HIDING.values(), ids=HIDING)
def test_what_lies_below_is_left_out_where_nothing_of_it_shows(layer, hides):
    assert shown(GROUND, layer) == (["image-1"] if hides else ["background", "image-1"])


def test_layers_come_from_the_bottom_up_in_their_own_frames_only():
    assert shown(GROUND, replace(IMAGE, rect=PART), LOGO, frame=9) == ["background", "image-1"]
    assert shown(GROUND, replace(IMAGE, rect=PART), LOGO, frame=10) == ["background", "image-1", "corner"]
    assert shown(GROUND, replace(IMAGE, rect=PART), LOGO, frame=20) == ["background", "image-1"]


def test_a_transparent_layer_is_not_there():
    assert shown(GROUND, replace(IMAGE, opacity=0)) == ["background"]


def test_opacity_is_in_65536ths():
    assert [opacity(replace(IMAGE, opacity=percent), 0) for percent in (100, 80, 50)] == [OPAQUE, 52_429, 32_768]


def test_a_crossfade_shows_both_images_and_ends_with_the_new_one_alone():
    following = replace(IMAGE, id="image-2", z=2, range=FrameRange(30, 60), fade_in=4)
    before = replace(IMAGE, range=FrameRange(0, 34))
    assert [shown(GROUND, before, following, frame=frame) for frame in (29, 30, 33, 34)] == [
        ["image-1"],
        ["image-1", "image-2"],
        ["image-1", "image-2"],
        ["image-2"],
    ]


@given(st.integers(1, 240))
def test_the_steps_of_a_crossfade_are_symmetric(fade):
    layer = replace(IMAGE, range=FrameRange(7, 400), fade_in=fade)
    steps = [opacity(layer, 7 + step) for step in range(fade)]
    assert steps == sorted(set(steps))
    assert all(abs(low + high - OPAQUE) <= 1 for low, high in zip(steps, reversed(steps), strict=True))


def test_two_frames_of_a_still_image_are_the_same_scene():
    assert scene_at([GROUND, IMAGE], 3, SIZE) == scene_at([GROUND, IMAGE], 40, SIZE)


def test_every_frame_of_a_moving_image_is_a_scene_of_its_own():
    nearer = replace(WHOLE, width=Fraction(80), height=Fraction(40))
    moving = replace(IMAGE, motion=Motion(WHOLE, nearer, "linear", FrameRange(0, 60)))
    scenes = [scene_at([GROUND, moving], frame, SIZE) for frame in range(60)]
    assert len({scene[0].rect for scene in scenes}) == 60
    assert (scenes[0][0].rect, scenes[-1][0].rect) == (WHOLE, nearer)


def test_nothing_is_shown_outside_every_range():
    assert scene_at([GROUND, IMAGE, LOGO], 60, SIZE) == ()
