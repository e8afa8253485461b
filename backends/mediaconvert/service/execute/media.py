"""The files of one job: each opened once and kept open, examined once, and read only through its descriptor."""

from __future__ import annotations

import contextlib
import hashlib
import os
from typing import TYPE_CHECKING

from backends.mediaconvert.service.faults import (
    CANNOT_OPEN_INPUT,
    FORBIDDEN_SOURCE,
    UNSUPPORTED_CODEC,
    JobFailure,
)
from backends.mediaconvert.service.storage.locations import LocationError
from renderer.container_facts import count_samples, read_container
from renderer.errors import MediaError
from renderer.media import SNIFF_BYTES, MediaFolder, MediaLimits
from renderer.picture.intake import Intake
from renderer.timeline.model import ImageSource

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction
    from pathlib import Path
    from typing import Self

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.storage.base import OpenObject, Storage
    from renderer.container_facts import ContainerFacts
    from renderer.timeline.model import VideoSource

MAX_TEXT_BYTES = 5_000_000
MAX_FONT_BYTES = 30_000_000
_IMAGES = "images"


class JobMedia:
    """Use as a context manager. `scratch` is the job's private folder; `policy` the account's input policy."""

    def __init__(self, storage: Storage, scratch: Path, policy: Job | None = None) -> None:
        self._storage, self._scratch, self._policy = storage, scratch, policy or {}
        self._stack = contextlib.ExitStack()
        self._open: dict[str, OpenObject] = {}
        self._containers: dict[str, ContainerFacts] = {}
        self._lengths: dict[str, Fraction] = {}
        self._images: dict[str, ImageSource] = {}
        self.limits = MediaLimits.from_environment()
        self.intake = self._stack.enter_context(Intake(self.limits, inserted=True))
        (scratch / _IMAGES).mkdir()
        self.folder = MediaFolder(scratch)

    def opened(self, url: str) -> OpenObject:
        """Raises: JobFailure where it is missing, forbidden, or on another host."""
        known = self._open.get(url)
        if known is None:
            self._refuse_by_policy(url)
            try:
                known = self._stack.enter_context(self._storage.open(url, self._scratch))
            except LocationError as error:
                raise JobFailure(FORBIDDEN_SOURCE, f"Unable to open input file [{url}]: [{error}]") from error
            self._open[url] = known
        return known

    def _refuse_by_policy(self, url: str) -> None:
        member = {"s3": "S3Inputs", "http": "HttpInputs", "https": "HttpsInputs"}.get(url.partition(":")[0], "")
        if self._policy.get(member) == "DISALLOWED":
            raise JobFailure(
                FORBIDDEN_SOURCE, f"Unable to open input file [{url}]: [{member} are disallowed by policy]"
            )

    def container(self, url: str) -> ContainerFacts:
        known = self._containers.get(url)
        if known is None:
            found = self.opened(url)
            head = os.pread(found.descriptor, SNIFF_BYTES, 0)
            try:
                known = read_container(found.descriptor, head, found.size, url)
            except MediaError as error:
                raise JobFailure(CANNOT_OPEN_INPUT, _unopened(url, error)) from error
            if not known.videos and not known.audios:
                raise JobFailure(UNSUPPORTED_CODEC, f"Unable to open input file [{url}]: [no picture or sound found]")
            self._containers[url] = known
        return known

    def sound_length_s(self, url: str) -> Fraction:
        known = self._lengths.get(url)
        if known is None:
            found, facts = self.opened(url), self.container(url)
            try:
                known = count_samples(found.descriptor, facts.container, url)
            except MediaError as error:
                raise JobFailure(CANNOT_OPEN_INPUT, _unopened(url, error)) from error
            self._lengths[url] = known
        return known

    def image(self, url: str) -> ImageSource:
        known = self._images.get(url)
        if known is None:
            known = self._images[url] = self._copied_image(url)
        return known

    def _copied_image(self, url: str) -> ImageSource:
        """A private copy named by its content, so that it stays what it was found to be."""
        content = self._content(url, self.limits.image_bytes)
        digest = hashlib.sha256(content).hexdigest()
        try:
            facts = self.intake.facts(url, content)
        except MediaError as error:
            raise JobFailure(CANNOT_OPEN_INPUT, _unopened(url, error)) from error
        (self._scratch / _IMAGES / digest).write_bytes(content)
        return ImageSource(f"{_IMAGES}/{digest}", digest, facts.width, facts.height, facts.alpha)

    def text(self, url: str) -> str:
        content = self._content(url, MAX_TEXT_BYTES)
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("latin-1")

    def font(self, url: str) -> bytes:
        """A font file's content. Raises: JobFailure."""
        return self._content(url, MAX_FONT_BYTES)

    def _content(self, url: str, limit: int) -> bytes:
        found = self.opened(url)
        if found.size > limit:
            raise JobFailure(CANNOT_OPEN_INPUT, f"Unable to open input file [{url}]: [more than {limit} bytes]")
        parts, offset = [], 0
        while chunk := os.pread(found.descriptor, 1 << 20, offset):
            parts.append(chunk)
            offset += len(chunk)
        return b"".join(parts)

    @contextlib.contextmanager
    def open_video(self, source: VideoSource) -> Iterator[int]:
        """For the compositor: the descriptor behind a timeline's video."""
        yield self.opened(source.path).descriptor

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def _unopened(url: str, error: MediaError) -> str:
    return f"Unable to open input file [{url}]: [{error.reason}]"
