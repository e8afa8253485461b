"""Starting and stopping a server: as a command until a signal, or as a context for a test."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from backends.mediaconvert.service.endpoint import Endpoint, EndpointOptions
from backends.mediaconvert.service.http.server import Server
from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def default_state() -> Path:
    """`mediaconvert.sqlite` in `$XDG_STATE_HOME/storyreel`, else in `~/.local/state/storyreel`."""
    base = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return base / "storyreel" / "mediaconvert.sqlite"


@contextlib.contextmanager
def running_server(options: EndpointOptions, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """A server at work; port 0 takes a free one. Raises: UsageError where the port is taken, OutputError."""
    endpoint = Endpoint(options)
    try:
        server = Server(host, port, endpoint)
    except OSError as error:
        endpoint.stop()
        raise UsageError(f"can't listen on {host}:{port}: {error.strerror}") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True)
    endpoint.start(f"http://{host if host != '0.0.0.0' else '127.0.0.1'}:{server.port}")  # noqa: S104  (compared)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        endpoint.stop()


def serve_forever(options: EndpointOptions, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Until SIGINT or SIGTERM. Running jobs are stopped and resume with the next start."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with running_server(options, host, port) as server:
        ready(server.endpoint.url)
        stop.wait()
