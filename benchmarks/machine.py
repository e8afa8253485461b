"""What a run was measured on: without this, its seconds mean nothing."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path

from renderer.ffmpeg_process import find_ffmpeg

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
        "packages": {name: _version(name) for name in PACKAGES},
    }


def load_average() -> list[float]:
    """Of the last 1, 5 and 15 minutes: more than a fraction of a core before a run means noise in it."""
    return [round(value, 2) for value in os.getloadavg()]


def _field(path: str, name: str) -> str:
    file = Path(path)
    lines = file.read_text().splitlines() if file.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
