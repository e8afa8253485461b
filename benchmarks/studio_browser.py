"""The studio as its page shows it: times from a save to new pixels on the screen, and pictures painted while scrubbing.

In headless Chromium of the system, driven by Playwright; the page's own clock says when something was painted.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SCRUB_S = 5.0
_WATCH = """() => {
    const now = () => performance.timeOrigin + performance.now();
    const still = document.getElementById("still"), video = document.getElementById("video");
    window.painted = [];
    window.shown = [];
    new MutationObserver(() => {
        const what = `${still.dataset.story} ${still.dataset.frame}`;
        requestAnimationFrame(() => requestAnimationFrame(() => {
            if (painted.at(-1)?.[0] !== what) painted.push([what, now()]);
        }));
    }).observe(still, { attributes: true, attributeFilter: ["data-frame", "data-story"] });
    const frame = () => {
        if (shown.at(-1)?.[0] !== video.currentSrc) shown.push([video.currentSrc, now()]);
        video.requestVideoFrameCallback(frame);
    };
    video.requestVideoFrameCallback(frame);
}"""


def chromium() -> str | None:
    """The system's Chromium."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


@dataclass(frozen=True)
class InPage:
    """Medians are the caller's: one figure a save, and pictures painted in a second of scrubbing."""

    pictures_s: tuple[float, ...]
    videos_s: tuple[float, ...]
    scrubbed: float


def measure_page(url: str, saves: list[tuple[int, Callable[[], str]]]) -> InPage:
    """What the page at `url` took.

    `saves` are pairs: the frame to look at, and what saves a picture and returns the new story's hash when it is known.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium(), args=FLAGS) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(url)
        page.locator("#status", has_text="up to date").wait_for()
        page.evaluate(_WATCH)
        pictures, videos = zip(*(_one_save(page, frame, save) for frame, save in saves), strict=True)
        return InPage(pictures, videos, _scrubbed(page))


def _one_save(page: Page, frame: int, save: Callable[[], str]) -> tuple[float, float]:
    """Seconds until the new picture was painted, and until a frame of the new video was."""
    page.evaluate(
        """frame => {
            const scrub = document.getElementById("scrub");
            scrub.value = frame;
            scrub.dispatchEvent(new Event("change"));
            document.getElementById("video").play();
        }""",
        frame,
    )
    page.wait_for_timeout(300)
    before = len(page.evaluate("shown"))
    saved = time.time()
    story = save()
    page.wait_for_function(
        """([story, before]) => painted.some(([what]) => what.startsWith(story)) && shown.length > before""",
        arg=[story, before],
        polling=100,
    )
    painted = cast("list[tuple[str, float]]", page.evaluate("painted"))
    shown = cast("list[tuple[str, float]]", page.evaluate("shown"))
    picture = next(moment for what, moment in painted if what.startswith(story))
    return picture / 1000 - saved, shown[-1][1] / 1000 - saved


def _scrubbed(page: Page) -> float:
    """Different pictures painted in a second while the scrubber is dragged back and forth."""
    box = page.locator("#scrub").bounding_box()
    assert box is not None
    left, width, y = box["x"] + 10, box["width"] - 20, box["y"] + box["height"] / 2
    page.mouse.move(left, y)
    page.mouse.down()
    before = len(page.evaluate("painted"))
    begun = time.perf_counter()
    while (passed := time.perf_counter() - begun) < SCRUB_S:
        share = 2 * passed / SCRUB_S
        page.mouse.move(left + width * (share if share < 1 else 2 - share), y)
        time.sleep(0.008)
    painted = len(page.evaluate("painted")) - before
    page.mouse.up()
    return painted / passed
