"""A studio on a real socket, its session, and a browser where one is found."""

from __future__ import annotations

import contextlib
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
    def __init__(self, folder, make_image, make_tone):
        self.folder, self.path, self.text, self._make_image = folder, folder / "story.yaml", TEXT, make_image
        make_tone(folder / "narration.wav", 3)
        make_tone(folder / "music.wav", 1, hz=220, channels=2)
        self.write()

    def write(self):
        for number, color in enumerate(COLORS):
            self.paint(number, color)
        for left in self.folder.glob("*.mp4"):
            left.unlink()
        self.path.write_text(self.text, encoding="utf-8")

    def paint(self, number, color):
        self._make_image(self.folder / f"image{number + 1}.png", (640, 360), color)


@pytest.fixture(scope="module")
def open_studio():
    """`open_studio(spec)`: a studio that serves and watches until the module's tests have ended."""
    with contextlib.ExitStack() as stack:

        def opened(spec):
            session = stack.enter_context(open_session(spec, jobs=2))
            stack.enter_context(watching(session))
            address = listen(0)
            server = server_for(session, address)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [address.listener]})
            thread.start()

            def end():
                server.should_exit = True
                thread.join()
                address.listener.close()

            stack.callback(end)
            wait_until(lambda: server.started)
            return Studio(session, address)

        yield opened


@pytest.fixture(scope="module")
def story(tmp_path_factory, make_image, make_tone):
    """A story of three pictures with comments, and its text: `story.path`, `story.write()` puts everything back."""
    return Story(tmp_path_factory.mktemp("studio"), make_image, make_tone)


@pytest.fixture(scope="session")
def chromium():
    """Headless Chromium of the system, driven by Playwright; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("no chromium on PATH: what the studio does in a browser is not tested here")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
