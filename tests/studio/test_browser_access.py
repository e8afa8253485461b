"""Who can use the page: by keyboard alone, with a screen reader, in light and dark, on a phone."""

from __future__ import annotations

import re

import pytest

_CONTRAST = """() => {
    const channel = value => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const bright = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
    const parsed = text => { const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
    const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3]));
    const ground = element => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            const style = getComputedStyle(each), color = parsed(style.backgroundColor);
            if (color[3]) layers.push(color);
            if (color[3] === 1 || style.backgroundImage.includes("url(")) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255]);
    };
    return [...document.querySelectorAll("body *")].flatMap(element => {
        const text = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        const unseen = !element.checkVisibility() || element.closest(".visually-hidden, .skip");
        if (!text || unseen || element.disabled) return [];
        const style = getComputedStyle(element), below = ground(element), ink = over(parsed(style.color), below);
        const [low, high] = [bright(ink), bright(below)].sort((a, b) => a - b), ratio = (high + 0.05) / (low + 0.05);
        return [[Math.round(ratio * 100) / 100, `${element.tagName} ${element.className} ${element.textContent}`]];
    });
}"""
TABS = ("shot", "sound", "output", "cloud")


def test_everything_has_a_name_for_a_screen_reader(page):
    page.click("#tab-sound")
    unnamed = page.eval_on_selector_all(
        "button, input, select, a, [role=option], [role=group], video, canvas, [role=tabpanel], section",
        """found => found.filter(each => !(each.labels?.length || each.getAttribute("aria-label")
            || each.getAttribute("aria-labelledby") || each.textContent.trim()
            || each.closest("[aria-hidden=true]"))).map(each => each.outerHTML)""",
    )
    assert unnamed == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(page, studio, story, scheme):
    page.emulate_media(color_scheme=scheme)
    story.path.write_text(story.text + "colour: red\n", encoding="utf-8")
    page.locator("#problems li").first.wait_for()
    found = []
    for tab in TABS:
        page.click(f"#tab-{tab}")
        page.wait_for_timeout(50)
        found += page.evaluate(_CONTRAST)
    page.emulate_media(color_scheme="light")
    assert len(found) > 80
    assert [pair for pair in found if pair[0] < 4.5] == []


def test_light_and_dark_follow_the_system(page):
    grounds = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    page.emulate_media(color_scheme="light")
    assert grounds == ["rgb(246, 244, 240)", "rgb(22, 23, 27)"]


def test_nothing_moves_where_less_motion_is_wanted(page):
    moving = """() => [...document.querySelectorAll("body *")].filter(each => { const style = getComputedStyle(each);
        return parseFloat(style.transitionDuration) > 0 || style.animationName !== "none"; }).length"""
    page.emulate_media(reduced_motion="reduce")
    still = page.evaluate(moving)
    page.emulate_media(reduced_motion="no-preference")
    assert (still, page.evaluate(moving) > 0) == (0, True)


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.className")


def test_the_tab_key_goes_through_the_page_in_reading_order(page):
    page.focus(".skip")
    seen = [focused(page)]
    for _ in range(14):
        page.keyboard.press("Tab")
        seen.append(focused(page))
    expected = ["skip", "final", "player", "play", "mute", "poster", "sheet", "scrub", "shot", "tab-shot", "box-from"]
    assert [name for name in seen if name != "undo"][: len(expected)] == expected


def test_the_main_work_is_done_by_keyboard_alone(page, studio, story):
    """From the player to the shots, the second one earlier, its view zoomed, the order undone."""
    page.focus("#player")
    while focused(page) != "shot":
        page.keyboard.press("Tab")
    for key in ("ArrowLeft", "ArrowLeft", "ArrowRight", "Alt+ArrowLeft"):
        page.keyboard.press(key)
    studio.wait(lambda: re.search(r"image2.*image1.*image3", story.path.read_text(), re.DOTALL))
    studio.wait(lambda: page.locator("#panel-shot h2").text_content() == "1. image2.png")
    while focused(page) != "box-to":
        page.keyboard.press("Tab")
    page.keyboard.press("+")
    studio.wait(lambda: "image2.png, motion:" in story.path.read_text())
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    studio.wait(lambda: story.path.read_text() == story.text)


def test_tabs_are_changed_by_arrow_keys(page):
    page.focus("#tab-shot")
    page.keyboard.press("ArrowRight")
    assert (focused(page), page.locator("#panel-sound").is_visible()) == ("tab-sound", True)
    page.keyboard.press("ArrowLeft")


def test_the_page_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    for tab in TABS:
        page.click(f"#tab-{tab}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
