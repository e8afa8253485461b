"""A studio on a real socket, its session, and a browser where one is found."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import shutil
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from studio.server import Address, listen, server_for
from studio.session import Session, open_session
from studio.watch import watching

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--host-resolver-rules=MAP rebind.example 127.0.0.1",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_S = 120


def wait_until(happened, seconds=PATIENCE_S):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = happened()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain")


@dataclass
class Studio:
    session: Session
    address: Address
    original: str = ""

    @property
    def state(self):
        return self.session.board.snapshot()

    def wait(self, happened):
        """Until it happened; what it returned."""
        return wait_until(happened)

    def settled(self):
        """Wait until the video of the newest story is there."""

        def fresh():
            state = self.state
            video = state["video"]
            return video and not state["preview"] and video["story"] == state["story"] and state

        return wait_until(fresh)

    def ask(self, path, *, method="GET", body=None, **headers):
        """One request as a page of our own would send it; a header given as None is left out."""
        address = urlsplit(self.address.url)
        known = {"host": f"127.0.0.1:{self.address.port}"}
        if method == "POST":
            known |= {"origin": f"http://127.0.0.1:{self.address.port}", "content-type": "application/json"}
        sent = known | {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.address.port, timeout=60)
        with contextlib.closing(connection):
            target = path if path.startswith("http") else address.path + path
            connection.putrequest(method, target.removeprefix("http:"), skip_host=True)
            data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
            for name, value in ({"content-length": str(len(data))} | sent if data else sent).items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(data)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()

    def post(self, path, body):
        status, _, content = self.ask(path, method="POST", body=body)
        return status, json.loads(content)

    def edit(self, **edit):
        return self.post("edit", {"revision": self.state["revision"], **edit})


TEXT = """\
# by hand
storyreel: 1
output: {width: 320, height: 180}
narration: narration.wav  # voice
music: music.wav
images:
  # one
  - image1.png
  - image2.png
  - image3.png
"""
COLORS = ((200, 40, 40), (40, 160, 60), (40, 70, 200))


class Story:
    """Its files, and how they were at first: `restore` puts that back and says whether anything was different."""

    def __init__(self, folder, make_image, make_tone):
        self.folder, self.path, self.text, self._make_image = folder, folder / "story.yaml", TEXT, make_image
        make_tone(folder / "narration.wav", 3)
        make_tone(folder / "music.wav", 1, hz=220, channels=2)
        for number, color in enumerate(COLORS):
            self.paint(number, color)
        self.path.write_text(TEXT, encoding="utf-8")
        self._first = {path: path.read_bytes() for path in folder.iterdir()}

    def restore(self):
        changed = [path for path in self._first if not path.is_file() or path.read_bytes() != self._first[path]]
        for path in changed:
            path.write_bytes(self._first[path])
        for left in set(self.folder.iterdir()) - set(self._first):
            left.unlink()
        return bool(changed)

    def paint(self, number, color):
        self._make_image(self.folder / f"image{number + 1}.png", (640, 360), color)


@contextlib.contextmanager
def serving(spec):
    """A studio that serves and watches while the block lasts."""
    with open_session(spec, jobs=2) as session, watching(session):
        address = listen(0)
        server = server_for(session, address)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [address.listener]})
        thread.start()
        try:
            wait_until(lambda: server.started)
            yield Studio(session, address)
        finally:
            server.should_exit = True
            thread.join()
            address.listener.close()


class Shared:
    """What is opened once and used by every test of this folder; it ends when the tests of another folder begin."""

    def __init__(self):
        self._stack, self._made = contextlib.ExitStack(), {}

    def get(self, name, manager):
        if name not in self._made:
            self._made[name] = self._stack.enter_context(manager())
        return self._made[name]

    def close(self):
        self._made.clear()
        self._stack.close()


_shared = Shared()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item, nextitem):
    result = yield
    if nextitem is None or nextitem.path.parent != item.path.parent:
        _shared.close()
    return result


@pytest.fixture
def opened(tmp_path_factory, make_image, make_tone):
    """A studio and its story of three pictures with comments."""

    @contextlib.contextmanager
    def opening():
        story = Story(tmp_path_factory.mktemp("studio"), make_image, make_tone)
        with serving(story.path) as studio:
            studio.original = studio.settled()["story"]
            yield studio, story

    return _shared.get("studio", opening)


@pytest.fixture
def story(opened):
    return opened[1]


@pytest.fixture
def studio(opened):
    """As it was at first, whatever the test before has done."""
    studio, story = opened
    while studio.state["undo"]:
        studio.post("undo", {"revision": studio.state["revision"]})
    if story.restore() or studio.state["story"] != studio.original or studio.state["problems"]:
        studio.session.saved()
    revision = hashlib.sha256(story.text.encode()).hexdigest()
    studio.wait(lambda: (studio.state["revision"], studio.state["story"]) == (revision, studio.original))
    studio.wait(lambda: not studio.state["problems"])
    studio.settled()
    studio.session.board.update(final=None)
    return studio


@pytest.fixture
def browser():
    """Headless Chromium of the system, driven by Playwright; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH: what the studio does in a browser is not tested here")

    @contextlib.contextmanager
    def launched():
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            yield browser
            browser.close()

    return _shared.get("browser", launched)


@pytest.fixture
def page(browser, studio):
    """The page, loaded once for all tests and brought back to rest: its first tab, nothing focused, paused at 0."""

    @contextlib.contextmanager
    def opened():
        context = browser.new_context(viewport=VIEWPORT)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.goto(studio.address.url)
        yield page
        context.close()

    page = _shared.get("page", opened)
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.unroute_all()
    page.set_viewport_size(VIEWPORT)
    page.locator(f'.shot[style*="{studio.original}"]').first.wait_for()
    page.locator(f'#status[data-edition="{studio.state["edition"]}"]').wait_for()
    up_to_date(page)
    page.locator("#tab-shot").click()
    page.focus("#player")
    page.keyboard.press("k")
    page.keyboard.press("Home")
    yield page
    assert faults == []


VIEWPORT = {"width": 1280, "height": 900}


def up_to_date(page):
    page.locator("#status", has_text="up to date").wait_for()
