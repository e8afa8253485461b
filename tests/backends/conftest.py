"""Fixtures for tests of finished videos: stories rendered once a session, and decoders of the tests' own.

Videos are decoded with PyAV and judged with numpy; colours come back through a matrix written out here.
"""

from __future__ import annotations

from dataclasses import dataclass

import av
import numpy as np
import pytest
from PIL import Image

from backends.base import RunSettings
from backends.ffmpeg.backend import FFmpegBackend
from renderer.story import StoryOptions, compile_story, open_workspace

BT709_LIMITED = np.array([[255 / 219, 0, 1.5748 * 255 / 224], [255 / 219, -0.1873 * 255 / 224, -0.4681 * 255 / 224],
                          [255 / 219, 1.8556 * 255 / 224, 0]])  # fmt: skip
"""ITU-R BT.709-6, items 3.2 to 3.4, from 8-bit limited range to 8-bit full-range RGB."""


@dataclass(frozen=True)
class Decoded:
    """A video as a player sees it: `times` in seconds, `frames` as (height * 3 / 2, width) yuv420p arrays."""

    times: list[object]
    frames: list[np.ndarray]

    def luma(self, number):
        height = self.frames[number].shape[0] * 2 // 3
        return self.frames[number][:height]

    def rgb(self, number):
        """Mean colour of a flat frame, as floats in 0..255."""
        frame = self.frames[number]
        height, width = frame.shape[0] * 2 // 3, frame.shape[1]
        chroma = frame[height:].reshape(2, -1)
        levels = np.array([frame[:height].mean() - 16, chroma[0].mean() - 128, chroma[1].mean() - 128])
        assert chroma.shape[1] == width * height // 4
        return BT709_LIMITED @ levels


@pytest.fixture(scope="session")
def run_story():
    """`run_story(spec, target, jobs=2, full=False, use_cache=False)`: the local backend's whole run."""

    def run(spec, target, jobs=2, *, full=False, use_cache=False):
        options = StoryOptions(use_cache=use_cache)
        with open_workspace(spec, options) as workspace:
            story = compile_story(spec, workspace, options)
            settings = RunSettings(target, jobs, full_verify=full)
            return FFmpegBackend().run(story.timeline, story.output, workspace, settings)

    return run


@pytest.fixture(scope="session")
def compiled():
    """`compiled(spec)`: the story with its timeline and output."""

    def compile_(spec):
        with open_workspace(spec, StoryOptions()) as workspace:
            return compile_story(spec, workspace, StoryOptions())

    return compile_


@pytest.fixture(scope="session")
def decode_video():
    """`decode_video(path)`: every picture, in the order of presentation."""

    def decode(path):
        with av.open(str(path)) as container:
            pictures = [(frame.pts * frame.time_base, frame.to_ndarray()) for frame in container.decode(video=0)]
        return Decoded([time for time, _ in pictures], [frame for _, frame in pictures])

    return decode


@pytest.fixture(scope="session")
def decode_audio():
    """`decode_audio(path)`: (samples, 2) float from presentation time 0 on."""

    def decode(path):
        with av.open(str(path)) as container:
            parts = [(frame.pts, frame.to_ndarray().T) for frame in container.decode(audio=0)]
        assert parts[0][0] == 0, f"the first sound is heard at {parts[0][0]} samples"
        return np.concatenate([samples for _, samples in parts])

    return decode


@pytest.fixture(scope="session")
def make_dot():
    """`make_dot(path, size, centre, sigma=6)`: a bright gaussian dot on dark grey; `centre` in picture pixels."""

    def make(path, size, centre, sigma=6.0, floor=40, peak=180):
        path.parent.mkdir(parents=True, exist_ok=True)
        y, x = np.mgrid[0 : size[1], 0 : size[0]] + 0.5
        dot = floor + peak * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * sigma**2))
        Image.fromarray(np.repeat(np.rint(dot)[..., None], 3, axis=2).astype(np.uint8)).save(path)
        return path

    return make


@dataclass(frozen=True)
class Rendered:
    """A story and what became of it."""

    spec: object
    path: object
    result: object


def view(focus):
    return {"zoom": 3, "focus": focus}


@pytest.fixture(scope="session")
def moving_story(tmp_path_factory, make_dot, write_spec, run_story):
    """6 s, 3 shots cut in 5 segments, in each of which a dot moves by more than a pixel a frame."""
    folder = tmp_path_factory.mktemp("moving")
    make_dot(folder / "dot.png", (1280, 720), (640, 360), sigma=9)
    views = [((0.4, 0.5), (0.6, 0.5)), ((0.6, 0.45), (0.4, 0.55)), ((0.42, 0.42), (0.58, 0.58))]
    images = [
        {"file": "dot.png", "hold": hold, "motion": {"from": view(a), "to": view(b), "ease": "linear"}}
        for hold, (a, b) in zip(("1s", "3.5s", "1.5s"), views, strict=True)
    ]
    spec = write_spec(folder, title="Moving", images=images)
    return Rendered(spec, folder / "moving.mp4", run_story(spec, folder / "moving.mp4"))


@pytest.fixture(scope="session")
def moving_video(moving_story, decode_video):
    return decode_video(moving_story.path)


FLAT_COLORS = {
    "the red of the brief": (200, 40, 60),
    "black": (0, 0, 0),
    "white": (255, 255, 255),
    "dark grey": (51, 51, 51),
    "light grey": (180, 180, 180),
    "green": (20, 230, 30),
    "blue": (10, 20, 240),
}


@pytest.fixture(scope="session")
def colour_video(tmp_path_factory, make_image, write_spec, run_story, decode_video):
    """Half a second of each flat colour, decoded."""
    folder = tmp_path_factory.mktemp("colours")
    for number, color in enumerate(FLAT_COLORS.values()):
        make_image(folder / f"{number}.png", (320, 180), color)
    images = [{"file": f"{number}.png", "hold": "0.5s", "motion": "none"} for number in range(len(FLAT_COLORS))]
    run_story(write_spec(folder, images=images), folder / "colours.mp4")
    return decode_video(folder / "colours.mp4")


@pytest.fixture(scope="session")
def flash_story(tmp_path_factory, make_image, write_spec, run_story):
    """Black until frame 31, then white; the recording starts there with a click."""
    import wave

    folder = tmp_path_factory.mktemp("flash")
    make_image(folder / "black.png", (320, 180), (0, 0, 0))
    make_image(folder / "white.png", (320, 180), (255, 255, 255))
    voice = np.zeros(48_000 * 2, "<i2")
    voice[0] = 32_000
    with wave.open(str(folder / "click.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(48_000)
        file.writeframes(voice.tobytes())
    images = [{"file": "black.png", "hold": "31f", "motion": "none"}, {"file": "white.png", "motion": "none"}]
    spec = write_spec(folder, images=images, narration={"file": "click.wav", "start": "31f"})
    return Rendered(spec, folder / "flash.mp4", run_story(spec, folder / "flash.mp4"))
