"""`python -m benchmarks.studio`: how soon the studio shows a save, and how fast it scrubs.

Works on a copy of the demo (six pictures, 32.5 s, 1080p) in a folder of its own, with an empty cache: first as the page
asks over HTTP, then in the page itself, where a Chromium is found.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.studio_browser import chromium, measure_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from studio.server import Address
    from studio.session import Session

ROOT = Path(__file__).resolve().parents[1]
SCRUB_FRAMES, SAVES = 150, 4
CHANGES = (("wren.jpg", "dandelion.jpg", 250), ("osprey.jpg", "mountain-lake.jpg", 360))
"""In turns: the picture saved, what it is replaced by, and a frame of its shot. The second one fades into the next."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STORYREEL_CACHE_DIR"] = f"{folder}/cache"
        story = Path(folder) / "story"
        shutil.copytree(ROOT / "assets" / "demo", story, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        cold_s = cold_preview_s(story / "story.yaml", Path(folder))
        _say("cold preview, the whole command", cold_s, "s")
        begun = time.perf_counter()
        with served(story / "story.yaml") as desk:
            _say("opening to the first video", time.perf_counter() - begun, "s")
            measure(desk, story, cold_s)


def cold_preview_s(spec: Path, folder: Path) -> float:
    """Wall time of `storyreel render --preview` with an empty cache: what `docs/benchmarks.md` calls cold."""
    command = [sys.executable, "-m", "cli", "render", str(spec), "--preview", "-o", str(folder / "cold.mp4")]
    begun = time.perf_counter()
    environment = os.environ | {"STORYREEL_CACHE_DIR": f"{folder}/cold-cache"}
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=environment)
    return time.perf_counter() - begun


@dataclass
class Desk:
    """A studio that serves, and one connection to it."""

    session: Session
    address: Address
    connection: http.client.HTTPConnection

    def get(self, path: str) -> bytes:
        self.connection.request("GET", urlsplit(self.address.url).path + path)
        return self.connection.getresponse().read()

    def shown(self, name: str) -> dict[str, object]:
        found = self.session.board.snapshot()[name]
        return found if isinstance(found, dict) else {}

    def settled(self) -> bool:
        return self.shown("video").get("story") == self.story

    @property
    def story(self) -> str:
        return str(self.session.board.snapshot()["story"])

    def save(self, change: Callable[[], object]) -> str:
        """Make a change; returns the new story's hash when it is known."""
        before = self.story
        change()
        _until(lambda: self.story != before)
        return self.story


@contextlib.contextmanager
def served(spec: Path) -> Iterator[Desk]:
    """The studio of a spec, its first video made."""
    from studio.server import listen, server_for
    from studio.session import open_session
    from studio.watch import watching

    with open_session(spec, jobs=os.cpu_count() or 1) as session, watching(session):
        address = listen(0)
        server = server_for(session, address)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [address.listener]})
        thread.start()
        desk = Desk(session, address, http.client.HTTPConnection("127.0.0.1", address.port))
        _until(desk.settled)
        try:
            yield desk
        finally:
            server.should_exit = True
            desk.connection.close()
            thread.join()
            address.listener.close()


def measure(desk: Desk, folder: Path, cold_s: float) -> None:
    session_s = float(str(desk.shown("video")["wall_s"]))
    _say("the same in the open studio", session_s, "s")
    changes = _changes(folder)
    pictures, videos = zip(*(_one_save(desk, *next(changes)) for _ in range(SAVES)), strict=True)
    _say("saved image to its picture", statistics.median(pictures), "s", pictures)
    _say("saved image to its video", statistics.median(videos), "s", videos)
    _say("  of the cold command", statistics.median(videos) / cold_s, "")
    _say("  of the cold render in the studio", statistics.median(videos) / session_s, "")
    version = desk.session.version
    assert version is not None
    begun = time.perf_counter()
    for step in range(SCRUB_FRAMES):
        desk.get(f"frame/{version.sha256}/{step * 7 % version.story.timeline.frame_count}.jpg")
    _say("scrubbing, frames served", SCRUB_FRAMES / (time.perf_counter() - begun), "a second")
    weight = sum(path.stat().st_size for path in (ROOT / "studio" / "page").iterdir())
    _say("page without media", weight / 1000, "kB")
    if chromium() is None:
        print("no chromium on PATH: nothing is measured in a page")
        return
    saves = [(frame, functools.partial(desk.save, change)) for frame, change in itertools.islice(changes, SAVES)]
    in_page = measure_page(desk.address.url, saves)
    _say("page: saved image to its picture", statistics.median(in_page.pictures_s), "s", in_page.pictures_s)
    _say("page: saved image to its video", statistics.median(in_page.videos_s), "s", in_page.videos_s)
    _say("  of the cold command", statistics.median(in_page.videos_s) / cold_s, "")
    _say("page: scrubbing, frames painted", in_page.scrubbed, "a second")


def _one_save(desk: Desk, frame: int, change: Callable[[], object]) -> tuple[float, float]:
    """Seconds until the new picture was fetched, and the new video."""
    time.sleep(0.3)
    saved = time.perf_counter()
    story = desk.save(change)
    desk.get(f"frame/{story}/{frame}.jpg")
    picture_s = time.perf_counter() - saved
    _until(desk.settled)
    desk.get(f"video/{desk.shown('video')['name']}.mp4")
    return picture_s, time.perf_counter() - saved


def _changes(folder: Path) -> Iterator[tuple[int, Callable[[], object]]]:
    """Without end: a frame, and what replaces its shot's picture by one that was never seen."""
    for number in itertools.count():
        name, other, frame = CHANGES[number % 2]
        content = (folder / other).read_bytes() + bytes(number + 1)
        yield frame, lambda name=name, content=content: (folder / name).write_bytes(content)


def _until(fresh: Callable[[], object]) -> None:
    while not fresh():
        time.sleep(0.002)


def _say(what: str, value: float, unit: str, each: tuple[float, ...] = ()) -> None:
    print(f"{what:36}{value:8.2f} {unit:10}{' '.join(f'{one:.2f}' for one in each)}".rstrip())


if __name__ == "__main__":
    sys.exit(main())
