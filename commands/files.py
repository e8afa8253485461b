"""Where a command writes: a file that appears only when it is complete, or stdout."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, BinaryIO

from renderer.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from renderer.story import Story


@contextlib.contextmanager
def written(target: Path, story: Story, *, suffix: str = ".json") -> Iterator[BinaryIO]:
    """A stream to a new file that appears only when it is complete, or to stdout for `-`."""
    from renderer.publish import check_destination, written_file

    if str(target) == "-":
        if sys.stdout is None:
            raise OutputError("stdout is closed: name a file with -o")
        yield sys.stdout.buffer
        return
    if str(target) == os.devnull:
        with target.open("wb") as stream:
            yield stream
        return
    check_destination(target, story.originals(), suffix=suffix)
    with written_file(target) as stream:
        yield stream
