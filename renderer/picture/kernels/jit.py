"""The decorators that compile kernels: typed, cached on disk, without the interpreter lock.

A kernel may call only kernels, and read only constants, of its own file: numba's disk cache compares the time stamp of
that one file, so a constant imported from elsewhere could change without the compiled code noticing
(https://numba.readthedocs.io/en/stable/developer/caching.html). A test holds this rule.

`NUMBA_DISABLE_JIT=1` turns every kernel into the plain Python function below its decorator, with the same bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, TypeVar, cast

import numba  # whole, before its parts: these alone would not wait for another thread that is importing it
from numba.core import codegen
from numba.extending import intrinsic

from renderer.kernel_cache import kernel_cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from llvmlite import ir
    from numba.core.base import BaseContext
    from numba.core.typing.context import Context
    from numba.core.typing.templates import Signature

    Emit = Callable[[ir.IRBuilder, ir.Value, ir.Value, ir.Value, ir.Value], None]
    Block = Callable[[int, int, int, int], None]

vars(numba.config)["CACHE_DIR"] = kernel_cache_folder()

P = ParamSpec("P")
R = TypeVar("R")


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a module-level function of integers and integer arrays at its first call, or load it from the cache."""
    compiled: Callable[P, R] = numba.njit(cache=True, nogil=True, error_model="numpy", boundscheck=False)(function)
    return compiled


def instructions(emit: Emit) -> Block:
    """A function of four 64-bit integers, callable from kernels only, whose LLVM instructions `emit` writes."""

    def typed(
        _typing: Context, _a: numba.types.Type, _b: numba.types.Type, _c: numba.types.Type, _d: numba.types.Type
    ) -> tuple[Signature, Callable[[BaseContext, ir.IRBuilder, Signature, list[ir.Value]], ir.Value]]:
        def generate(
            context: BaseContext, builder: ir.IRBuilder, _signature: Signature, args: list[ir.Value]
        ) -> ir.Value:
            emit(builder, *args)
            return context.get_dummy_value()  # type: ignore[no-untyped-call]

        return numba.types.void(*[numba.types.int64] * 4), generate

    block: object = intrinsic(typed)
    return cast("Block", block)


def is_compiling() -> bool:
    """Whether kernels are compiled at all."""
    return not vars(numba.config)["DISABLE_JIT"]


def has_cpu_feature(name: str) -> bool:
    """Whether kernels are compiled for a CPU with `name` (LLVM's word for it, such as `avx2`).

    Asks what numba compiles for: NUMBA_CPU_FEATURES and NUMBA_ENABLE_AVX can forbid what the CPU could do.
    """
    features = vars(numba.config)["CPU_FEATURES"]
    if features is None:
        features = codegen.get_host_cpu_features()  # type: ignore[no-untyped-call]
    return f"+{name}" in str(features).split(",")
