"""Spec → timeline: crossfades, moves, names, and what holds for every spec that compiles."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renderer.timebase import FrameRange, frames_covering, sample_at_frame
from renderer.timeline.canonical import timeline_from_json, timeline_json, timeline_sha256
from renderer.timeline.compile import samples_at_mix_rate
from renderer.timeline.geometry import opacity_at, rect_at
from renderer.timeline.invariants import check_invariants
from renderer.timeline.model import AudioSource

BRAND = "stories-of-you"
FADE = {"kind": "crossfade", "length": "10f"}
ZOOM = {"from": {"zoom": 1}, "to": {"zoom": 2, "focus": [0, 0]}, "ease": "linear"}


def images_of(timeline):
    return [layer for layer in timeline.layers if layer.kind == "image"]


@pytest.fixture
def crossfaded(compile_spec):
    """Two moving images of a second each, the second faded in over ten frames."""
    second = {"file": "b.jpg", "motion": ZOOM, "transition": FADE}
    return images_of(compile_spec(narration_s=2, images=[{"file": "a.jpg", "motion": ZOOM}, second]))


def test_a_crossfade_starts_on_the_new_images_first_frame(crossfaded):
    before, after = crossfaded
    assert (before.range, after.range) == (FrameRange(0, 40), FrameRange(30, 60))
    assert [opacity_at(after, frame) for frame in (30, 39, 40)] == [Fraction(1, 20), Fraction(19, 20), 1]


def test_the_previous_image_stays_opaque_under_a_crossfade_and_holds_its_last_view(crossfaded):
    before, after = crossfaded
    assert {opacity_at(before, frame) for frame in range(30, 40)} == {1}
    assert {rect_at(before, frame) for frame in range(29, 40)} == {before.motion.end}
    assert before.z < after.z


def test_a_move_fills_the_image_from_its_first_frame_to_its_last(crossfaded):
    for layer, start in zip(crossfaded, (0, 30), strict=True):
        assert layer.motion.over == FrameRange(start, start + 30)
        assert rect_at(layer, start) == layer.rect == layer.motion.start
        assert rect_at(layer, start + 29) == layer.motion.end != layer.motion.start


def test_a_crossfade_without_length_takes_half_a_second(compile_spec):
    timeline = compile_spec(narration_s=4, images=["a.jpg", {"file": "b.jpg", "transition": "crossfade"}])
    assert images_of(timeline)[1].fade_in == 15


def test_a_crossfade_shorter_than_a_frame_takes_one(compile_spec):
    fade = {"kind": "crossfade", "length": "1ms"}
    timeline = compile_spec(narration_s=4, images=["a.jpg", {"file": "b.jpg", "transition": fade}])
    assert images_of(timeline)[1].fade_in == 1


@pytest.mark.parametrize("fit", ["cover", "contain", "blur"])
def test_the_fit_is_the_specs(compile_spec, fit):
    image = {"file": "a.jpg", "fit": fit, "motion": "none"}
    layer = images_of(compile_spec(narration_s=1, picture=(1000, 1000), images=[image]))[0]
    side = 1920 if fit == "cover" else 1080
    assert (layer.fit, layer.rect.width, layer.rect.height) == (fit, side, side)


MOTIONS = {"none": "none", "a move to the same view": {"from": {"zoom": 1.2}, "to": {"zoom": 1.2}}}


@pytest.mark.parametrize("motion", MOTIONS.values(), ids=MOTIONS)
def test_a_still_image_has_no_motion(compile_spec, motion):
    assert images_of(compile_spec(narration_s=1, images=[{"file": "a.jpg", "motion": motion}]))[0].motion is None


def test_the_default_move_depends_on_the_position_alone(compile_spec):
    first, second = (
        images_of(compile_spec(narration_s=10, images=names)) for names in (["a.jpg"] * 7, ["b.jpg", *["c.jpg"] * 6])
    )
    assert [layer.motion.end for layer in first] == [layer.motion.end for layer in second]
    assert len({(layer.motion.start, layer.motion.end) for layer in first[:6]}) == 6


def test_a_story_is_named_by_its_file_and_what_it_shows(compile_spec):
    one, other = (compile_spec(narration_s=seconds, images=["a.jpg"]) for seconds in (1, 2))
    assert one.id == f"story-{timeline_sha256(one)[:8]}"
    assert one.id != other.id
    assert (compile_spec(narration_s=1, images=["a.jpg"], id="mine").id, one.title) == ("mine", "story")


def test_the_hash_does_not_depend_on_the_name(compile_spec):
    one, other = (compile_spec(narration_s=1, images=["a.jpg"], id=name) for name in ("one", "other"))
    assert timeline_sha256(one) == timeline_sha256(other)


def test_a_preview_has_the_same_frames_in_time(compile_spec):
    fields = {"narration_s": 7, "brand": BRAND, "images": ["a.jpg", {"file": "b.jpg", "transition": FADE}]}
    full, small = compile_spec(**fields), compile_spec(preview=True, **fields)
    assert (small.width, small.height, small.sound) == (960, 540, full.sound)
    assert [layer.range for layer in small.layers] == [layer.range for layer in full.layers]


@pytest.mark.parametrize(("rate", "samples", "expected"), [(48_000, 100, 100), (44_100, 441, 480), (44_100, 1, 2)])
def test_a_source_lasts_its_samples_at_the_mix_rate_rounded_up(rate, samples, expected):
    assert samples_at_mix_rate(AudioSource("n.wav", "", rate, 1, samples)) == expected


@dataclass(frozen=True)
class Case:
    """A spec that has to compile, and what is known about it beforehand."""

    fields: dict
    rate: Fraction
    frames: int


@st.composite
def cases(draw):
    """0 to 40 images, some held, some faded in; a voice that leaves half a second and a bit for each of the others."""
    rate = Fraction(draw(st.sampled_from(["24", "25", "30", "30000/1001", "60"])))
    holds = draw(st.lists(st.none() | st.integers(500, 9000), max_size=40))
    brand = draw(st.sampled_from([BRAND, "none", "plain"])) if holds else BRAND
    images = [draw(_image(number, hold)) for number, hold in enumerate(holds)]
    fields = {"images": images, "brand": brand, "output": {"rate": f"{rate.numerator}/{rate.denominator}"}}
    cards = 5 if brand == BRAND else 0
    held = Fraction(sum(hold or 0 for hold in holds), 1000)
    sharing = holds.count(None)
    if holds and not sharing:
        frames = sum(round(Fraction(part) * rate) for part in ((3, 2) if cards else ()))
        return Case(fields, rate, frames + int(held * rate + Fraction(1, 2)))
    content = held + max(1, sharing) * Fraction(6, 10) + Fraction(draw(st.integers(48, 480_000)), 48_000)
    length = draw(st.sampled_from(["program", "narration"]))
    voice = content + (cards if length == "narration" else 0)
    fields |= {"length": length, "narration_s": voice, "loudness": draw(st.sampled_from(["web", -20]))}
    if draw(st.booleans()):
        music = draw(st.sampled_from([{}, {"gain_db": -12.5, "fade_in": "7f"}, {"duck": {}}]))
        speech = ((0, 4_800), (24_000, int(voice * 48_000)))
        fields |= {"music_s": draw(st.integers(1, 20)), "music": {"file": "m.wav"} | music, "speech": speech}
    spoken = frames_covering(round(voice * 48_000), 48_000, rate)
    around = sum(round(Fraction(part) * rate) for part in (3, 2)) if cards and length == "program" else 0
    return Case(fields, rate, spoken + around)


@st.composite
def _image(draw, number, hold):
    image = {"file": f"{number}.jpg", "fit": draw(st.sampled_from(["cover", "contain", "blur"]))}
    image |= {"hold": f"{hold}ms"} if hold is not None else {}
    motion = draw(st.sampled_from([None, "none", "zoom-in", "pan-left", ZOOM]))
    image |= {"motion": motion} if motion is not None else {}
    if number and draw(st.booleans()):
        image["transition"] = {"kind": "crossfade", "length": f"{draw(st.integers(1, 400))}ms"}
    return image


every_compilable_spec = settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow])


@every_compilable_spec
@given(cases())
def test_every_timeline_lasts_what_its_parts_do_and_keeps_its_invariants(compile_spec, case):
    timeline = compile_spec(**case.fields)
    check_invariants(timeline)
    assert timeline.frame_count == case.frames
    assert timeline.sound.sample_count == sample_at_frame(case.frames, case.rate)
    assert all(track.end <= timeline.sound.sample_count for track in timeline.sound.tracks)


@every_compilable_spec
@given(cases())
def test_every_content_frame_shows_its_image_and_a_second_one_only_under_a_crossfade(compile_spec, case):
    timeline = compile_spec(**case.fields)
    images = images_of(timeline)
    starts = [layer.range.start for layer in images]
    for before, after in itertools.pairwise(images):
        assert before.range.end == after.range.start + after.fade_in
        assert after.range.start > before.range.start
    logos = {layer.id: layer.range for layer in timeline.layers if layer.kind == "logo"}
    content = logos.get("corner", FrameRange(0, timeline.frame_count))
    assert not images or (starts[0], images[-1].range.end) == (content.start, content.end)


@every_compilable_spec
@given(cases())
def test_every_timeline_survives_its_canonical_text(compile_spec, case):
    timeline = compile_spec(**case.fields)
    text = timeline_json(timeline)
    assert timeline_from_json(text) == timeline
    assert timeline_json(timeline_from_json(text)) == text


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(cases())
def test_the_same_spec_and_media_give_the_same_bytes(compile_spec, case):
    assert timeline_json(compile_spec(**case.fields)) == timeline_json(compile_spec(**case.fields))
