"""Decoded sound on disk, once for each content: float32 PCM at 48 kHz beside a small file of facts.

Entries are named by the hash of the original's bytes and the decoder's version and build, appear whole or not at all,
and may be shared by several processes. The store lies in the cache, or in a scratch folder for a run without cache.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.cache import hold, is_abandoned
from renderer.errors import OutputError
from renderer.ffmpeg_process import find_ffmpeg
from renderer.media import sniff_audio
from renderer.sound.decode import AudioFacts, decode_audio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from renderer.media import MediaFolder, MediaLimits, OpenMedium
    from renderer.timeline.model import AudioSource

DECODER_VERSION = 2
"""Part of every name: raised when decoding gives other samples."""
_SPEECH = "speech-1"
"""The key of remembered speech: its number is raised when the rule of what is speech changes."""


def _decoder_build() -> str:
    """FFmpeg's version in eight digits: another one may give other samples."""
    return hashlib.sha256(find_ffmpeg().version.encode()).hexdigest()[:8]


class PcmStore:
    """Decoded sounds under `root`."""

    def __init__(self, root: Path, limits: MediaLimits) -> None:
        self._root, self._limits = root, limits

    def path(self, sha256: str) -> Path:
        return self._root / f"{sha256}-{DECODER_VERSION}-{_decoder_build()}.f32"

    def decode(self, medium: OpenMedium, sha256: str, format_name: str) -> AudioFacts:
        """Decode unless it is there already.

        Raises: MediaError where the sound is refused, ToolError where FFmpeg fails.
        """
        known = self._known(sha256)
        if known is not None:
            return known
        try:
            with self._new_part() as part:
                facts = decode_audio(
                    medium.descriptor,
                    name=medium.name,
                    format_name=format_name,
                    pcm_path=part,
                    max_seconds=self._limits.audio_seconds,
                    max_bytes=self._limits.audio_bytes,
                )
                part.replace(self.path(sha256))
            self._write_facts(sha256, facts)
        except OSError as error:
            raise OutputError(f"can't write to {self._root} ({error.strerror}): set STORYREEL_CACHE_DIR") from error
        return facts

    @contextlib.contextmanager
    def _new_part(self) -> Iterator[Path]:
        """An empty file of this process, after removing those that killed processes left."""
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for left in self._root.glob("*-*.part"):
                owner = left.name.partition("-")[0]
                if owner.isdecimal() and is_abandoned(left, int(owner)):
                    left.unlink(missing_ok=True)
            handle, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".part", dir=self._root)
        except OSError as error:
            raise OutputError(f"can't write to {self._root} ({error.strerror}): set STORYREEL_CACHE_DIR") from error
        try:
            hold(handle)
            yield Path(name)
        finally:
            os.close(handle)
            Path(name).unlink(missing_ok=True)

    def ensure(self, sources: Iterable[AudioSource], folder: MediaFolder) -> dict[str, Path]:
        """PCM of every source, by content hash, decoding what is missing.

        Raises: MediaError where an original is no longer what the timeline was made from.
        """
        wanted = {source.sha256: source for source in sources}
        for sha256, source in wanted.items():
            if self._known(sha256) is None:
                with folder.open_audio(source, self._limits.audio_bytes) as medium:
                    self.decode(medium, sha256, str(sniff_audio(medium.head())))
        return {sha256: self.path(sha256) for sha256 in wanted}

    def speech(self, sha256: str) -> list[tuple[int, int]]:
        """Where a decoded recording speaks (`speech_intervals`), remembered beside its facts."""
        path = self._facts_path(sha256)
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            return [(int(start), int(end)) for start, end in json.loads(path.read_text())[_SPEECH]]
        from renderer.sound.speech import speech_intervals

        facts = self._known(sha256)
        if facts is None:
            raise OutputError(f"the decoded sound {self.path(sha256).name} went away: run the command again")
        found = speech_intervals(self.path(sha256), facts.pcm_channels)
        with contextlib.suppress(OSError):  # a cache that can't be written is read anew next time
            self._write_facts(sha256, facts, {_SPEECH: found})
        return found

    def _write_facts(self, sha256: str, facts: AudioFacts, more: dict[str, object] | None = None) -> None:
        handle, name = tempfile.mkstemp(prefix=f"{os.getpid()}-", suffix=".part", dir=self._root)
        with os.fdopen(handle, "w") as file:
            file.write(json.dumps(_to_json(facts) | (more or {})))
        Path(name).replace(self._facts_path(sha256))

    def _facts_path(self, sha256: str) -> Path:
        return self.path(sha256).with_suffix(".json")

    def _known(self, sha256: str) -> AudioFacts | None:
        """The facts of a complete entry: PCM of the very length that the facts promise."""
        try:
            facts = _from_json(json.loads(self._facts_path(sha256).read_text()))
            size = self.path(sha256).stat().st_size
        except (OSError, ValueError, TypeError, KeyError):
            return None
        if size != facts.samples_48k * facts.pcm_channels * 4:
            return None
        with contextlib.suppress(OSError):
            os.utime(self.path(sha256))
        return facts


def _to_json(facts: AudioFacts) -> dict[str, object]:
    return dataclasses.asdict(facts) | {"duration_s": str(facts.duration_s), "warnings": list(facts.warnings)}


def _from_json(document: dict[str, object]) -> AudioFacts:
    fields = {key: value for key, value in document.items() if key != _SPEECH}
    duration, warnings = Fraction(str(fields.pop("duration_s"))), fields.pop("warnings")
    if not isinstance(warnings, list):
        raise TypeError("warnings must be a list")
    return AudioFacts(**fields, duration_s=duration, warnings=tuple(warnings))  # type: ignore[arg-type]
