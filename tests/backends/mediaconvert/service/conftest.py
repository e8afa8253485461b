"""Small media behind `s3://` addresses, and jobs over them that a test changes."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from backends.mediaconvert.service.pytest_plugin import running_local
from backends.mediaconvert.service.single import run_job_file
from backends.mediaconvert.service.storage.folder import FolderStorage
from renderer.ffmpeg_process import find_ffmpeg, run_process

if TYPE_CHECKING:
    from pathlib import Path


def ffmpeg(*words):
    run_process([str(find_ffmpeg().path), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *map(str, words)])


@pytest.fixture(scope="session")
def media(tmp_path_factory):
    """`media / name`: a clip of 2 s (160x90, 30 fps, stereo sound), tones, pictures, captions."""
    folder = tmp_path_factory.mktemp("media")
    video = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "15", "-pix_fmt", "yuv420p", "-crf", "12")
    source = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=30:d=2")
    colour = ("-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv")
    ffmpeg(
        *source,
        "-f",
        "lavfi",
        "-i",
        "sine=440:r=48000:d=2",
        "-ac",
        "2",
        *video,
        *colour,
        "-c:a",
        "aac",
        folder / "clip.mp4",
    )
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=90x160:r=60:d=1", *video, folder / "tall.mkv")
    ffmpeg("-f", "lavfi", "-i", "sine=330:r=48000:d=2", folder / "mono.wav")
    ffmpeg("-f", "lavfi", "-i", "sine=220:r=44100:d=3", "-ac", "2", folder / "stereo.wav")
    ffmpeg("-f", "lavfi", "-i", "sine=220:r=44100:d=3", "-ac", "2", folder / "stereo.mp3")
    count = "geq=lum='16+3*N':cb=128:cr=128"
    ffmpeg(
        "-f", "lavfi", "-i", f"color=black:s=160x90:r=30:d=2,{count}", *video, "-bf", "2", *colour, folder / "count.mp4"
    )
    left, right = "sine=440:r=48000:d=2", "sine=880:r=48000:d=2"
    two = ("-f", "lavfi", "-i", left, "-f", "lavfi", "-i", right)
    ffmpeg(*source, *two, "-map", "0", "-map", "1", "-map", "2", *video, "-c:a", "pcm_s16le",
           "-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=fra", folder / "two.mov")  # fmt: skip
    for name, colour_name in (("red", "red"), ("blue", "blue")):
        ffmpeg("-f", "lavfi", "-i", f"color={colour_name}:s=160x90:d=1", "-frames:v", "1", folder / f"{name}.png")
    cues = [f"{n}\n00:00:0{n - 1},200 --> 00:00:0{n - 1},900\nCaption number {n}\n" for n in (1, 2)]
    (folder / "captions.srt").write_text("\n".join(cues))
    return folder


def stocked(endpoint, media):
    """The endpoint with every file of `media` in the bucket `in`."""
    for path in media.iterdir():
        endpoint.put(f"s3://in/{path.name}", path)
    return endpoint


@pytest.fixture
def local(mediaconvert_local, media):
    """An endpoint of the test's own: for tests that look at all its jobs, queues or events."""
    return stocked(mediaconvert_local, media)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, media):
    """One endpoint for every test that leaves nothing in it that another could meet."""
    with running_local(tmp_path_factory.mktemp("shared") / "home") as endpoint:
        yield stocked(endpoint, media)


@pytest.fixture
def run(tmp_path, media):
    """`run(job)` executes a job over `media` in the bucket `in`; returns what it `Made`."""
    root = tmp_path / "s3"
    shutil.copytree(media, root / "in")

    def execute(job, *, strict=False):
        path = tmp_path / "job.json"
        path.write_text(json.dumps(job))
        outcome, warnings = run_job_file(path, FolderStorage(root), strict=strict)
        return Made(root, outcome, warnings)

    return execute


@dataclass(frozen=True)
class Made:
    """What a job left behind."""

    root: Path
    outcome: object
    warnings: tuple[str, ...]

    def path(self, name):
        return self.root / "out" / name

    def frames(self, name="made.mp4"):
        """Luma of every frame as (height, width) arrays."""
        with av.open(str(self.path(name))) as container:
            return [np.array(frame.to_ndarray(format="yuv420p")[: frame.height]) for frame in container.decode(video=0)]

    def levels(self, name="made.mp4"):
        """The mean luma of every frame."""
        return [float(frame.mean()) for frame in self.frames(name)]

    def sound(self, name="made.mp4", track=0):
        """Samples as (channels, n) floats."""
        with av.open(str(self.path(name))) as container:
            return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=track)], axis=1)

    def streams(self, name="made.mp4"):
        with av.open(str(self.path(name))) as container:
            return [(stream.type, stream.codec_context.name) for stream in container.streams]
