"""Makes the demo's photographs and narration from the packages that the manifest names; run by hand, once.

    python -m assets.demo.prepare_media UNPACKED assets/demo

`UNPACKED` is a folder into which the three packages were unpacked. The narration is written as `narration.wav`;
`ffmpeg -i narration.wav -c:a flac -compression_level 12 -flags:a +bitexact -fflags +bitexact narration.flac` packs it.
The readings themselves are copied sample by sample, never scaled: only the pauses are made here.
"""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH_PX = 2240  # the demo zooms in to at most 1.16 of a 1920 px frame
JPEG_QUALITY = 82
PHOTOS = {
    "misty-hills": "budgie/tea-gardens.jpg",
    "wren": "budgie/canyon-wren.jpg",
    "osprey": "budgie/perched-osprey.jpg",
    "mountain-lake": "budgie/lake-sherburne.jpg",
    "forget-me-nots": "budgie/blue-periwinkle.jpg",
    "dandelion": "seeding_by_Clements_Engelhardt.jpg",
}

SAMPLE_RATE = 16_000
READINGS = ("0870", "0880", "0890", "0920", "0930")
PAUSES_S = (0.25, 0.55, 0.25, 0.60, 0.45, 0.59)  # before, between and after the five readings: 27.50 s in all
QUIET_HEAD_S = 0.22  # the readers are silent for at least so long at the start of a reading
JOIN_S = 0.04  # a pause fades over into the readings beside it
SEED = 1811


def prepare_photos(unpacked: Path, folder: Path) -> None:
    """Scales each photograph to `WIDTH_PX` and writes it as a baseline JPEG without metadata."""
    for name, source in PHOTOS.items():
        found = next(unpacked.glob(f"**/usr/share/backgrounds/{source}"))
        with Image.open(found) as photo:
            size = (WIDTH_PX, round(photo.height * WIDTH_PX / photo.width))
            scaled = photo.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        scaled.save(folder / f"{name}.jpg", quality=JPEG_QUALITY, optimize=True)


def join_readings(unpacked: Path) -> NDArray[np.int16]:
    """The five readings in order, with pauses of the recordings' own room tone, faded in and out at the ends."""
    readings = [_read(next(unpacked.glob(f"**/librivox/*-{number}.wav"))) for number in READINGS]
    tone = _RoomTone(readings)
    parts = [tone.pause(PAUSES_S[0])]
    for reading, pause_s in zip(readings, PAUSES_S[1:], strict=True):
        parts += [reading, tone.pause(pause_s)]
    joined = parts[0]
    for part in parts[1:]:
        joined = _crossfade(joined, part, round(JOIN_S * SAMPLE_RATE))
    edge = round(0.15 * SAMPLE_RATE)
    joined[:edge] *= np.linspace(0, 1, edge)
    joined[-edge:] *= np.linspace(1, 0, edge)
    return np.rint(joined).astype(np.int16)


class _RoomTone:
    """Pauses made of short, overlapping pieces of the readings' quiet first moments, picked at random."""

    def __init__(self, readings: list[NDArray[np.float64]]) -> None:
        head = round(QUIET_HEAD_S * SAMPLE_RATE)
        self._quiet = [reading[:head] for reading in readings[1:4]]
        self._rng = np.random.default_rng(SEED)

    def pause(self, length_s: float) -> NDArray[np.float64]:
        """Room tone of `length_s` between the readings; longer by the crossfades at both of its ends."""
        grain, hop = round(0.1 * SAMPLE_RATE), round(0.05 * SAMPLE_RATE)
        window = np.sin(np.pi * (np.arange(grain) + 0.5) / grain)
        count = round(length_s * SAMPLE_RATE) + 2 * round(JOIN_S * SAMPLE_RATE)
        tone = np.zeros(count + 2 * grain)
        for at in range(0, count + grain, hop):
            source = self._quiet[int(self._rng.integers(len(self._quiet)))]
            first = int(self._rng.integers(len(source) - grain))
            tone[at : at + grain] += source[first : first + grain] * window
        return tone[hop : hop + count]


def _crossfade(before: NDArray[np.float64], after: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    rise = np.sin(np.linspace(0, np.pi / 2, length))  # equal power: the two sides are not related
    overlap = before[-length:] * rise[::-1] + after[:length] * rise
    return np.concatenate([before[:-length], overlap, after[length:]])


def _read(path: Path) -> NDArray[np.float64]:
    with wave.open(str(path)) as source:
        return np.frombuffer(source.readframes(source.getnframes()), "<i2").astype(np.float64)


def _write(path: Path, samples: NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(samples.astype("<i2").tobytes())


if __name__ == "__main__":
    prepare_photos(Path(sys.argv[1]), Path(sys.argv[2]))
    _write(Path(sys.argv[2]) / "narration.wav", join_readings(Path(sys.argv[1])))
