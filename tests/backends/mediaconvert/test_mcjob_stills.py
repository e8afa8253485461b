"""Strategy `stills`: whatever the service's rounding, every frame shows the slide that the timeline shows."""

from __future__ import annotations

import dataclasses
import math
import re
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backends.mediaconvert.images import fade_ms, overrunning_ms, rounded_ms, timecode
from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.strategies import build_job, stills
from renderer.output import output_preset
from renderer.timebase import nominal_rate

TARGET = JobTarget("example-stories", "role")
BRAND = "stories-of-you"
RATES = ["24", "25", "30", "30000/1001", "50", "60000/1001", "60"]
RULES = {"down": math.floor, "nearest": lambda value: math.floor(value + Fraction(1, 2)), "up": math.ceil}
TIMECODE = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d:([0-5]\d)")


def stilled(count, **fields):
    return [{"file": f"{number}.jpg", "motion": "none", **fields} for number in range(count)]


def plan_of(timeline, **options):
    return build_job("stills", timeline, output_preset("story-1080p"), TARGET, JobOptions(**options))


def images_of(plan):
    video = plan.job["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
    return video["VideoPreprocessors"]["ImageInserter"]["InsertableImages"]


def frame_of(text, rate):
    hours, minutes, seconds, frames = (int(part) for part in text.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * nominal_rate(rate) + frames


def visible(entries, frame, timeline, rule):
    """Numbers of the entries that the service shows in `frame`, lowest first, with how far each has faded in."""
    rate, found = timeline.rate, []
    for entry in sorted(entries, key=lambda entry: entry["Layer"]):
        since = frame - frame_of(entry["StartTime"], rate)
        lasts = rule(Fraction(entry["Duration"], 1000) * rate) if "Duration" in entry else timeline.frame_count
        if 0 <= since < lasts:
            faded = since / rate * 1000 >= entry["FadeIn"]
            found.append((entry["Layer"], faded))
    return found


def shown(slides, entries, frame, timeline, rule):
    """The layer of the topmost opaque slide, and the corner logos above it."""
    by_number = {slide.number: slide for slide in slides}
    seen = [(by_number[number], faded) for number, faded in visible(entries, frame, timeline, rule)]
    top = max(slide.number for slide, faded in seen if slide.opaque and faded)
    return by_number[top].layer.id, {slide.layer.id for slide, _ in seen if not slide.opaque and slide.number > top}


def expected(timeline, frame):
    there = [layer for layer in timeline.layers if frame in layer.range]
    full = [layer for layer in there if layer.id != "corner" and frame >= layer.range.start + layer.fade_in]
    return full[-1].id, {layer.id for layer in there if layer.id == "corner"}


@st.composite
def stories(draw):
    """Spec fields: any rate, cards and shots of any number of frames, crossfades."""
    rate = draw(st.sampled_from(RATES))
    least = math.ceil(Fraction(rate) / 2)
    images = []
    for number in range(draw(st.integers(0, 4))):
        hold = draw(st.integers(least, 4 * least))
        fade = draw(st.integers(0, hold // 2)) if number else 0
        kind = {"transition": {"kind": "crossfade", "length": f"{fade}f"}} if fade else {}
        images.append({"file": f"{number}.jpg", "motion": "none", "hold": f"{hold}f", **kind})
    cards = {name: f"{draw(st.integers(0, 40))}f" for name in ("intro", "outro")}
    corner = {} if draw(st.booleans()) else {"corner": "none"}
    brand = {"preset": BRAND, **cards, **corner}
    length = draw(st.sampled_from(["program", 10]))
    return {"images": images, "output": {"rate": rate}, "brand": brand, "length": length}


@settings(max_examples=150)
@given(spec=stories())
def test_every_frame_shows_the_right_slide_under_any_rounding(compile_spec, spec):
    from renderer.errors import SpecError

    try:
        timeline = compile_spec(**spec)
    except SpecError:
        assume(False)
    plan, slides = plan_of(timeline), stills.slides(timeline)
    assert not [item for item in plan.conformance if item.feature in ("image", "logo") and item.verdict != "exact"]
    edges = {layer.range.start for layer in timeline.layers} | {layer.range.end for layer in timeline.layers}
    near = {frame + step for frame in edges for step in (-1, 0, 1) if 0 <= frame + step < timeline.frame_count}
    entries, right = images_of(plan), {frame: expected(timeline, frame) for frame in near}
    for name, rule in RULES.items():
        wrong = [frame for frame in near if shown(slides, entries, frame, timeline, rule) != right[frame]]
        assert wrong == [], f"rounding {name}"


@pytest.mark.parametrize("count", [*range(1, 12), 49, 50, 51, 59, 60, 61, 95, 96])
def test_x10_every_layer_number_is_unique_and_valid(compile_spec, count):
    timeline = compile_spec(narration_s=100, brand=BRAND, images=stilled(count))
    numbers = [entry["Layer"] for entry in images_of(plan_of(timeline))]
    assert len(set(numbers)) == len(numbers) == count + 4
    assert set(numbers) <= set(range(100))
    assert numbers == [layer.z for layer in timeline.layers]


@pytest.mark.parametrize("count", [97, 98, 150])
def test_x10_more_images_than_layers_are_refused_with_the_way_out(compile_spec, count):
    plan = plan_of(compile_spec(narration_s=100, brand=BRAND, images=stilled(count)))
    (refusal,) = (item for item in plan.conformance if item.verdict == "refused")
    assert (plan.job, refusal.where) == ({}, "programme")
    assert f"{count} images" in refusal.detail
    assert "--strategy mezzanine" in refusal.detail


def test_without_brand_more_images_fit(compile_spec):
    numbers = [entry["Layer"] for entry in images_of(plan_of(compile_spec(narration_s=100, images=stilled(99))))]
    assert numbers == list(range(100))


@pytest.mark.parametrize("rate", RATES)
def test_a25_every_timecode_is_valid_and_its_frames_are_below_the_rate(compile_spec, rate):
    timeline = compile_spec(narration_s=61.3, brand=BRAND, images=stilled(7), output={"rate": rate})
    found = [TIMECODE.fullmatch(entry["StartTime"]) for entry in images_of(plan_of(timeline))]
    assert all(match and int(match[2]) < Fraction(rate) for match in found)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frame", [0, 1, 1799, 1800, 107_891, 107_892, 2_000_000])
def test_a_timecode_counts_without_dropping(rate, frame):
    assert frame_of(timecode(frame, Fraction(rate)), Fraction(rate)) == frame


def test_a_rate_whose_frames_no_timecode_can_count_is_refused(compile_spec):
    plan = plan_of(compile_spec(narration_s=3, images=stilled(1), output={"rate": "100"}))
    assert [(item.feature, item.verdict) for item in plan.conformance if item.verdict == "refused"] == [
        ("rate", "refused")
    ]
    with pytest.raises(ValueError, match="no timecode"):
        timecode(0, Fraction(100))


def test_images_are_pngs_in_lower_case_and_opacity_is_always_written(compile_spec):
    timeline = compile_spec(narration_s=20, brand=BRAND, images=[{"file": "PHOTO.JPG", "motion": "none"}])
    entries = images_of(plan_of(timeline))
    name = re.compile(r"s3://example-stories/storyreel/sources/[0-9a-f]{64}\.png")
    assert all(name.fullmatch(entry["ImageInserterInput"]) for entry in entries)
    assert [entry["Opacity"] for entry in entries] == [100, 100, 100, 80, 100]


def test_lengths_are_whole_milliseconds_without_drift(compile_spec):
    timeline = compile_spec(narration_s=100, images=stilled(90), output={"rate": "30000/1001"})
    starts = [frame_of(entry["StartTime"], timeline.rate) for entry in images_of(plan_of(timeline))[1:]]
    assert starts == [layer.range.start for layer in timeline.layers[1:]]
    assert all(isinstance(entry.get("Duration", 0), int) for entry in images_of(plan_of(timeline)))


@pytest.mark.parametrize(
    ("frames", "rate", "nearest", "fade", "overrunning"),
    [
        pytest.param(30, "30", 1000, 1000, 1010, id="whole milliseconds"),
        pytest.param(1150, "30", 38_333, 38_333, 38_344, id="a third above"),
        pytest.param(50, "30", 1667, 1666, 1677, id="a third below"),
        pytest.param(1, "30000/1001", 33, 33, 44, id="one frame at 29.97"),
        pytest.param(3, "48", 63, 62, 73, id="a half goes up"),
    ],
)
def test_a_length_in_milliseconds_is_nearest_a_fade_is_over_in_time_a_slide_overruns(
    frames, rate, nearest, fade, overrunning
):
    rate = Fraction(rate)
    found = (rounded_ms(frames, rate), fade_ms(frames, rate), overrunning_ms(frames, rate))
    assert found == (nearest, fade, overrunning)


def test_a_card_that_ends_inside_a_millisecond_lies_below_the_images(compile_spec):
    brand = {"preset": BRAND, "intro": "50f"}
    timeline = compile_spec(narration_s=10, brand=brand, images=stilled(2))
    numbers = stills.layer_numbers(timeline)
    assert sorted(numbers, key=numbers.get) == ["background", "intro", "image-1", "image-2", "corner", "outro"]


def test_a_card_under_a_fade_that_nothing_can_end_is_reported(compile_spec):
    timeline = compile_spec(narration_s=10, brand={"preset": BRAND, "intro": "50f"}, images=stilled(1))
    faded = [dataclasses.replace(layer, fade_in=9 * (layer.id == "image-1")) for layer in timeline.layers]
    timeline = dataclasses.replace(timeline, layers=tuple(faded))
    found = {(item.feature, item.where): item.verdict for item in plan_of(timeline).conformance}
    assert (found["logo", "intro"], found["logo", "outro"]) == ("approximated", "exact")


def test_motion_is_refused_or_dropped_with_what_that_costs(compile_spec):
    timeline = compile_spec(narration_s=10, images=["a.jpg"])
    refused, dropped = plan_of(timeline), plan_of(timeline, allow_approximate=True)
    assert refused.job == {}
    assert [item.verdict for item in dropped.conformance if item.feature == "motion"] == ["approximated"]
    assert len(images_of(dropped)) == 2


def test_sound_that_ends_inside_a_frame_makes_the_length_approximate(compile_spec):
    lengths = {}
    for rate in ("30", "30000/1001"):
        plan = plan_of(compile_spec(narration_s=10.03, images=stilled(1), output={"rate": rate}))
        lengths[rate] = [item.verdict for item in plan.conformance if item.feature == "length"]
    assert lengths == {"30": [], "30000/1001": ["approximated"]}
