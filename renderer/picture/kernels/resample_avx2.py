"""The resampler for x86 CPUs with AVX2: the same sums as everywhere, sixteen multiplications to an instruction.

Numba has no vectors, so the two inner blocks are written as LLVM instructions. Each names its sums and its rounding
exactly as `resample_portable` does, and integer sums do not depend on their order, so the bits are the same. Imported
only where the CPU reports AVX2.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from llvmlite import ir

from renderer.picture.kernels.jit import instructions, kernel
from renderer.picture.kernels.views import flat_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from renderer.picture.kernels.filters import Filter
    from renderer.picture.kernels.plane import Axis, PreparedPlane
    from renderer.picture.kernels.scratch import Scratch
    from renderer.picture.kernels.views import Plane

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_SIXTEEN_BYTES, _SIXTEEN_WORDS = ir.VectorType(_I8, 16), ir.VectorType(_I16, 16)
_EIGHT_WORDS, _FOUR_WORDS = ir.VectorType(_I16, 8), ir.VectorType(_I16, 4)
_EIGHT_SUMS = ir.VectorType(_I32, 8)


def _shuffle(builder: ir.IRBuilder, a: ir.Value, b: ir.Value, order: Sequence[int]) -> ir.Value:
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_I32, len(order)), list(order)))


def _all(value: int) -> ir.Value:
    return ir.Constant(_EIGHT_SUMS, [value] * 8)


def _load(builder: ir.IRBuilder, kind: ir.Type, address: ir.Value, offset: int = 0) -> ir.Value:
    pointer = builder.inttoptr(builder.add(address, _I64(offset)), ir.PointerType())
    return builder.load(pointer, align=1, typ=kind)


def _store(builder: ir.IRBuilder, value: ir.Value, address: ir.Value, offset: int = 0) -> None:
    builder.store(value, builder.inttoptr(builder.add(address, _I64(offset)), ir.PointerType()), align=1)


def _call(builder: ir.IRBuilder, name: str, result: ir.Type, *args: ir.Value) -> ir.Value:
    kind = ir.FunctionType(result, [arg.type for arg in args])
    function = builder.module.globals.get(name) or ir.Function(builder.module, kind, name)
    return builder.call(function, args)


def _multiply_add(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """Products of 16 pairs of signed words, added in neighbours: 8 signed 32-bit sums (VPMADDWD)."""
    return _call(builder, "llvm.x86.avx2.pmadd.wd", _EIGHT_SUMS, a, b)


def _add_neighbours(builder: ir.IRBuilder, a: ir.Value, b: ir.Value) -> ir.Value:
    """In each half, the sums of neighbours of `a`, then of `b`."""
    even = _shuffle(builder, a, b, (0, 2, 8, 10, 4, 6, 12, 14))
    odd = _shuffle(builder, a, b, (1, 3, 9, 11, 5, 7, 13, 15))
    return builder.add(even, odd)


def _emit_down(
    builder: ir.IRBuilder, lines: ir.Value, weights: ir.Value, column: ir.Value, out: ir.Value, *, taps: int
) -> None:
    """32 columns of `taps` rows of bytes, weighed, to words with 6 fraction bits.

    `lines` points to the rows' addresses, `weights` to their words; `column` is the first column's offset.
    """
    rows = [builder.add(_load(builder, _I64, lines, 8 * k), column) for k in range(taps)]
    pairs = [_load(builder, _I32, weights, 2 * k) for k in range(0, taps, 2)]
    empty = ir.Constant(_EIGHT_SUMS, ir.Undefined)
    scale = [_shuffle(builder, builder.insert_element(empty, pair, _I32(0)), empty, [0] * 8) for pair in pairs]
    for part in (0, 16):
        sums = [_all(128), _all(128)]
        for k in range(0, taps, 2):
            a, b = (builder.zext(_load(builder, _SIXTEEN_BYTES, row, part), _SIXTEEN_WORDS) for row in rows[k : k + 2])
            words = builder.bitcast(scale[k // 2], _SIXTEEN_WORDS)
            for half, start in enumerate((0, 4)):
                columns = [*range(start, start + 4), *range(start + 8, start + 12)]
                mixed = _shuffle(builder, a, b, [at for c in columns for at in (c, c + 16)])
                sums[half] = builder.add(sums[half], _multiply_add(builder, mixed, words))
        shifted = [builder.ashr(total, _all(8)) for total in sums]
        _store(builder, _call(builder, "llvm.x86.avx2.packssdw", _SIXTEEN_WORDS, *shifted), out, 2 * part)


def _emit_pack(builder: ir.IRBuilder, sums: Sequence[ir.Value], out: ir.Value) -> None:
    """Round 16 sums to bytes; the first holds samples 0-3 and 8-11, the second the others."""
    shifted = [builder.ashr(builder.add(total, _all(1 << 19)), _all(20)) for total in sums]
    words = _call(builder, "llvm.x86.avx2.packssdw", _SIXTEEN_WORDS, *shifted)
    low, high = _shuffle(builder, words, words, range(8)), _shuffle(builder, words, words, range(8, 16))
    _store(builder, _call(builder, "llvm.x86.sse2.packuswb.128", _SIXTEEN_BYTES, low, high), out)


def _rows_at(builder: ir.IRBuilder, row: ir.Value, first: ir.Value) -> list[ir.Value]:
    """The addresses of 16 samples' first taps in a row of words."""
    starts = (builder.sext(_load(builder, _I32, first, 4 * j), _I64) for j in range(16))
    return [builder.add(row, builder.shl(start, _I64(1))) for start in starts]


@instructions
def _across_4(builder: ir.IRBuilder, row: ir.Value, first: ir.Value, weights: ir.Value, out: ir.Value) -> None:
    """16 samples of 4 taps each; weights in the order of `_SLOTS[4]`."""
    at = _rows_at(builder, row, first)
    sums = []
    for base in (0, 4):
        products = []
        for pair in (base, base + 2):
            parts = [_load(builder, _FOUR_WORDS, at[j]) for j in (pair, pair + 1, pair + 8, pair + 9)]
            halves = [_shuffle(builder, parts[k], parts[k + 1], range(8)) for k in (0, 2)]
            taps = _shuffle(builder, halves[0], halves[1], range(16))
            scale = _load(builder, _SIXTEEN_WORDS, weights, 16 * pair)
            products.append(_multiply_add(builder, taps, scale))
        sums.append(_add_neighbours(builder, *products))
    _emit_pack(builder, sums, out)


def _emit_across(
    builder: ir.IRBuilder, row: ir.Value, first: ir.Value, weights: ir.Value, out: ir.Value, *, taps: int
) -> None:
    """16 samples of 8 or 16 taps each; weights by eights of taps, in each in the order of `_SLOTS`."""
    at = _rows_at(builder, row, first)
    sums = []
    for base in (0, 4):
        products = [ir.Constant(_EIGHT_SUMS, [0] * 8)] * 4
        for j, group in itertools.product(range(4), range(taps // 8)):
            halves = [_load(builder, _EIGHT_WORDS, at[base + j + k], 16 * group) for k in (0, 8)]
            scale = _load(builder, _SIXTEEN_WORDS, weights, 256 * group + 32 * (base + j))
            product = _multiply_add(builder, _shuffle(builder, halves[0], halves[1], range(16)), scale)
            products[j] = builder.add(products[j], product)
        pairs = [_add_neighbours(builder, *products[k : k + 2]) for k in (0, 2)]
        sums.append(_add_neighbours(builder, *pairs))
    _emit_pack(builder, sums, out)


@instructions
def _across_8(builder: ir.IRBuilder, row: ir.Value, first: ir.Value, weights: ir.Value, out: ir.Value) -> None:
    _emit_across(builder, row, first, weights, out, taps=8)


@instructions
def _across_16(builder: ir.IRBuilder, row: ir.Value, first: ir.Value, weights: ir.Value, out: ir.Value) -> None:
    _emit_across(builder, row, first, weights, out, taps=16)


@instructions
def _down_4(builder: ir.IRBuilder, lines: ir.Value, weights: ir.Value, column: ir.Value, out: ir.Value) -> None:
    _emit_down(builder, lines, weights, column, out, taps=4)


@instructions
def _down_8(builder: ir.IRBuilder, lines: ir.Value, weights: ir.Value, column: ir.Value, out: ir.Value) -> None:
    _emit_down(builder, lines, weights, column, out, taps=8)


@instructions
def _down_16(builder: ir.IRBuilder, lines: ir.Value, weights: ir.Value, column: ir.Value, out: ir.Value) -> None:
    _emit_down(builder, lines, weights, column, out, taps=16)


LONGEST = 16
"""The most taps there are blocks for."""

_BLOCK = 16
_MARGIN = 32
_SLOTS = {
    4: np.array([0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15], np.int64),
    8: np.array([0, 2, 4, 6, 8, 10, 12, 14, 1, 3, 5, 7, 9, 11, 13, 15], np.int64),
}
"""Taps of one vector → where in its block each of 16 samples' weights stand."""


def resample_avx2(dst: Plane, src: PreparedPlane, x: Axis, y: Axis, *, by: Filter, scratch: Scratch) -> None:
    """Fill `dst` (height, width) from `src`; `by` has at most `LONGEST` taps."""
    height, width = dst.shape
    blocks, words = -(-width // _BLOCK), by.taps // 4
    first = scratch.take("first_x", (blocks * _BLOCK,), np.int32), scratch.take("first_y", (height,), np.int32)
    group = min(words, 2)
    across = scratch.take("across", (blocks, words // group, _BLOCK, group), np.int64)
    down = scratch.take("down", (height, words), np.int64)
    places = (x.origin, x.step, src.width), (y.origin, y.step, src.height)
    _fill_across(places[0], by.table(x.step).view(np.int64), _SLOTS[4 * group], first[0], across)
    _fill_down(places[1], by.table(y.step).view(np.int64), first[1], down)
    row = scratch.take("row", (src.rows.shape[1] + 2 * _MARGIN,), np.int16)
    lines, tail = scratch.take("lines", (by.taps,), np.int64), scratch.take("tail", (_BLOCK,), np.uint8)
    flat, stride = flat_rows(dst, writeable=True)
    sizes = (height, width, stride), (src.height, src.width, src.rows.shape[1])
    _resample_rows(flat, src.rows.reshape(-1), sizes, first, (across, down), (row, lines, tail))


@kernel
def _place(place: tuple[int, int, int], half: int, sample: int) -> int:
    """A sample's position in 1/512, limited to where some tap still sees more than the edge."""
    origin, step, size = place
    low, high = -half << 32, (size - 1 + half) << 32
    return (min(max(origin + sample * step, low), high) + (1 << 22)) >> 23


@kernel
def _fill_across(
    place: tuple[int, int, int],
    table: NDArray[np.int64],
    slots: NDArray[np.int64],
    first: NDArray[np.int32],
    weights: NDArray[np.int64],
) -> None:
    """First taps of all samples, and their weights: `table` (512, words) and `weights` hold four taps to a word."""
    half, group = 2 * table.shape[1], weights.shape[3]
    for j in range(first.shape[0]):
        rounded = _place(place, half, j)
        first[j] = (rounded >> 9) - (half - 1)
        for k in range(table.shape[1]):
            weights[j >> 4, k // group, slots[j & 15], k % group] = table[rounded & 511, k]


@kernel
def _fill_down(
    place: tuple[int, int, int], table: NDArray[np.int64], first: NDArray[np.int32], weights: NDArray[np.int64]
) -> None:
    half = 2 * table.shape[1]
    for j in range(first.shape[0]):
        rounded = _place(place, half, j)
        first[j] = (rounded >> 9) - (half - 1)
        for k in range(table.shape[1]):
            weights[j, k] = table[rounded & 511, k]


@kernel
def _resample_rows(  # noqa: PLR0917  (compiled code takes no keywords)
    dst: Plane,
    src: Plane,
    sizes: tuple[tuple[int, int, int], tuple[int, int, int]],
    first: tuple[NDArray[np.int32], NDArray[np.int32]],
    weights: tuple[NDArray[np.int64], NDArray[np.int64]],
    scratch: tuple[NDArray[np.int16], NDArray[np.int64], NDArray[np.uint8]],
) -> None:
    """Filter down the needed columns of each output row, then across them; `sizes` are (height, width, stride)."""
    (height, width, dst_stride), (src_height, src_width, stride) = sizes
    (first_x, first_y), (across, down), (row, lines, tail) = first, weights, scratch
    taps = lines.shape[0]
    left = min(max(first_x[0], 0), src_width - 1) // 32 * 32
    right = min(max(first_x[-1] + taps, 1), src_width)
    whole = width // _BLOCK
    row_at = row.ctypes.data + 2 * _MARGIN
    for i in range(height):
        for k in range(taps):
            lines[k] = src.ctypes.data + min(max(first_y[i] + k, 0), src_height - 1) * stride
        _filter_down(lines, down.ctypes.data + 2 * taps * i, left, right, row_at)
        if first_x[0] < 0:
            row[:_MARGIN] = row[_MARGIN]
        if first_x[-1] + taps > src_width:
            row[_MARGIN + right : 2 * _MARGIN + right] = row[_MARGIN + right - 1]
        _filter_across(row_at, first_x, across[:whole], dst.ctypes.data + i * dst_stride)
        if whole < across.shape[0]:
            _filter_across(row_at, first_x[whole * _BLOCK :], across[whole:], tail.ctypes.data)
            for j in range(width - whole * _BLOCK):
                dst[i * dst_stride + whole * _BLOCK + j] = tail[j]


@kernel
def _filter_down(lines: NDArray[np.int64], weights: int, left: int, right: int, out: int) -> None:
    taps, lines_at = lines.shape[0], lines.ctypes.data
    for x in range(left, right, 32):
        if taps == 4:
            _down_4(lines_at, weights, x, out + 2 * x)
        elif taps == 8:
            _down_8(lines_at, weights, x, out + 2 * x)
        else:
            _down_16(lines_at, weights, x, out + 2 * x)


@kernel
def _filter_across(row: int, first: NDArray[np.int32], weights: NDArray[np.int64], out: int) -> None:
    first_at, weights_at = first.ctypes.data, weights.ctypes.data
    taps = 4 * weights.shape[1] * weights.shape[3]
    for b in range(weights.shape[0]):
        if taps == 4:
            _across_4(row, first_at + 64 * b, weights_at + 128 * b, out + 16 * b)
        elif taps == 8:
            _across_8(row, first_at + 64 * b, weights_at + 256 * b, out + 16 * b)
        else:
            _across_16(row, first_at + 64 * b, weights_at + 512 * b, out + 16 * b)
