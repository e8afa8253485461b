"""The report: whole, offline, escaped; and looked at in a browser where there is one."""

from __future__ import annotations

import dataclasses
import html.parser
import re
import shutil
import subprocess
from fractions import Fraction

import numpy as np
import pytest

from golden.model import Comparison, Curve, Difference, Evidence, Levels, Row, Stretch, WorstFrame
from golden.pictures import heat_png, jpeg
from golden.planes import Yuv
from golden.report import report_html, write_report
from golden.report.charts import ticks
from renderer.timebase import FrameRange

HOSTILE = "<script>alert(1)</script>\"'&"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def frame(level):
    planes = [np.full(size, level, np.uint8) for size in ((90, 160), (45, 80), (45, 80))]
    planes[0][20:40, 30:60] = 200
    return Yuv(*planes)


def comparison(words=HOSTILE, *, differs=True):
    range_ = FrameRange(10, 20)
    picture = WorstFrame(
        12, 13, jpeg(frame(60)), jpeg(frame(120)), heat_png(frame(60), frame(120)), words, f"PSNR 20 dB {words}"
    )
    evidence = Evidence(
        stretches=(Stretch(FrameRange(0, 10), "same", words), Stretch(range_, "changed", words)),
        curves=(Curve("PSNR of luma", "dB", (100.0,) * 10 + (30.0,) * 10, 34.0, words),),
        worst=(picture,),
        levels=Levels((-20.0, -30.0), (-20.0, -24.0), (False, True), words),
        structure=(Row(words, words, words, "other"), Row("size", "1", "1", "same")),
        sound=(Row("true peak", "-1", "-2", "noted"),),
    )
    seen = Difference(words, words, "picture", range_, "image-1")
    found = (seen, Difference(words, words, "sound", range_, track="mix"))
    return Comparison(words, words, words, Fraction(30), 20, found if differs else (), (words,), evidence)


class Elements(html.parser.HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes = [], []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes


def test_no_text_of_a_story_becomes_markup():
    plain, hostile = (Elements(report_html(comparison(words))) for words in ("plain words", HOSTILE))
    assert hostile.tags == plain.tags
    assert not [name for name, _ in hostile.attributes if name.startswith("on")]


def test_nothing_is_fetched():
    page = report_html(comparison())
    addresses = [value for name, value in Elements(page).attributes if name in {"src", "href", "srcset", "action"}]
    assert addresses
    assert all(address.startswith("data:image/") for address in addresses)
    policies = [value for name, value in Elements(page).attributes if name == "content" and "script-src" in value]
    assert policies[0].startswith("default-src 'none'; img-src data:;")
    assert not re.search(r"url\(|@import|https?://", page.replace("http://www.w3.org", ""))


@pytest.mark.parametrize("differs", [True, False])
def test_the_verdict_stands_first(differs):
    page = report_html(comparison("plain", differs=differs))
    words = "2 differences" if differs else "The video is the same"
    assert page.index(words) < page.index("What changed")


def test_the_same_comparison_gives_the_same_page(tmp_path):
    write_report(comparison(), tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text() == report_html(comparison())


def test_the_strip_names_its_shots_where_there_is_room():
    shots = (
        Stretch(FrameRange(0, 97), "same", "images[0] (a.jpg)"),
        Stretch(FrameRange(97, 100), "same", "images[1] (b.jpg)"),
    )
    found = dataclasses.replace(comparison("plain"), frame_count=100, evidence=Evidence(stretches=shots))
    assert re.findall(r"<text [^>]*>([^<]*)</text>", report_html(found)) == ["images[0]"]


def test_the_last_tick_stays_where_every_second_one_is_hidden():
    marks = re.findall(r"<span>([\d:]+)</span>", ticks(300, Fraction(30)))
    assert marks[::2] == ["00:00:00:00", "00:00:05:00", "00:00:10:00"]


def test_views_and_slider_say_which_frame_they_are_about():
    page = report_html(comparison("plain"))
    assert re.findall(r'data-view="(\w+)" aria-pressed', page) == ["swipe", "side", "before", "after", "heat"]
    assert 'aria-label="View of frame 12 (now 13)"' in page
    assert 'aria-label="Before on the left, after on the right: frame 12 (now 13)"' in page


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [1280, 390])
def test_a_browser_runs_its_script_and_nothing_overflows(tmp_path, width):
    page = report_html(comparison("words"))
    asked = "[document.documentElement.className, document.documentElement.scrollWidth]"
    probe = f"<script>document.title = {asked}.join(' ')</script>"
    target = tmp_path / "report.html"
    target.write_text(re.sub(r"<meta http-equiv=[^>]*>", "", page).replace("</body>", f"{probe}</body>"))
    argv = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
    argv += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    argv += [f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900", "--dump-dom", target.as_uri()]
    dom = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=True).stdout
    state, scroll_width = re.search(r"<title>(\w+) (\d+)</title>", dom).groups()
    assert state == "js"
    assert int(scroll_width) <= max(width, 500)  # a headless window is at least 500 wide
