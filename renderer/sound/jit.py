"""The one way this package compiles kernels: IEEE arithmetic as written, no GIL, compiled code kept on disk.

`fastmath` stays off, so that no multiplication and addition are fused or reordered: a kernel gives the same bits on
every CPU. `numba` ships no types, hence the one ignored line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar

import numba

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile `function` on its first call; its typed signature stays."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function)
    return compiled
