"""Fixtures of the hostile tests: the corpus, the command in this process and as a real one, small real sounds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import corpus as corpus_module
import pytest
from click.testing import CliRunner

_AS_TYPED = "import sys; sys.argv[0] = 'storyreel'; from cli import main; main()"
STORYREEL = [sys.executable, "-c", _AS_TYPED]


@pytest.fixture(scope="session")
def corpus():
    """The builders of hostile and odd media."""
    return corpus_module


@pytest.fixture
def storyreel():
    """`storyreel("validate", spec, …)`: the command in this process, its output and exit code in click's result."""
    from cli import main

    before = signal.getsignal(signal.SIGTERM)
    yield lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def storyreel_process():
    """`storyreel_process("render", spec, …)`: a real process of the command, started, its output in pipes.

    `cwd` and further environment variables by keyword. Killed when the session ends, should it still run.
    """
    started = []

    def start(*arguments, cwd=None, **environment):
        command = [*STORYREEL, *map(str, arguments)]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | environment,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def small_sounds(tmp_path_factory, make_tone, ffmpeg):
    """Half a second of tone as bytes, by kind: wav, mp3, flac, m4a, ogg, opus, webm."""
    folder = tmp_path_factory.mktemp("sounds")
    source = make_tone(folder / "tone.wav", 0.5, channels=2, rate=44_100)
    codecs = {
        "mp3": "libmp3lame",
        "flac": "flac",
        "m4a": "aac",
        "ogg": "libvorbis",
        "opus": "libopus",
        "webm": "libopus",
    }
    for kind, codec in codecs.items():
        quiet = [ffmpeg, "-v", "error", "-y", "-i", source, "-ar", "48000", "-c:a", codec, folder / f"tone.{kind}"]
        subprocess.run(quiet, check=True)
    return {kind: (folder / f"tone.{kind}").read_bytes() for kind in ("wav", *codecs)}


@pytest.fixture
def listener():
    """A loopback server that counts who connects: `port`, `connections`."""
    import socket

    class Listener:
        def __init__(self):
            self._socket = socket.create_server(("127.0.0.1", 0))
            self.port, self.connections = self._socket.getsockname()[1], 0
            threading.Thread(target=self._serve, daemon=True).start()

        def _serve(self):
            while True:
                try:
                    client, _ = self._socket.accept()
                except OSError:
                    return
                self.connections += 1
                client.close()

        def close(self):
            self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()

    server = Listener()
    yield server
    server.close()


@pytest.fixture
def small_disk(tmp_path):
    """`small_disk(size="1m")`: a new, empty file system of that size; `small_disk.freeze(folder)` makes it read-only.

    Skips where the tests may not mount.
    """
    mounted = []

    def mount(size="1m"):
        folder = tmp_path / f"disk{len(mounted)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("needs the right to mount a small file system")
        mounted.append(folder)
        return folder

    mount.freeze = lambda folder: subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def leave_free():
    """`leave_free(folder, count)`: fills a small disk until `count` bytes are free; returns the file that fills it."""

    def fill(folder, count):
        filler = folder / "filler"
        filler.write_bytes(bytes(max(0, shutil.disk_usage(folder).free - count)))
        return filler

    return fill


@pytest.fixture(scope="session")
def noisy_story(write_spec):
    """`noisy_story(folder, **overrides)`: one second of a small picture that no encoder makes small; no sound file."""

    def make(folder, size=(320, 180), **overrides):
        folder.mkdir(parents=True, exist_ok=True)
        corpus_module.noise(size).save(folder / "noise.png")
        fields = {"images": ["noise.png"], "length": "1s", "output": {"width": size[0], "height": size[1]}}
        return write_spec(folder, **(fields | overrides))

    return make
