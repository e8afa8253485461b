"""Faults of our own code: the story is the same, frames or samples are not; measured, placed and named."""

from __future__ import annotations

import re

import numpy as np
import pytest
from picture_faults import bt601, full_range

from golden import sound_check, versions
from golden.check import check


@pytest.fixture
def spoil_sound(monkeypatch):
    """`spoil_sound(change)`: the whole mix goes through `change` of its (n, 2) int16 array."""

    def spoil(change):
        made = sound_check.programme

        class Spoiled:
            def __init__(self, timeline, workspace):
                self._whole = np.concatenate([block.copy() for block in made(timeline, workspace).blocks()])

            def blocks(self):
                yield np.ascontiguousarray(change(self._whole))

        monkeypatch.setattr(sound_check, "programme", Spoiled)
        monkeypatch.setattr(versions, "mix_key", lambda _timeline: "0" * 64)

    return spoil


MUTANTS = {
    "full range": (full_range, "full range instead of limited"),
    "BT.601": (bt601, "matrix BT.601 instead of BT.709"),
}


@pytest.mark.parametrize(("change", "what"), MUTANTS.values(), ids=MUTANTS)
def test_wrong_levels_are_named(recorded_story, failures, spoil_frames, change, what):
    spoil_frames(change)
    assert failures(check(recorded_story.golden)) == [("programme", None, (0, 120), what)]


def test_a_shift_in_a_few_frames_is_placed_on_them(recorded_story, failures, spoil_frames):
    def shift(number, y, u, v):
        if 60 <= number < 70:
            y[:], u[:], v[:] = np.roll(y, -2, axis=1), np.roll(u, -1, axis=1), np.roll(v, -1, axis=1)

    spoil_frames(shift)
    [(where, layer, frames, what)] = failures(check(recorded_story.golden))
    assert (where, layer, frames) == ("images[1] (wren.png)", "image-2", (60, 70))
    assert re.fullmatch(r"moved (2|1\.9) px left", what), what


def test_what_covers_the_logo_is_placed_on_it(recorded_story, failures, spoil_frames):
    def cover(_number, y, _u, _v):
        y[222:254, 438:464] = 126

    spoil_frames(cover)
    [(where, layer, frames, _what)] = failures(check(recorded_story.golden))
    assert (where, layer, frames) == ("brand.corner (brand/logo.png)", "corner", (0, 120))


def test_a_swapped_mix_is_heard(recorded_story, failures, spoil_sound):
    spoil_sound(lambda mix: mix[:, ::-1])
    assert failures(check(recorded_story.golden)) == [("programme", "mix", (0, 120), "left and right swapped")]


def test_rounding_of_the_mix_is_only_mentioned(recorded_story, spoil_sound):
    spoil_sound(lambda mix: mix + (np.arange(len(mix)) % 3 == 0).astype(np.int16)[:, None])
    found = check(recorded_story.golden)
    assert found.passed
    assert found.notices[0].what.startswith("samples are other by rounding")
