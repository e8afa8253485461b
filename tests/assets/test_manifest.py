"""Every bundled medium has a source, a licence and a hash; what our own scripts made, they make again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

import assets
from assets.brand import draw_brand
from assets.demo import compose_music
from renderer.errors import UsageError

FOLDER = Path(assets.__file__).parent
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
ENTRIES = {entry["file"]: entry for entry in MANIFEST}
TEXT = {"manifest.json", "demo/story.yaml", "fonts/OFL.txt"}
MEDIA = sorted(set(assets.asset_names()) - TEXT)
FONTS = {".otf", ".ttf", ".woff2"}
MAX_BYTES = 6_000_000


def decoded_sound(path: Path) -> np.ndarray:
    """The samples of a sound file, `(samples, channels) int16`."""
    import av

    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="s16")
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        channels = len(frames[0].layout.channels)
    return np.concatenate([frame.to_ndarray().reshape(-1, channels) for frame in frames])


def pixels(path: Path, mode: str) -> np.ndarray:
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert(mode)).astype(np.int16)


def test_every_medium_has_one_entry_and_every_entry_a_medium():
    assert sorted(entry["file"] for entry in MANIFEST) == MEDIA


@pytest.mark.parametrize("name", MEDIA)
def test_entry_tells_source_licence_and_changes_of_exactly_this_file(name):
    entry = ENTRIES[name]
    assert entry["sha256"] == hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()
    assert all(entry[key].strip() for key in ("source", "licence", "changes", "evidence"))


@pytest.mark.parametrize("name", MEDIA)
def test_licence_may_be_committed(name):
    allowed = {"OFL-1.1"} if Path(name).suffix in FONTS else {"public-domain", "CC0-1.0"}
    assert ENTRIES[name]["licence"] in allowed


def test_font_licence_lies_beside_the_font():
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "fonts/OFL.txt").read_text(encoding="utf-8")


def test_assets_stay_small():
    assert sum((FOLDER / name).stat().st_size for name in assets.asset_names()) <= MAX_BYTES


@pytest.mark.parametrize(
    ("name", "draw", "mode"),
    [
        pytest.param("brand/logo.png", draw_brand.draw_logo, "RGBA", id="logo"),
        pytest.param("brand/warm-background.png", draw_brand.draw_background, "RGB", id="background"),
    ],
)
def test_brand_art_is_what_its_script_draws(name, draw, mode):
    drawn = np.asarray(draw().convert(mode)).astype(np.int16)
    difference = np.abs(drawn - pixels(FOLDER / name, mode))
    assert difference.max() <= 3  # one step of the palette: another CPU's cosine may tip a rounding
    assert np.mean(difference > 0) < 1e-4


@pytest.mark.campaign
def test_music_is_what_its_script_composes():
    composed = np.rint(compose_music.render() * 32767)
    difference = np.abs(composed - decoded_sound(FOLDER / "demo/music.flac"))
    assert difference.max() <= 1


def test_music_is_stereo_balanced_and_does_not_clip():
    music = decoded_sound(FOLDER / "demo/music.flac") / 32768
    left, right = 20 * np.log10(np.sqrt(np.mean(music**2, axis=0)))
    assert abs(left - right) < 0.5
    assert 20 * np.log10(np.abs(music).max()) == pytest.approx(-3, abs=0.1)


def test_narration_has_whole_frames_and_silent_ends():
    voice = decoded_sound(FOLDER / "demo/narration.flac")
    assert voice.shape == (27.5 * 16_000, 1)
    assert np.abs(voice[[0, -1]]).max() <= 1


@pytest.mark.parametrize("path", sorted((FOLDER / "demo").glob("*.jpg")), ids=lambda path: path.stem)
def test_demo_photo_is_larger_than_its_frame(path):
    height, width, _ = pixels(path, "RGB").shape
    assert width >= 1920 * 1.16
    assert height * 16 >= width * 9


def test_logo_is_transparent_at_the_corners_and_opaque_in_the_middle():
    logo = pixels(FOLDER / "brand/logo.png", "RGBA")
    assert logo.shape == (1200, 1200, 4)
    assert logo[[0, 0, -1, -1], [0, -1, 0, -1], 3].max() == 0
    assert logo[600, 600, 3] == 255


def test_asset_path_finds_a_listed_name():
    assert assets.asset_path("brand/logo.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("brand/logo.pgn", "did you mean 'brand/logo.png'?", id="misspelt"),
        pytest.param("../pyproject.toml", "no bundled asset", id="outside"),
        pytest.param("brand", "no bundled asset", id="folder"),
    ],
)
def test_asset_path_refuses_other_names(name, message):
    with pytest.raises(UsageError) as caught:
        assets.asset_path(name)
    assert message in str(caught.value)
