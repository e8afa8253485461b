"""Peak memory of the whole process tree: it must not grow with duration or with the number of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.context import Context, Row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def duration(context: Context) -> Iterator[Row]:
    """One minute against ten of the same twelve photographs."""
    material, factor = context.material, context.scale.long_factor
    short = _peak(context, material.story("story"))
    voice = material.voice(context.scale.voice_s * factor)
    long = _peak(context, material.story("long", narration=voice, images=material.photos() * factor))
    yield Row("peak memory, short story", short, "MB", "whole process tree, proportional set size", 700)
    yield Row(f"peak memory, {factor} times as long", long / short, "×", f"{long:.0f} MB", 1.10)


def images(context: Context) -> Iterator[Row]:
    """A dozen camera pictures against hundreds, in as long a story."""
    few, many = context.scale.image_counts
    megapixels = context.scale.image_size[0] * context.scale.image_size[1] / 1e6
    names = context.material.large_images(many)
    length = {"narration": None, "length": f"{many // 2 + 5}s"}
    small = _peak(context, context.material.story("few-images", images=names[:few], **length))
    large = _peak(context, context.material.story("many-images", images=names, **length))
    detail = f"of {megapixels:g} MP"
    yield Row(f"peak memory, {few} images", small, "MB", detail, 700)
    yield Row(f"peak memory, {many} images", large / small, "×", f"{large:.0f} MB, {detail}", 1.20)


def _peak(context: Context, spec: Path) -> float:
    context.forget()
    return context.render(spec, "--jobs", "2", watch_memory=True).peak_mb
