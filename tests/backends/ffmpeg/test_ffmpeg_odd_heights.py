"""Frames whose height is no multiple of 4 keep every row where it is."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest

from backends.ffmpeg import x264
from backends.ffmpeg.encode import COLOUR
from renderer.picture.compositor import Frame


@pytest.mark.parametrize("size", [(64, 64), (64, 66), (70, 62), (98, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_row_stays_where_it_is(tmp_path, size):
    width, height = size
    frame = Frame.empty(width, height)
    frame.data[:] = 128
    frame.y[:] = np.linspace(16, 235, height)[:, None].round()
    target = tmp_path / "one.mp4"
    options = {"preset": "veryfast", "crf": "1", "threads": "1"} | COLOUR
    x264.encode(iter([frame]), target, options, size=size, rate=Fraction(30))
    with av.open(str(target)) as container:
        [decoded] = container.decode(video=0)
    rows = decoded.to_ndarray(format="yuv420p")[:height].astype(float).mean(axis=1)
    assert np.abs(rows - frame.y.mean(axis=1)).max() < 1.5
