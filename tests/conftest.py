"""Fixtures that every test may ask for: small pictures, tones and specs, a cache of the tests' own, FFmpeg programs.

The makers are session fixtures that return functions, so that they also work inside hypothesis tests. All media are
made by Pillow and numpy, never by the code under test.
"""

from __future__ import annotations

import json
import signal
import wave
from fractions import Fraction
from pathlib import Path

import hypothesis
import numpy as np
import pytest
from PIL import Image

from presets import load_preset

# A shared or cold machine makes any single example slow: time limits belong to benchmarks.
hypothesis.settings.register_profile("storyreel", deadline=None)
hypothesis.settings.load_profile("storyreel")

COLORS = ((200, 40, 40), (40, 160, 60), (40, 70, 200), (220, 180, 30), (150, 60, 170), (30, 170, 180))
DEBIAN_FFMPEG = Path("/usr/bin/ffmpeg")


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Point STORYREEL_CACHE_DIR, for this process and its children, at a folder of this session.

    Compiled kernels stay where numba keeps them: compiling them again costs a minute. Compiled modules are kept as
    well, for the hundreds of children that tests start.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        patch.setenv("STORYREEL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session", autouse=True)
def _ctrl_c():
    """A shell starts what runs in its background with SIGINT ignored, and children inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def make_image():
    """`make_image(path, size=(640, 360), color=(200, 40, 40), **save)`: one flat picture; returns `path`.

    The suffix chooses the format; four channels in `color` make a picture with alpha; `save` goes to Pillow's `save`.
    """

    def make(path, size=(640, 360), color=COLORS[0], **save):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGBA" if len(color) == 4 else "RGB", size, tuple(color)).save(path, **save)
        return path

    return make


@pytest.fixture(scope="session")
def make_tone():
    """`make_tone(path, seconds, hz=440, channels=1, rate=48000, level_db=-12)`: a 16-bit WAV sine; returns `path`.

    `level_db` is the peak in dBFS; every channel carries the same; `round(seconds * rate)` samples per channel.
    """

    def make(path, seconds, hz=440, channels=1, rate=48_000, level_db=-12):
        path.parent.mkdir(parents=True, exist_ok=True)
        clock = np.arange(round(seconds * rate)) / rate
        sine = np.sin(2 * np.pi * hz * clock) * 10 ** (level_db / 20) * 32_767
        with wave.open(str(path), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(np.repeat(np.rint(sine).astype("<i2"), channels).tobytes())
        return path

    return make


@pytest.fixture(scope="session")
def write_spec():
    """`write_spec(folder, **overrides)`: writes `folder/story.yaml`, one key a line; returns its path.

    Starts from `{storyreel: 1, output: {width: 320, height: 180, rate: "30"}}`; a field given as None is left out.
    """

    def write(folder, **overrides):
        base = {"storyreel": 1, "output": {"width": 320, "height": 180, "rate": "30"}}
        fields = {key: value for key, value in (base | overrides).items() if value is not None}
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items()]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "story.yaml"
        path.write_text("".join(lines), encoding="utf-8")
        return path

    return write


@pytest.fixture
def story_folder(tmp_path, make_image, make_tone, write_spec):
    """`story_folder(images=2, narration_s=2, music_s=None, suffix=".png", size=(640, 360), **overrides)`.

    Makes a complete story in a new folder and returns the path of its spec: `image1.png`, `image2.png`, … each of its
    own colour, `narration.wav` (440 Hz) and `music.wav` (220 Hz, stereo), each left out where its length is None. A
    list for `images` (an override like any other field) is written as it stands, and no picture is made for it.
    """

    def make(images=2, narration_s=2, music_s=None, suffix=".png", size=(640, 360), **overrides):
        folder = tmp_path / f"story{len(list(tmp_path.glob('story*'))) or ''}"
        fields = {"images": images}
        if isinstance(images, int):
            names = [f"image{number}{suffix}" for number in range(1, images + 1)]
            for number, name in enumerate(names):
                make_image(folder / name, size, COLORS[number % len(COLORS)])
            fields["images"] = names
        if narration_s is not None:
            make_tone(folder / "narration.wav", narration_s)
            fields["narration"] = "narration.wav"
        if music_s is not None:
            make_tone(folder / "music.wav", music_s, hz=220, channels=2)
            fields["music"] = "music.wav"
        return write_spec(folder, **(fields | overrides))

    return make


@pytest.fixture(scope="session")
def compile_spec():
    """`compile_spec(narration_s=None, music_s=None, picture=(1920, 1080), speech=(), preview=False, **fields)`.

    Compiles a timeline without any file: `fields` are the spec's keys as plain values, and the facts of every medium
    are invented (pictures of size `picture`, a square logo with alpha, a mono 48 kHz voice that speaks in the sample
    ranges `speech`, stereo 48 kHz music).
    Raises: SpecError as the product does.
    """
    from renderer.errors import SpecError
    from renderer.output import preview_of, resolve_output
    from renderer.spec import BrandSpec, MotionSpec, parse_document, parse_spec
    from renderer.timeline.brand import resolve_brand
    from renderer.timeline.compile import CompileContext, StoryMedia, compile_timeline
    from renderer.timeline.model import AudioSource, ImageSource

    def preset(kind, name):
        return {key: value for key, value in load_preset(kind, name).items() if key != "description"}

    def sound(name, channels, seconds):
        return AudioSource(name, "5" * 64, 48_000, channels, round(seconds * 48_000))

    def compiled(narration_s=None, music_s=None, picture=(1920, 1080), speech=(), preview=False, **fields):
        voice = {} if narration_s is None else {"narration": "narration.wav"}
        music = {} if music_s is None else {"music": "music.wav"}
        text = json.dumps({"storyreel": 1, "images": [], **voice, **music, **fields})
        parsed = parse_spec(parse_document(text), output_rates={"story-1080p": Fraction(30)})
        if parsed.spec is None:
            raise SpecError("story.yaml", list(parsed.problems))
        spec, brand = parsed.spec, resolve_brand(parsed.spec.brand, lambda name: BrandSpec(**preset("brands", name)))
        media = StoryMedia(
            tuple(ImageSource(image.file, "1" * 64, *picture, alpha=False) for image in spec.images),
            None if narration_s is None else sound("narration.wav", 1, narration_s),
            None if music_s is None else sound("music.wav", 2, music_s),
            None if brand.has_color else ImageSource(brand.background, "0" * 64, 1920, 1080, alpha=False),
            ImageSource(brand.logo, "9" * 64, 1200, 1200, alpha=True) if brand.logo else None,
            tuple(speech),
        )
        output = resolve_output(spec.output)
        context = CompileContext(
            preview_of(output) if preview else output,
            brand,
            media,
            lambda name: MotionSpec.model_validate(preset("motion", name)),
        )
        return compile_timeline(spec, parsed.document, context, stem="story")

    return compiled


@pytest.fixture(scope="session")
def ffmpeg():
    """The path of the FFmpeg inside the imageio-ffmpeg wheel."""
    import imageio_ffmpeg

    return Path(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def debian_ffmpeg():
    """The path of the system's own FFmpeg, of another version than the wheel's; skips where there is none."""
    if not DEBIAN_FFMPEG.exists():
        pytest.skip(f"{DEBIAN_FFMPEG} is not installed: nothing to compare the bundled FFmpeg with")
    return DEBIAN_FFMPEG
