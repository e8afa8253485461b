"""Small media behind `s3://` addresses, and jobs over them that a test changes."""

from __future__ import annotations

import pytest

from renderer.ffmpeg_process import find_ffmpeg, run_process


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
    for name, colour_name in (("red", "red"), ("blue", "blue")):
        ffmpeg("-f", "lavfi", "-i", f"color={colour_name}:s=160x90:d=1", "-frames:v", "1", folder / f"{name}.png")
    cues = [f"{n}\n00:00:0{n - 1},200 --> 00:00:0{n - 1},900\nCaption number {n}\n" for n in (1, 2)]
    (folder / "captions.srt").write_text("\n".join(cues))
    return folder


@pytest.fixture
def local(mediaconvert_local, media):
    """The endpoint with every file of `media` in the bucket `in`."""
    for path in media.iterdir():
        mediaconvert_local.put(f"s3://in/{path.name}", path)
    return mediaconvert_local
