"""The programme's layout in frames: both length modes, holds, and what a programme has no room for (X1, X11, X12)."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from renderer.errors import SpecError
from renderer.timebase import FrameRange
from renderer.timeline.geometry import opacity_at

BRAND = "stories-of-you"
THREE = ["photo.jpg", "first.jpg", "second.jpg"]


def ranges(timeline, kind="image"):
    """(start, end) of every layer of a kind, in order of time."""
    return sorted((layer.range.start, layer.range.end) for layer in timeline.layers if layer.kind == kind)


def layer(timeline, name):
    return next(layer for layer in timeline.layers if layer.id == name)


def problems(compile_spec, **fields):
    """What the compiler says about a spec, one `path: message: hint` each."""
    with pytest.raises(SpecError) as refused:
        compile_spec(**fields)
    found = refused.value.problems
    return [f"{item.path}: {item.message}" + (f": {item.hint}" if item.hint else "") for item in found]


@pytest.mark.parametrize(("length", "seconds"), [("narration", 120), ("program", 125)])
def test_a54_photo_and_two_pictures_over_a_voice_of_120_s(compile_spec, length, seconds):
    timeline = compile_spec(narration_s=120, brand=BRAND, length=length, images=THREE)
    assert timeline.duration_s == seconds
    assert sum(end - start for start, end in ranges(timeline)) == (seconds - 5) * 30
    assert len(ranges(timeline)) == 3


@pytest.mark.parametrize(("length", "seconds"), [("narration", 180), ("program", 185)])
def test_a55_three_pictures_over_a_voice_of_180_s(compile_spec, length, seconds):
    timeline = compile_spec(narration_s=180, brand=BRAND, length=length, images=["1.png", "2.png", "3.png"])
    assert timeline.duration_s == seconds
    assert sum(end - start for start, end in ranges(timeline)) == (seconds - 5) * 30
    assert len(ranges(timeline)) == 3


@pytest.mark.parametrize(
    ("length", "total", "voice"), [("program", 3750, (144_000, 5_904_000)), ("narration", 3600, (0, 5_760_000))]
)
def test_x1_where_the_voice_lies(compile_spec, length, total, voice):
    timeline = compile_spec(narration_s=120, brand=BRAND, length=length, images=THREE)
    track = timeline.sound.tracks[0]
    assert timeline.frame_count == total
    assert (track.start, track.end) == voice
    assert ranges(timeline, "logo") == [(0, 90), (90, total - 60), (total - 60, total)]


@pytest.mark.parametrize("length", ["program", "narration"])
def test_x2_the_last_frame_shows_the_outro_on_top(compile_spec, length):
    timeline = compile_spec(narration_s=Fraction(20_03, 100), brand=BRAND, length=length, images=THREE)
    last = [layer for layer in timeline.layers if timeline.frame_count - 1 in layer.range]
    assert [layer.id for layer in last] == ["background", "outro"]
    assert opacity_at(last[-1], timeline.frame_count - 1) == 1


def test_a17_seven_images_over_a_window_of_115_s(compile_spec):
    timeline = compile_spec(narration_s=115, brand=BRAND, images=[f"{number}.jpg" for number in range(7)])
    edges = [90, *(end for _, end in ranges(timeline))]
    assert edges == [90, 583, 1076, 1569, 2061, 2554, 3047, 3540]


def test_a17_a_hundred_shots_of_two_and_a_half_seconds_at_ntsc(compile_spec):
    shots = [{"file": f"{number}.jpg", "hold": 2.5} for number in range(100)]
    timeline = compile_spec(images=shots, output={"rate": "30000/1001"})
    assert timeline.frame_count == 7493
    assert {end - start for start, end in ranges(timeline)} == {74, 75}


def test_a_voice_between_two_frames_gets_the_frame_it_ends_in(compile_spec):
    timeline = compile_spec(narration_s=Fraction(48_001, 48_000), images=["a.jpg"])
    assert timeline.frame_count == 31
    assert timeline.sound.tracks[0].end == 48_001


def test_a_held_image_keeps_its_time_and_the_others_share_the_rest(compile_spec):
    images = ["a.jpg", {"file": "b.jpg", "hold": "6s"}, "c.jpg"]
    timeline = compile_spec(narration_s=10, images=images)
    assert ranges(timeline) == [(0, 60), (60, 240), (240, 300)]


@pytest.mark.parametrize(
    ("start", "frames", "voice"),
    [("2s", 210, 96_000), ("15f", 165, 24_000), ("00:00:01:10", 190, 64_000), (0, 150, 0)],
)
def test_a_voice_may_start_elsewhere(compile_spec, start, frames, voice):
    narration = {"file": "n.wav", "start": start}
    timeline = compile_spec(narration_s=5, narration=narration, images=["a.jpg"])
    assert (timeline.frame_count, timeline.sound.tracks[0].start) == (frames, voice)


def test_a_length_of_its_own_sets_the_programme(compile_spec):
    timeline = compile_spec(narration_s=2, length="10s", brand=BRAND, images=["a.jpg"])
    assert timeline.frame_count == 300
    assert ranges(timeline) == [(90, 240)]


def test_a_spec_of_holds_alone_lasts_their_sum_and_its_cards(compile_spec):
    timeline = compile_spec(brand=BRAND, images=[{"file": "a.jpg", "hold": 2}, {"file": "b.jpg", "hold": "45f"}])
    assert ranges(timeline) == [(90, 150), (150, 195)]
    assert timeline.frame_count == 255


REFUSED = {
    "nothing left by a short voice": (
        {"narration_s": 5, "length": "narration", "brand": BRAND, "images": THREE},
        (
            "$.length: a programme of 5.000 s leaves nothing for 3 images between an intro of 3.000 s and an outro of"
            " 2.000 s: at least 0.5 s for each image are needed"
        ),
    ),
    "nothing left for the logo card": (
        {"length": "4s", "brand": BRAND},
        (
            "$.length: a programme of 4.000 s leaves nothing for 1 image between an intro of 3.000 s and an outro of"
            " 2.000 s: at least 0.5 s for each image are needed"
        ),
    ),
    "too many images for the window": (
        {"narration_s": 1, "images": THREE},
        (
            "$.images: 3 images without `hold` share 1.000 s of the 1.000 s content window, less than 0.5 s each: use"
            " fewer images, shorter holds or a longer programme"
        ),
    ),
    "holds leave too little": (
        {"narration_s": 10, "images": [{"file": "a.jpg", "hold": 9.8}, "b.jpg"]},
        (
            "$.images: 1 image without `hold` shares 0.200 s of the 10.000 s content window, less than 0.5 s each: use"
            " fewer images, shorter holds or a longer programme"
        ),
    ),
    "holds beyond the window": (
        {"narration_s": 10, "images": [{"file": "a.jpg", "hold": 12}, "b.jpg"]},
        (
            "$.images: 1 image without `hold` shares 0.000 s of the 10.000 s content window, less than 0.5 s each: use"
            " fewer images, shorter holds or a longer programme"
        ),
    ),
    "holds and window differ": (
        {"narration_s": 10, "images": [{"file": "a.jpg", "hold": 4}, {"file": "b.jpg", "hold": 5}]},
        (
            "$.images: the images hold 9.000 s together, but the content window is 10.000 s: let one image share the"
            " rest by removing its `hold`, or change the holds"
        ),
    ),
    "a voice longer than the programme": (
        {"narration_s": 10, "length": 9, "images": ["a.jpg"]},
        (
            "$.length: the voice ends at 10.000 s, after the programme's end at 9.000 s: make the programme longer, or"
            " start the voice earlier"
        ),
    ),
    "a start against length: narration": (
        {"narration_s": 9, "narration": {"file": "n.wav", "start": 1}, "length": "narration", "images": ["a.jpg"]},
        "$.narration.start: with `length: narration` the voice starts at 0: remove `start`, or use `length: program`",
    ),
    "a crossfade longer than its share": (
        {"narration_s": 2, "images": ["a.jpg", {"file": "b.jpg", "transition": {"kind": "crossfade", "length": 1.5}}]},
        (
            "$.images[1].transition: a crossfade of 1.500 s is longer than its image, 1.000 s: shorten the crossfade or"
            " hold the image longer"
        ),
    ),
    "music after the end": (
        {"narration_s": 2, "music_s": 5, "music": {"file": "m.wav", "start": 2}, "images": ["a.jpg"]},
        "$.music.start: the music starts after the programme's end: start it earlier",
    ),
    "fades longer than the music": (
        {"narration_s": 2, "music_s": 5, "music": {"file": "m", "fade_in": 1.5, "fade_out": 1}, "images": ["a.jpg"]},
        "$.music.fade_out: fade_in and fade_out take 2.500 s, but the music is heard for 2.000 s: shorten the fades",
    ),
}


@pytest.mark.parametrize(("fields", "message"), REFUSED.values(), ids=REFUSED)
def test_what_a_programme_can_not_hold_is_refused_with_its_numbers(compile_spec, fields, message):
    assert problems(compile_spec, **fields) == [message]


def test_faults_of_schedule_crossfade_and_sound_are_found_in_one_run(compile_spec):
    fade = {"kind": "crossfade", "length": 1.5}
    found = problems(
        compile_spec,
        narration_s=2,
        music_s=5,
        music={"file": "m.wav", "start": 2},
        images=["a.jpg", {"file": "b.jpg", "transition": fade}],
    )
    assert [problem.split(":")[0] for problem in found] == ["$.images[1].transition", "$.music.start"]


def test_a_shot_shorter_than_a_frame_is_a_spec_error(compile_spec):
    images = [{"file": f"{number}.jpg", "hold": 0.5} for number in range(4)]
    assert problems(compile_spec, images=images, output={"rate": "1"})


def test_x11_the_logo_card_counts_as_an_image(compile_spec):
    assert ranges(compile_spec(length="5.5s", brand=BRAND), "logo")[1] == (90, 105)
    assert problems(compile_spec, length="5.4s", brand=BRAND)


def test_a_story_without_images_and_without_a_logo_has_nothing_to_show(compile_spec):
    assert problems(compile_spec, length="10s", brand="plain")


@given(
    total_ms=st.integers(0, 10_000),
    count=st.integers(1, 12),
    rate=st.sampled_from(["24", "25", "30", "30000/1001"]),
    brand=st.sampled_from([BRAND, "none"]),
)
def test_x11_a_short_programme_compiles_with_half_a_second_for_each_image_or_is_refused(
    compile_spec, total_ms, count, rate, brand
):
    names, rate_value = [f"{number}.jpg" for number in range(count)], Fraction(rate)
    window = (Fraction(total_ms, 1000) - (5 if brand == BRAND else 0)) / count
    assume(abs(window - Fraction(1, 2)) > 1 / rate_value)
    fields = {"length": f"{total_ms}ms", "brand": brand, "images": names, "output": {"rate": rate}}
    if window < Fraction(1, 2):
        assert problems(compile_spec, **fields)
    else:
        shots = ranges(compile_spec(**fields))
        assert all(end - start >= int(rate_value / 2) for start, end in shots)


@given(total_ms=st.integers(0, 10_000))
def test_x11_a_logo_card_of_no_frame_is_refused(compile_spec, total_ms):
    fields = {"length": f"{total_ms}ms", "brand": BRAND}
    if total_ms < 5_017:
        assert problems(compile_spec, **fields)
    elif total_ms >= 5_500:
        assert layer(compile_spec(**fields), "logo-fallback").range == FrameRange(
            90, (total_ms * 30 + 500) // 1000 - 60
        )
