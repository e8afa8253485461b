"""A plain MoviePy script: photographs zoomed slowly under a corner logo. Run as a program by `rivals.moviepy`."""

from __future__ import annotations

import os
import sys

from moviepy import CompositeVideoClip, ImageClip

from assets import asset_path


def main(target: str, width: int, height: int, preset: str, seconds: float, crf: str, photos: list[str]) -> None:  # noqa: PLR0917
    """Write `seconds` of `photos` to `target`."""
    each = seconds / len(photos)
    clips = []
    for index, photo in enumerate(photos):
        still = ImageClip(photo, duration=each)
        filled = still.resized(max(width / still.w, height / still.h))
        moving = filled.resized(lambda t: 1 + 0.12 * t / each).with_position("center")
        clips.append(moving.with_start(index * each))
    side, margin = height * 200 // 1080, height * 40 // 1080
    logo = ImageClip(str(asset_path("brand/logo.png")), duration=seconds).resized(height=side).with_opacity(0.8)
    clips.append(logo.with_position((width - margin - side, height - margin - side)))
    story = CompositeVideoClip(clips, size=(width, height)).with_duration(seconds)
    story.write_videofile(
        target,
        fps=30,
        codec="libx264",
        preset=preset,
        threads=os.cpu_count(),
        ffmpeg_params=["-crf", crf, "-g", "60"],
        logger=None,
    )


if __name__ == "__main__":
    name, width, height, preset, seconds, crf, *photos = sys.argv[1:]
    main(name, int(width), int(height), preset, float(seconds), crf, photos)
