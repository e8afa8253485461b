"""Media facts: what a file really holds, read in limited child processes, remembered while the file stays the same.

Content is sniffed, never trusted by its name (SAFETY S1). A picture's facts come from the intake child, a sound's from
decoding all of it; both name the content by its hash. Originals are opened read-only.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Self, TypeVar

from renderer.cache import FactsCache
from renderer.container_facts import read_container, sniff_container
from renderer.errors import MediaError
from renderer.media import MediaFolder, MediaLimits, OpenMedium, sniff_audio, sniff_image
from renderer.sound.pcm_store import DECODER_VERSION
from renderer.timeline.model import AudioSource, ImageSource, VideoSource

if TYPE_CHECKING:
    from renderer.container_facts import ContainerFacts, Matrix
    from renderer.picture.intake import Intake, PictureFacts
    from renderer.sound.decode import AudioFacts
    from renderer.sound.pcm_store import PcmStore
    from renderer.timeline.model import TrackRole

ACCEPTED_AUDIO = "wav, mp3, flac, m4a/mp4, ogg/opus or webm"
_FACTS_VERSION = 1
VIDEO_CONTAINERS = frozenset({"mov", "matroska", "mpegts", "avi", "mxf"})
"""What a story's videos may come in (SAFETY S1); the rest of the sniffed containers hold sound."""


@dataclass(frozen=True, slots=True)
class ProbedAudio:
    """A sound's facts, and what is worth telling its author about it."""

    source: AudioSource
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _KnownAudio:
    """A sound's facts as they are remembered."""

    path: str
    sha256: str
    sample_rate: int
    channels: int
    samples: int
    warnings: list[str]

    def probed(self) -> ProbedAudio:
        source = AudioSource(self.path, self.sha256, self.sample_rate, self.channels, self.samples)
        return ProbedAudio(source, tuple(self.warnings))


@dataclass(frozen=True, slots=True)
class _KnownVideo:
    """A video's facts as they are remembered: fractions as text."""

    path: str
    sha256: str
    container: str
    width: int
    height: int
    rotation: int
    rate: str
    frames: int
    start_s: str
    duration_s: str
    matrix: Matrix
    full_range: bool
    interlaced: bool

    @classmethod
    def of(cls, path: str, sha256: str, facts: ContainerFacts) -> _KnownVideo:
        track = facts.videos[0]
        return cls(
            path,
            sha256,
            facts.container,
            track.width,
            track.height,
            track.rotation,
            str(track.rate),
            track.frames,
            str(track.start_s - facts.start_s),
            str(track.end_s - track.start_s),
            track.matrix,
            track.full_range,
            track.interlaced,
        )

    def to_json(self) -> str:
        return json.dumps({key: value for key, value in asdict(self).items() if key != "path"})

    def source(self) -> VideoSource:
        return VideoSource(
            self.path,
            self.sha256,
            self.container,
            0,
            self.width,
            self.height,
            self.rotation,
            Fraction(self.rate),
            self.frames,
            Fraction(self.start_s),
            Fraction(self.duration_s),
            self.matrix,
            self.full_range,
            self.interlaced,
        )


Source = TypeVar("Source", ImageSource, _KnownAudio, _KnownVideo)


class Prober:
    """Facts about the media of one story. Use as a context manager: it owns a database connection, not the `intake`."""

    def __init__(
        self,
        folder: MediaFolder,
        pcm_store: PcmStore,
        intake: Intake,
        *,
        limits: MediaLimits | None = None,
        use_cache: bool = True,
    ) -> None:
        self._folder, self._pcm_store = folder, pcm_store
        self._limits = limits or MediaLimits.from_environment()
        self._facts = FactsCache(enabled=use_cache)
        self._intake = intake

    def image(self, name: str) -> ImageSource:
        """Raises: MediaError where the file is missing, refused or damaged."""
        with self._folder.open(name) as medium:
            kind = f"image{_FACTS_VERSION}"
            known = self._known(kind, medium, ImageSource)
            if known is not None and medium.status.st_size <= self._limits.image_bytes:
                return self._within_limits(name, known)
            content = medium.read_all(self._limits.image_bytes)
            facts = {"sha256": hashlib.sha256(content).hexdigest(), **asdict(self._picture(name, content))}
            if not medium.changed():
                self._facts.put(kind, medium.status, json.dumps(facts))
            return ImageSource(medium.relative, **facts)

    def _known(self, kind: str, medium: OpenMedium, what: type[Source]) -> Source | None:
        """Remembered facts; damaged ones are the same as none."""
        text = self._facts.get(kind, medium.status)
        try:
            return None if text is None else what(medium.relative, **json.loads(text))
        except (ValueError, TypeError):
            return None

    def _within_limits(self, name: str, source: ImageSource) -> ImageSource:
        """Raises: MediaError: limits may have been lowered since the facts were found."""
        if source.width * source.height > self._limits.image_pixels:
            limit = f"{self._limits.image_pixels / 1e6:g} megapixels"
            raise MediaError(name, f"{source.width}×{source.height} is over the limit of {limit}")
        return source

    def _picture(self, name: str, content: bytes) -> PictureFacts:
        if not content:
            raise MediaError(name, "is empty")
        return self._intake.facts(name, content)

    def is_video(self, name: str) -> bool:
        """Whether a file of the images is a video, by its content. Raises: MediaError where it can't be opened."""
        with self._folder.open(name) as medium:
            head = medium.head()
        return sniff_image(head) is None and sniff_container(head) in VIDEO_CONTAINERS

    def video(self, name: str) -> VideoSource:
        """Raises: MediaError where the file is damaged, too large, or holds no picture."""
        with self._folder.open(name) as medium:
            known = self._known(f"video{_FACTS_VERSION}", medium, _KnownVideo)
            if known is None:
                known = self._examined_video(medium)
                if not medium.changed():
                    self._facts.put(f"video{_FACTS_VERSION}", medium.status, known.to_json())
            return known.source()

    def _examined_video(self, medium: OpenMedium) -> _KnownVideo:
        digest = medium.sha256(self._limits.video_bytes)
        facts = read_container(medium.descriptor, medium.head(), medium.status.st_size, medium.name)
        if not facts.videos:
            raise MediaError(medium.name, "holds no picture, only sound")
        return _KnownVideo.of(medium.relative, digest, facts)

    def audio(self, name: str, role: TrackRole) -> ProbedAudio:
        """A sound is also examined for what spoils it: silence; in a narration, clipping and a wrong rate.

        Raises: MediaError where the file is missing, refused, damaged or without samples.
        """
        with self._folder.open(name) as medium:
            kind = f"{role}{DECODER_VERSION}"
            known = self._known(kind, medium, _KnownAudio)
            if known is None:
                return self._decoded(medium, kind, role)
            if known.samples > self._limits.audio_seconds * known.sample_rate:
                raise MediaError(name, f"lasts longer than {self._limits.audio_seconds} s, the limit for one sound")
            return known.probed()

    def _decoded(self, medium: OpenMedium, kind: str, role: TrackRole) -> ProbedAudio:
        format_name = sniff_audio(medium.head())
        if medium.status.st_size == 0:
            raise MediaError(medium.name, "is empty")
        if format_name is None:
            reason = f"is not a sound that can be used ({ACCEPTED_AUDIO}), whatever its name says"
            raise MediaError(medium.name, reason)
        sha256 = medium.sha256(self._limits.audio_bytes)
        decoded = self._pcm_store.decode(medium, sha256, format_name)
        if medium.changed():
            raise MediaError(medium.name, "changed while it was read: run the command again")
        warnings = decoded.warnings + self._examined(medium.name, sha256, decoded, role)
        source = AudioSource(medium.relative, sha256, decoded.sample_rate, decoded.channels, decoded.samples)
        facts = {key: value for key, value in asdict(source).items() if key != "path"}
        self._facts.put(kind, medium.status, json.dumps(facts | {"warnings": list(warnings)}))
        return ProbedAudio(source, warnings)

    def _examined(self, name: str, sha256: str, decoded: AudioFacts, role: TrackRole) -> tuple[str, ...]:
        from renderer.sound.sanity import examine_music, examine_narration

        pcm_path = self._pcm_store.path(sha256)
        findings = examine_narration(pcm_path, decoded) if role == "narration" else examine_music(decoded)
        for finding in findings:
            if finding.severity == "error":
                raise MediaError(name, finding.message)
        return tuple(finding.message for finding in findings)

    def speech(self, source: AudioSource) -> tuple[tuple[int, int], ...]:
        """Where a narration speaks: half-open ranges of its samples at 48 kHz. Raises: MediaError."""
        self._pcm_store.ensure([source], self._folder)
        return tuple(self._pcm_store.speech(source.sha256))

    def close(self) -> None:
        self._facts.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
