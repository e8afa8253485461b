"""Names of bundled media, such as `brand/logo.png`, to paths. What may lie here, and why, says `manifest.json`.

Reads no medium and imports nothing heavy; the generators beside the media are never imported by the product.
"""

from __future__ import annotations

import difflib
import functools
from pathlib import Path, PurePosixPath

from renderer.errors import UsageError

DEMO_STORY = "demo/story.yaml"
"""The bundled example: `asset_path(DEMO_STORY)`."""

_FOLDER = Path(__file__).resolve().parent
_NOT_ASSETS = {".py", ".pyc"}


@functools.cache
def asset_names() -> tuple[str, ...]:
    """Every bundled file but the Python ones, as `asset_path` takes them: with forward slashes, sorted."""
    files = (path for path in _FOLDER.rglob("*") if path.is_file() and path.suffix not in _NOT_ASSETS)
    return tuple(sorted(path.relative_to(_FOLDER).as_posix() for path in files))


def asset_path(name: str) -> Path:
    """The absolute path of a bundled file. Only listed names are found, so that `..` leads nowhere.

    Raises: UsageError for a name that `asset_names` does not list.
    """
    if name not in asset_names():
        close = difflib.get_close_matches(name, asset_names(), n=1)
        meant = f": did you mean {close[0]!r}?" if close else f"; there are {', '.join(asset_names())}"
        raise UsageError(f"no bundled asset {name!r}{meant}")
    return _FOLDER.joinpath(*PurePosixPath(name).parts)
