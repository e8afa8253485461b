"""What makes an uploaded object: its hash is the object's key (`renderer/ingredients.py`).

So a job can be printed before anything is rendered, and an object that is already there is never made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.ffmpeg_process import find_ffmpeg
from renderer.ingredients import Ingredients, encoded_picture_ingredients, layer_ingredients
from renderer.timebase import format_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.timeline.model import Timeline


def picture_ingredients(timeline: Timeline, argv: Sequence[str]) -> Ingredients:
    """What the frames of a whole timeline are made from; `argv` is the encoder's list."""
    return {
        "layers": [layer_ingredients(layer) for layer in timeline.layers],
        "frames": timeline.frame_count,
        "rate": format_rate(timeline.rate),
        "size": [timeline.width, timeline.height],
        **encoded_picture_ingredients(argv, f"FFmpeg {find_ffmpeg().version}"),
    }
