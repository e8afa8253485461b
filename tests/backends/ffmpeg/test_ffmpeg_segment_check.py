"""The decode check of new segments: good ones of every kind pass, damaged ones do not."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from backends.ffmpeg.encode import encode_segment, segment_argv
from backends.ffmpeg.segments import cut_segments
from backends.ffmpeg.verify import verify_segment
from renderer.errors import OutputError
from renderer.export import rendered_frames
from renderer.ffmpeg_process import CancelToken
from renderer.output import AudioEncoding, OutputFormat, VideoEncoding
from renderer.story import StoryOptions, compile_story, open_workspace


def encoded(path, frames, preset="veryfast"):
    """Pictures that move and flicker, so that the encoder uses every kind of reference."""
    encoding = VideoEncoding(preset, 18, Fraction(2))
    output = OutputFormat("test", 320, 180, Fraction(30), encoding, AudioEncoding(128_000))
    noise = np.random.default_rng(frames)
    still = np.repeat(np.repeat(noise.integers(16, 235, (34, 40), np.uint8), 8, 0), 8, 1)
    shown = [np.roll(still, shift * shift // 9, 1) for shift in range(frames)]
    data = b"".join(np.where(noise.random((270, 320)) < 0.02, 200, picture[:270]).astype(np.uint8) for picture in shown)
    subprocess.run(segment_argv(output, path), input=data, check=True, timeout=60)
    return path


@pytest.mark.parametrize("preset", ["ultrafast", "veryfast", "medium"])
@pytest.mark.parametrize("frames", [1, 2, 7, 55, 60])
def test_a_good_segment_passes_whatever_refers_to_what(tmp_path, frames, preset):
    assert len(verify_segment(encoded(tmp_path / "s.mp4", frames, preset), frames)) == 64


def test_p_pictures_that_refer_to_b_pictures_pass(tmp_path):
    """Found on this very segment: a decoder that skips every B picture takes it for broken."""
    spec, options = Path(__file__).parents[3] / "examples" / "portrait" / "story.yaml", StoryOptions(use_cache=False)
    with open_workspace(spec, options) as workspace:
        story = compile_story(spec, workspace, options)
        frames = cut_segments(story.timeline, story.output.keyframe_frames)[10]
        shown = rendered_frames(story, workspace, frames)
        encode_segment(story.output, tmp_path / "s.mp4", shown, cancel=CancelToken(), on_frame=lambda: None)
    assert verify_segment(tmp_path / "s.mp4", len(frames))


def test_a_segment_with_a_picture_too_few_is_refused(tmp_path):
    with pytest.raises(OutputError, match="holds 30 pictures, planned are 31"):
        verify_segment(encoded(tmp_path / "s.mp4", 30), 31)


def test_a_segment_with_a_damaged_picture_is_refused(tmp_path):
    path = encoded(tmp_path / "s.mp4", 30)
    content = bytearray(path.read_bytes())
    start = content.index(b"mdat") + 200
    content[start : start + 400] = bytes(400)
    path.write_bytes(content)
    with pytest.raises(OutputError, match="does not decode"):
        verify_segment(path, 30)
