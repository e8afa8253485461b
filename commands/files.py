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
    from renderer.publish import check_destination, unfinished_file

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
    try:
        with unfinished_file(target) as unfinished, os.fdopen(os.dup(unfinished.descriptor), "wb") as stream:
            yield stream
    except OSError as error:
        raise OutputError(f"{target} can't be written: {error.strerror}") from error
