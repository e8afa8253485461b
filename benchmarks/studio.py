"""`python -m benchmarks.studio [SPEC]`: how soon the studio shows a save, and how fast it scrubs.

Works on a copy of the demo in a folder of its own, with an empty cache; the requests go over HTTP as the page's do.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

SCRUB_FRAMES = 150


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["STORYREEL_CACHE_DIR"] = f"{folder}/cache"
        demo = Path(__file__).resolve().parents[1] / "assets" / "demo"
        story = Path(folder) / "story"
        shutil.copytree(demo, story, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
        measure(story / "story.yaml", story)


def measure(spec: Path, folder: Path) -> None:
    from studio.server import listen, server_for
    from studio.session import open_session
    from studio.watch import watching

    started = time.perf_counter()
    with open_session(spec, jobs=os.cpu_count() or 1) as session, watching(session):
        address = listen(0)
        server = server_for(session, address)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [address.listener]})
        thread.start()
        base = urlsplit(address.url)
        connection = http.client.HTTPConnection("127.0.0.1", address.port)

        def get(path: str) -> bytes:
            connection.request("GET", base.path + path)
            return connection.getresponse().read()

        def until(fresh: object) -> None:
            while not fresh():  # type: ignore[operator]
                time.sleep(0.002)

        def settled() -> bool:
            state = session.board.snapshot()
            return bool(state["video"]) and state["video"]["story"] == state["story"]  # type: ignore[index]

        until(settled)
        print(f"opening to the first video        {time.perf_counter() - started:7.2f} s")
        cold = float(session.board.snapshot()["video"]["wall_s"])  # type: ignore[index, arg-type]
        print(f"cold preview render               {cold:7.2f} s")
        pictures, videos = [], []
        for number, name in zip(range(3), itertools.cycle(["wren.jpg", "osprey.jpg"]), strict=False):
            before = session.board.snapshot()["story"]
            saved = time.perf_counter()
            other = folder / ("mountain-lake.jpg" if number % 2 else "dandelion.jpg")
            (folder / name).write_bytes(other.read_bytes() + bytes(number + 1))
            until(lambda before=before: session.board.snapshot()["story"] != before)
            sha = session.board.snapshot()["story"]
            get(f"frame/{sha}/{250 if name == 'wren.jpg' else 360}.jpg")
            pictures.append(time.perf_counter() - saved)
            until(settled)
            get(f"video/{session.board.snapshot()['video']['name']}.mp4")  # type: ignore[index]
            videos.append(time.perf_counter() - saved)
        print(f"saved image to its picture        {statistics.median(pictures):7.2f} s   {_list(pictures)}")
        print(f"saved image to its video          {statistics.median(videos):7.2f} s   {_list(videos)}")
        print(f"  of a cold preview               {statistics.median(videos) / cold:7.2f}")
        sha, count = (
            session.board.snapshot()["story"],
            json.loads(get(f"story/{session.version.sha256}.json"))["frames"],
        )
        begun = time.perf_counter()
        for step in range(SCRUB_FRAMES):
            get(f"frame/{sha}/{step * 7 % count}.jpg")
        print(f"scrubbing                         {SCRUB_FRAMES / (time.perf_counter() - begun):7.1f} frames a second")
        weight = sum(path.stat().st_size for path in (Path(__file__).parents[1] / "studio" / "page").iterdir())
        print(f"page without media                {weight / 1000:7.1f} kB")
        server.should_exit = True
        connection.close()
        thread.join()
        address.listener.close()


def _list(values: list[float]) -> str:
    return " ".join(f"{value:.2f}" for value in values)


if __name__ == "__main__":
    sys.exit(main())
