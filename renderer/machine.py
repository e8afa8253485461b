"""What this process may use of its machine, and what is installed on it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
from pathlib import Path

MOST_JOBS = 64
"""The most segments that are rendered side by side."""
ONE_BLAS_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""For environments: numpy would start a thread for each core as it is imported, for linear algebra not done here.

That is a sixth of the CPU time of a picture child's start on 2 cores, and memory for each core on larger machines.
"""
_CPU_LIMIT = Path("/sys/fs/cgroup/cpu.max")


def usable_cores() -> int:
    """As many as this process may run on, and its container may use the time of; 1 to `MOST_JOBS`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError):  # "max 100000", or microseconds in each so many (Linux cgroup v2)
        quota, period = _CPU_LIMIT.read_text().split()
        cores = min(cores, -(-int(quota) // int(period)))
    return max(1, min(cores, MOST_JOBS))


def package_version(package: str) -> str | None:
    """The version of an installed distribution; None where there is none."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
