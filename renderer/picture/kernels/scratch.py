"""Working memory that one thread uses again for every frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Key = tuple[str, tuple[int, ...], object]

T = TypeVar("T", np.uint8, np.int16, np.int32, np.int64)

_MOST_VIEWS = 64
"""A picture that does not fill the frame has windows of other shapes in every frame: old views are let go."""


class Scratch:
    """Arrays by name, allocated at the largest size asked for so far. Not for two threads at once.

    Every frame of a shot asks for the same shapes, three planes each: their views are kept.
    """

    def __init__(self) -> None:
        self._memory: dict[str, NDArray[np.uint8]] = {}
        self._views: dict[Key, object] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: type[T]) -> NDArray[T]:
        """An array of that shape with whatever its memory holds; valid until `name` is asked for again."""
        view = self._views.get((name, shape, dtype))
        if view is None:
            view = self._views[name, shape, dtype] = self._view(name, shape, dtype)
        return cast("NDArray[T]", view)

    def _view(self, name: str, shape: tuple[int, ...], dtype: type[T]) -> NDArray[T]:
        size = math.prod(shape) * np.dtype(dtype).itemsize
        memory = self._memory.get(name)
        if memory is None or memory.shape[0] < size:
            memory = self._memory[name] = np.empty(size, np.uint8)
            self._views = {key: view for key, view in self._views.items() if key[0] != name}
        if len(self._views) >= _MOST_VIEWS:
            self._views.clear()
        return memory[:size].view(dtype).reshape(shape)
