"""The local MediaConvert endpoint: how soon it answers, and a 10 s 720p job against the same FFmpeg work by hand.

The command by hand decodes, encodes with the arguments that the endpoint gives its encoder, and muxes, in one process.
The endpoint's time starts when its worker takes the job, and ends when the file is published.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.context import Row
from benchmarks.measure import PROJECT
from renderer.ffmpeg_process import find_ffmpeg

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.context import Context

LARGEST_RATIO, LONGEST_START_S = 1.2, 1.0
SECONDS, SECONDS_QUICK = 10, 2
SETTINGS = {
    "Inputs": [
        {
            "FileInput": "s3://in/clip.mp4",
            "TimecodeSource": "ZEROBASED",
            "AudioSelectors": {"Audio Selector 1": {"DefaultSelection": "DEFAULT"}},
        }
    ],
    "OutputGroups": [
        {
            "OutputGroupSettings": {
                "Type": "FILE_GROUP_SETTINGS",
                "FileGroupSettings": {"Destination": "s3://out/made"},
            },
            "Outputs": [
                {
                    "ContainerSettings": {"Container": "MP4"},
                    "VideoDescription": {
                        "CodecSettings": {
                            "Codec": "H_264",
                            "H264Settings": {"RateControlMode": "VBR", "Bitrate": 3_000_000, "MaxBitrate": 5_000_000},
                        }
                    },
                    "AudioDescriptions": [
                        {
                            "CodecSettings": {
                                "Codec": "AAC",
                                "AacSettings": {
                                    "Bitrate": 128_000,
                                    "CodingMode": "CODING_MODE_2_0",
                                    "SampleRate": 48_000,
                                },
                            }
                        }
                    ],
                }
            ],
        }
    ],
}


def endpoint_job(context: Context) -> Iterator[Row]:
    """A 720p job at the local MediaConvert endpoint, against the same FFmpeg work by hand."""
    seconds = SECONDS if context.scale.width > 1000 else SECONDS_QUICK
    yield from _job_rows(context.scratch / "endpoint", seconds, context.repeats)


def _job_rows(root: Path, seconds: int, repeats: int) -> Iterator[Row]:
    from backends.mediaconvert.service.execute.job import execute_job
    from backends.mediaconvert.service.queueing.running import RunningJob
    from backends.mediaconvert.service.storage.folder import FolderStorage
    from backends.mediaconvert.service.store.records import JobRecord

    make_clip(root / "in" / "clip.mp4", seconds)
    record = JobRecord(1, "local", "Default", 0, "PROGRESSING", 0, 1, False, {}, SETTINGS, {})  # noqa: FBT003
    storage = FolderStorage(root)

    def endpoint() -> None:
        execute_job(RunningJob(record, lambda *_: None), storage, strict=False, policy={})

    def hand() -> None:
        subprocess.run(by_hand(root), check=True)

    endpoint()  # loads what a running server has loaded
    rounds = [(measured(endpoint), measured(hand)) for _ in range(repeats)]
    for place, kind in enumerate(("wall", "CPU")):
        ratios = tuple(round(ours[place] / theirs[place], 4) for ours, theirs in rounds)
        ours_s, theirs_s = (statistics.median(pair[who][place] for pair in rounds) for who in (0, 1))
        detail = f"{seconds} s of 720p; {ours_s:.2f} s, by hand {theirs_s:.2f} s"
        target = LARGEST_RATIO if kind == "wall" else None
        yield Row(f"endpoint job: {kind}", statistics.median(ratios), "× FFmpeg", detail, target, samples=ratios)


def measured(run: Callable[[], None]) -> tuple[float, float]:
    """Wall and CPU seconds of a call, of this process and its finished children."""
    before, started = _cpu_s(), time.perf_counter()
    run()
    return time.perf_counter() - started, _cpu_s() - before


def _cpu_s() -> float:
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in found)


def by_hand(root: Path) -> list[str]:
    """The encoder's arguments of the endpoint, in one command."""
    program = str(find_ffmpeg().path)
    video = ["-c:v", "libx264", "-preset", "fast", "-profile:v", "main", "-pix_fmt", "yuv420p", "-b:v", "3000000"]
    video += ["-maxrate", "5000000", "-bufsize", "5000000", "-g", "90", "-flags:v", "+cgop", "-keyint_min", "25"]
    audio = ["-c:a", "aac", "-b:a", "128000", "-ar", "48000", "-ac", "2"]
    return [program, "-hide_banner", "-nostdin", "-loglevel", "error", "-y", "-i", str(root / "in" / "clip.mp4"),
            *video, *audio, "-movflags", "+faststart", str(root / "hand.mp4")]  # fmt: skip


def make_clip(path: Path, seconds: int) -> None:
    """Moving test pictures and a tone."""
    path.parent.mkdir(parents=True)
    program = [str(find_ffmpeg().path), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    picture = ["-f", "lavfi", "-i", f"testsrc2=s=1280x720:r=30:d={seconds}"]
    sound = ["-f", "lavfi", "-i", f"sine=440:d={seconds}"]
    codecs = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]
    subprocess.run([*program, *picture, *sound, *codecs, str(path)], check=True)


def endpoint_startup(context: Context) -> Iterator[Row]:
    """From `storyreel mediaconvert serve` to its open port, and to its first answer; with bytecode and without any."""
    yield from _startup_rows(context.scratch / "serve", context.repeats)


def _startup_rows(home: Path, repeats: int) -> Iterator[Row]:
    """Without bytecode means: not even of Python's own library."""
    home.mkdir(parents=True)
    bytecode = home / "bytecode"
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(bytecode)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    for kind in ("warm", "without bytecode"):
        samples = []
        for _ in range(repeats + 1):
            if kind != "warm":
                shutil.rmtree(bytecode, ignore_errors=True)
            samples.append(_start_s(home, environment))
        ready, answered = (statistics.median(pair[place] for pair in samples[1:]) for place in (0, 1))
        walls = tuple(round(pair[0], 3) for pair in samples[1:])
        detail = f"listening; a request made at once is answered after {answered:.2f} s"
        yield Row(f"endpoint start: {kind}", ready, "s", detail, LONGEST_START_S, samples=walls)


def _start_s(home: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until the server says that it listens, and until it has answered a request made at once."""
    command = [sys.executable, "-m", "cli", "mediaconvert", "serve", "--port", "0", "--s3-root", str(home)]
    command += ["--state", str(home / "state.sqlite")]
    started = time.perf_counter()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=PROJECT, env=environment) as server:
        assert server.stderr is not None
        url = server.stderr.readline().split()[2].rstrip(",")
        ready_s = time.perf_counter() - started
        with urllib.request.urlopen(f"{url}/2017-08-29/jobs", timeout=60) as response:
            response.read()
        answered_s = time.perf_counter() - started
        server.terminate()
    return ready_s, answered_s


def main() -> None:
    """Both, without the other benchmarks."""
    from benchmarks.report import print_row

    with tempfile.TemporaryDirectory() as scratch:
        for row in (*_startup_rows(Path(scratch) / "serve", 3), *_job_rows(Path(scratch) / "job", SECONDS, 3)):
            print_row(row)


if __name__ == "__main__":
    main()
