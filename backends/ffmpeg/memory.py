"""What the C library does with memory that is given back: so that a run's peak is the same every time."""

from __future__ import annotations

import ctypes
import sys

_M_MMAP_THRESHOLD = -3
"""glibc's malloc.h."""
_LARGE_BYTES = 4 << 20


def give_large_blocks_back() -> None:
    """Let blocks of 4 MB and more go back to the system as soon as they are free. Does nothing without glibc.

    Left alone, glibc raises that limit to 32 MB as encoders come and go, and keeps what lies between: a minute of
    1080p then peaks at 650 to 720 MB, with a fixed limit at 630, for one percent more CPU time (measured).
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BYTES)
