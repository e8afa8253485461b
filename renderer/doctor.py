"""What is installed, in which version, and what is missing: the facts behind `storyreel doctor` (REQUIREMENTS A23)."""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from renderer.cache import cache_root
from renderer.errors import StoryreelError
from renderer.ffmpeg_process import find_ffmpeg, run_process
from renderer.machine import package_version, usable_cores

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGES = ("numpy", "numba", "pillow", "av", "ffmpeg-python", "imageio-ffmpeg", "pydantic", "ruamel.yaml", "boto3")
_EXTRAS = {"pillow-heif": "HEIC pictures", "moviepy": "the reference backend", "pydub": "the reference backend"}
_ENCODERS = ("libx264", "aac")
_RENDITION_ENCODERS = ("libvpx-vp9", "libopus", "mjpeg")
"""Only output presets with a WebM, a poster or thumbnails need these."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `missing` means that rendering can't work."""

    name: str
    state: Literal["ok", "absent", "missing"]
    detail: str


def examine() -> list[Finding]:
    """Look at everything; never raises for what it finds."""
    return [*_program(), *_ffmpeg(), *_packages(), *_machine()]


def _program() -> Iterator[Finding]:
    yield Finding("storyreel", "ok", package_version("storyreel") or "run from a checkout")
    yield Finding("python", "ok", f"{platform.python_version()} on {platform.platform(terse=True)}")


def _ffmpeg() -> Iterator[Finding]:
    try:
        ffmpeg = find_ffmpeg()
        listed = run_process([str(ffmpeg.path), "-hide_banner", "-encoders"]).stdout.decode()
    except StoryreelError as error:
        yield Finding("ffmpeg", "missing", str(error).partition("\n")[0])
        return
    yield Finding("ffmpeg", "ok", f"{ffmpeg.version} from {ffmpeg.origin} ({ffmpeg.path})")
    known = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}
    for encoder in _ENCODERS:
        state: Literal["ok", "missing"] = "ok" if encoder in known else "missing"
        yield Finding(f"encoder {encoder}", state, "" if state == "ok" else f"{ffmpeg.path} was built without it")
    for encoder in _RENDITION_ENCODERS:
        if encoder not in known:
            yield Finding(f"encoder {encoder}", "absent", "only needed for WebM, posters and thumbnails")


def _packages() -> Iterator[Finding]:
    for package in _PACKAGES:
        version = package_version(package)
        yield Finding(package, "ok" if version else "missing", version or "not installed")
    for package, use in _EXTRAS.items():
        version = package_version(package)
        yield Finding(package, "ok" if version else "absent", version or f"only needed for {use}")


def _machine() -> Iterator[Finding]:
    from renderer.kernel_cache import kernel_cache_folder
    from renderer.picture.intake_child import load_kernels
    from renderer.picture.kernels import chosen_implementation

    yield Finding("cores", "ok", str(usable_cores()))
    try:
        yield Finding("picture kernel", "ok", chosen_implementation())
    except StoryreelError as error:
        yield Finding("picture kernel", "missing", str(error))
    failed = load_kernels()
    yield Finding(
        "compiled kernels", "missing" if failed else "ok", failed or kernel_cache_folder() or "beside the code"
    )
    try:
        root = cache_root()
    except StoryreelError as error:
        yield Finding("cache", "missing", str(error))
        return
    free = shutil.disk_usage(root).free / 1e9
    usable = os.access(root, os.W_OK)
    yield Finding(
        "cache", "ok" if usable else "missing", f"{root}, {free:.1f} GB free{'' if usable else ', read-only'}"
    )
