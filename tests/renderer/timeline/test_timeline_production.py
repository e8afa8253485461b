"""The values of the production system's image sequence, exactly (REQUIREMENTS 1.1, A11-A16, X10)."""

from __future__ import annotations

from fractions import Fraction

import pytest

from renderer.errors import SpecError
from renderer.timeline.brand import Brand, Corner, centre_box, contained, corner_box, resolve_brand
from renderer.timeline.model import Rect

BRAND = "stories-of-you"
WHOLE, CENTRE, CORNER = (0, 0, 1920, 1080), (660, 240, 600, 600), (1680, 840, 200, 200)

SEQUENCE = {
    "background": (0, (0, 3600), WHOLE, 100),
    "image-1": (1, (90, 1240), WHOLE, 100),
    "image-2": (2, (1240, 2390), WHOLE, 100),
    "image-3": (3, (2390, 3540), WHOLE, 100),
    "intro": (10, (0, 90), CENTRE, 100),
    "corner": (50, (90, 3540), CORNER, 80),
    "outro": (60, (3540, 3600), CENTRE, 100),
}


def files(count):
    return [{"file": f"{number}.jpg", "motion": "none"} for number in range(count)]


def box(rect):
    return rect.left, rect.top, rect.width, rect.height


def placed(timeline):
    return {
        layer.id: (layer.z, (layer.range.start, layer.range.end), box(layer.rect), layer.opacity)
        for layer in timeline.layers
    }


def test_three_images_over_120_s_are_the_production_sequence(compile_spec):
    timeline = compile_spec(narration_s=120, length="narration", brand=BRAND, images=files(3))
    assert placed(timeline) == SEQUENCE
    assert [layer.id for layer in timeline.layers] == list(SEQUENCE)
    assert (timeline.width, timeline.height, timeline.rate) == (1920, 1080, 30)


def test_a16_the_background_has_no_fade_and_lasts_to_the_end(compile_spec):
    timeline = compile_spec(narration_s=120, brand=BRAND, images=files(1))
    background = timeline.layers[0]
    assert (background.range.end, background.fade_in) == (3750, 0)
    assert background.source.path == "asset:brand/warm-background.png"


def test_a15_without_images_the_logo_fills_the_content_window(compile_spec):
    timeline = compile_spec(narration_s=120, length="narration", brand=BRAND)
    assert placed(timeline)["logo-fallback"] == (1, (90, 3540), CENTRE, 100)
    assert [layer.z for layer in timeline.layers] == [0, 1, 10, 50, 60]


def test_a13_images_move_unless_told_otherwise(compile_spec):
    timeline = compile_spec(narration_s=120, brand=BRAND, images=["a.jpg", "b.jpg"])
    moves = [layer.motion for layer in timeline.layers if layer.kind == "image"]
    assert [(move.start.width < move.end.width) for move in moves] == [True, False]
    assert [layer.motion for layer in timeline.layers if layer.kind != "image"] == [None] * 4


@pytest.mark.parametrize(
    ("images", "intro", "corner", "outro"),
    [(1, 10, 50, 60), (9, 10, 50, 60), (10, 11, 12, 13), (50, 51, 52, 53), (96, 97, 98, 99)],
)
def test_x10_layers_are_renumbered_from_the_tenth_image_on(compile_spec, images, intro, corner, outro):
    timeline = compile_spec(narration_s=100, brand=BRAND, images=files(images))
    z = {layer.id: layer.z for layer in timeline.layers}
    assert (z["intro"], z["corner"], z["outro"]) == (intro, corner, outro)
    assert [z[f"image-{number}"] for number in range(1, images + 1)] == list(range(1, images + 1))
    assert len(set(z.values())) == len(z)


def test_music_lies_25_db_below_from_the_first_frame_to_the_last(compile_spec):
    timeline = compile_spec(narration_s=10, music_s=4, brand=BRAND, images=files(1))
    voice, music = timeline.sound.tracks
    assert (voice.role, voice.gain_db) == ("narration", 0)
    assert (music.role, music.gain_db, music.start, music.end) == ("music", -25, 0, timeline.sound.sample_count)
    assert (music.fade_in, music.fade_out, music.loop.crossfade) == (0, 0, 2400)


@pytest.mark.parametrize(
    ("music", "end", "loops"),
    [({"loop": False}, 4 * 48_000, False), ({}, 10 * 48_000, True), ({"start": 7}, 10 * 48_000, False)],
    ids=["once", "repeated to the end", "long enough for what is left"],
)
def test_music_never_outlives_the_programme(compile_spec, music, end, loops):
    timeline = compile_spec(narration_s=10, music_s=4, music={"file": "m.wav", **music}, images=files(1))
    track = timeline.sound.tracks[1]
    assert (track.end, track.loop is not None) == (end, loops)


BOXES = {
    "full HD": ((1920, 1080), CENTRE, CORNER),
    "4K": ((3840, 2160), (1320, 480, 1200, 1200), (3360, 1680, 400, 400)),
    "HD": ((1280, 720), (440, 160, 400, 400), (1120, 560, 134, 134)),
    "square": ((1080, 1080), (240, 240, 600, 600), (840, 840, 200, 200)),
    "upright": ((1080, 1920), (240, 660, 600, 600), (840, 1680, 200, 200)),
    "preview": ((960, 540), (330, 120, 300, 300), (840, 420, 100, 100)),
}


@pytest.mark.parametrize(("frame", "centre", "corner"), BOXES.values(), ids=BOXES)
def test_logos_scale_with_the_shorter_side(frame, centre, corner):
    assert box(centre_box(Brand(), (1200, 1200), frame)) == centre
    assert box(corner_box(Corner(), (1200, 1200), frame)) == corner


@pytest.mark.parametrize(
    ("picture", "expected"),
    [((1200, 600), (10, 70, 200, 100)), ((300, 1200), (86, 20, 50, 200)), ((4000, 1), (10, 120, 200, 2))],
    ids=["wide", "tall", "thinner than a pixel"],
)
def test_a_logo_is_shown_whole_on_even_pixels(picture, expected):
    area = Rect(Fraction(10), Fraction(20), Fraction(200), Fraction(200))
    assert box(contained(picture, area)) == expected


BRANDS = {
    "no corner": ({"preset": BRAND, "corner": "none"}, {"background", "image-1", "intro", "outro"}),
    "no intro": ({"preset": BRAND, "intro": 0}, {"background", "image-1", "corner", "outro"}),
    "no outro": ({"preset": BRAND, "outro": "0s"}, {"background", "image-1", "corner", "intro"}),
    "no logo": ("plain", {"background", "image-1"}),
    "nothing": ("none", {"background", "image-1"}),
}


@pytest.mark.parametrize(("brand", "layers"), BRANDS.values(), ids=BRANDS)
def test_a_brand_may_leave_things_out(compile_spec, brand, layers):
    timeline = compile_spec(narration_s=10, brand=brand, images=files(1))
    assert {layer.id for layer in timeline.layers} == layers


def test_a_brand_is_the_preset_with_the_specs_own_values(compile_spec):
    brand = {"preset": BRAND, "background": "#102030", "logo_size": 300, "corner": {"opacity": 50}, "intro": "1s"}
    timeline = compile_spec(narration_s=10, brand=brand, images=files(1))
    layers = {layer.id: layer for layer in timeline.layers}
    assert (layers["background"].color, layers["background"].source) == ("#102030", None)
    assert box(layers["intro"].rect) == (810, 390, 300, 300)
    assert (layers["corner"].opacity, box(layers["corner"].rect)) == (50, CORNER)
    assert layers["intro"].range.end == 30


def test_a_corner_of_a_brand_without_preset_has_the_production_values(compile_spec):
    brand = {"logo": "logo.png", "corner": {"opacity": 80}}
    changed = {"logo": "logo.png", "corner": {"size": 200}}
    for timeline in (compile_spec(narration_s=10, brand=written, images=files(1)) for written in (brand, changed)):
        corner = next(layer for layer in timeline.layers if layer.id == "corner")
        assert (corner.opacity, box(corner.rect)) == (80, CORNER)


@pytest.mark.parametrize("percent", [0.8, 79.5])
def test_an_opacity_that_a_layer_can_not_hold_is_refused_not_cut_off(compile_spec, percent):
    with pytest.raises(SpecError, match=r"corner\.opacity"):
        compile_spec(narration_s=10, brand={"preset": BRAND, "corner": {"opacity": percent}}, images=files(1))


def test_a_story_without_brand_lies_on_black(compile_spec):
    background = compile_spec(narration_s=1, images=files(1)).layers[0]
    assert (background.kind, background.color, background.rect) == ("background", "#000000", None)


def test_a_brand_preset_is_read_by_name(compile_spec):
    from renderer.spec import BrandSpec

    asked = []
    resolve_brand(BrandSpec(preset="house"), lambda name: asked.append(name) or BrandSpec())
    assert asked == ["house"]
