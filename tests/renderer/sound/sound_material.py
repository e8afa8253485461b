"""Known sounds for the tests of this folder: tones, pulses, files made by FFmpeg, and timelines around them."""

from __future__ import annotations

import hashlib
import os
import wave
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from renderer.ffmpeg_process import find_ffmpeg, run_process
from renderer.sound.decode import AudioFacts, decode_audio
from renderer.sound.mix import Mix
from renderer.timeline.model import AudioSource, EnvelopePoint, Loop, Sound, SoundTrack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from renderer.timeline.model import TrackRole

RATE = 48_000
LIBRIVOX = Path(os.environ.get("STORYREEL_TEST_MEDIA", "/")) / "usr/share/pocketsphinx/test/data/librivox"
NO_SPEECH = "real speech: unpack pocketsphinx-testdata and set STORYREEL_TEST_MEDIA (CONTRIBUTING)"
FORMATS = {"m4a": "mp4", "opus": "ogg", "ogg": "ogg", "webm": "webm"}


def tone(hz: float, seconds: float, *, peak: float = 0.5, rate: int = RATE, channels: int = 1) -> NDArray[np.float64]:
    """A sine, `(n, channels)`."""
    wave_form = peak * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)
    return np.repeat(wave_form[:, np.newaxis], channels, axis=1)


def pulse(at_s: float, seconds: float, *, rate: int = RATE, width_s: float = 0.0005) -> NDArray[np.float64]:
    """A band-limited bump of height 0.5 around an exact time, `(n, 1)`."""
    times = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.exp(-(((times - at_s) / width_s) ** 2)))[:, np.newaxis]


def centre_s(samples: NDArray[np.float32], near_s: float) -> float:
    """Where a bump lies: the centroid of what is above a tenth of its height, in seconds."""
    window = slice(max(0, round((near_s - 0.05) * RATE)), round((near_s + 0.05) * RATE))
    values = samples[window, 0].astype(np.float64)
    values = np.where(values > 0.1 * values.max(), values, 0.0)
    return float((values * np.arange(len(values))).sum() / values.sum() + window.start) / RATE


def write_wav(path: Path, samples: NDArray[np.float64], *, rate: int = RATE) -> Path:
    """16-bit PCM."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(np.rint(samples * 32768), -32768, 32767).astype("<i2").tobytes())
    return path


def run_ffmpeg(*arguments: str | Path) -> None:
    run_process([str(find_ffmpeg().path), "-v", "error", "-nostdin", "-y", *map(str, arguments)])


def encode(path: Path, samples: NDArray[np.float64], *arguments: str, rate: int = RATE) -> Path:
    """A file of the kind its name says."""
    source = write_wav(path.with_name(path.name + ".source.wav"), samples, rate=rate)
    run_ffmpeg("-i", source, *arguments, path)
    return path


def decode(path: Path, format_name: str | None = None) -> tuple[AudioFacts, NDArray[np.float32]]:
    """Facts and PCM `(n, channels)` of a file."""
    suffix = path.suffix[1:]
    descriptor = os.open(path, os.O_RDONLY)
    pcm_path = path.with_name(path.name + ".f32")
    try:
        facts = decode_audio(
            descriptor,
            name=path.name,
            format_name=format_name or FORMATS.get(suffix, suffix),
            pcm_path=pcm_path,
        )
    finally:
        os.close(descriptor)
    return facts, np.fromfile(pcm_path, "<f4").reshape(-1, facts.pcm_channels)


class Programme:
    """A `Sound` built track by track from known samples at 48 kHz."""

    def __init__(self, folder: Path, sample_count: int) -> None:
        self.folder = folder
        self.sample_count = sample_count
        self.tracks: list[SoundTrack] = []
        self.pcm: dict[str, Path] = {}

    def add(
        self,
        samples: NDArray[np.float64],
        *,
        role: TrackRole = "narration",
        start: int = 0,
        end: int | None = None,
        gain_db: Fraction | int = 0,
        fades: tuple[int, int] = (0, 0),
        loop: int | None = None,
        envelope: tuple[EnvelopePoint, ...] = (),
    ) -> Programme:
        data = samples.astype("<f4").tobytes()
        key = hashlib.sha256(data + bytes([samples.shape[1]])).hexdigest()
        self.pcm[key] = self.folder / f"{key[:16]}.f32"
        self.pcm[key].write_bytes(data)
        source = AudioSource(f"{role}.wav", key, RATE, samples.shape[1], len(samples))
        stop = min(self.sample_count, start + len(samples)) if end is None else end
        seam = Loop(loop) if loop is not None else None
        self.tracks.append(SoundTrack(role, source, start, stop, Fraction(gain_db), *fades, seam, envelope))
        return self

    @property
    def sound(self) -> Sound:
        return Sound(self.sample_count, tuple(self.tracks))

    def mix(self) -> Mix:
        return Mix(self.sound, self.pcm)

    def heard(self) -> NDArray[np.float64]:
        """The whole programme as 16-bit samples, scaled to 1.0."""
        return np.concatenate(list(self.mix().blocks())) / 32768.0


def level_db(samples: NDArray[np.float64], hz: float) -> NDArray[np.float64]:
    """The peak level in dBFS of a tone of `hz` in each channel of `samples` (whole periods give it exactly)."""
    turns = np.exp(-2j * np.pi * hz * np.arange(len(samples)) / RATE)[:, np.newaxis]
    amplitude = 2 * np.abs((samples * turns).mean(axis=0))
    return 20 * np.log10(np.maximum(amplitude, 1e-12))
