"""The oracle itself: frames by their number, sub-pixel places, coverage, transparency, judged by arithmetic alone."""

from __future__ import annotations

import builtins
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from backends.reference.backend import ReferenceBackend
from backends.reference.picture import composed_frames
from renderer.errors import MediaError, UnsupportedError
from renderer.media import MediaFolder, MediaLimits
from renderer.timebase import FrameRange
from renderer.timeline.geometry import moved
from renderer.timeline.model import ImageSource, Layer, Motion, Rect, Sound, Timeline

SIZE = (64, 36)


def whole(width=SIZE[0], height=SIZE[1], left=0, top=0):
    return Rect(Fraction(left), Fraction(top), Fraction(width), Fraction(height))


@pytest.fixture
def shown(tmp_path):
    """`shown(layers, rate=30, count=5)`: the frames of a timeline over the background #204060."""

    def show(*layers, rate=Fraction(30), count=5):
        background = Layer("background", "background", 0, FrameRange(0, count), color="#204060")
        timeline = Timeline("t", "t", Fraction(rate), *SIZE, count, (background, *layers), Sound(0))
        return list(composed_frames(timeline, MediaFolder(tmp_path), MediaLimits()))

    return show


@pytest.fixture
def source(tmp_path):
    """`source(pixels, name="a.png")`: a picture file of an (h, w, 3 or 4) array, as a timeline's source."""
    import hashlib

    def make(pixels, name="a.png", **save):
        Image.fromarray(np.asarray(pixels, np.uint8)).save(tmp_path / name, **save)
        content = (tmp_path / name).read_bytes()
        height, width, channels = np.shape(pixels)
        return ImageSource(name, hashlib.sha256(content).hexdigest(), width, height, channels == 4)

    return make


def flat(color, size=(8, 8)):
    return np.full((size[1], size[0], len(color)), color, np.uint8)


@pytest.mark.parametrize("rate", ["24", "25", "30", "30000/1001", "60000/1001", "12.5"])
def test_every_layer_shows_from_its_first_frame_to_its_last(shown, rate):
    layers = [Layer(f"l{k}", "image", k + 1, FrameRange(7 * k, 7 * k + 7), color=f"#{k:02x}0000") for k in range(40)]
    frames = shown(*layers, rate=Fraction(rate), count=280)
    assert [int(frame[0, 0, 0]) for frame in frames] == [number // 7 for number in range(280)]


def test_a_dot_is_where_the_geometry_puts_it(shown, source):
    y, x = np.mgrid[0:72, 0:128] + 0.5
    dot = 40 + 200 * np.exp(-((x - 64) ** 2 + (y - 36) ** 2) / 50)
    motion = Motion(whole(), whole(96, 54, -20, -9), "in-out", FrameRange(0, 10))
    picture = source(np.repeat(dot[..., None], 3, axis=2))
    layer = Layer("a", "image", 1, FrameRange(0, 10), source=picture, rect=motion.start, motion=motion)
    for number, frame in enumerate(shown(layer, count=10)):
        weight = np.clip(frame[:, :, 1].astype(float) - 60, 0, None)
        rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]] + 0.5
        rect = moved(motion, number)
        found = [(weight * axis).sum() / weight.sum() for axis in (columns, rows)]
        planned = [float(rect.left + rect.width / 2), float(rect.top + rect.height / 2)]
        assert found == pytest.approx(planned, abs=0.02)


def test_a_pixel_that_is_covered_by_a_quarter_shows_a_quarter(shown, source):
    layer = Layer("a", "image", 1, FrameRange(0, 5), source=source(flat((255, 0, 0))), rect=whole(8.75, 8, 16, 8))
    row = shown(layer)[0][10].astype(int)
    np.testing.assert_array_equal(row[15], (32, 64, 96))
    np.testing.assert_array_equal(row[16:24], [(255, 0, 0)] * 8)
    np.testing.assert_allclose(row[24], (0.25 * 32 + 0.75 * 255, 0.25 * 64, 0.25 * 96), atol=1)


def test_edge_pixels_go_on_beyond_the_edge(shown, source):
    """A flat picture stays flat up to its last pixel, however large it is shown."""
    layer = Layer(
        "a", "image", 1, FrameRange(0, 5), source=source(flat((9, 99, 199))), rect=whole(left=-0.3, width=64.5)
    )
    np.testing.assert_array_equal(shown(layer)[0], np.tile(np.uint8([9, 99, 199]), (36, 64, 1)))


def test_a_fade_is_sampled_at_the_middle_of_each_frame(shown):
    layer = Layer("a", "image", 1, FrameRange(1, 6), color="#ffffff", fade_in=4)
    levels = [int(frame[0, 0, 0]) for frame in shown(layer, count=6)]
    expected = [32, *(32 + 223 * (2 * step + 1) / 8 for step in range(4)), 255]
    assert levels == pytest.approx(expected, abs=1)


def test_invisible_colours_do_not_bleed_into_edges(shown, source):
    half = np.concatenate([flat((255, 255, 255, 255), (16, 36)), flat((255, 0, 255, 0), (16, 36))], axis=1)
    layer = Layer("a", "image", 1, FrameRange(0, 5), source=source(half), rect=whole())
    frame = shown(layer)[0].astype(int)
    assert (frame[:, :, 1] >= frame[:, :, 0] - 1).all(), "white over the background is never redder than green"
    np.testing.assert_array_equal(frame[:, 40:], np.tile([32, 64, 96], (36, 24, 1)))


def test_an_upright_picture_is_turned_by_its_orientation(shown, source):
    exif = Image.Exif()
    exif[0x0112] = 6
    wide = np.concatenate([flat((250, 0, 0), (18, 32)), flat((0, 0, 250), (18, 32))], axis=1)
    picture = source(wide, exif=exif)
    turned = ImageSource(picture.path, picture.sha256, picture.height, picture.width, alpha=False)
    frame = shown(Layer("a", "image", 1, FrameRange(0, 5), source=turned, rect=whole(32, 36)))[0]
    assert frame[4, 10, 0] > 240
    assert frame[30, 10, 2] > 240


@pytest.mark.parametrize("content", [b"not a picture", b"\x89PNG\r\n\x1a\nbroken", b"\xff\xd8\xff\xe0short"])
def test_a_damaged_picture_is_refused_by_name(tmp_path, shown, source, content):
    import hashlib

    (tmp_path / "bad.png").write_bytes(content)
    bad = ImageSource("bad.png", hashlib.sha256(content).hexdigest(), 8, 8, alpha=False)
    with pytest.raises(MediaError, match=r"bad\.png"):
        shown(Layer("a", "image", 1, FrameRange(0, 5), source=bad, rect=whole()))


def test_a_picture_that_changed_is_refused(tmp_path, shown, source):
    picture = source(flat((1, 2, 3)))
    source(flat((3, 2, 1)))
    with pytest.raises(MediaError, match="changed since"):
        shown(Layer("a", "image", 1, FrameRange(0, 5), source=picture, rect=whole()))


def test_without_moviepy_it_says_what_to_install(monkeypatch, shown):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.partition(".")[0] == "moviepy":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UnsupportedError, match=r"storyreel\[reference\]"):
        shown()


def test_fades_that_pydub_can_not_do_are_refused_in_the_plan(tmp_path, compile_spec):
    from renderer.output import output_preset

    fields = {"output": {"width": 64, "height": 36, "rate": "30000/1001"}, "images": [{"file": "a.png", "hold": "2s"}]}
    timeline = compile_spec(music_s=3, **fields | {"music": {"file": "music.wav", "fade_in": "0.5s"}})
    plan = ReferenceBackend().plan(timeline, output_preset("preview"), tmp_path / "out.mp4")
    with pytest.raises(UnsupportedError, match="whole milliseconds"):
        plan.refuse_what_is_refused()
