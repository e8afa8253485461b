"""What translating a job asks about its files, and the errors of asking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fractions import Fraction

    from renderer.container_facts import ContainerFacts
    from renderer.timeline.model import ImageSource


class MediaFacts(Protocol):
    """The files of one job, each opened and examined once."""

    def container(self, url: str) -> ContainerFacts:
        """Raises: JobFailure where the file is missing or can't be read."""
        ...

    def sound_length_s(self, url: str) -> Fraction:
        """How long the first sound track lasts, exactly. Raises: JobFailure."""
        ...

    def image(self, url: str) -> ImageSource:
        """Raises: JobFailure."""
        ...

    def text(self, url: str) -> str:
        """A captions file. Raises: JobFailure."""
        ...

    def font(self, url: str) -> bytes:
        """A font file's content. Raises: JobFailure."""
        ...
