"""What a run was measured on: without this, its seconds mean nothing."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from renderer.ffmpeg_process import find_ffmpeg
from renderer.machine import package_version

PACKAGES = ("storyreel", "numpy", "numba", "pillow", "av", "imageio-ffmpeg", "moviepy")


def describe_machine() -> dict[str, object]:
    """CPU, cores, memory, system and versions."""
    return {
        "cpu": _field("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "ffmpeg": find_ffmpeg().version,
        "packages": {name: package_version(name) for name in PACKAGES},
    }


def load_average() -> list[float]:
    """Of the last 1, 5 and 15 minutes: more than a fraction of a core before a run means noise in it."""
    return [round(value, 2) for value in os.getloadavg()]


def _field(path: str, name: str) -> str:
    file = Path(path)
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")
