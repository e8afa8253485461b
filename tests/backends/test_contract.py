"""Contract: every executor shows and sounds the same timeline. Two that share no line of pixel or sample code agree.

Pictures: luma at least 44 dB alike in every frame, chroma 42. The renderer moves pictures by a B-spline in 8-bit YUV,
the reference by Pillow's bicubic in RGB: measured, 46 to 60 dB on photographs; 38.9 where one is enlarged, which is
allowed 37, as the two filters then differ most. A quarter of a pixel off gives 36 dB, a frame too early or late on a
pan 20. Timing has no tolerance, and sound 0.1 dB in each tenth of a second.
"""

from __future__ import annotations

import contextlib
import io
import wave
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from assets import asset_path
from backends.base import RunSettings
from backends.ffmpeg.backend import FFmpegBackend
from backends.reference.backend import ReferenceBackend
from renderer.errors import MediaError
from renderer.export import rendered_frames, write_mix
from renderer.story import StoryOptions, compile_story, open_workspace
from renderer.timebase import FrameRange

LUMA_DB, CHROMA_DB, ENLARGED_DB, LOGO_DB = 44, 42, 37, 46
SOUND_DB = 0.1
PHOTOS = {"wren": "wren.jpg", "lake": "mountain-lake.jpg", "hills": "misty-hills.jpg", "dandelion": "dandelion.jpg"}
R, G, B = 0.2126, 0.7152, 0.0722
TO_YUV = np.array([[R, G, B], [-R / 1.8556, -G / 1.8556, 0.5], [0.5, -G / 1.5748, -B / 1.5748]])
"""ITU-R BT.709-6, items 3.2 and 3.3, of full-range RGB."""


def move(a, b, ease="in-out"):
    start, end = ({"zoom": zoom, "focus": focus} for zoom, focus in (a, b))
    return {"from": start, "to": end, "ease": ease}


def output(rate, size=(320, 180)):
    return {"width": size[0], "height": size[1], "rate": rate}


SMALL = (64, 36)
HOUSE = {"preset": "stories-of-you", "intro": "0.3s", "outro": "0.2s"}
FADE = {"kind": "crossfade", "length": "0.5s"}
PAN = ((1.3, (0.4, 0.45)), (1.3, (0.6, 0.55)))
PUSH = ((1.0, (0.5, 0.5)), (1.25, (0.6, 0.4)))


def image(file, hold="1s", **fields):
    return {"file": file, "hold": hold, **fields}


# fmt: off
PICTURES = {
    "cover, at rest": {"images": [image("wren.png", "0.5s", motion="none")]},
    "cover, linear": {"images": [image("wren.png", motion=move(*PUSH, "linear"))]},
    "cover, ease in": {"images": [image("lake.png", motion=move(*PUSH, "in"))]},
    "cover, ease out": {"images": [image("hills.png", motion=move(*PUSH, "out"))]},
    "cover, ease in and out": {"images": [image("wren.png", motion=move(*PUSH))]},
    "pan": {"images": [image("lake.png", motion=move(*PAN, "linear"))]},
    "the default move": {"images": [image("wren.png"), image("lake.png")]},
    "contain, portrait": {"images": [image("portrait.png", fit="contain", motion=move(*PUSH))]},
    "contain over a colour": {"brand": {"background": "#406080"},
                              "images": [image("portrait.png", fit="contain", motion=move(*PUSH, "linear"))]},
    "blur, portrait": {"images": [image("portrait.png", fit="blur", motion=move(*PUSH))]},
    "cut": {"images": [image("wren.png", "0.5s"), image("lake.png", "0.5s")]},
    "crossfade": {"images": [image("wren.png"), image("lake.png", transition=FADE)]},
    "crossfade into blur": {"images": [image("lake.png"), image("portrait.png", fit="blur", transition=FADE)]},
    "cards and corner logo": {"brand": HOUSE, "images": [image("wren.png"), image("portrait.png", fit="contain")]},
    "logo only": {"brand": HOUSE, "images": [], "length": "1s"},
    "picture with alpha": {"brand": "plain", "images": [image("soft.png", motion=move(*PUSH))]},
    "portrait picture fills the frame": {"images": [image("portrait.png", motion=move(*PUSH))]},
    "upright frame": {"output": output("30", (180, 320)),
                      "images": [image("lake.png", motion=move((1, (0.4, 0.5)), (1.1, (0.6, 0.5))))]},
    "enlarged": {"output": output("30", (180, 320)), "images": [image("lake.png", motion=move(*PAN))]},
    "24 frames a second": {"output": output("24"), "images": [image("wren.png")]},
    "25 frames a second": {"output": output("25"), "images": [image("wren.png")]},
    "30000/1001 frames a second": {"output": output("30000/1001"),
                                   "images": [image("wren.png"), image("lake.png", transition=FADE)]},
}

COLORS = {"red": (200, 30, 30), "green": (20, 190, 60), "blue": (30, 50, 210), "white": (255,) * 3, "black": (0,) * 3}
FLAT = [{"file": f"{name}.png", "motion": "none"} for name in list(COLORS)[:4]]
HELD = [flat | {"hold": hold} for flat, hold in zip(FLAT, ("0.52s", "0.72s", "1.03s", "0.5s"), strict=True)]
CARDS = {"background": "#000000", "intro": "10f", "outro": "5f"}
CUTS = {
    "holds at 24": ("24", {"images": HELD}, [0, 12, 30, 54], 66),
    "holds at 25": ("25", {"images": HELD}, [0, 13, 31, 57], 69),
    "holds at 30000/1001": ("30000/1001", {"images": HELD}, [0, 16, 37, 68], 83),
    "program: intro, voice, outro": ("30", {"images": FLAT, "narration": "mono.wav", "brand": CARDS},
                                     [0, 10, 26, 42, 57, 73], 78),
    "narration: the voice alone": ("25", {"images": FLAT, "narration": "mono.wav", "length": "narration"},
                                   [0, 13, 27, 40], 53),
    "a given time": ("24", {"images": FLAT[:3], "length": "2.5s"}, [0, 20, 40], 60),
}
"""Rate, story, first frames of what is shown, all frames: counted by hand from the specification's rounding rule."""

VOICE = {"images": FLAT[:2], "brand": {"intro": "0.5s", "outro": "0.3s"}}
FADED = {"file": "mono.wav", "gain_db": -6, "fade_in": "0.5s", "fade_out": "0.4s"}
SOUNDS = {
    "mono voice": VOICE | {"narration": "mono.wav"},
    "stereo voice": VOICE | {"narration": {"file": "stereo.wav", "gain_db": -3}},
    "voice over music": VOICE | {"narration": "mono.wav", "music": {"file": "stereo.wav", "gain_db": -12}},
    "looped music": {"images": FLAT, "length": "6s", "music": {"file": "stereo.wav", "gain_db": -6}},
    "faded music": {"images": FLAT, "length": "2s", "music": FADED},
    "no sound": {"images": FLAT, "length": "2s"},
}
# fmt: on


@pytest.fixture(scope="module")
def media(tmp_path_factory, make_image, make_tone):
    """Photographs in small, flat colours, a picture with soft edges, and two sounds of 1.75 s."""
    folder = tmp_path_factory.mktemp("contract")
    for name, file in PHOTOS.items():
        with Image.open(asset_path(f"demo/{file}")) as photo:
            small = photo.convert("RGB").resize((720, 405), Image.Resampling.LANCZOS)
        small.save(folder / f"{name}.png")
        if name == "dandelion":
            small.crop((200, 0, 470, 405)).save(folder / "portrait.png")
    y, x = np.mgrid[-1:1:405j, -1:1:720j]
    alpha = Image.fromarray((255 * np.clip(1.4 - 1.3 * np.hypot(x, y), 0, 1)).astype(np.uint8))
    with Image.open(folder / "wren.png") as photo:
        photo.putalpha(alpha)
        photo.save(folder / "soft.png")
    for name, color in COLORS.items():
        make_image(folder / f"{name}.png", (320, 180), color)
    for name, channels in {"mono": 1, "stereo": 2}.items():
        make_tone(folder / f"{name}.wav", 2.1, hz=330, channels=channels)
    return folder


@pytest.fixture
def opened(media, write_spec):
    """`opened(**fields)`: a context manager that compiles a story beside the media."""

    @contextlib.contextmanager
    def open_(**fields):
        spec, options = write_spec(media, **fields), StoryOptions()
        with open_workspace(spec, options) as workspace:
            yield SimpleNamespace(story=compile_story(spec, workspace, options), workspace=workspace)

    return open_


def local_frames(case):
    """(Y, U, V) float planes of every frame before the encoder."""
    whole = FrameRange(0, case.story.timeline.frame_count)
    for frame in rendered_frames(case.story, case.workspace, whole):
        yield tuple(plane.astype(float) for plane in (frame.y, frame.u, frame.v))


def reference_frames(case):
    """The oracle's RGB frames in the same form: chroma 1/4 1/2 1/4 about even columns, rows in pairs."""
    for rgb in ReferenceBackend().frames(case.story.timeline, case.workspace):
        y, u, v = np.moveaxis(rgb @ TO_YUV.T, -1, 0)
        yield 16 + y * 219 / 255, *(128 + 224 / 255 * halved(chroma) for chroma in (u, v))


def local_mix(case):
    """(samples, 2) of the programme mix before the encoder."""
    wav = io.BytesIO()
    write_mix(case.story, case.workspace, wav)
    wav.seek(0)
    with wave.open(wav) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2).astype(float)


def halved(plane):
    wide = np.pad(plane, ((0, 0), (1, 1)), mode="edge")
    across = (wide[:, :-2:2] + 2 * wide[:, 1:-1:2] + wide[:, 2::2]) / 4
    return (across[0::2] + across[1::2]) / 2


EXECUTORS = {"ffmpeg": (FFmpegBackend, local_frames), "reference": (ReferenceBackend, reference_frames)}


def psnr(a, b):
    return 10 * np.log10(255**2 / max(((a - b) ** 2).mean(), 1e-4))


@pytest.mark.parametrize("name", PICTURES)
def test_both_show_the_same_pictures(opened, name):
    with opened(**PICTURES[name]) as case:
        ours, theirs = list(local_frames(case)), list(reference_frames(case))
    assert len(ours) == len(theirs) == case.story.timeline.frame_count
    luma = [psnr(a[0], b[0]) for a, b in zip(ours, theirs, strict=True)]
    chroma = [psnr(a[plane], b[plane]) for a, b in zip(ours, theirs, strict=True) for plane in (1, 2)]
    assert min(luma) >= (ENLARGED_DB if name == "enlarged" else LUMA_DB), f"frame {np.argmin(luma)}"
    assert min(chroma) >= CHROMA_DB, f"frame {np.argmin(chroma) // 2}"


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", CUTS)
def test_every_cut_falls_on_its_frame(opened, name, executor):
    rate, fields, cuts, count = CUTS[name]
    with opened(output=output(rate, SMALL), **fields) as case:
        levels = np.array([[plane.mean() for plane in frame] for frame in EXECUTORS[executor][1](case)])
    changes = np.flatnonzero(np.abs(np.diff(levels, axis=0)).max(axis=1) > 2) + 1
    assert [0, *changes] == cuts
    assert len(levels) == case.story.timeline.frame_count == count


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_crossfade_rises_evenly_from_its_first_frame_to_its_last(opened, executor):
    fade = {"kind": "crossfade", "length": "10f"}
    images = [image("black.png", motion="none"), image("white.png", motion="none", transition=fade)]
    with opened(output=output("25", SMALL), images=images) as case:
        levels = [frame[0].mean() for frame in EXECUTORS[executor][1](case)]
    rising = [16 + 219 * (2 * step + 1) / 20 for step in range(10)]
    assert levels == pytest.approx([16] * 25 + rising + [235] * 15, abs=0.6)


@pytest.mark.parametrize("name", ["cover, linear", "pan", "contain, portrait"])
def test_no_frame_is_early_or_late(opened, name):
    with opened(**PICTURES[name]) as case:
        ours, theirs = list(local_frames(case)), list(reference_frames(case))
    for number in range(1, len(ours) - 1):
        around = [psnr(ours[number][0], theirs[number + shift][0]) for shift in (-1, 0, 1)]
        assert around[1] > max(around[0], around[2]) + 2, f"frame {number}"


@pytest.mark.parametrize("name", SOUNDS)
def test_both_mix_the_same_sound(opened, name):
    with opened(**SOUNDS[name]) as case:
        ours = local_mix(case)
        theirs = ReferenceBackend().mix(case.story.timeline, case.workspace).astype(float)
    assert ours.shape == theirs.shape == (case.story.timeline.sound.sample_count, 2)
    for start in range(0, len(ours) - 4_799, 4_800):
        levels = [10 * np.log10((mix[start : start + 4_800] ** 2).mean(axis=0) + 4) for mix in (ours, theirs)]
        assert levels[0] == pytest.approx(levels[1], abs=SOUND_DB), f"sample {start}"


@pytest.mark.parametrize("executor", EXECUTORS)
@pytest.mark.parametrize("name", ["holds at 24", "holds at 30000/1001", "program: intro, voice, outro"])
def test_the_finished_file_has_every_frame_at_its_time(opened, tmp_path, decode_video, decode_audio, name, executor):
    rate, fields, cuts, count = CUTS[name]
    target = tmp_path / "out.mp4"
    with opened(output=output(rate, SMALL), **fields) as case:
        result = EXECUTORS[executor][0]().run(
            case.story.timeline, case.story.output, case.workspace, RunSettings(target, 1)
        )
    video = decode_video(target)
    levels = np.array([frame.reshape(3, -1).mean(axis=1) for frame in video.frames])
    changes = np.flatnonzero(np.abs(np.diff(levels, axis=0)).max(axis=1) > 4) + 1
    assert [0, *changes] == cuts
    assert video.times == [number / Fraction(rate) for number in range(count)]
    assert result.frames == count
    assert all(check.passed for check in result.checks)
    heard = decode_audio(target)
    assert abs(len(heard) - float(result.duration_s) * 48_000) <= 2 * 1024
    if "narration" in fields:
        assert 10 * np.log10((heard[24_000:96_000] ** 2).mean(axis=0)) == pytest.approx([-15.01] * 2, abs=SOUND_DB)


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_plan_says_how_every_layer_and_track_comes_out_and_touches_nothing(opened, tmp_path, executor):
    fields = PICTURES["cards and corner logo"] | {
        "narration": "mono.wav",
        "music": "stereo.wav",
        "images": ["wren.png"],
    }
    with opened(**fields) as case:
        timeline = case.story.timeline
        plan = EXECUTORS[executor][0]().plan(timeline, case.story.output, tmp_path / "out.mp4")
    said = {item.where for item in plan.conformance}
    assert said == {layer.id for layer in timeline.layers} | {track.role for track in timeline.sound.tracks}
    assert plan.to_json()["backend"] == executor
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("executor", EXECUTORS)
def test_a_failed_run_leaves_the_previous_file(opened, media, make_image, tmp_path, executor):
    target = tmp_path / "out.mp4"
    target.write_bytes(b"previous")
    make_image(media / "changing.png", (320, 180), (1, 2, 3))
    with opened(images=[image("changing.png")]) as case:
        make_image(media / "changing.png", (320, 180), (3, 2, 1))
        with pytest.raises(MediaError, match="changed since"):
            EXECUTORS[executor][0]().run(case.story.timeline, case.story.output, case.workspace, RunSettings(target, 1))
    assert target.read_bytes() == b"previous"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(("opacity", "agrees"), [(80, True), (75, False)])
def test_the_logo_is_as_opaque_in_both(opened, opacity, agrees):
    brand = {"logo": "white.png", "background": "#406080", "corner": {"opacity": 80, "size": 400, "margin": 40}}
    fields = {"images": [image("wren.png", "0.5s", motion="none")]}
    with opened(brand=brand, **fields) as case:
        left, top, right, bottom = logo_box(case.story.timeline)
        theirs = next(reference_frames(case))[0][top:bottom, left:right]
    with opened(brand=brand | {"corner": brand["corner"] | {"opacity": opacity}}, **fields) as case:
        ours = next(local_frames(case))[0][top:bottom, left:right]
    assert bool(psnr(ours, theirs) >= LOGO_DB) == agrees


def logo_box(timeline):
    rect = next(layer for layer in timeline.layers if layer.id == "corner").rect
    return int(rect.left), int(rect.top), int(rect.left + rect.width), int(rect.top + rect.height)


def test_a_quarter_of_a_pixel_is_noticed(opened):
    quarter = 0.25 / (1.3 * 320)
    ends = [(1.3, (0.4 + quarter, 0.45)), (1.3, (0.6 + quarter, 0.55))]
    with opened(images=[image("lake.png", motion=move(*ends, "linear"))]) as case:
        ours = [frame[0] for frame in local_frames(case)]
    with opened(**PICTURES["pan"]) as case:
        theirs = [frame[0] for frame in reference_frames(case)]
    assert max(psnr(a, b) for a, b in zip(ours, theirs, strict=True)) < LUMA_DB
