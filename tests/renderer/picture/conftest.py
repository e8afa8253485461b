"""Pictures in memory, a child that decodes them, and renderers of timelines that show them."""

from __future__ import annotations

import pytest
from layers_in_memory import Library

from renderer.picture.compositor import FrameRenderer
from renderer.picture.intake import Intake
from renderer.picture.prepared import PictureShelf


@pytest.fixture(scope="module")
def library():
    return Library()


@pytest.fixture(scope="module")
def intake():
    with Intake() as child:
        yield child


@pytest.fixture(scope="module")
def renderer_of(library, intake):
    """`renderer_of(timeline)`: a fresh renderer with a fresh shelf."""

    def make(timeline):
        size = (timeline.width, timeline.height)
        return FrameRenderer(timeline, PictureShelf(library, intake, max_bytes=10**8, frame=size))

    return make
