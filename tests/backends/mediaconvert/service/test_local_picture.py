"""Pictures of executed jobs: exact frames of clips, scaling, images with fades, overlays that move, generated black."""

from __future__ import annotations

import numpy as np
import pytest
from local_jobs import exact_h264, image, output_of, settings_of, simple_job, specified

from backends.mediaconvert.service.faults import JobFailure
from renderer.picture.intake import Intake

BLACK, RED, BLUE = 16, 63, 32
"""Luma of the flat colours in BT.709 limited range."""


def counting(**output):
    job = simple_job(video=exact_h264(), audio=None, **output)
    settings_of(job)["Inputs"][0] |= {"FileInput": "s3://in/count.mp4", "AudioSelectors": {}}
    return job


def numbers(levels):
    return [round((level - 16) / 3) for level in levels]


def test_clips_are_exact_to_the_frame_end_included_and_in_order(run):
    job = counting()
    settings_of(job)["Inputs"][0]["InputClippings"] = [
        {"StartTimecode": "00:00:00:05", "EndTimecode": "00:00:00:09"},
        {"StartTimecode": "00:00:01:10"},
    ]
    assert numbers(run(job).levels()) == [5, 6, 7, 8, 9, *range(40, 60)]


def test_specified_start_shifts_the_timecodes_of_clips(run):
    job = counting()
    clip = {"StartTimecode": "10:00:00:20", "EndTimecode": "10:00:00:24"}
    settings_of(job)["Inputs"][0] |= {
        "TimecodeSource": "SPECIFIEDSTART", "TimecodeStart": "10:00:00:00", "InputClippings": [clip]}  # fmt: skip
    assert numbers(run(job).levels()) == [20, 21, 22, 23, 24]


def test_a_clip_outside_its_source_is_1060(run):
    job = counting()
    settings_of(job)["Inputs"][0]["InputClippings"] = [{"StartTimecode": "00:00:05:00"}]
    with pytest.raises(JobFailure, match="outside the source") as failure:
        run(job)
    assert failure.value.code == 1060


@pytest.mark.parametrize(
    ("rate", "expected"), [(15, list(range(0, 60, 2))), (60, [n for n in range(60) for _ in "12"])]
)
def test_another_rate_drops_or_repeats_frames_evenly(run, rate, expected):
    job = counting()
    output_of(job)["VideoDescription"]["CodecSettings"]["H264Settings"] |= specified(rate)
    assert numbers(run(job).levels()) == expected


def test_inputs_follow_each_other_whatever_their_size_and_rate(run):
    job = counting()
    settings_of(job)["Inputs"].append({"FileInput": "s3://in/tall.mkv", "TimecodeSource": "ZEROBASED"})
    frames = run(job).frames()
    assert len(frames) == 90
    assert numbers(frame.mean() for frame in frames[:60]) == list(range(60))
    bars, picture = frames[75][:, :50], frames[75][:, 58:102]
    assert abs(float(bars.mean()) - BLACK) < 1.5
    assert picture.std() > 30


@pytest.mark.parametrize(
    ("behaviour", "size", "bars"),
    [("DEFAULT", (120, 120), True), ("STRETCH_TO_OUTPUT", (120, 120), False), ("FILL", (120, 120), False),
     ("FIT", (120, 68), False), ("FIT_NO_UPSCALE", (120, 68), False)],
)  # fmt: skip
def test_scaling_behaviours(run, behaviour, size, bars):
    job = simple_job(video=exact_h264(), audio=None)
    output_of(job)["VideoDescription"] |= {"Width": 120, "Height": 120, "ScalingBehavior": behaviour}
    frame = run(job).frames()[0]
    assert frame.shape == size[::-1]
    assert (abs(float(frame[:20].mean()) - BLACK) < 1.5) is bars


def test_one_side_keeps_the_aspect(run):
    job = simple_job(video=exact_h264(), audio=None)
    output_of(job)["VideoDescription"]["Width"] = 80
    assert run(job).frames()[0].shape == (46, 80)


def test_crop_and_position_cut_and_place(run):
    job = simple_job(video=exact_h264(), audio=None)
    settings_of(job)["Inputs"][0]["Crop"] = {"X": 80, "Y": 0, "Width": 80, "Height": 90}
    output_of(job)["VideoDescription"] |= {
        "Width": 160,
        "Height": 90,
        "Position": {"X": 40, "Y": 10, "Width": 80, "Height": 60},
    }
    frame = run(job).frames()[0]
    outside = np.concatenate([frame[:10].ravel(), frame[70:].ravel(), frame[:, :40].ravel(), frame[:, 120:].ravel()])
    assert abs(float(outside.mean()) - BLACK) < 1.5
    assert frame[10:70, 40:120].std() > 20


def test_images_appear_fade_and_vanish_when_they_should(run):
    job = simple_job(video=exact_h264(), audio=None)
    settings_of(job)["Inputs"] = [{"VideoGenerator": {"Duration": 2000, "Width": 160, "Height": 90}}]
    video = output_of(job)["VideoDescription"] | {"Width": 160, "Height": 90}
    video["CodecSettings"]["H264Settings"] |= specified()
    images = [
        image("red", 1, StartTime="00:00:00:15", Duration=500, FadeIn=200, FadeOut=200),
        image("blue", 0, StartTime="00:00:00:00", Duration=200, Opacity=50),
    ]
    video["VideoPreprocessors"] = {"ImageInserter": {"InsertableImages": images}}
    output_of(job)["VideoDescription"] = video
    levels = run(job).levels()
    assert len(levels) == 60
    assert levels[:6] == pytest.approx([(BLACK + BLUE) / 2] * 6, abs=1.5)
    assert levels[6:15] == pytest.approx([BLACK] * 9, abs=1.5)
    rising = [BLACK + (RED - BLACK) * (2 * n + 1) / 12 for n in range(6)]
    assert levels[15:21] == pytest.approx(rising, abs=2)
    assert levels[21:30] == pytest.approx([RED] * 9, abs=1.5)
    assert levels[30:36] == pytest.approx(rising[::-1], abs=2)
    assert levels[36:] == pytest.approx([BLACK] * 24, abs=1.5)


def test_each_of_many_images_over_a_picture_is_decoded_once(run, monkeypatch):
    asked, still = [], Intake.still
    monkeypatch.setattr(Intake, "still", lambda intake, *picture: asked.append(picture[2:]) or still(intake, *picture))
    job = counting()
    images = [image("red", layer, Width=2 + 2 * layer, Height=2, StartTime="00:00:00:00") for layer in range(20)]
    output_of(job)["VideoDescription"]["VideoPreprocessors"] = {"ImageInserter": {"InsertableImages": images}}
    assert len(run(job).levels()) == 60
    assert sorted(asked) == [(2 + 2 * layer, 2) for layer in range(20)]


def test_an_images_default_opacity_is_half(run):
    job = simple_job(video=exact_h264(), audio=None)
    settings_of(job)["Inputs"] = [{"VideoGenerator": {"Duration": 200, "Width": 160, "Height": 90}}]
    video = output_of(job)["VideoDescription"] | {"Width": 160, "Height": 90}
    video["CodecSettings"]["H264Settings"] |= specified()
    plain = image("red", 0)
    del plain["Opacity"]
    output_of(job)["VideoDescription"] = video | {
        "VideoPreprocessors": {"ImageInserter": {"InsertableImages": [plain]}}
    }
    assert run(job).levels()[0] == pytest.approx((BLACK + RED) / 2, abs=1.5)


def test_an_inputs_image_scales_with_the_picture_and_ends_with_it(run):
    job = counting()
    settings_of(job)["Inputs"].insert(0, {"VideoGenerator": {"Duration": 1000, "Width": 160, "Height": 90}})
    settings_of(job)["Inputs"][0]["ImageInserter"] = {
        "InsertableImages": [image("red", 0, Width=80, Height=44, StartTime="00:00:00:00")]
    }
    output_of(job)["VideoDescription"] |= {"Width": 320, "Height": 180}
    frames = run(job).frames()
    assert float(frames[10][:80, :150].mean()) == pytest.approx(RED, abs=2)
    assert float(frames[10][100:, 170:].mean()) == pytest.approx(BLACK, abs=1.5)
    assert numbers([frames[40].mean()]) == [10]


def test_an_overlay_moves_from_place_to_place_and_ends(run):
    job = simple_job(video=exact_h264(), audio=None)
    overlay = {
        "Input": {"FileInput": "s3://in/count.mp4", "TimecodeSource": "ZEROBASED",
                  "InputClippings": [{"StartTimecode": "00:00:01:20"}]},
        "StartTimecode": "00:00:00:00",
        "EndTimecode": "00:00:00:29",
        "InitialPosition": {"XPosition": 0, "YPosition": 0, "Width": 80, "Height": 46},
        "Transitions": [{"StartTimecode": "00:00:00:00", "EndTimecode": "00:00:00:20",
                         "EndPosition": {"XPosition": 80, "YPosition": 44, "Width": 80, "Height": 46}}],
    }  # fmt: skip
    plain = run(job).frames()
    settings_of(job)["Inputs"][0]["VideoOverlays"] = [overlay]
    frames = run(job).frames()
    flat = [frames[0][2:42, 2:76], frames[10][26:62, 44:114], frames[25][48:, 84:]]
    assert [round((float(part.mean()) - 16) / 3) for part in flat] == [50, 50, 55]
    assert max(float(part.std()) for part in flat) < 3
    assert abs(float(frames[35].mean()) - float(plain[35].mean())) < 1


def test_frames_that_are_passed_on_are_those_that_the_compositor_would_make(run, media):
    """An invisible image makes the compositor work; without one, decoder and encoder are joined directly."""
    job = counting()
    output_of(job)["VideoDescription"] |= {"Width": 200, "Height": 160}
    direct = run(job).frames()
    images = [image("red", 0, StartTime="00:00:00:00", Width=2, Height=2, Opacity=1)]
    output_of(job)["VideoDescription"]["VideoPreprocessors"] = {"ImageInserter": {"InsertableImages": images}}
    composited = run(job).frames()
    assert max(np.abs(a.astype(int)[4:, 4:] - b[4:, 4:]).max() for a, b in zip(direct, composited, strict=True)) <= 2


def test_rotation_turns_the_picture(run):
    job = simple_job(video=exact_h264(), audio=None)
    settings_of(job)["Inputs"][0]["VideoSelector"] = {"Rotate": "DEGREES_90"}
    assert run(job).frames()[0].shape == (160, 90)
