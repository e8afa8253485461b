"""A timeline that contradicts itself is refused with every contradiction, whoever made it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from renderer.timebase import FrameRange
from renderer.timeline.invariants import InvariantError, check_invariants
from renderer.timeline.model import (
    AudioSource,
    EnvelopePoint,
    ImageSource,
    Layer,
    Motion,
    Rect,
    Sound,
    SoundTrack,
    Timeline,
)

WHOLE = Rect(Fraction(0), Fraction(0), Fraction(64), Fraction(32))
PICTURE = ImageSource("a.png", "1" * 64, 64, 32, alpha=False)
VOICE = AudioSource("n.wav", "2" * 64, 48_000, 1, 48_000)

BACKGROUND = Layer("background", "background", 0, FrameRange(0, 60), color="#000000")
FIRST = Layer("image-1", "image", 1, FrameRange(0, 40), source=PICTURE, rect=WHOLE)
SECOND = replace(FIRST, id="image-2", z=2, range=FrameRange(30, 60), fade_in=10)
TRACK = SoundTrack("narration", VOICE, 0, 48_000, Fraction(0))
GOOD = Timeline("good", "Good", Fraction(30), 64, 32, 60, (BACKGROUND, FIRST, SECOND), Sound(96_000, (TRACK,)))


def with_layers(*layers):
    return replace(GOOD, layers=layers)


def with_track(**changes):
    return replace(GOOD, sound=replace(GOOD.sound, tracks=(replace(TRACK, **changes),)))


def moving(**changes):
    motion = replace(Motion(WHOLE, WHOLE, "linear", FrameRange(0, 30)), **changes)
    return with_layers(BACKGROUND, replace(FIRST, motion=motion), SECOND)


BROKEN = {
    "no frames": (replace(GOOD, frame_count=0), "frame_count is 0"),
    "an odd size": (replace(GOOD, width=63), "size 63×32 is not even"),
    "no background": (with_layers(FIRST, SECOND), "no background covers every frame"),
    "a background that ends early": (
        with_layers(replace(BACKGROUND, range=FrameRange(0, 59)), FIRST, SECOND),
        "no background covers every frame",
    ),
    "a background smaller than the frame": (
        with_layers(
            replace(BACKGROUND, color=None, source=PICTURE, rect=replace(WHOLE, width=Fraction(62))), FIRST, SECOND
        ),
        "no background covers every frame",
    ),
    "one z twice": (with_layers(BACKGROUND, FIRST, replace(SECOND, z=1)), "not in an order of unique z: [0, 1, 1]"),
    "layers out of order": (with_layers(FIRST, BACKGROUND, SECOND), "not in an order of unique z: [1, 0, 2]"),
    "one id twice": (with_layers(BACKGROUND, FIRST, replace(SECOND, id="image-1")), "two layers share an id"),
    "a layer beyond the end": (
        with_layers(BACKGROUND, FIRST, replace(SECOND, range=FrameRange(30, 61))),
        "image-2 is seen in [30, 61) of 60 frames",
    ),
    "a layer never seen": (
        with_layers(BACKGROUND, FIRST, SECOND, Layer("corner", "logo", 9, FrameRange(5, 5), color="#ffffff")),
        "corner is seen in [5, 5) of 60 frames",
    ),
    "nothing to show": (
        with_layers(BACKGROUND, replace(FIRST, source=None), SECOND),
        "image-1 needs either a source, a clip or a color",
    ),
    "a picture nowhere": (with_layers(BACKGROUND, replace(FIRST, rect=None), SECOND), "image-1 has no place"),
    "a picture of no width": (
        with_layers(BACKGROUND, replace(FIRST, rect=replace(WHOLE, width=Fraction(0))), SECOND),
        "image-1 has no place",
    ),
    "more than opaque": (
        with_layers(BACKGROUND, replace(FIRST, opacity=101), SECOND),
        "image-1 has an opacity of 101 %",
    ),
    "a fade longer than its layer": (
        with_layers(BACKGROUND, replace(FIRST, fade_in=41), SECOND),
        "image-1 fades in for 41 of 40 frames",
    ),
    "a motion that begins elsewhere": (
        moving(start=replace(WHOLE, left=Fraction(1))),
        "image-1 does not start its motion where it lies",
    ),
    "a motion over no frame": (moving(over=FrameRange(3, 3)), "image-1 does not start its motion where it lies"),
    "a gap between images": (
        with_layers(BACKGROUND, replace(FIRST, range=FrameRange(0, 29)), replace(SECOND, fade_in=0)),
        "image-1 and image-2 overlap by -1 frames, the crossfade has 0",
    ),
    "an overlap without a crossfade": (
        with_layers(BACKGROUND, FIRST, replace(SECOND, fade_in=0)),
        "image-1 and image-2 overlap by 10 frames, the crossfade has 0",
    ),
    "the next image below": (
        with_layers(BACKGROUND, replace(SECOND, z=1), replace(FIRST, z=2)),
        "image-2 lies below image-1, which it follows",
    ),
    "samples not those of the frames": (
        replace(GOOD, sound=replace(GOOD.sound, sample_count=96_001)),
        "96001 samples at 48000 Hz, expected 96000 at 48000",
    ),
    "another sample rate": (
        replace(GOOD, sound=replace(GOOD.sound, sample_rate=44_100)),
        "96000 samples at 44100 Hz, expected 96000 at 48000",
    ),
    "a track beyond the end": (with_track(end=96_001), "narration is heard in [0, 96001) of 96000 samples"),
    "a track never heard": (with_track(start=48_000), "narration is heard in [48000, 48000) of 96000 samples"),
    "fades longer than the track": (
        with_track(fade_in=24_001, fade_out=24_000),
        "narration fades longer than it is heard",
    ),
    "a fade backwards": (with_track(fade_in=-1), "narration fades longer than it is heard"),
    "an envelope out of order": (
        with_track(envelope=(EnvelopePoint(5, Fraction(0)), EnvelopePoint(5, Fraction(-25)))),
        "narration has an envelope out of order",
    ),
}


def test_a_good_timeline_passes():
    check_invariants(GOOD)


@pytest.mark.parametrize(("timeline", "violation"), BROKEN.values(), ids=BROKEN)
def test_a_contradiction_is_named(timeline, violation):
    with pytest.raises(InvariantError) as refused:
        check_invariants(timeline)
    assert any(violation in found for found in refused.value.violations)
    assert refused.value.exit_code == 4


def test_every_contradiction_is_named_at_once():
    with pytest.raises(InvariantError) as refused:
        check_invariants(replace(GOOD, width=63, sound=Sound(1), layers=(FIRST,)))
    assert len(refused.value.violations) == 3
