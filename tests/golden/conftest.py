"""One small story of real photographs, a real voice and music, recorded once for each worker, and copies to change."""

from __future__ import annotations

import dataclasses
import json
import shutil
import wave

import numpy as np
import pytest
from PIL import Image
from story_folder import StoryFolder

from assets import asset_path
from golden import check as check_module
from golden import versions
from golden.rendering import FrameFarm

WIDTH, HEIGHT = 480, 270
SECONDS = 4
PHOTOS = ("misty-hills", "wren", "osprey")
BASE = {
    "storyreel": 1,
    "title": "Small",
    "id": "small",
    "output": {"preset": "story-720p", "width": WIDTH, "height": HEIGHT, "rate": "30"},
    "brand": {"logo": "asset:brand/logo.png", "corner": {"opacity": 80}},
    "narration": "voice.wav",
    "music": {"file": "music.wav", "gain_db": -25},
    "images": [
        {"file": "misty-hills.png", "hold": "40f"},
        {"file": "wren.png", "hold": "40f", "transition": {"kind": "crossfade", "length": "15f"}},
        {
            "file": "osprey.png",
            "hold": "40f",
            "motion": {"from": {"zoom": 1.0}, "to": {"zoom": 1.15, "focus": [0.6, 0.5]}, "ease": "in-out"},
        },
    ],
}


class Studio(StoryFolder):
    """A folder with a story. `write` replaces parts of it; media are changed through `picture` and `sound`."""

    def write(self, **changes):
        fields = {key: value for key, value in {**BASE, **changes}.items() if value is not None}
        self.spec.write_text(json.dumps(fields, indent=1))
        return self.spec

    def images(self, number, **changes):
        """The images with one of them changed; None takes a key out."""
        listed = [dict(image) for image in BASE["images"]]
        merged = listed[number] | changes
        listed[number] = {key: value for key, value in merged.items() if value is not None}
        return listed

    def picture(self, name, change):
        """Replace a picture by `change` of its (height, width, 3) array."""
        path = self.folder / f"{name}.png"
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB"))
        Image.fromarray(change(pixels)).save(path)

    def sound(self, name, change):
        """Replace a sound by `change` of its (samples, channels) int16 array."""
        path = self.folder / f"{name}.wav"
        write_wav(path, change(read_wav(path)))


def read_wav(path):
    with wave.open(str(path)) as file:
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return frames.reshape(-1, file.getnchannels())


def write_wav(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(np.ascontiguousarray(samples, "<i2").tobytes())


def voice():
    """Four seconds of syllables with pauses: noise bursts, more of it on the left."""
    random = np.random.default_rng(3)
    clock = np.arange(SECONDS * 48_000) / 48_000
    loud = (np.sin(2 * np.pi * 2.5 * clock) > 0.1) & ((clock % 1.6) < 1.1)
    tone = sum(np.sin(2 * np.pi * hz * clock + random.uniform(0, 6)) for hz in (180, 360, 720, 1300)) / 4
    mono = (0.5 * tone + 0.05 * random.standard_normal(len(clock))) * loud * 0.4
    return (np.stack([mono, 0.7 * mono], axis=1) * 32_767).astype(np.int16)


def music():
    random = np.random.default_rng(4)
    clock = np.arange(SECONDS * 48_000) / 48_000
    tone = sum(np.sin(2 * np.pi * hz * clock * (1 + 0.001 * np.sin(clock))) for hz in (220, 277, 330)) / 3
    return (np.stack([tone, tone], axis=1) * 0.5 * 32_767 + random.normal(0, 30, (len(clock), 2))).astype(np.int16)


@pytest.fixture(scope="session")
def recorded_story(tmp_path_factory):
    """A story with its golden; not to be changed."""
    from golden.record import record
    from golden.store import RecordOptions

    folder = tmp_path_factory.mktemp("recorded")
    for name in PHOTOS:
        with Image.open(asset_path(f"demo/{name}.jpg")) as photo:
            photo.convert("RGB").resize((2 * WIDTH, 2 * HEIGHT), Image.Resampling.LANCZOS).save(folder / f"{name}.png")
    write_wav(folder / "voice.wav", voice())
    write_wav(folder / "music.wav", music())
    studio = Studio(folder)
    record(studio.write(), studio.golden, RecordOptions())
    return studio


@pytest.fixture
def studio(recorded_story, tmp_path):
    """A copy of the recorded story that a test may change."""
    shutil.copytree(recorded_story.folder, tmp_path / "story")
    return Studio(tmp_path / "story")


@pytest.fixture(scope="session")
def video(recorded_story, tmp_path_factory):
    """The story's video, rendered."""
    from backends.base import RunSettings
    from backends.ffmpeg.backend import FFmpegBackend
    from renderer.story import StoryOptions, compile_story, open_workspace

    target = tmp_path_factory.mktemp("video") / "story.mp4"
    with open_workspace(recorded_story.spec, StoryOptions()) as workspace:
        story = compile_story(recorded_story.spec, workspace, StoryOptions())
        FFmpegBackend().run(story.timeline, story.output, workspace, RunSettings(target, 2))
    return target


@pytest.fixture
def failures():
    """`failures(comparison)`: `(where, layer or track, frames, what)` of everything that makes it fail."""

    def listed(found):
        return [
            (
                item.where,
                item.layer or item.track,
                (item.frames.start, item.frames.end) if item.frames else None,
                item.what,
            )
            for item in found.failures
        ]

    return listed


@pytest.fixture
def spoil_frames(monkeypatch):
    """`spoil_frames(change)`: every rendered frame goes through `change(number, y, u, v)`, in place."""

    def spoil(change):
        run = FrameFarm.run

        def spoiled(farm, ranges, visit):
            def changed(index, number, frame):
                copy = frame.copy()
                change(number, copy.y, copy.u, copy.v)
                visit(index, number, copy)

            run(farm, ranges, changed)

        monkeypatch.setattr(FrameFarm, "run", spoiled)
        monkeypatch.setattr(versions, "picture_ingredients", lambda: {"picture code": "0" * 64, "pillow": "99"})

    return spoil


@pytest.fixture
def other_encoding(monkeypatch):
    """`other_encoding(preset=…)`: the story's output has other video settings."""

    def use(**settings):
        compile_story = check_module.compile_story

        def compiled(*arguments):
            story = compile_story(*arguments)
            video = dataclasses.replace(story.output.video, **settings)
            return dataclasses.replace(story, output=dataclasses.replace(story.output, video=video))

        monkeypatch.setattr(check_module, "compile_story", compiled)

    return use
