"""Where compiled kernels are kept: beside the code as numba does, else in our own cache folder.

An installation that belongs to another user, run by one without a home folder, has no other place: the usual container.
"""

from __future__ import annotations

import os
from pathlib import Path

from renderer.cache import cache_root

VARIABLE = "NUMBA_CACHE_DIR"
"""numba's own; children are given it."""


def kernel_cache_folder() -> str:
    """What `NUMBA_CACHE_DIR` says, else nothing where numba can write beside the code, else `kernels` in the cache.

    Raises: OutputError where there is no cache folder either.
    """
    named = os.environ.get(VARIABLE, "")
    beside_code = os.access(Path(__file__).parent / "picture" / "kernels", os.W_OK)
    return named if named or beside_code else str(cache_root() / "kernels")
