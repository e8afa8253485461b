"""Golden checks: of a story of which nothing changed, of one with another image, and how large a golden is."""

from __future__ import annotations

import json
import shutil
import statistics
import time
from typing import TYPE_CHECKING

from benchmarks.context import Context, Row
from benchmarks.rendering import SETTLED_S

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.measure import Measured

_MAX_UNCHANGED_S, _MAX_CHANGED, _MAX_MB = 2.0, 0.2, 2.0
_CHANGED_IMAGE = 5


def checks(context: Context) -> Iterator[Row]:
    """`golden check` of the story unchanged and with one image replaced, with its cache and from nothing."""
    spec = _own_copy(context, "checked")
    golden = spec.with_suffix(".golden")
    context.forget()
    yield context.ratio("golden record, cold", [_record(context, spec, golden)], "golden record", None)
    unchanged = [_check(context, golden) for _ in range(2 * context.repeats)]
    yield _seconds("golden check, nothing changed", unchanged)
    yield _seconds("golden check, nothing changed, no cache", [_check(context, golden, f"{n}") for n in range(2)])
    _change_one_image(context, spec)
    changed, changed_cold = [], []
    for number in range(context.repeats):
        changed.append(_check(context, golden, exit_code=1))
        changed_cold.append(_check(context, golden, f"changed-{number}", exit_code=1))
    yield context.ratio("golden check, one of 12 images changed", changed, "golden check", _MAX_CHANGED)
    yield context.ratio("golden check, one of 12 images changed, no cache", changed_cold, "golden check", _MAX_CHANGED)


def sizes(context: Context) -> Iterator[Row]:
    """The folder `golden record` writes for a minute of photographs, and of noisy ones."""
    stories = {"golden folder": None, "golden folder, noisy photographs": context.material.noisy_photos()}
    for number, (name, images) in enumerate(stories.items()):
        spec = _own_copy(context, f"sized-{number}", images)
        golden = spec.with_suffix(".golden")
        _record(context, spec, golden)
        size = sum(path.stat().st_size for path in golden.iterdir()) / 1e6
        text = size - (golden / "proxy.mp4").stat().st_size / 1e6
        detail = f"{context.frame_count(spec)} frames; {text:.2f} MB of it text"
        yield Row(name, size, "MB", detail, _MAX_MB)


def _own_copy(context: Context, name: str, images: list[str] | None = None) -> Path:
    """The measured story in a folder of its own, where its media may be replaced."""
    changes: dict[str, object] = {"id": "checked"} if images is None else {"id": "checked", "images": images}
    original = context.material.story("checked", **changes)
    folder = context.scratch / name
    folder.mkdir()
    spec = folder / "story.yaml"
    shutil.copyfile(original, spec)
    fields = json.loads(spec.read_text())
    for medium in [*fields["images"], fields["narration"], fields["music"]["file"]]:
        shutil.copyfile(original.parent / medium, folder / medium)
    return spec


def _change_one_image(context: Context, spec: Path) -> None:
    image = json.loads(spec.read_text())["images"][_CHANGED_IMAGE]
    shutil.copyfile(context.material.folder / context.material.other_photo(), spec.parent / image)
    time.sleep(SETTLED_S)


def _record(context: Context, spec: Path, golden: Path) -> Measured:
    return context.storyreel("golden", "record", str(spec), str(golden))


def _check(context: Context, golden: Path, cache: str = "", *, exit_code: int = 0) -> Measured:
    """With the benchmark's cache, or with a new one of that name."""
    folder = context.scratch / f"cache-{cache}" if cache else context.cache
    return context.storyreel("golden", "check", str(golden), exit_code=exit_code, STORYREEL_CACHE_DIR=str(folder))


def _seconds(name: str, runs: list[Measured]) -> Row:
    walls = tuple(round(item.wall_s, 3) for item in runs)
    detail = f"median of {len(walls)}; {statistics.median(item.cpu_s for item in runs):.2f} s of CPU time"
    return Row(name, statistics.median(walls), "s", detail, _MAX_UNCHANGED_S, samples=walls)
