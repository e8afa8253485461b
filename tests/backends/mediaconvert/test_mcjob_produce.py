"""What is made before a job: read back by other code, and equal to what the renderer shows."""

from __future__ import annotations

import dataclasses
import io
import wave
from dataclasses import dataclass

import av
import numpy as np
import pytest
from PIL import Image

from assets import asset_path
from backends.mediaconvert.assets import Assets
from backends.mediaconvert.job import JobOptions, JobTarget
from backends.mediaconvert.produce import Production, measure_psnr, produce
from backends.mediaconvert.strategies import build_job
from renderer.errors import MediaError
from renderer.export import rendered_frames, write_mix
from renderer.ffmpeg_process import CancelToken
from renderer.picture.kernels import rgb_to_yuv420
from renderer.story import StoryOptions, compile_story, open_workspace
from renderer.timebase import FrameRange

TARGET = JobTarget("bucket", "role")
OPTIONS = StoryOptions(use_cache=False)


@dataclass(frozen=True)
class Made:
    """A story with its workspace, its plan, and the files of its assets by what they describe."""

    story: object
    workspace: object
    plan: object
    files: dict


@pytest.fixture(scope="session")
def photo_story(tmp_path_factory, make_tone, write_spec):
    """Two photographs under the house brand, a second each, with a voice."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("wren", "dandelion"):
        with Image.open(asset_path(f"demo/{name}.jpg")) as photo:
            photo.resize((960, 640)).save(folder / f"{name}.jpg", quality=95)
    make_tone(folder / "voice.wav", 2)
    brand = {"preset": "stories-of-you", "intro": "0.5s", "outro": "0.5s"}
    fields = {"narration": "voice.wav", "brand": brand, "output": {"width": 640, "height": 360}}
    return write_spec(folder, images=["wren.jpg", "dandelion.jpg"], **fields)


@pytest.fixture(scope="session")
def made_by(photo_story, tmp_path_factory):
    """`made_by(strategy)`: everything a strategy needs, made once a session."""
    found, folder = {}, tmp_path_factory.mktemp("made")
    with open_workspace(photo_story, OPTIONS) as workspace:
        story = compile_story(photo_story, workspace, OPTIONS)

        def make(strategy):
            if strategy not in found:
                options = JobOptions(allow_approximate=True)
                plan = build_job(strategy, story.timeline, story.output, TARGET, options)
                files = produce(plan.assets, story, workspace, Production(folder))
                named = {f"{asset.kind} {asset.describes}": files[asset.key] for asset in plan.assets}
                found[strategy] = Made(story, workspace, plan, named)
            return found[strategy]

        yield make


def decibels(found, wanted):
    error = np.mean((found.astype(float) - wanted) ** 2)
    return 99.0 if error == 0 else 10 * np.log10(255**2 / error)


def test_every_frame_of_the_mezzanine_is_within_45_db(made_by):
    made = made_by("mezzanine")
    found = measure_psnr(made.story, made.workspace, made.files["mezzanine programme"])
    assert len(found) == made.story.timeline.frame_count == 90
    assert min(found) >= 45


def test_the_measurement_sees_a_picture_that_does_not_move(made_by):
    made = made_by("mezzanine")
    timeline = made.story.timeline
    late = [dataclasses.replace(layer, motion=None) for layer in timeline.layers]
    story = dataclasses.replace(made.story, timeline=dataclasses.replace(timeline, layers=tuple(late)))
    assert min(measure_psnr(story, made.workspace, made.files["mezzanine programme"])) < 40


def test_the_mezzanine_is_intra_only_and_labelled(made_by):
    with av.open(str(made_by("mezzanine").files["mezzanine programme"])) as container:
        (stream,) = container.streams
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert all(packet.is_keyframe for packet in packets)
        assert [packet.pts * packet.time_base * 30 for packet in packets] == list(range(90))
        assert (stream.codec_context.profile, stream.codec_context.pix_fmt) == ("High", "yuv420p")
        assert (stream.codec_context.color_range, stream.codec_context.colorspace) == (1, 1)


def test_the_mix_is_the_local_backends_and_exactly_as_long_as_the_programme(made_by):
    made, expected = made_by("mezzanine"), io.BytesIO()
    write_mix(made.story, made.workspace, expected)
    assert made.files["mix programme"].read_bytes() == expected.getvalue()
    with wave.open(str(made.files["mix programme"])) as file:
        assert (file.getnframes(), file.getframerate(), file.getnchannels()) == (3 * 48_000, 48_000, 2)


@pytest.mark.parametrize(("name", "frame"), [("slide intro", 0), ("slide image-1", 15), ("slide image-2", 45)])
def test_a_slide_comes_back_as_the_renderers_own_planes(made_by, name, frame):
    made = made_by("stills")
    bare = [layer for layer in made.story.timeline.layers if layer.id != "corner"]
    story = dataclasses.replace(made.story, timeline=dataclasses.replace(made.story.timeline, layers=tuple(bare)))
    shown = next(iter(rendered_frames(story, made.workspace, FrameRange(frame, frame + 1))))
    with Image.open(made.files[name]) as picture:
        planes = rgb_to_yuv420(np.asarray(picture))
    assert [decibels(a, b) > 50 for a, b in zip(planes, (shown.y, shown.u, shown.v), strict=True)] == [True] * 3


def test_the_logo_keeps_its_transparency_at_the_size_of_its_box(made_by):
    with Image.open(made_by("stills").files["logo corner"]) as logo:
        alpha = np.asarray(logo.getchannel("A"))
        assert (logo.mode, logo.size) == ("RGBA", (66, 66))
    assert (alpha.min(), alpha.max()) == (0, 255)


def test_bed_and_clips_hold_still_and_have_their_size(made_by):
    files = made_by("overlays").files
    sizes = {}
    for name in ("bed programme", "clip image-1"):
        with av.open(str(files[name])) as container:
            frames = [frame.to_ndarray() for frame in container.decode(video=0)]
        sizes[name] = (len(frames), frames[0].shape[1])
    assert sizes == {"bed programme": (90, 640), "clip image-1": (30, 716)}


def test_an_original_is_copied_as_it_is(made_by, photo_story, tmp_path):
    made = made_by("mezzanine")
    assets = Assets(made.story.timeline, TARGET)
    assets.original(made.story.timeline.sound.tracks[0].source, "narration")
    (copy,) = produce(assets.made(), made.story, made.workspace, Production(tmp_path)).values()
    assert copy.read_bytes() == (photo_story.parent / "voice.wav").read_bytes()


def test_what_is_there_is_not_made_again_unless_it_is_damaged(made_by, tmp_path):
    made = made_by("mezzanine")
    mix = [asset for asset in made.plan.assets if asset.kind == "mix"]
    (file,) = produce(mix, made.story, made.workspace, Production(tmp_path)).values()
    content, number = file.read_bytes(), file.stat().st_ino
    produce(mix, made.story, made.workspace, Production(tmp_path))
    assert file.stat().st_ino == number
    file.write_bytes(content[:-1] + b"?")
    produce(mix, made.story, made.workspace, Production(tmp_path))
    assert file.read_bytes() == content


def test_a_cancelled_production_leaves_nothing(made_by, tmp_path):
    from renderer.errors import Cancelled

    made, cancel = made_by("mezzanine"), CancelToken()
    with pytest.raises(Cancelled):
        produce(made.plan.assets, made.story, made.workspace, Production(tmp_path, cancel, lambda _: cancel.set()))
    assert list(tmp_path.iterdir()) == []


def test_a_picture_that_changed_since_is_refused_and_leaves_nothing(made_by, tmp_path):
    made = made_by("stills")
    changed = [
        dataclasses.replace(layer, source=layer.source and dataclasses.replace(layer.source, sha256="0" * 64))
        for layer in made.story.timeline.layers
    ]
    story = dataclasses.replace(made.story, timeline=dataclasses.replace(made.story.timeline, layers=tuple(changed)))
    slide = [asset for asset in made.plan.assets if asset.describes == "image-1"]
    with pytest.raises(MediaError, match="changed"):
        produce(slide, story, made.workspace, Production(tmp_path))
    assert list(tmp_path.iterdir()) == []
