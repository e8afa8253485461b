"""Videos among a story's images: exact frames from any place, fits, crossfades, sound, and what is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from backends.ffmpeg.run import story_parts
from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.strategies import build_job
from renderer.errors import MediaError, SpecError
from renderer.export import rendered_frames
from renderer.ffmpeg_process import find_ffmpeg, run_process
from renderer.sound.mix import Mix
from renderer.story import StoryOptions, compile_story, open_workspace
from renderer.timebase import FrameRange
from renderer.timeline.canonical import timeline_from_json, timeline_json


@pytest.fixture(scope="session")
def counting(tmp_path_factory):
    """Two seconds at 30 frames a second: frame n is flat, with luma 16 + 3 n; a tone of 1 kHz from second 1 on."""
    path = tmp_path_factory.mktemp("clips") / "count.mp4"
    picture = "color=black:s=320x180:r=30:d=2,geq=lum='16+3*N':cb=128:cr=128"
    sound = "sine=1000:r=48000:d=2,volume=0:enable='lt(t,1)'"
    coded = ["-c:v", "libx264", "-g", "12", "-bf", "2", "-crf", "8", "-pix_fmt", "yuv420p", "-colorspace", "bt709"]
    program = [str(find_ffmpeg().path), "-hide_banner", "-nostdin", "-loglevel", "error"]
    inputs = ["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound]
    run_process([*program, *inputs, *coded, "-c:a", "aac", "-b:a", "192k", f"file:{path}"])
    return path


@pytest.fixture
def clip_story(story_folder, counting):
    """`clip_story(*images, **overrides)`: a spec beside `count.mp4` and `image1.png`."""

    def make(*images, **overrides):
        spec = story_folder(images=1, narration_s=None, size=(320, 180), **({"length": "4s"} | overrides))
        text = spec.read_text().replace('images: ["image1.png"]', f"images: {list(images)}".replace("'", '"'))
        spec.write_text(text)
        (spec.parent / "count.mp4").write_bytes(counting.read_bytes())
        return spec

    return make


def compiled(spec):
    options = StoryOptions(use_cache=False)
    with open_workspace(spec, options) as workspace:
        yield compile_story(spec, workspace, options), workspace


def counted(frame):
    return round((float(frame.y.mean()) - 16) / 3)


def numbers(spec, frames):
    for story, workspace in compiled(spec):
        return [counted(frame) for frame in rendered_frames(story, workspace, FrameRange(*frames))]
    return None


def test_a_clip_plays_from_in_to_out_frame_by_frame(clip_story):
    spec = clip_story({"file": "count.mp4", "in": "10f", "out": "1s"}, "image1.png", length="2s")
    assert numbers(spec, (0, 20)) == list(range(10, 30))


def test_any_range_gives_the_same_frames_as_the_whole(clip_story):
    spec = clip_story({"file": "count.mp4", "hold": "2s"}, "image1.png")
    whole = numbers(spec, (0, 60))
    assert whole == list(range(60))
    for start in (1, 7, 12, 29, 47, 59):
        assert numbers(spec, (start, 60)) == whole[start:]


def test_after_its_last_frame_a_clip_holds_it(clip_story):
    spec = clip_story({"file": "count.mp4", "in": "1.5s", "hold": "1s"}, "image1.png")
    assert numbers(spec, (0, 30)) == [*range(45, 60), *[59] * 15]


def test_another_rate_shows_the_frame_of_the_moment(clip_story):
    output = {"width": 320, "height": 180, "rate": "15"}
    spec = clip_story({"file": "count.mp4", "hold": "2s"}, "image1.png", output=output)
    assert numbers(spec, (0, 30)) == list(range(0, 60, 2))


def test_contain_and_cover_place_a_clip(clip_story):
    output = {"width": 180, "height": 180, "rate": "30"}
    spec = clip_story({"file": "count.mp4", "in": "1s", "hold": "1s", "fit": "contain"},
                      {"file": "count.mp4", "in": "1s", "hold": "1s"}, output=output, length="2s")  # fmt: skip
    for story, workspace in compiled(spec):
        first, second = (next(iter(rendered_frames(story, workspace, FrameRange(n, n + 1)))).y.copy() for n in (0, 30))
        assert (counted_level(first[45:135]), float(first[:36].mean())) == (30, 16)
        assert counted_level(second) == 30


def counted_level(rows):
    return round((float(rows.mean()) - 16) / 3)


def test_a_crossfade_goes_into_and_out_of_a_clip(clip_story):
    fade = {"kind": "crossfade", "length": "0.4s"}
    spec = clip_story("image1.png", {"file": "count.mp4", "in": "1s", "transition": fade}, length="2s")
    for story, workspace in compiled(spec):
        levels = [float(f.y.mean()) for f in rendered_frames(story, workspace, FrameRange(29, 43))]
    below, above = levels[0], [16 + 3 * (30 + n) for n in range(13)]
    expected = [below + (a - below) * min(1, (2 * n + 1) / 24) for n, a in enumerate(above)]
    assert levels[1:] == pytest.approx(expected, abs=1.2)


def test_a_clips_sound_lies_under_at_its_own_place(clip_story):
    spec = clip_story("image1.png", {"file": "count.mp4", "in": "0.5s", "out": "2s", "sound": "under"}, length="3s")
    for story, workspace in compiled(spec):
        sound = story.timeline.sound
        mix = Mix(sound, workspace.pcm_store.ensure(sound.sources(), workspace.folder)).samples(0, sound.sample_count)
    levels = [10 * np.log10(np.mean(np.square(mix[n * 4800 : (n + 1) * 4800])) + 1e-12) for n in range(30)]
    heard = [n for n, level in enumerate(levels) if level > -45]
    assert heard == list(range(20, 30))
    assert levels[25] == pytest.approx(-21.1 - 12, abs=0.3)


def test_a_timeline_with_clips_survives_its_text(clip_story):
    spec = clip_story({"file": "count.mp4", "in": "1s", "sound": "under"}, "image1.png")
    for story, _ in compiled(spec):
        assert timeline_from_json(timeline_json(story.timeline)) == story.timeline


def test_segments_of_one_clip_have_keys_of_their_own(clip_story):
    """Two segments show the same layer over equally many frames, and different parts of it."""
    spec = clip_story({"file": "count.mp4", "hold": "4s"}, length="4s")
    for story, workspace in compiled(spec):
        jobs, _ = story_parts(story.timeline, story.output, workspace.scratch)
        assert len({job.key for job in jobs}) == len(jobs) > 1


def problems(spec):
    with pytest.raises(SpecError) as caught:
        for _ in compiled(spec):
            pass
    return [(problem.path, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("image", "path", "message"),
    [
        ({"file": "image1.png", "in": "1s"}, "$.images[0].in", "image1.png is a picture: `in` is for videos"),
        ({"file": "image1.png", "sound": "under"}, "$.images[0].sound", "`sound` is for videos"),
        ({"file": "count.mp4", "in": "3s"}, "$.images[0].in", "count.mp4 lasts 2.000 s, found in 3.000 s"),
        ({"file": "count.mp4", "in": "1s", "out": "1.2s"}, "$.images[0].out", "must be at least 0.5 s after `in`"),
        ({"file": "count.mp4", "fit": "blur"}, "$.images[0].fit", "`blur` is for pictures"),
    ],
    ids=["in of a picture", "sound of a picture", "in after the end", "too short", "blur"],
)
def test_what_makes_no_sense_is_named(clip_story, image, path, message):
    found = problems(clip_story(image, "image1.png"))
    assert [where for where, _ in found] == [path]
    assert message in found[0][1]


def test_a_damaged_clip_is_refused_by_name(clip_story):
    spec = clip_story({"file": "count.mp4"}, "image1.png")
    path = spec.parent / "count.mp4"
    path.write_bytes(path.read_bytes()[:2000])
    assert [where for where, _ in problems(spec)] == ["$.images[0].file"]


@pytest.mark.parametrize("strategy", ["stills", "overlays", "classic"])
def test_strategies_that_show_images_one_by_one_refuse_clips(clip_story, strategy):
    spec = clip_story({"file": "count.mp4"}, "image1.png")
    for story, _ in compiled(spec):
        target = JobTarget("bucket", "arn:aws:iam::111122223333:role/r")
        verdicts = build_job(strategy, story.timeline, story.output, target, JobOptions()).conformance
        assert any((item.feature, item.verdict) == ("clip", "refused") for item in verdicts)
        assert build_job("mezzanine", story.timeline, story.output, target, JobOptions()).job


def test_old_timelines_keep_their_text(story_folder):
    """A story without clips says nothing about them: recorded hashes stay."""
    for story, _ in compiled(story_folder(images=1)):
        text = timeline_json(story.timeline)
        assert not any(word in text for word in ("clip", 'fade_out": 0,\n   "fit', "opacity_end", "skip"))
        layer = dataclasses.replace(story.timeline.layers[0], fade_out=1)
        assert "fade_out" in timeline_json(dataclasses.replace(story.timeline, layers=(layer,)))


def test_a_clip_that_is_no_longer_what_was_compiled_is_refused_and_nothing_of_it_kept(clip_story):
    spec = clip_story({"file": "count.mp4", "in": "10f", "out": "1s"}, "image1.png", length="2s")
    clip = spec.parent / "count.mp4"
    for story, workspace in compiled(spec):
        clip.write_bytes(clip.read_bytes() + b"more")
        with pytest.raises(MediaError, match=r"count\.mp4: changed since the timeline was compiled"):
            list(rendered_frames(story, workspace, FrameRange(0, 5)))


def test_a_clip_that_is_written_while_it_is_read_is_refused(clip_story):
    spec = clip_story({"file": "count.mp4", "in": "10f", "out": "1s"}, "image1.png", length="2s")
    clip = spec.parent / "count.mp4"
    for story, workspace in compiled(spec):
        frames = rendered_frames(story, workspace, FrameRange(0, 5))
        next(frames)
        with clip.open("r+b") as stream:
            stream.seek(100)
            stream.write(b"x")
        with pytest.raises(MediaError, match=r"count\.mp4: changed while it was read"):
            list(frames)


def test_another_ffmpeg_decodes_a_clip_anew(clip_story, tmp_path, monkeypatch):
    spec = clip_story({"file": "count.mp4", "in": "10f", "out": "1s"}, "image1.png", length="2s")
    for story, _ in compiled(spec):
        clip, still = (job.key for job in story_parts(story.timeline, story.output, tmp_path)[0])
        other = dataclasses.replace(find_ffmpeg(), version="another")
        monkeypatch.setattr("renderer.ingredients.find_ffmpeg", lambda other=other: other)
        assert clip != story_parts(story.timeline, story.output, tmp_path)[0][0].key
        assert still == story_parts(story.timeline, story.output, tmp_path)[0][1].key


def test_what_a_clip_covers_is_no_part_of_its_segment(clip_story, tmp_path):
    spec = clip_story({"file": "count.mp4", "in": "10f", "out": "1s"}, "image1.png", length="2s")
    for story, _ in compiled(spec):
        (clip, *_), _ = story_parts(story.timeline, story.output, tmp_path)
        assert clip.part.shows.split(" + ") != []
        assert len(clip.part.ingredients["layers"]) == 1
