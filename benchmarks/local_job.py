"""A 10 s 720p job at the local MediaConvert endpoint, against the same FFmpeg work run by hand.

The hand-run command decodes, encodes with the arguments that the endpoint gives its encoder, and muxes, in one
process. CPU counts the process and all its children; the endpoint's count starts when its worker takes the job.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from backends.mediaconvert.service.execute.job import execute_job
from backends.mediaconvert.service.queueing.running import RunningJob
from backends.mediaconvert.service.storage.folder import FolderStorage
from backends.mediaconvert.service.store.records import JobRecord
from renderer.ffmpeg_process import find_ffmpeg

SECONDS, ROUNDS = 10, 3
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


def cpu_s() -> float:
    """User and system time of this process and of its finished children."""
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


def measured(run: object) -> tuple[float, float]:
    """CPU and wall seconds of a call."""
    before, started = cpu_s(), time.monotonic()
    run()  # type: ignore[operator]
    return cpu_s() - before, time.monotonic() - started


def make_clip(path: Path) -> None:
    """Ten seconds of moving test pictures and a tone."""
    path.parent.mkdir(parents=True)
    program = [str(find_ffmpeg().path), "-hide_banner", "-nostdin", "-loglevel", "error", "-y"]
    picture = [
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=s=1280x720:r=30:d={SECONDS}",
        "-f",
        "lavfi",
        "-i",
        f"sine=440:d={SECONDS}",
    ]
    subprocess.run([*program, *picture, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)], check=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        make_clip(root / "in" / "clip.mp4")
        record = JobRecord(1, "local", "Default", 0, "PROGRESSING", 0, 1, False, {}, SETTINGS, {})  # noqa: FBT003
        storage = FolderStorage(root)

        def endpoint() -> None:
            execute_job(RunningJob(record, lambda *_: None), storage, strict=False, policy={})

        def hand() -> None:
            subprocess.run(by_hand(root), check=True)

        endpoint()  # loads what a running server has loaded
        rounds = [(measured(endpoint), measured(hand)) for _ in range(ROUNDS)]
    names = ("cpu", "wall")
    figures = {name: [ours[place] / theirs[place] for ours, theirs in rounds] for place, name in enumerate(names)}
    seconds = {f"{who} {name} s": round(statistics.median(pair[index][place] for pair in rounds), 2)
               for place, name in enumerate(names) for index, who in enumerate(("endpoint", "hand"))}  # fmt: skip
    ratios = {f"{name} ratio": round(statistics.median(values), 3) for name, values in figures.items()}
    print(json.dumps(seconds | ratios, indent=1))


if __name__ == "__main__":
    main()
