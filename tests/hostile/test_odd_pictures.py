"""Odd but good pictures come out right: their colours are read back from the planes that the compositor gets."""

from __future__ import annotations

import io

import corpus
import numpy as np
import pytest
from PIL import Image

from renderer.errors import MediaError
from renderer.picture.intake import Intake
from renderer.picture.kernels import yuv420_to_rgb

RED, GREEN, BLUE, WHITE = corpus.CORNERS.values()
UPRIGHT = (RED, GREEN, BLUE, WHITE)
BLACK = (0, 0, 0)


@pytest.fixture(scope="module")
def door():
    with Intake() as intake:
        yield intake


def corners(door, content, name="odd"):
    """The colours in the middle of the four quarters, alpha of the same places, and the facts."""
    facts = door.facts(name, content)
    planes = door.still(name, content, facts.width, facts.height)
    size, chroma = facts.width * facts.height, -(-facts.width // 2) * -(-facts.height // 2)
    samples = np.frombuffer(planes.data, np.uint8)
    shape, small = (facts.height, facts.width), (-(-facts.height // 2), -(-facts.width // 2))
    y, u, v = samples[:size], samples[size : size + chroma], samples[size + chroma : size + 2 * chroma]
    rgb = yuv420_to_rgb(y.reshape(shape), u.reshape(small), v.reshape(small))
    alpha = samples[size + 2 * chroma :][:size].reshape(shape) if planes.alpha else np.full(shape, 255, np.uint8)
    places = [
        (row, column) for row in (shape[0] // 4, shape[0] * 3 // 4) for column in (shape[1] // 4, shape[1] * 3 // 4)
    ]
    return [tuple(map(int, rgb[place])) for place in places], [int(alpha[place]) for place in places], facts


def assert_close(found, expected, tolerance):
    distance = np.abs(np.array(found, int) - np.array(expected, int)).max()
    assert distance <= tolerance, f"found {found}, expected {expected}"


GREY = tuple(Image.new("RGB", (1, 1), color).convert("L").convert("RGB").getpixel((0, 0)) for color in UPRIGHT)

GOOD = {
    "png": (lambda: corpus.encoded(corpus.quarters(), "PNG"), UPRIGHT, 3),
    "interlaced gif": (lambda: corpus.encoded(corpus.quarters("P"), "GIF", interlace=1), UPRIGHT, 45),
    "jpeg": (lambda: corpus.encoded(corpus.quarters(), "JPEG", quality=95), UPRIGHT, 5),
    "progressive jpeg": (lambda: corpus.encoded(corpus.quarters(), "JPEG", progressive=True, quality=95), UPRIGHT, 5),
    "grey jpeg": (lambda: corpus.encoded(corpus.quarters("L"), "JPEG", quality=95), GREY, 4),
    "cmyk jpeg, adobe inverted": (lambda: corpus.cmyk_jpeg(adobe=True), UPRIGHT, 6),
    "cmyk jpeg without a marker, as browsers read it": (lambda: corpus.cmyk_jpeg(adobe=False), UPRIGHT, 6),
    "lossy webp": (lambda: corpus.encoded(corpus.quarters(), "WEBP", quality=95), UPRIGHT, 6),
    "lossless webp": (lambda: corpus.encoded(corpus.quarters(), "WEBP", lossless=True), UPRIGHT, 3),
    "heic": (lambda: corpus.encoded(corpus.quarters(), "HEIF", quality=95), UPRIGHT, 8),
    "avif": (lambda: corpus.encoded(corpus.quarters(), "AVIF", quality=95), UPRIGHT, 8),
    "one-bit png": (
        lambda: corpus.encoded(corpus.quarters("L").point(lambda level: 255 * (level > 100)).convert("1"), "PNG"),
        (BLACK, (255,) * 3, BLACK, (255,) * 3),
        3,
    ),
    "sixteen-bit grey png": (lambda: corpus.sixteen_bits(0), GREY, 3),
    "sixteen-bit rgb png": (lambda: corpus.sixteen_bits(2), UPRIGHT, 3),
    "grey png": (lambda: corpus.encoded(corpus.quarters("L"), "PNG"), GREY, 3),
    "animated png": (lambda: corpus.animated("PNG"), UPRIGHT, 3),
    "animated gif": (lambda: corpus.animated("GIF"), UPRIGHT, 8),
    "gif with delays of eleven minutes": (corpus.gif_with_huge_delays, UPRIGHT, 8),
    "animated webp": (lambda: corpus.animated("WEBP", lossless=True), UPRIGHT, 3),
    "broken colour profile": (lambda: corpus.encoded(corpus.quarters(), "PNG", icc_profile=b"no profile"), UPRIGHT, 3),
    "profile that ends early": (
        lambda: corpus.encoded(corpus.quarters(), "PNG", icc_profile=corpus.swapped_profile()[:200]),
        UPRIGHT,
        3,
    ),
    "profile of another kind of picture": (
        lambda: corpus.encoded(corpus.quarters("L"), "PNG", icc_profile=corpus.swapped_profile()),
        GREY,
        3,
    ),
    "transparent where the palette says so": (corpus.palette_with_transparency, UPRIGHT, 45),
    "transparent where one colour says so": (corpus.rgb_with_transparent_colour, UPRIGHT, 3),
}


@pytest.mark.parametrize(("make", "expected", "tolerance"), GOOD.values(), ids=GOOD)
def test_odd_picture_has_its_colours(door, make, expected, tolerance):
    found, alpha, facts = corners(door, make())
    assert (facts.width, facts.height) == (64, 48)
    shown = [index for index in range(4) if alpha[index]]
    assert_close([found[index] for index in shown], [expected[index] for index in shown], tolerance)


SEEN_FROM_ABOVE = {1: "rgbw", 2: "grwb", 3: "wbgr", 4: "bwrg", 5: "rbgw", 6: "brwg", 7: "wgbr", 8: "gwrb"}
"""The corners as seen, by EXIF orientation (CIPA DC-008, 4.6.5.1.2): r, g, b, w are stored left to right, top down."""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", SEEN_FROM_ABOVE)
def test_exif_orientation_turns_the_picture_upright(door, orientation, kind):
    found, _, facts = corners(door, corpus.turned(orientation, kind, quality=95))
    colours = dict(zip("rgbw", UPRIGHT, strict=True))
    assert (facts.width, facts.height) == ((48, 64) if orientation > 4 else (64, 48))
    assert_close(found, [colours[letter] for letter in SEEN_FROM_ABOVE[orientation]], 8)


TURNED_OTHERWISE = {
    "xmp alone": corpus.png_turned_by_xmp,
    "xmp with a colour profile": lambda: corpus.png_turned_by_xmp(icc_profile=corpus.srgb_profile()),
    "xmp in sixteen bits": lambda: corpus.png_turned_by_xmp("I;16"),
    "exif with a colour profile": lambda: corpus.turned(6, icc_profile=corpus.srgb_profile(), quality=95),
    "exif in cmyk": lambda: corpus.turned(6, mode="CMYK", quality=95),
    "exif with a palette": lambda: corpus.turned(6, "PNG", mode="P"),
    "exif with a palette and a profile": lambda: corpus.turned(6, "PNG", mode="P", icc_profile=corpus.srgb_profile()),
    "exif in grey": lambda: corpus.turned(6, mode="L", quality=95),
}


@pytest.mark.parametrize("make", TURNED_OTHERWISE.values(), ids=TURNED_OTHERWISE)
def test_facts_and_planes_agree_about_the_orientation(door, make):
    """Blue, the darkest, must come to the top left, white to the bottom right's left neighbour."""
    found, _, facts = corners(door, make())
    assert (facts.width, facts.height) == (48, 64)
    bright = [sum(colour) for colour in found]
    assert bright.index(max(bright)) == 2
    assert bright[0] == min(bright) or found[0][2] > found[0][0]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "AVIF"])
def test_colour_profile_is_applied(door, kind):
    """The profile calls red blue: only a picture converted through it shows blue where red is stored."""
    save = {"lossless": True} if kind == "WEBP" else {"quality": 95}
    content = corpus.encoded(corpus.quarters(), kind, icc_profile=corpus.swapped_profile(), **save)
    found, _, _ = corners(door, content)
    assert found[0][2] > found[0][0] + 60
    assert found[2][0] > found[2][2] + 60


HALF_CLEAR = (255, 0, 255, 128)
TRANSPARENT = {
    "rgba png": lambda: corpus.encoded(with_alpha("RGBA"), "PNG"),
    "grey png with alpha": lambda: corpus.encoded(with_alpha("LA"), "PNG"),
    "rgba webp": lambda: corpus.encoded(with_alpha("RGBA"), "WEBP", lossless=True),
    "rgba avif": lambda: corpus.encoded(with_alpha("RGBA"), "AVIF", quality=100),
    "rgba heic": lambda: corpus.encoded(with_alpha("RGBA"), "HEIF", quality=100),
    "rgba png with a profile": lambda: corpus.encoded(with_alpha("RGBA"), "PNG", icc_profile=corpus.srgb_profile()),
    "grey png with alpha and a profile": lambda: corpus.encoded(
        with_alpha("LA"), "PNG", icc_profile=corpus.srgb_profile()
    ),
}


def with_alpha(mode):
    picture = corpus.quarters("RGBA")
    alpha = np.full((48, 64), 255, np.uint8)
    alpha[:24, 32:], alpha[24:, :32], alpha[24:, 32:] = HALF_CLEAR[1:]
    picture.putalpha(Image.fromarray(alpha))
    return picture.convert(mode)


@pytest.mark.parametrize("make", TRANSPARENT.values(), ids=TRANSPARENT)
def test_alpha_survives(door, make):
    _, alpha, facts = corners(door, make())
    assert facts.alpha
    assert_close([alpha], [HALF_CLEAR], 4)


SINGLE_COLOUR = {
    "palette": corpus.palette_with_transparency,
    "one colour of rgb": corpus.rgb_with_transparent_colour,
    "one colour of rgb with a profile": lambda: corpus.rgb_with_transparent_colour(icc_profile=corpus.srgb_profile()),
    "palette with a profile": lambda: corpus.palette_with_transparency(icc_profile=corpus.srgb_profile()),
    "one level of grey": lambda: corpus.encoded(corpus.quarters("L"), "PNG", transparency=GREY[1][0]),
    "one level of sixteen-bit grey": lambda: corpus.sixteen_bits(0, transparent=GREY[1][0] * 257),
    "gif": lambda: corpus.encoded(corpus.quarters("P"), "GIF", transparency=corpus.quarters("P").getpixel((63, 0))),
}


@pytest.mark.parametrize("make", SINGLE_COLOUR.values(), ids=SINGLE_COLOUR)
def test_transparent_colour_is_transparent(door, make):
    _, alpha, facts = corners(door, make())
    assert facts.alpha
    assert alpha == [255, 0, 255, 255]


@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0garbage", b"Exif\0\0"],
    ids=["offset beyond the end", "no tiff at all", "nothing behind the mark"],
)
def test_broken_exif_is_refused_at_once_or_not_at_all(door, exif):
    content = corpus.encoded(corpus.quarters(), "JPEG", quality=95, exif=exif)
    try:
        door.facts("odd", content)
    except MediaError:
        return
    assert_close(corners(door, content)[0], UPRIGHT, 5)


def test_facts_stay_with_the_picture_that_was_asked_for(door):
    """A refused picture between two good ones leaves the child in step."""
    good, bad = corpus.encoded(corpus.quarters(), "PNG"), corpus.half(corpus.encoded(corpus.noise(), "PNG"))
    with pytest.raises(MediaError, match="bad"):
        door.still("bad", bad, 8, 8)
    assert corners(door, good)[0] == corners(door, good)[0]
    assert Image.open(io.BytesIO(good)).size == (64, 48)
