"""Which x264 preset and rate factor to render with: `python -m benchmarks.encoder_setting`, by hand, some 20 minutes.

Quality is VMAF of the encoded frames against the frames before the encoder; time is CPU time of one thread a frame.
What follows from the figures is in docs/decisions/0005-encoder-setting.md.
"""

from __future__ import annotations

import dataclasses
import json
import re
import statistics
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from assets import DEMO_STORY, asset_path
from benchmarks.context import encoder_settings
from benchmarks.machine import load_average
from benchmarks.material import FULL, Material
from benchmarks.measure import run, storyreel
from renderer.ffmpeg_process import find_ffmpeg
from renderer.output import output_preset

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
RATE_FACTORS = (18, 20, 22)
PIECE = 60
"""Frames in a row: one GOP, so that a keyframe falls on each piece's start."""
EXAMPLE_STARTS = (105, 210, 320, 420, 600, 780)
"""Within each of the example's six photographs; a crossfade in three of them."""
MOVES = ("push-in", "pan-left", "tilt-up", "zoom-out")


def main() -> None:
    """Measure and print one line of JSON for each setting."""
    print(json.dumps({"load_average": load_average(), "ffmpeg": find_ffmpeg().version}), flush=True)
    with tempfile.TemporaryDirectory(prefix="encoder-") as scratch:
        folder = Path(scratch)
        clips = {"example": _example(folder), "stills": _stills(folder)}
        for preset in PRESETS:
            for factor in RATE_FACTORS:
                found = {name: measure(clip, preset, factor, folder) for name, clip in clips.items()}
                print(json.dumps({"preset": preset, "crf": factor} | found), flush=True)
    print(json.dumps({"load_average": load_average()}), flush=True)


def _example(folder: Path) -> Path:
    return _pieces(asset_path(DEMO_STORY), EXAMPLE_STARTS, folder / "example.y4m")


def _stills(folder: Path) -> Path:
    """Larger moves over photographs, without logo."""
    media = folder / "media"
    media.mkdir()
    material = Material(media, FULL)
    photos = [photo for photo in material.photos() if "mirrored" in photo]
    images = [{"file": photo, "motion": MOVES[index % 4], "hold": "2s"} for index, photo in enumerate(photos)]
    story = material.story("stills", brand=None, narration=None, music=None, images=images)
    return _pieces(story, range(0, PIECE * len(photos), PIECE), folder / "stills.y4m")


def _pieces(story: Path, starts: Iterable[int], target: Path) -> Path:
    """Ranges of a story's frames, one after the other, in one file."""
    part = target.with_name("part.y4m")
    with target.open("wb") as whole:
        for number, start in enumerate(starts):
            run(
                [
                    *storyreel(),
                    "frames",
                    str(story),
                    "-o",
                    str(part),
                    "--range",
                    f"{start}:{start + PIECE}",
                    "--no-cache",
                ]
            )
            with part.open("rb") as stream:
                header = stream.readline()
                if number == 0:
                    whole.write(header)
                whole.writelines(_blocks(stream))
    part.unlink()
    return target


def _blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(1 << 22):
        yield block


def measure(clip: Path, preset: str, factor: int, folder: Path) -> dict[str, float]:
    """VMAF (mean, and of the worst frame), megabits a second, and milliseconds of CPU time a frame."""
    base = output_preset("story-1080p")
    output = dataclasses.replace(base, video=dataclasses.replace(base.video, preset=preset, crf=factor))
    target = folder / "encoded.mp4"
    settings = encoder_settings(output)
    settings[settings.index("-threads") + 1] = "1"
    program = [str(find_ffmpeg().path), "-v", "error", "-nostdin"]
    encoded = run([*program, "-i", str(clip), *settings, "-y", str(target)])
    frames = (clip.stat().st_size - 80) // (base.width * base.height * 3 // 2)
    scores = vmaf(target, clip, folder)
    return {
        "vmaf": round(statistics.fmean(scores), 2),
        "vmaf_min": round(min(scores), 2),
        "mbps": round(target.stat().st_size * 8 / 1e6 / (frames / 30), 3),
        "cpu_ms": round(encoded.cpu_s / frames * 1000, 1),
    }


def vmaf(encoded: Path, original: Path, folder: Path) -> list[float]:
    """Of every second frame."""
    log = folder / "vmaf.json"
    graph = f"[0:v][1:v]libvmaf=log_fmt=json:log_path={re.escape(str(log))}:n_threads=2:n_subsample=2"
    program = [str(find_ffmpeg().path), "-v", "error", "-nostdin"]
    run([*program, "-i", str(encoded), "-i", str(original), "-lavfi", graph, "-f", "null", "-"])
    return [frame["metrics"]["vmaf"] for frame in json.loads(log.read_text())["frames"]]


if __name__ == "__main__":
    main()
