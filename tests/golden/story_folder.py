"""A folder with a story, and its golden beside it."""

from __future__ import annotations

import dataclasses
from pathlib import Path  # noqa: TC003  (a dataclass holds it)


@dataclasses.dataclass
class StoryFolder:
    folder: Path

    @property
    def spec(self):
        return self.folder / "story.yaml"

    @property
    def golden(self):
        return self.folder / "golden"
