"""The page in headless Chromium: plays, seeks, shows a save, keeps a video over problems, renders (A40, A43, A57)."""

from __future__ import annotations

import re

import pytest


def up_to_date(page):
    page.locator("#status", has_text="up to date").wait_for()


def video(page, fact):
    return page.eval_on_selector("#video", f"video => video.{fact}")


def frame(page):
    return int(re.match(r"frame (\d+)", page.locator("#frame-label").text_content())[1])


@pytest.fixture
def fresh(browser, studio):
    """A page in a context of its own, where nobody has touched anything yet."""
    context = browser.new_context(viewport={"width": 800, "height": 700})
    page = context.new_page()
    page.goto(studio.address.url)
    up_to_date(page)
    yield page
    context.close()


def test_the_muted_video_plays_inline_and_sound_stays_after_a_gesture(fresh, studio):
    assert [video(fresh, fact) for fact in ("muted", "playsInline", "autoplay")] == [True, True, True]
    studio.wait(lambda: video(fresh, "currentTime") > 0.1)
    fresh.click("#mute")
    before = video(fresh, "currentTime")
    studio.wait(lambda: video(fresh, "currentTime") != before)
    assert [video(fresh, fact) for fact in ("muted", "paused")] == [False, False]


def test_seeking_asks_for_byte_ranges_and_keys_step_frames(fresh, studio):
    answers = []
    fresh.on("response", lambda answer: answers.append((answer.url, answer.status)))
    fresh.reload()
    up_to_date(fresh)
    fresh.focus("#player")
    fresh.keyboard.press("k")
    fresh.keyboard.press("End")
    studio.wait(lambda: abs(video(fresh, "currentTime") - 89.5 / 30) < 0.01)
    fresh.keyboard.press("ArrowLeft")
    assert fresh.locator("#frame-label").text_content() == "frame 88 of 90"
    assert 206 in {status for url, status in answers if "/video/" in url}
    assert not [answer for answer in answers if answer[1] >= 400]


def test_a_save_shows_its_picture_at_once_then_the_video_at_the_same_position(page, studio, story):
    page.keyboard.press("Shift+ArrowRight")
    before = studio.state["video"]["name"]
    story.paint(0, (255, 255, 255))
    studio.wait(lambda: studio.state["story"] != studio.original)
    shown = '#still[data-story="{}"][data-frame="30"]'  # a save may be seen half-written: the last state counts
    studio.wait(lambda: page.locator(shown.format(studio.state["story"])).count() == 1)
    studio.settled()
    up_to_date(page)
    studio.wait(lambda: before not in video(page, "currentSrc") and video(page, "readyState") >= 2)
    page.locator("#still").wait_for(state="hidden")
    assert page.locator("#frame-label").text_content() == "frame 30 of 90"
    assert abs(video(page, "currentTime") - 30.5 / 30) < 0.01


def test_scrubbing_draws_the_frames_and_ends_on_the_last_one(page, studio):
    scrub = page.locator("#scrub").bounding_box()
    y = scrub["y"] + scrub["height"] / 2
    page.mouse.move(scrub["x"] + 12, y)
    page.mouse.down()
    page.mouse.move(scrub["x"] + scrub["width"] / 2, y, steps=8)
    page.locator("#still").wait_for(state="visible")
    studio.wait(lambda: page.locator("#still").get_attribute("data-frame") == str(frame(page)))
    page.mouse.up()
    assert 40 < frame(page) < 50
    studio.wait(lambda: abs(video(page, "currentTime") * 30 - frame(page) - 0.5) < 0.3)


def test_j_k_l_shuttle_backwards_stop_and_forwards_faster_each_time(page, studio):
    page.keyboard.press("l")
    page.keyboard.press("l")
    assert video(page, "playbackRate") == 2
    assert page.locator("#badge").text_content() == "▶ 2×"
    page.keyboard.press("k")
    assert (video(page, "paused"), video(page, "playbackRate")) == (True, 1)
    page.keyboard.press("End")
    page.keyboard.press("j")
    studio.wait(lambda: frame(page) < 86)
    page.keyboard.press("k")
    assert page.locator("#badge").is_hidden()


def test_space_plays_and_pauses_and_m_mutes(page, studio):
    page.keyboard.press(" ")
    studio.wait(lambda: not video(page, "paused"))
    page.keyboard.press(" ")
    assert video(page, "paused")
    was = video(page, "muted")
    page.keyboard.press("m")
    assert video(page, "muted") != was
    page.keyboard.press("m")


def test_a_broken_spec_shows_problems_beside_the_last_good_video(page, studio, story):
    name = studio.state["video"]["name"]
    story.path.write_text(story.text.replace("images:", "imges:"), encoding="utf-8")
    page.locator("#problems li").first.wait_for()
    assert "did you mean 'images'?" in page.locator("#problem-list").text_content()
    assert "line 6" in page.locator("#problem-list").text_content()
    assert name in video(page, "currentSrc")
    story.restore()
    page.locator("#problems").wait_for(state="hidden")


def test_the_final_video_is_rendered_with_progress_and_offered(page, studio, story):
    page.evaluate(
        """() => { window.words = []; new MutationObserver(() => words.push(document.getElementById("render-words")
            .textContent)).observe(document.getElementById("render-words"), { childList: true }); }"""
    )
    page.click("#final")
    page.fill("#final-name", "done.mp4")
    page.click("#final-go")
    page.locator("#status", has_text="done.mp4 is done").wait_for()
    assert any(re.match(r"Final: done\.mp4, \d+ of 90 frames", words) for words in page.evaluate("words"))
    page.click("#tab-output")
    assert page.locator("#panel-output a").get_attribute("href") == "final.mp4"
    assert "Checks of the finished video" in page.locator("#panel-output").text_content()
    assert page.locator("#panel-output .bad").count() == 0
    page.click("#final")
    page.click("#final-go")
    page.locator("#final-error", has_text="exists already").wait_for()
    page.click("#final-close")


def test_a_final_render_is_cancelled_in_the_page_and_leaves_nothing(page, studio, story):
    story.path.write_text(story.text.replace("width: 320, height: 180", "width: 1920, height: 1080"), encoding="utf-8")
    studio.wait(lambda: studio.state["story"] != studio.original)
    up_to_date(page)
    page.click("#final")
    page.fill("#final-name", "never.mp4")
    page.click("#final-go")
    page.click("#cancel")
    page.locator("#status", has_text="final cancelled").wait_for()
    assert not list(story.folder.glob("*never*")) + list(story.folder.glob(".*part"))


@pytest.mark.parametrize(
    ("button", "name", "magic"),
    [("#poster", "story-0.png", b"\x89PNG"), ("#sheet", "story-contact-sheet.jpg", b"\xff\xd8")],
    ids=["poster", "contact sheet"],
)
def test_stills_are_downloaded(page, button, name, magic):
    with page.expect_download() as waited:
        page.click(button)
    assert waited.value.suggested_filename == name
    assert waited.value.path().read_bytes().startswith(magic)


def test_the_tabs_tell_sound_output_and_what_the_cache_held(page, studio, story):
    story.paint(1, (20, 20, 20))
    studio.wait(lambda: studio.state["story"] != studio.original)
    studio.settled()
    up_to_date(page)
    page.click("#tab-sound")
    sound = page.locator("#panel-sound").text_content()
    assert re.search(r"narration\.wav, .*loudness-?\d+\.\d LUFS.*true peak-?\d+\.\d dBTP", sound)
    page.click("#tab-output")
    assert "2 of 3 from the cache, 1 rendered" in page.locator("#panel-output").text_content()
    assert page.locator("#parts .part.cached").count() == 2
    assert "sha256" in page.locator("#parts .part:not(.cached)").get_attribute("title")


def test_mediaconvert_is_told_by_strategy_with_job_and_cost(page):
    page.click("#tab-cloud")
    page.locator("#strategy-mezzanine").wait_for()
    panel = page.locator("#panel-cloud")
    assert re.search(r"estimate\D*\d+\.\d+", panel.text_content())
    page.click("#panel-cloud summary")
    assert '"Settings"' in page.locator("#panel-cloud pre").text_content()
    page.click("#strategy-stills")
    assert "No job" in panel.text_content()
    assert panel.locator(".verdict.refused").count() > 0


def test_another_site_can_neither_read_nor_change(browser, studio):
    """A page of another origin, with the secret in hand: fetches fail."""
    context = browser.new_context()
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


def test_a_name_made_to_point_here_is_refused(browser, studio):
    """DNS rebinding: the browser is told that the name is this machine."""
    context = browser.new_context()
    answer = context.new_page().goto(studio.address.url.replace("127.0.0.1", "rebind.example"))
    assert (answer.status, "localhost only" in answer.text()) == (403, True)
    context.close()
