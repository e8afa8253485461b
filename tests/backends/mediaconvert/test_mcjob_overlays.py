"""Strategy `overlays`: the moves that a job asks for stay within the stated bound of the exact rectangle."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.motion import follow
from backends.mediaconvert.scenes import clip_size
from backends.mediaconvert.strategies import build_job
from renderer.output import output_preset
from renderer.timebase import nominal_rate
from renderer.timeline.geometry import moved, opacity_at

TARGET = JobTarget("example-stories", "role")
BRAND = "stories-of-you"
EASES = ["linear", "in", "out", "in-out"]


def plan_of(timeline, **options):
    return build_job("overlays", timeline, output_preset("story-1080p"), TARGET, JobOptions(**options))


def overlays_of(plan):
    return plan.job["Settings"]["Inputs"][0]["VideoOverlays"]


def frame_of(text, rate):
    hours, minutes, seconds, frames = (int(part) for part in text.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * nominal_rate(rate) + frames


def edges(left, top, width, height):
    return left, top, left + width, top + height


def keyframes(overlay, rate):
    """(frame, position) of an overlay as the service reads it."""
    found = [(frame_of(overlay["StartTimecode"], rate), overlay["InitialPosition"])]
    for transition in overlay.get("Transitions", []):
        start, end = (frame_of(transition[key], rate) for key in ("StartTimecode", "EndTimecode"))
        assert found[-1][0] <= start < end
        found += [(start, found[-1][1]), (end, transition["EndPosition"])]
    return found


def value_at(frames, frame, key):
    """Linear between keyframes, at rest outside."""
    if frame >= frames[-1][0]:
        return Fraction(frames[-1][1][key])
    (a, here), (b, there) = next(pair for pair in itertools.pairwise(frames) if pair[0][0] <= frame < pair[1][0])
    return here[key] + Fraction((there[key] - here[key]) * (frame - a), b - a)


def worst_edge(overlay, layer, rate):
    frames, worst = keyframes(overlay, rate), Fraction(0)
    for frame in layer.range:
        box = [value_at(frames, frame, key) for key in ("XPosition", "YPosition", "Width", "Height")]
        exact = moved(layer.motion, frame)
        wanted = edges(exact.left, exact.top, exact.width, exact.height)
        worst = max(worst, *(abs(a - b) for a, b in zip(edges(*box), wanted, strict=True)))
    return worst


views = st.tuples(st.integers(100, 160), st.tuples(st.integers(20, 80), st.integers(20, 80)))


def view(drawn):
    zoom, focus = drawn
    return {"zoom": zoom / 100, "focus": [part / 100 for part in focus]}


@settings(max_examples=40)
@given(
    first=views,
    last=views,
    ease=st.sampled_from(EASES),
    frames=st.integers(30, 200),
    rate=st.sampled_from(["24", "25", "30", "30000/1001", "60"]),
    bound=st.sampled_from([0.75, 1.0, 3.0]),
)
def test_no_edge_in_any_frame_is_further_off_than_the_bound(compile_spec, first, last, ease, frames, rate, bound):
    motion = {"from": view(first), "to": view(last), "ease": ease}
    images = [{"file": "a.jpg", "hold": f"{frames}f", "motion": motion}]
    timeline = compile_spec(images=images, output={"rate": rate}, brand="none")
    layer = timeline.layers[1]
    if layer.motion is not None:
        (overlay,) = overlays_of(plan_of(timeline, max_deviation_px=bound))
        path = follow(layer, bound_px=bound)
        worst = worst_edge(overlay, layer, timeline.rate)
        assert float(worst) == pytest.approx(path.deviation_px, abs=1e-6)
        assert worst <= bound
        assert path.whole_pixel_deviation_px <= bound + 1


def test_a_looser_bound_needs_fewer_transitions(compile_spec):
    timeline = compile_spec(narration_s=20, images=[{"file": "a.jpg", "motion": "push-in"}])
    counts = [len(overlays_of(plan_of(timeline, max_deviation_px=px))[0]["Transitions"]) for px in (0.75, 1, 4, 100)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] == 1


def test_the_report_states_the_greatest_deviation(compile_spec):
    timeline = compile_spec(narration_s=20, images=["a.jpg"])
    (overlay,), layer = overlays_of(plan_of(timeline)), timeline.layers[1]
    (motion,) = (item for item in plan_of(timeline).conformance if item.feature == "motion")
    assert motion.verdict == "approximated"
    assert f"at most {float(worst_edge(overlay, layer, timeline.rate)):.2f} px" in motion.detail


@pytest.fixture(scope="session")
def faded(compile_spec):
    """Two moving images with a crossfade of 15 frames between them."""
    second = {"file": "b.jpg", "transition": {"kind": "crossfade", "length": "15f"}}
    return compile_spec(narration_s=10, brand=BRAND, images=["a.jpg", second])


def test_a_crossfade_follows_the_renderers_opacity(faded):
    overlay, layer = overlays_of(plan_of(faded))[1], faded.layers[2]
    frames = keyframes(overlay, faded.rate)
    off = [abs(value_at(frames, frame, "Opacity") / 100 - opacity_at(layer, frame)) for frame in layer.range]
    assert max(off) < Fraction(4, 100)
    assert value_at(frames, layer.range.start + 15, "Opacity") == 100


def test_an_overlay_is_seen_from_its_first_frame_to_its_last(faded):
    for overlay, layer in zip(overlays_of(plan_of(faded)), faded.layers[1:3], strict=True):
        seen = [frame_of(overlay[key], faded.rate) for key in ("StartTimecode", "EndTimecode")]
        assert seen == [layer.range.start, layer.range.end - 1]
        assert overlay["Playback"] == "REPEAT"


def test_corner_logo_and_closing_card_lie_above_the_overlays(faded):
    video = plan_of(faded).job["Settings"]["OutputGroups"][0]["Outputs"][0]["VideoDescription"]
    entries = video["VideoPreprocessors"]["ImageInserter"]["InsertableImages"]
    assert [(entry["Layer"], entry["Opacity"]) for entry in entries] == [(50, 80), (60, 100)]


def test_a_picture_at_rest_on_whole_pixels_is_exact_and_does_not_move(compile_spec):
    plan = plan_of(compile_spec(narration_s=3, images=[{"file": "a.jpg", "motion": "none"}]))
    assert "Transitions" not in overlays_of(plan)[0]
    assert {item.verdict for item in plan.conformance if item.where == "image-1"} == {"exact"}


def test_a_blurred_backdrop_is_an_overlay_of_its_own_below_the_picture(compile_spec):
    images = [{"file": "a.jpg", "fit": "blur"}]
    plan = plan_of(compile_spec(narration_s=3, images=images, picture=(900, 1600)))
    back, front = overlays_of(plan)
    assert "Transitions" not in back
    assert (back["InitialPosition"]["Width"], back["InitialPosition"]["Height"]) == (1920, 1080)
    assert front["InitialPosition"]["Width"] < 1920


def test_transparency_is_refused_because_it_becomes_black(compile_spec):
    timeline = compile_spec(narration_s=3, images=["a.png"])
    clear = dataclasses.replace(timeline.layers[1], source=dataclasses.replace(timeline.layers[1].source, alpha=True))
    plan = plan_of(dataclasses.replace(timeline, layers=(timeline.layers[0], clear)))
    assert [(item.feature, item.where) for item in plan.conformance if item.verdict == "refused"] == [
        ("alpha", "image-1")
    ]


@pytest.mark.parametrize(("images", "allowed"), [(99, True), (100, False)])
def test_the_service_takes_99_overlays(compile_spec, images, allowed):
    plan = plan_of(
        compile_spec(narration_s=100, images=[{"file": f"{n}.jpg", "motion": "none"} for n in range(images)])
    )
    refused = [item.detail for item in plan.conformance if item.verdict == "refused"]
    assert bool(plan.job) is allowed
    assert all("--strategy mezzanine" in detail for detail in refused)


@pytest.mark.parametrize(
    ("picture", "zoom", "size"),
    [((6000, 4000), 1.5, (2880, 1920)), ((1920, 1080), 1.5, (1920, 1080)), ((9000, 6000), 3, (4096, 2730))],
    ids=["as large as shown", "no larger than the picture", "no larger than the service reads"],
)
def test_a_clip_has_the_pixels_of_its_closest_view(compile_spec, picture, zoom, size):
    image = {"file": "a.jpg", "motion": {"from": {"zoom": 1}, "to": {"zoom": zoom}}}
    assert clip_size(compile_spec(narration_s=3, images=[image], picture=picture).layers[1]) == size
