"""Working memory that one thread uses again for every frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

T = TypeVar("T", np.uint8, np.int16, np.int32, np.int64)


class Scratch:
    """Arrays by name, allocated at the largest size asked for so far. Not for two threads at once."""

    def __init__(self) -> None:
        self._memory: dict[str, NDArray[np.uint8]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: type[T]) -> NDArray[T]:
        """An array of that shape with whatever its memory holds; valid until `name` is asked for again."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        memory = self._memory.get(name)
        if memory is None or memory.shape[0] < size:
            memory = self._memory[name] = np.empty(size, np.uint8)
        return memory[:size].view(dtype).reshape(shape)
