"""A golden stays small: the reference video's rate is capped, whatever the pictures are."""

from __future__ import annotations

import numpy as np

from golden.planes import Yuv
from golden.proxy import encode_proxy_picture, proxy_size


def test_ten_seconds_of_noise_stay_within_the_cap(tmp_path, compile_spec):
    timeline = compile_spec(images=[{"file": "a.jpg", "hold": "10s"}], brand="none")
    width, height = proxy_size(timeline)
    assert width <= 640
    random = np.random.default_rng(1)
    noise = [
        Yuv(*(random.integers(0, 256, size, np.uint8) for size in ((height, width), *[(height // 2, width // 2)] * 2)))
        for _ in range(4)
    ]
    target = tmp_path / "noise.mp4"
    encode_proxy_picture(timeline, (noise[number % 4] for number in range(timeline.frame_count)), target)
    # 80 kbit/s for 10 s, one buffer of 160 kbit, and the container; 64 kbit/s of sound are left
    assert target.stat().st_size < 10 * 80_000 / 8 + 160_000 / 8 + 15_000
