"""VMAF of pairs of frames, by FFmpeg's libvmaf: frames go in through two pipes, scores come out as JSON."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
from typing import TYPE_CHECKING, Self, cast

from renderer.errors import ToolError
from renderer.ffmpeg_process import ArgumentGraph, Child, Limits, compile_argv

if TYPE_CHECKING:
    from pathlib import Path

    from golden.planes import Yuv

_PATIENCE = Limits(wall_s=7_200, trusted=True)
MIN_SIDE = 192
"""Smaller frames have no room for VMAF's scales."""


class Vmaf:
    """Give it pairs with `add`, then ask `scores`; where it can't measure, `reason` says why, and there are none."""

    def __init__(self, width: int, height: int, scratch: Path, threads: int) -> None:
        self.reason = ""
        self._child: Child | None = None
        self._scratch = scratch
        if min(width, height) < MIN_SIDE:
            self.reason = f"frames are smaller than {MIN_SIDE} pixels"
            return
        self._log, name = tempfile.mkstemp(dir=scratch)
        os.unlink(name)  # noqa: PTH108  (only the descriptor is used)
        reading, self._second = os.pipe()
        try:
            argv = _argv(width, height, reading, self._log, threads)
            self._child = Child(argv, stdin=subprocess.PIPE, pass_fds=[reading, self._log], limits=_PATIENCE)
        finally:
            os.close(reading)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *details: object) -> None:
        if self._child is not None:
            self._close_second()
            self._child.__exit__(*details)
        if not self.reason or self._child is not None:
            with contextlib.suppress(OSError, AttributeError):
                os.close(self._log)

    def add(self, before: Yuv, after: Yuv) -> None:
        """The next pair: reference and what is judged."""
        if self._child is None or self.reason:
            return
        try:
            self._child.write(after.tobytes())
            view = memoryview(before.tobytes())
            while view:
                view = view[os.write(self._second, view) :]
        except (ToolError, OSError) as error:
            self.reason = _reason(error)

    def scores(self) -> list[float]:
        """One for each pair; empty where it could not be measured."""
        if self._child is None or self.reason:
            return []
        self._close_second()
        try:
            self._child.finish()
            size = os.fstat(self._log).st_size
            document = json.loads(os.pread(self._log, size, 0))
            return [float(frame["metrics"]["vmaf"]) for frame in document["frames"]]
        except (ToolError, ValueError, KeyError) as error:
            self.reason = _reason(error)
            return []

    def _close_second(self) -> None:
        if self._second >= 0:
            os.close(self._second)
            self._second = -1


def _reason(error: Exception) -> str:
    said = error.stderr_tail if isinstance(error, ToolError) else str(error)
    return "this FFmpeg has no libvmaf" if "libvmaf" in said else f"libvmaf failed ({said.strip()[-120:]})"


def _argv(width: int, height: int, second: int, log: int, threads: int) -> list[str]:
    import ffmpeg

    form = {"format": "rawvideo", "pix_fmt": "yuv420p", "s": f"{width}x{height}", "framerate": "25"}
    judged, reference = ffmpeg.input("pipe:0", **form), ffmpeg.input(f"pipe:{second}", **form)
    scored = ffmpeg.filter([judged, reference], "libvmaf", log_fmt="json", log_path=f"/dev/fd/{log}", n_threads=threads)
    return compile_argv(cast("ArgumentGraph", scored.output("pipe:1", format="null")))
