"""Pictures as facts and planes, decoded in a limited child process that sees bytes only: no files, no network names.

One child serves many pictures, one after the other; one that dies or hangs over a picture is replaced, and the picture
is refused by name. Safe to share between threads: requests queue.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import MediaError, ToolError
from renderer.ffmpeg_process import Child, Limits
from renderer.kernel_cache import VARIABLE, kernel_cache_folder
from renderer.machine import ONE_BLAS_THREAD
from renderer.media import MediaLimits, sniff_image, sniff_inserted
from renderer.picture.intake_words import WITH_KERNELS

if TYPE_CHECKING:
    from typing import Self

    from renderer.picture.intake_child import Request, Task

ACCEPTED = "png, jpeg, webp, gif, heic or avif"
_PROJECT = Path(__file__).resolve().parents[2]
_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from renderer.picture.intake_child import main; main()"
_LIMITS = Limits(address_space_bytes=6_000_000_000, file_size_bytes=64_000_000, open_files=128)
_SECONDS_PER_PICTURE = 60
_SECONDS_TO_COMPILE = 600
"""The first run of an installation compiles the kernels: half a minute of work, on a busy machine many times that."""
Answer = dict[str, int | str | bool]
_KERNEL_SETTINGS = ("NUMBA_DISABLE_JIT", "STORYREEL_KERNEL", "HOME")


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """Size in pixels after orientation, and whether it can be transparent."""

    width: int
    height: int
    alpha: bool


@dataclass(frozen=True, slots=True)
class PicturePlanes:
    """Planes one after the other in `data`: Y, U, V at 4:2:0, and with `alpha` the luma and chroma alpha planes."""

    width: int
    height: int
    alpha: bool
    data: bytes


class Intake:
    """Decodes pictures in a child. Use as a context manager, or call `close`.

    `for_frames` says that planes will be wanted and frames made from them: the child loads the kernels while the first
    picture is on its way to it, and this process loads its own while the child starts. `inserted` also takes what
    MediaConvert's image inserter does: BMP and TGA. `outlives_runs` is for a process that renders again and again:
    cancelling a run does not end the child.
    """

    def __init__(
        self,
        limits: MediaLimits | None = None,
        *,
        for_frames: bool = False,
        inserted: bool = False,
        outlives_runs: bool = False,
    ) -> None:
        self._limits, self._for_frames = limits or MediaLimits.from_environment(), for_frames
        self._inserted, self._outlives_runs = inserted, outlives_runs
        self._child: Child | None = None
        self._has_kernels = False
        self._lock = threading.Lock()

    def facts(self, name: str, content: bytes) -> PictureFacts:
        """Raises: MediaError where the picture is refused."""
        answer, _ = self._ask(name, content, "facts")
        return PictureFacts(int(answer["width"]), int(answer["height"]), bool(answer["alpha"]))

    def still(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        """The whole picture at width × height, as it is shown. Raises: MediaError where the picture is refused."""
        return self._planes(name, content, "still", (width, height))

    def pixels(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        """The whole picture at width × height as straight RGB, or RGBA where `alpha` says so, one plane of pixels.

        Raises: MediaError where the picture is refused.
        """
        return self._planes(name, content, "pixels", (width, height))

    def moving(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        """The picture for the resampler, which shows it at most width × height large; never enlarged.

        Raises: MediaError where the picture is refused.
        """
        return self._planes(name, content, "moving", (width, height))

    def backdrop(self, name: str, content: bytes, width: int, height: int) -> PicturePlanes:
        """A blurred, dimmed copy that covers a frame of width × height, at an eighth of that size.

        Raises: MediaError where the picture is refused.
        """
        return self._planes(name, content, "backdrop", (width, height))

    def _planes(self, name: str, content: bytes, task: Task, size: tuple[int, int]) -> PicturePlanes:
        answer, data = self._ask(name, content, task, size)
        return PicturePlanes(int(answer["width"]), int(answer["height"]), bool(answer["alpha"]), data)

    def close(self) -> None:
        with self._lock:
            self._stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, name: str, content: bytes, task: Task, size: tuple[int, int] = (0, 0)) -> tuple[Answer, bytes]:
        format_name = sniff_image(content[:64])
        if format_name is None and self._inserted:
            format_name = sniff_inserted(content)
        if format_name is None:
            raise MediaError(name, f"is not a picture that can be used ({ACCEPTED}), whatever its name says")
        request: Request = {
            "task": task,
            "format": format_name,
            "pixels": self._limits.image_pixels,
            "bytes": len(content),
            "width": size[0],
            "height": size[1],
        }
        with self._lock:
            if task != "facts" and not self._has_kernels:
                self._load_kernels(request)
            answer, payload = self._exchange(name, request, content, _SECONDS_PER_PICTURE)
        if "error" in answer:
            raise MediaError(name, str(answer["error"]))
        return answer, payload

    def _load_kernels(self, request: Request) -> None:
        """Before a picture's minute begins. Raises: ToolError."""
        try:
            answer, _ = self._exchange("", {**request, "task": "kernels", "bytes": 0}, b"", _SECONDS_TO_COMPILE)
            why = str(answer.get("error", ""))
        except MediaError as error:
            why = error.reason
        if why:
            raise ToolError(
                f"the process that prepares pictures can't load its kernels: {why}", argv=[], returncode=None
            )
        self._has_kernels = True

    def _exchange(self, name: str, request: Request, content: bytes, seconds: float) -> tuple[Answer, bytes]:
        child = self._child or self._start()
        late = threading.Event()

        def give_up() -> None:
            late.set()
            child.kill()

        watchdog = threading.Timer(seconds, give_up)
        watchdog.daemon = True
        watchdog.start()
        try:
            child.write(json.dumps(request).encode() + b"\n")
            child.write(content)
            line = child.output.readline()
            answer: Answer = json.loads(line)
            payload = _read_exactly(child, int(answer["bytes"]))
        except (ToolError, ValueError, EOFError) as error:
            self._stop()
            why = ": it took too long" if late.is_set() else ""
            raise MediaError(name, f"can't be decoded within the limits for one picture{why}") from error
        finally:
            watchdog.cancel()
        return answer, payload

    def get_ready(self) -> None:
        """Start the child now, if it does not run yet."""
        with self._lock:
            if self._child is None:
                self._start()

    def _start(self) -> Child:
        settings = ONE_BLAS_THREAD | {key: os.environ[key] for key in _KERNEL_SETTINGS if key in os.environ}
        settings |= {VARIABLE: place} if (place := kernel_cache_folder()) else {}
        self._child = Child(
            [sys.executable, "-I", "-c", _PROGRAM, str(_PROJECT), *[WITH_KERNELS] * self._for_frames],
            stdin=subprocess.PIPE,
            limits=_LIMITS,
            env=settings,
            outlives_runs=self._outlives_runs,
        )
        if self._for_frames:
            threading.Thread(target=_load_own_kernels, name="kernels").start()
        return self._child

    def _stop(self) -> None:
        """End the child, however it is; the next picture gets a new one."""
        child, self._child, self._has_kernels = self._child, None, False
        if child is not None:
            with child:  # leaving kills it: what it could still do nobody waits for, and it takes 0.2 s to tidy up
                child.close_input()


def _load_own_kernels() -> None:
    """Import numba and what is compiled with it: half a second that would otherwise come before the first frame."""
    import renderer.picture.compositor  # noqa: F401


def _read_exactly(child: Child, size: int) -> bytes:
    parts, missing = [], size
    while missing:
        part = child.output.read(min(missing, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)
