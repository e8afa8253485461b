"""What a viewer gets: the finished file decoded frame by frame and sample by sample (ground truth)."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from renderer.timeline.geometry import rect_at

COLORS = {
    "the red of the brief": (200, 40, 60),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "dark grey": (51, 51, 51),
    "light grey": (180, 180, 180),
    "green": (20, 230, 30),
    "blue": (10, 20, 240),
}
GREYS = {"black": 16, "white": 235, "dark grey": 16 + 51 * 219 / 255, "light grey": 16 + 180 * 219 / 255}


def dot_place(luma):
    """Centroid of what is brighter than the background, in pixels."""
    weight = np.clip(luma.astype(float) - 90, 0, None)
    y, x = np.mgrid[0 : luma.shape[0], 0 : luma.shape[1]] + 0.5
    return np.array([(weight * x).sum(), (weight * y).sum()]) / weight.sum()


def planned_place(timeline, number):
    """Where the middle of the picture shown in frame `number` lies."""
    layer = next(layer for layer in timeline.layers if layer.kind == "image" and number in layer.range)
    rect = rect_at(layer, number)
    return np.array([float(rect.left + rect.width / 2), float(rect.top + rect.height / 2)])


def test_every_frame_is_there_once_in_order_and_evenly_spaced(moving_story, moving_video):
    assert moving_story.result.frames == len(moving_video.frames) == 180
    assert moving_video.times == [Fraction(number, 30) for number in range(180)]


def test_every_decoded_frame_shows_its_own_place_of_the_motion(moving_story, moving_video, compiled):
    timeline = compiled(moving_story.spec).timeline
    planned = np.array([planned_place(timeline, number) for number in range(180)])
    found = np.array([dot_place(moving_video.luma(number)) for number in range(180)])
    assert np.abs(np.diff(planned, axis=0)).max(axis=1).min() > 1, "the motion must tell neighbours apart"
    assert np.abs(found - planned).max() < 0.25


def test_every_shot_and_every_two_seconds_start_with_a_keyframe(moving_story):
    with av.open(str(moving_story.path)) as container:
        keyframes = [packet.pts * packet.time_base for packet in container.demux(video=0) if packet.is_keyframe]
    assert [time * 30 for time in keyframes] == [0, 30, 90, 135]


def test_seeking_to_each_keyframe_shows_the_same_picture_as_playing_through(moving_story, moving_video):
    with av.open(str(moving_story.path)) as container:
        stream = container.streams.video[0]
        keyframes = [packet.pts for packet in container.demux(stream) if packet.is_keyframe]
        for place in reversed(keyframes):
            container.seek(place, stream=stream)
            frame = next(container.decode(stream))
            assert frame.pts == place
            np.testing.assert_array_equal(frame.to_ndarray(), moving_video.frames[int(place * stream.time_base * 30)])


@pytest.mark.parametrize("name", COLORS)
def test_a_flat_colour_comes_back_within_two_levels(colour_video, name):
    number = list(COLORS).index(name) * 15 + 7
    np.testing.assert_allclose(colour_video.rgb(number), COLORS[name], atol=2)


@pytest.mark.parametrize("name", GREYS)
def test_greys_stay_neutral_at_their_broadcast_level(colour_video, name):
    frame = colour_video.frames[list(COLORS).index(name) * 15 + 7]
    assert abs(frame[:180].astype(float).mean() - GREYS[name]) <= 0.6
    assert np.abs(frame[180:].astype(int) - 128).max() <= 1


def test_a_cut_changes_the_whole_picture_on_its_very_frame(colour_video):
    levels = [float(colour_video.luma(number).mean()) for number in (14, 15, 29, 30)]
    assert levels == pytest.approx([80, 16, 16, 235], abs=1.5)


def test_the_click_leaves_the_file_at_the_exact_sample(flash_story, decode_audio):
    heard = np.abs(decode_audio(flash_story.path)).max(axis=1)
    assert int(heard.argmax()) == 31 * 1600


def test_the_flash_and_the_click_come_together_within_a_millisecond(flash_story, decode_video, decode_audio):
    video = decode_video(flash_story.path)
    flash = next(time for number, time in enumerate(video.times) if video.luma(number).mean() > 125)
    click = Fraction(int(np.abs(decode_audio(flash_story.path)).max(axis=1).argmax()), 48_000)
    assert abs(flash - click) < Fraction(1, 1000)


def test_sound_and_picture_end_within_one_aac_frame(flash_story, decode_video, decode_audio):
    picture_ends = decode_video(flash_story.path).times[-1] + Fraction(1, 30)
    with av.open(str(flash_story.path)) as container:
        stream = container.streams.audio[0]
        sound_ends = (stream.start_time + stream.duration) * stream.time_base
    assert abs(picture_ends - sound_ends) <= Fraction(1024, 48_000)
    assert len(decode_audio(flash_story.path)) >= int(picture_ends * 48_000)


def test_both_streams_start_at_zero_in_players_terms(flash_story, decode_video):
    with av.open(str(flash_story.path)) as container:
        assert [stream.start_time for stream in container.streams] == [0, 0]
        assert container.start_time == 0
    assert decode_video(flash_story.path).times[0] == 0


def test_a_full_hd_second_comes_back_pixel_by_pixel(tmp_path, make_image, write_spec, run_story, decode_video):
    make_image(tmp_path / "red.png", (1920, 1080), (200, 40, 60))
    images = [{"file": "red.png", "hold": "1s"}]
    run_story(write_spec(tmp_path, output="story-1080p", images=images), tmp_path / "hd.mp4", full=True)
    video = decode_video(tmp_path / "hd.mp4")
    assert (len(video.frames), video.frames[0].shape) == (30, (1620, 1920))
    np.testing.assert_allclose(video.rgb(29), (200, 40, 60), atol=2)


@pytest.mark.parametrize("rate", ["24", "25", "50", "60", "24000/1001", "30000/1001", "60000/1001", "12.5"])
def test_every_rate_gives_exact_times(tmp_path, make_image, write_spec, run_story, decode_video, rate):
    make_image(tmp_path / "a.png", (64, 36))
    images = [{"file": "a.png", "hold": "1.2s"}, {"file": "a.png", "hold": "1.5s"}]
    spec = write_spec(tmp_path, output={"width": 64, "height": 36, "rate": rate}, images=images)
    result = run_story(spec, tmp_path / "rate.mp4")
    times = decode_video(tmp_path / "rate.mp4").times
    assert times == [number / Fraction(rate) for number in range(result.frames)]
    assert result.frames == round(Fraction("2.7") * Fraction(rate))
