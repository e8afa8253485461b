"""What the measurements share: the material, the repeats, the output's encoder settings, and the cold render's time."""

from __future__ import annotations

import dataclasses
import json
import shutil
import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backends.ffmpeg.encode import segment_argv
from benchmarks.measure import Measured, median_cpu, median_wall, run, storyreel
from renderer.output import OutputFormat, output_preset

if TYPE_CHECKING:
    from benchmarks.material import Material, Scale


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `target` is the largest value that is good (`at_least`: the smallest); None where there is none."""

    name: str
    value: float | None
    unit: str
    detail: str = ""
    target: float | None = None
    at_least: bool = False
    samples: tuple[float, ...] = ()
    skipped: str = ""

    @property
    def met(self) -> bool | None:
        if self.target is None or self.value is None:
            return None
        return self.value >= self.target if self.at_least else self.value <= self.target


@dataclass(slots=True)
class Context:
    """One run of the benchmarks. `scratch` is emptied by its owner."""

    material: Material
    repeats: int
    scratch: Path
    _cold: list[Measured] = field(default_factory=list)
    _floor: list[Measured] = field(default_factory=list)

    @property
    def scale(self) -> Scale:
        return self.material.scale

    @property
    def output(self) -> OutputFormat:
        return dataclasses.replace(output_preset("story-1080p"), width=self.scale.width, height=self.scale.height)

    @property
    def target(self) -> Path:
        return self.scratch / "out.mp4"

    @property
    def cache(self) -> Path:
        return self.scratch / "cache"

    def forget(self) -> None:
        """Empty the program's cache: the next render is cold."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def storyreel(self, *words: str, watch_memory: bool = False, exit_code: int = 0, **variables: str) -> Measured:
        """Run the program with a cache of its own."""
        env = {"STORYREEL_CACHE_DIR": str(self.cache)} | variables
        return run([*storyreel(), *words], env=env, watch_memory=watch_memory, exit_code=exit_code)

    def render(self, spec: Path, *options: str, watch_memory: bool = False) -> Measured:
        return self.storyreel(
            "render", str(spec), "-o", str(self.target), "--json", *options, watch_memory=watch_memory
        )

    def frame_count(self, spec: Path) -> int:
        count: int = json.loads(self.storyreel("compile", str(spec)).stdout)["frame_count"]
        return count

    def cold(self) -> list[Measured]:
        """Cold renders of the story, and between them the floor, so that a busy minute meets both."""
        if not self._cold:
            spec = self.material.story("story")
            frames = self.scratch / "frames.y4m"
            self.storyreel("frames", str(spec), "-o", str(frames))
            pairs = []
            for _ in range(self.repeats):
                alone = run(floor_argv(self.output, frames, self.scratch / "floor.mp4"))
                self.forget()
                pairs.append((alone, self.render(spec)))
            frames.unlink()
            self._floor, self._cold = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return self._cold

    def floor(self) -> list[Measured]:
        """The encoder alone: the very same frames, from a file, with the same settings, one x264 on all cores."""
        self.cold()
        return self._floor

    def cold_s(self) -> float:
        return median_wall(self.cold())

    def ratio(self, name: str, runs: list[Measured], detail: str, target: float | None = None) -> Row:
        """Runs against the cold render."""
        walls = tuple(round(item.wall_s / self.cold_s(), 4) for item in runs)
        cpu = f"{detail}; {median_wall(runs):.2f} s, CPU {median_cpu(runs):.1f} s"
        return Row(name, statistics.median(walls), "× cold", cpu, target, samples=walls)


def encoder_settings(output: OutputFormat) -> list[str]:
    """The product's own x264 settings, as they follow its `-map`, without its input and target, on all cores."""
    argv = segment_argv(output, Path("x.mp4"))
    words = [word for word in argv[argv.index("-map") + 2 :] if word != "-y" and not word.startswith("file:")]
    words[words.index("-threads") + 1] = "0"
    return words


def floor_argv(output: OutputFormat, frames: Path, target: Path) -> list[str]:
    """One FFmpeg that reads frames from a file and encodes them, and does nothing else."""
    program = segment_argv(output, target)[0]
    return [program, "-v", "error", "-nostdin", "-i", str(frames), *encoder_settings(output), "-y", str(target)]
