"""Moving pictures: any part of a prepared plane at any size and sub-sample position, the same bits on every CPU."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Literal, cast, get_args

from renderer.errors import UsageError
from renderer.picture.kernels.jit import has_cpu_feature, is_compiling
from renderer.picture.kernels.resample_portable import resample_portable
from renderer.picture.kernels.resample_reference import resample_reference
from renderer.picture.kernels.scratch import Scratch

if TYPE_CHECKING:
    from renderer.picture.kernels.filters import Filter
    from renderer.picture.kernels.plane import Axis, PreparedPlane
    from renderer.picture.kernels.views import Plane

Implementation = Literal["avx2", "portable", "numpy"]


@cache
def chosen_implementation() -> Implementation:
    """What `STORYREEL_KERNEL` names, read once, else the fastest this CPU can run. All give the same bits.

    Raises: UsageError for another name, or `avx2` where kernels are not compiled for it.
    """
    wanted = os.environ.get("STORYREEL_KERNEL", "")
    if wanted and wanted not in get_args(Implementation):
        raise UsageError(f"STORYREEL_KERNEL: expected one of {', '.join(get_args(Implementation))}, found {wanted!r}")
    return _runnable(cast(Implementation, wanted or ("avx2" if _has_avx2() else "portable")))


@cache
def _has_avx2() -> bool:
    return is_compiling() and has_cpu_feature("avx2")


def _runnable(implementation: Implementation) -> Implementation:
    if implementation == "avx2" and not _has_avx2():
        raise UsageError("the kernel avx2 is not available: the CPU has no AVX2, or compilation for it is disabled")
    return implementation


class Resampler:
    """One thread's resampler for one shot: a filter, and the scratch memory that every call uses again.

    `implementation` overrides the chosen one, for tests and benchmarks. Raises: UsageError where it can't run.
    """

    def __init__(self, by: Filter, implementation: Implementation | None = None) -> None:
        self.filter = by
        self.implementation = _runnable(implementation or chosen_implementation())
        self._scratch = Scratch()

    def resample(self, dst: Plane, src: PreparedPlane, x: Axis, y: Axis) -> None:
        """Fill `dst`, a (height, width) uint8 plane or window, with `src` at the positions of `x` and `y`.

        Raises: ValueError for a `dst` that is not such a plane.
        """
        match self.implementation:
            case "avx2":
                from renderer.picture.kernels.resample_avx2 import LONGEST, resample_avx2

                run = resample_avx2 if self.filter.taps <= LONGEST else resample_portable
                run(dst, src, x, y, by=self.filter, scratch=self._scratch)
            case "portable":
                resample_portable(dst, src, x, y, by=self.filter, scratch=self._scratch)
            case "numpy":
                resample_reference(dst, src, x, y, by=self.filter)
