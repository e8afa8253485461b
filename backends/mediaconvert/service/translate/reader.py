"""Settings that remember what was read of them: what nobody reads can't have been honoured, and the job says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, cast

from backends.mediaconvert.service.faults import UNSUPPORTED_TOGETHER, JobFailure
from backends.mediaconvert.validation.model import wire_name
from backends.mediaconvert.validation.node import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.job import Job


class Reader:
    """One structure of a job's settings, in PascalCase. Every value read is noted in `used`, shared by all readers."""

    def __init__(self, values: Job, path: tuple[str, ...] = (), used: set[str] | None = None) -> None:
        self._values, self._path = values, path
        self.used: set[str] = set() if used is None else used

    @property
    def pointer(self) -> str:
        """The place in the wire's words, below `settings`."""
        return pointer(list(self._path))

    def place(self, name: str) -> str:
        """The pointer of a member."""
        return pointer([*self._path, wire_name(name)])

    def has(self, name: str) -> bool:
        """Whether there is anything; says nothing about its having been read."""
        return self._values.get(name) not in (None, {}, [])

    def text(self, name: str, default: str = "") -> str:
        value = self._read(name)
        return default if value is None else str(value)

    def whole(self, name: str) -> int | None:
        value = self._read(name)
        return int(value) if isinstance(value, int | float) else None

    def number(self, name: str) -> float | None:
        value = self._read(name)
        return float(value) if isinstance(value, int | float) else None

    def _read(self, name: str) -> object:
        self.used.add(self.place(name))
        return self._values.get(name)

    def wholes(self, name: str) -> list[int]:
        return [int(str(item)) for item in self._items(name)]

    def numbers(self, name: str) -> list[float]:
        return [float(str(item)) for item in self._items(name)]

    def texts(self, name: str) -> list[str]:
        return [str(item) for item in self._items(name)]

    def _items(self, name: str) -> list[object]:
        items = cast("list[object]", self._values.get(name) or [])
        self.used.update(pointer([*self._path, wire_name(name), str(index)]) for index in range(len(items)))
        return items

    def node(self, name: str) -> Reader:
        """A structure; an empty one where there is none."""
        return Reader(cast("Job", self._values.get(name) or {}), (*self._path, wire_name(name)), self.used)

    def nodes(self, name: str) -> list[Reader]:
        """The structures of a list."""
        return [node for _, node in self._entries(name)]

    def entries(self, name: str) -> dict[str, Reader]:
        """The structures of a map."""
        return dict(self._entries(name))

    def _entries(self, name: str) -> Iterator[tuple[str, Reader]]:
        found = self._values.get(name) or {}
        pairs = found.items() if isinstance(found, dict) else enumerate(cast("list[Job]", found))
        for key, value in pairs:
            yield str(key), Reader(cast("Job", value), (*self._path, wire_name(name), str(key)), self.used)

    def fail(self, message: str, *, name: str | None = None, code: int = UNSUPPORTED_TOGETHER) -> NoReturn:
        """Raises: JobFailure naming this place."""
        raise JobFailure(code, f"{self.pointer if name is None else self.place(name)}: {message}")
