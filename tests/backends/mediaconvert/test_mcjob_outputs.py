"""What every job has in common: its request, its outputs and renditions; and every one of them validates clean."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction

import pytest

from backends.mediaconvert.job import STRATEGIES, JobOptions, JobTarget
from backends.mediaconvert.outputs import h264_level
from backends.mediaconvert.strategies import build_job
from backends.mediaconvert.validation import validate_job
from renderer.output import output_preset
from renderer.renditions import Ladder, Renditions, Rung, output_names, parse_renditions, story_name

TARGET = JobTarget("example-stories", "arn:aws:iam::111122223333:role/media")
LADDER = Ladder((Rung(1080, 5_000_000), Rung(540, 1_200_000)))
EVERYTHING = Renditions(LADDER, LADDER, 2_500_000, Fraction(4), Fraction(10))
FORMATS = {
    "full HD at 24": {"rate": "24"},
    "full HD at 25": {"rate": "25"},
    "full HD at 30": {},
    "full HD at 29.97": {"rate": "30000/1001"},
    "full HD at 60": {"rate": "60"},
    "upright": {"preset": "vertical-1080x1920"},
    "square": {"preset": "square-1080"},
    "ultra HD": {"preset": "story-2160p"},
}
STORIES = {
    "brand and moving images": {"images": ["a.jpg", "b.jpg"], "brand": "stories-of-you"},
    "crossfades": {"images": ["a.jpg", {"file": "b.jpg", "transition": {"kind": "crossfade", "length": "0.7s"}}]},
    "logo only": {"images": [], "brand": "stories-of-you"},
    "blurred backdrop": {"images": [{"file": "a.jpg", "fit": "blur"}], "brand": "plain"},
    "a colour behind": {"images": [{"file": "a.jpg", "fit": "contain"}], "brand": {"background": "#336699"}},
}


@pytest.fixture(scope="session")
def job_plan(compile_spec):
    """`job_plan(strategy, renditions=..., **spec)`: the plan of a small story whose approximations are allowed."""

    def plan(strategy, renditions=None, **spec):
        fields = {"narration_s": 10, "length": "narration", "images": ["a.jpg"]} | spec
        timeline = compile_spec(**fields)
        preset = output_preset("story-1080p")
        size = {"width": timeline.width, "height": timeline.height, "rate": timeline.rate}
        output = dataclasses.replace(preset, renditions=renditions or Renditions(), **size)
        return build_job(strategy, timeline, output, TARGET, JobOptions(allow_approximate=True))

    return plan


def outputs_of(plan):
    return [output for group in plan.job["Settings"]["OutputGroups"] for output in group["Outputs"]]


@pytest.mark.parametrize("spec", STORIES.values(), ids=STORIES)
@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_job_validates_clean(job_plan, strategy, form, spec):
    plan = job_plan(strategy, output=form, **spec)
    assert [item for item in plan.conformance if item.verdict == "refused"] == []
    assert [str(finding) for finding in validate_job(plan.job).findings] == []


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_rendition_validates_clean(job_plan, strategy):
    plan = job_plan(strategy, EVERYTHING, brand="stories-of-you")
    assert [str(finding) for finding in validate_job(plan.job).findings] == []
    groups = [group["Name"] for group in plan.job["Settings"]["OutputGroups"]]
    assert groups == ["Complete Story Video", "HLS", "CMAF", "Poster", "Thumbnails"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_request_is_complete_and_the_same_every_time(job_plan, strategy):
    first, again = job_plan(strategy), job_plan(strategy)
    assert list(first.job) == ["Role", "Queue", "Settings", "UserMetadata", "ClientRequestToken"]
    assert first == again
    assert len(first.job["ClientRequestToken"]) == 64
    assert first.job["UserMetadata"]["strategy"] == strategy


def test_another_job_has_another_token(job_plan):
    tokens = {
        job_plan(s, images=i).job["ClientRequestToken"]
        for s, i in itertools.product(STRATEGIES, (["a.jpg"], ["a.jpg", "b.jpg"]))
    }
    assert len(tokens) == 8


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_source_of_a_job_is_one_of_its_assets(job_plan, strategy):
    plan = job_plan(strategy, images=["a.jpg", "b.jpg"], brand="stories-of-you")
    named = set(urls(plan.job)) - {"s3://example-stories/videos/" + plan.job["UserMetadata"]["storyId"]}
    assert named == {TARGET.url(asset) for asset in plan.assets}
    assert len({asset.key for asset in plan.assets}) == len(plan.assets)


def urls(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from urls(item)
    elif isinstance(value, str) and value.startswith("s3://"):
        yield value


@pytest.mark.parametrize("strategy", ["stills", "classic"])
def test_images_are_placed_anew_in_a_smaller_rendition(job_plan, strategy):
    plan = job_plan(strategy, Renditions(hls=LADDER), brand="stories-of-you", images=[])
    small = next(output for output in outputs_of(plan) if output["NameModifier"] == "_540p")
    images = small["VideoDescription"]["VideoPreprocessors"]["ImageInserter"]["InsertableImages"]
    corner = next(image for image in images if image["Opacity"] == 80)
    assert [corner[key] for key in ("ImageX", "ImageY", "Width", "Height")] == [840, 420, 100, 100]


def test_names_are_the_same_for_every_backend():
    assert output_names("story-1", EVERYTHING, Fraction(15)) == (
        "story-1_complete.mp4",
        "story-1_complete.webm",
        "story-1_poster.0000001.jpg",
        "story-1_thumbnail.0000000.jpg",
        "story-1_thumbnail.0000001.jpg",
        "story-1/hls/main.m3u8",
        "story-1/cmaf/main.m3u8",
        "story-1/cmaf/main.mpd",
    )


POSTERS = {"of the first frame": (0, "0000000"), "of later": (4, "0000001"), "from beyond the end": (10, "0000000")}


@pytest.mark.parametrize(("at_s", "number"), POSTERS.values(), ids=POSTERS)
def test_a_poster_has_the_number_that_the_service_gives_it(at_s, number):
    renditions = Renditions(poster_s=Fraction(at_s))
    assert output_names("s", renditions, Fraction(10))[1] == f"s_poster.{number}.jpg"


def test_a_ladder_has_no_rendition_larger_than_the_picture(job_plan):
    wanted = Renditions(hls=Ladder((Rung(1080, 5_000_000), Rung(720, 2_800_000), Rung(360, 800_000))))
    plan = job_plan("mezzanine", wanted, output={"preset": "story-720p"})
    assert [out["NameModifier"] for out in outputs_of(plan)] == ["_complete", "_720p", "_360p", "_audio"]
    assert Ladder((Rung(1080, 5_000_000),)).rungs_for(640, 360) == (Rung(360, 5_000_000),)


def test_a_poster_is_one_frame_of_the_wanted_second(job_plan):
    plan = job_plan("mezzanine", Renditions(poster_s=Fraction(5, 2)))
    capture = outputs_of(plan)[-1]["VideoDescription"]["CodecSettings"]["FrameCaptureSettings"]
    assert (capture["FramerateNumerator"], capture["FramerateDenominator"], capture["MaxCaptures"]) == (2, 5, 2)


PRESET = {
    "renditions": {
        "hls": {"segment_s": 4, "ladder": [{"lines": 720, "bitrate": 2_000_000}]},
        "webm": {"bitrate": 2_500_000},
        "poster": {"at_s": "2.5"},
        "thumbnails": {"every_s": 10},
    }
}


def test_a_presets_renditions_are_read_exactly():
    found = parse_renditions(PRESET)
    assert found == Renditions(Ladder((Rung(720, 2_000_000),), 4), None, 2_500_000, Fraction(5, 2), Fraction(10))
    assert parse_renditions({"width": 1920}) == Renditions()


@pytest.mark.parametrize("bad", [{"dash": {}}, {"hls": {"ladder": []}}], ids=["an unknown kind", "an empty ladder"])
def test_renditions_that_mean_nothing_are_refused(bad):
    with pytest.raises(ValueError, match=r"expected hls|at least one"):
        parse_renditions({"renditions": bad})


LEVELS = {
    "full HD at 30": (1920, 1080, 30, "LEVEL_4"),
    "upright at 30": (1080, 1920, 30, "LEVEL_4"),
    "full HD at 60": (1920, 1080, 60, "AUTO"),
    "ultra HD": (3840, 2160, 30, "AUTO"),
}


@pytest.mark.parametrize(("width", "height", "rate", "level"), LEVELS.values(), ids=LEVELS)
def test_level_4_is_asked_for_only_where_it_fits(width, height, rate, level):
    assert h264_level(width, height, Fraction(rate)) == level


BITRATES = {
    "full HD": ({}, 3_000_000),
    "HD": ({"preset": "story-720p"}, 3_000_000),
    "60 frames": ({"rate": "60"}, 6_000_000),
    "ultra HD": ({"preset": "story-2160p"}, 12_000_000),
}


@pytest.mark.parametrize(("form", "bitrate"), BITRATES.values(), ids=BITRATES)
def test_larger_and_faster_pictures_get_more_bits(job_plan, form, bitrate):
    video = outputs_of(job_plan("mezzanine", output=form))[0]["VideoDescription"]
    assert video["CodecSettings"]["H264Settings"]["Bitrate"] == bitrate


def test_a_picture_that_the_service_can_not_encode_is_refused_by_all(job_plan):
    for strategy in STRATEGIES:
        plan = job_plan(strategy, output={"width": 5000, "height": 3000})
        assert ("size", "refused") in {(item.feature, item.verdict) for item in plan.conformance}
        assert plan.job == {}


@pytest.mark.parametrize(
    ("name", "expected"), [("story-1", "story-1"), ("Grandma's $dt$ story", "Grandma-s-dt-story"), ("été", "-t-")]
)
def test_a_story_name_never_holds_a_variable_of_the_service(compile_spec, name, expected):
    timeline = dataclasses.replace(compile_spec(narration_s=1, images=["a.jpg"]), id=name)
    assert story_name(timeline) == expected
