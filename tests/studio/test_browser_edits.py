"""Edits in the page, in headless Chromium: what is dragged, slid or typed stands in the YAML, comments intact."""

from __future__ import annotations

import json
import re


def drag(page, locator, dx, dy=0, *, at=(0.5, 0.5)):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=3)
    page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()


def motion(story, key):
    """(zoom, focus) as the spec has it now, or None."""
    found = re.search(rf"{key}: {{zoom: ([\d.]+), focus: \[([\d.]+), ([\d.]+)\]}}", story.path.read_text())
    return found and tuple(float(value) for value in found.groups())


def test_dragging_a_shot_writes_the_order_and_undo_takes_it_back(page, studio, story):
    width = page.locator("#lanes").bounding_box()["width"]
    drag(page, page.locator(".shot").nth(0), width * 0.5)
    one, two = "  # one\n  - image1.png\n", "  - image2.png\n"
    expected = story.text.replace(one + two, two + one)
    studio.wait(lambda: story.path.read_text() == expected)
    page.locator("#undo:not([disabled])").click()
    studio.wait(lambda: story.path.read_text() == story.text)


def test_dragging_an_edge_writes_the_hold_and_share_takes_it_out(page, studio, story):
    width = page.locator("#lanes").bounding_box()["width"]
    drag(page, page.locator(".shot .grip").nth(0), width / 6)
    studio.wait(lambda: "  # one\n  - {file: image1.png, hold: 1.5s}\n" in story.path.read_text())
    page.locator(".shot-time", has_text="1.5 s").wait_for()
    page.locator(".shot").nth(0).click()
    page.click("#share")
    studio.wait(lambda: "hold" not in story.path.read_text())


def test_dragging_a_box_writes_the_focus_and_keeps_comments(page, studio, story):
    page.locator(".shot").nth(0).click()
    drag(page, page.locator("#box-to"), -40, 10)
    studio.wait(lambda: motion(story, "from") == (1, 0.5, 0.5))
    assert motion(story, "to")[1] < 0.5
    assert story.path.read_text().startswith("# by hand\n")
    assert "  # one\n  - {file: image1.png, motion:" in story.path.read_text()
    page.keyboard.press("Control+z")
    studio.wait(lambda: story.path.read_text() == story.text)


def test_dragging_a_corner_writes_the_zoom(page, studio, story):
    page.locator(".shot").nth(0).click()
    drag(page, page.locator("#box-to .corner"), -50, 30)
    studio.wait(lambda: motion(story, "to") and motion(story, "to")[0] > 1.2)
    assert motion(story, "to")[1:] == (0.5, 0.47)


def test_keys_on_a_box_move_and_zoom_it(page, studio, story):
    page.locator(".shot").nth(0).click()
    page.focus("#box-to")
    for key in ("+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    studio.wait(lambda: motion(story, "to") == (1.16, 0.49, 0.46))
    assert "zoom 1.16" in page.locator("#box-to").get_attribute("aria-label")


def test_keys_still_being_pressed_outlive_a_save_made_elsewhere(page, studio, story):
    page.locator(".shot").nth(0).click()
    page.focus("#box-to")
    page.keyboard.press("+")
    story.path.write_text(story.text + "title: Other\n", encoding="utf-8")
    studio.wait(lambda: motion(story, "to") == (1.14, 0.5, 0.47))
    assert story.path.read_text().endswith("title: Other\n")


def test_late_news_of_an_older_state_is_no_conflict(browser, studio, story):
    """Event stream and answers overtake each other: what says less than the page knows is not believed."""
    late = studio.state | {"revision": "0" * 64, "edition": studio.state["edition"] - 1}
    told = []

    def tell(route):
        told.append(route)
        route.fulfill(content_type="text/event-stream", body=f"retry: 50\ndata: {json.dumps(late)}\n\n")

    context = browser.new_context()
    page = context.new_page()
    page.route("**/state", tell)
    page.goto(studio.address.url)
    page.locator("#move-Later").wait_for()
    known = len(told)
    while len(told) < known + 3:
        page.wait_for_timeout(30)
    page.click("#move-Later")
    studio.wait(lambda: story.path.read_text() != story.text)
    context.close()


def test_the_slider_writes_the_gain(page, studio, story):
    page.click("#tab-sound")
    page.focus("#gain")
    page.keyboard.press("ArrowRight")
    studio.wait(lambda: "music: {file: music.wav, gain_db: -24.5}\n" in story.path.read_text())


def test_several_edits_are_undone_last_first(page, studio, story):
    page.locator(".shot").nth(1).click()
    page.select_option("#ease", "out")
    studio.wait(lambda: "ease: out" in story.path.read_text())
    page.fill("#hold", "0.8")
    page.keyboard.press("Enter")
    studio.wait(lambda: "hold: 0.8s" in story.path.read_text())
    page.focus("#player")
    page.keyboard.press("Control+z")
    studio.wait(lambda: "hold" not in story.path.read_text() and "ease: out" in story.path.read_text())
    page.keyboard.press("Control+z")
    studio.wait(lambda: story.path.read_text() == story.text)


def test_a_conflict_is_shown_and_nothing_overwritten(page, story):
    page.route("**/edit", lambda route: (story.path.write_text(story.text + "title: Mine\n"), route.continue_()))
    page.locator("#move-Later").click()
    page.locator("#notice", has_text="changed elsewhere").wait_for()
    assert story.path.read_text() == story.text + "title: Mine\n"
    page.locator("#title", has_text="Mine").wait_for()
