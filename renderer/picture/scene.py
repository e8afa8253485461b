"""Which layers show in one frame, where, and how opaque: the frame's whole description, without a pixel."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.timeline.geometry import opacity_at, rect_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from renderer.timeline.model import Layer, Rect

OPAQUE = 65_536
"""An opacity of one, in the unit of the blending kernels."""


@dataclass(frozen=True, slots=True)
class LayerState:
    """One layer in one frame. Equal states look the same."""

    layer: Layer
    rect: Rect | None
    opacity: int
    moment: int = 0
    """Of a clip: the frame, since it shows another picture in each."""

    def hides_below(self, width: int, height: int) -> bool:
        """Whether nothing underneath can be seen."""
        if self.opacity < OPAQUE:
            return False
        if self.layer.color is not None or self.layer.fit == "blur":
            return True
        source = self.layer.source
        opaque = self.layer.clip is not None or (source is not None and not source.alpha)
        return opaque and self.rect is not None and self.rect.covers(width, height)

    def covers(self, width: int, height: int) -> bool:
        """Whether nothing underneath can be seen where the layer is wholly opaque."""
        return dataclasses.replace(self, opacity=OPAQUE).hides_below(width, height)


Scene = tuple[LayerState, ...]
"""What one frame shows, from the bottom up. Two frames with equal scenes are the same picture."""


def scene_at(layers: Sequence[Layer], frame: int, size: tuple[int, int]) -> Scene:
    """The states of the layers that can be seen in `frame`; `layers` are ordered by z, `size` is width and height."""
    states: list[LayerState] = []
    for layer in reversed(layers):
        if frame not in layer.range:
            continue
        opacity = int((2 * OPAQUE * opacity_at(layer, frame) + 1) // 2)
        if opacity == 0:
            continue
        state = LayerState(layer, rect_at(layer, frame), opacity, frame if layer.clip is not None else 0)
        states.append(state)
        if state.hides_below(*size):
            break
    return tuple(reversed(states))


def color_levels(color: str) -> tuple[int, int, int]:
    """R, G, B of a layer's `#rrggbb`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)
