"""The page in headless Chromium: it plays, seeks, shows a save, writes a drag back, shows problems (A40, A43, A57)."""

from __future__ import annotations

import pytest

PATIENCE_MS = 60_000


@pytest.fixture(scope="module")
def studio(story, open_studio):
    return open_studio(story.path)


@pytest.fixture
def page(chromium, studio, story):
    story.write()
    studio.session.saved()
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(studio.address.url)
    up_to_date(page)
    yield page
    context.close()
    assert faults == []


def up_to_date(page):
    page.locator("#status", has_text="up to date").wait_for()


def video(page, fact):
    return page.eval_on_selector("#video", f"video => video.{fact}")


def drag(page, locator, dx, dy=0, *, at=(0.5, 0.5)):
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    x, y = box["x"] + box["width"] * at[0], box["y"] + box["height"] * at[1]
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + dx / 2, y + dy / 2, steps=3)
    page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()


def test_the_muted_video_plays_inline_and_sound_stays_after_a_gesture(page, studio):
    assert [video(page, fact) for fact in ("muted", "playsInline", "autoplay")] == [True, True, True]
    studio.wait(lambda: video(page, "currentTime") > 0.1)
    page.click("#mute")
    before = video(page, "currentTime")
    studio.wait(lambda: video(page, "currentTime") != before)
    assert [video(page, fact) for fact in ("muted", "paused")] == [False, False]


def test_seeking_asks_for_byte_ranges_and_keys_step_frames(page, studio):
    answers = []
    page.on("response", lambda answer: answers.append((answer.url, answer.status)))
    page.focus("#player")
    page.keyboard.press("k")
    page.keyboard.press("End")
    studio.wait(lambda: abs(video(page, "currentTime") - 89.5 / 30) < 0.01)
    page.keyboard.press("ArrowLeft")
    assert page.locator("#frame-label").text_content() == "frame 88 of 90"
    page.reload()
    up_to_date(page)
    page.wait_for_timeout(300)
    assert 206 in {status for url, status in answers if "/video/" in url}
    assert not [answer for answer in answers if answer[1] >= 400]


def test_a_save_shows_its_picture_and_keeps_the_position(page, studio, story):
    page.focus("#player")
    page.keyboard.press("k")
    page.keyboard.press("Home")
    page.keyboard.press("Shift+ArrowRight")
    before = studio.state["video"]["name"]
    story.paint(1, (255, 255, 255))
    studio.wait(lambda: studio.state["video"]["name"] != before)
    up_to_date(page)
    studio.wait(lambda: before not in video(page, "currentSrc") and video(page, "readyState") >= 2)
    assert page.locator("#frame-label").text_content() == "frame 30 of 90"
    assert abs(video(page, "currentTime") - 30.5 / 30) < 0.01


def test_dragging_a_shot_writes_the_order_and_undo_takes_it_back(page, studio, story):
    shots = page.locator(".shot")
    width = page.locator("#lanes").bounding_box()["width"]
    drag(page, shots.nth(0), width * 0.5)
    one, two = "  # one\n  - image1.png\n", "  - image2.png\n"
    expected = story.text.replace(one + two, two + one)
    studio.wait(lambda: story.path.read_text() == expected)
    page.locator("#undo:not([disabled])").click()
    studio.wait(lambda: story.path.read_text() == story.text)


def test_dragging_a_box_writes_the_focus_and_keeps_comments(page, studio, story):
    page.locator(".shot").nth(0).click()
    drag(page, page.locator("#box-to"), -40, 10)
    studio.wait(lambda: "motion: {from: {zoom: 1, focus: [0.5, 0.5]}" in story.path.read_text())
    text = story.path.read_text()
    assert text.startswith("# by hand\n")
    assert "  # one\n  - {file: image1.png, motion:" in text
    page.keyboard.press("Control+z")
    studio.wait(lambda: story.path.read_text() == story.text)


def test_a_broken_spec_shows_problems_beside_the_last_good_video(page, studio, story):
    name = studio.state["video"]["name"]
    story.path.write_text(story.text.replace("images:", "imges:"), encoding="utf-8")
    page.locator("#problems li").first.wait_for()
    assert "did you mean 'images'?" in page.locator("#problem-list").text_content()
    assert "line 6" in page.locator("#problem-list").text_content()
    assert name in video(page, "currentSrc")
    story.write()
    page.locator("#problems").wait_for(state="hidden")


def test_a_conflict_is_shown_and_nothing_overwritten(page, studio, story):
    page.route("**/edit", lambda route: (story.path.write_text(story.text + "title: Mine\n"), route.continue_()))
    page.locator("#tab-shot").click()
    page.locator("#move-Later").click()
    page.locator("#notice", has_text="changed elsewhere").wait_for()
    assert story.path.read_text() == story.text + "title: Mine\n"


def test_everything_has_a_name_for_a_screen_reader(page):
    unnamed = page.eval_on_selector_all(
        "button, input, select, [role=option], [role=group], video, canvas + *",
        """found => found.filter(each => !(each.labels?.length || each.getAttribute("aria-label")
            || each.textContent.trim() || each.closest("[aria-hidden=true]"))).map(each => each.outerHTML)""",
    )
    assert unnamed == []


def test_the_page_fits_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360


def test_another_site_can_neither_read_nor_change(chromium, studio):
    """A page of another origin, with the secret in hand: fetches fail, a frame stays empty."""
    context = chromium.new_context()
    page = context.new_page()
    page.route("http://other.example/**", lambda route: route.fulfill(body="<p>other", content_type="text/html"))
    page.goto("http://other.example/")
    tried = page.evaluate(
        """async url => Promise.all(["state", "edit"].map(async path => {
            const options = path === "edit" ? { method: "POST", body: "{}" } : {};
            try { return (await fetch(url + path, options)).status; } catch { return "refused"; }
        }))""",
        studio.address.url,
    )
    context.close()
    assert tried == ["refused", "refused"]
