"""Two stages side by side: while one block is measured or written, the next is mixed in a thread of its own.

The kernels release Python's lock, so both cores work. The order and the bits stay what they were.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


def mixed_ahead(blocks: Iterator[T]) -> Iterator[T]:
    """`blocks`, each computed while the one before is in use; at most one waits. Errors surface in their place."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="mix") as pool:
        coming = pool.submit(next, blocks, None)
        while (block := coming.result()) is not None:
            coming = pool.submit(next, blocks, None)
            yield block
