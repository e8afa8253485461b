"""A programme's samples → what a golden keeps of them: hashes, levels for each 100 ms, loudness, true peak."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from golden.model import GoldenError
from renderer.sound.loudness import LoudnessMeter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from golden.store import Json
    from renderer.timeline.canonical import JSONValue

STEP = 4_800
"""Samples in 100 ms."""
SILENCE_DB = -120.0
_SECOND = 48_000
_STEPS_A_LINE = 50


@dataclass(frozen=True, slots=True)
class SoundFeatures:
    """What one programme measures. `levels` are (left, right) RMS in dBFS for each 100 ms, a tenth of a dB exact."""

    sample_count: int
    sha256: str
    seconds: tuple[str, ...]
    left: tuple[float, ...]
    right: tuple[float, ...]
    integrated_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None

    def to_json(self, mix_key: str) -> Json:
        """As `sound.json` holds it: levels in tenths of a dB, five seconds to a line."""
        return {
            "sample_count": self.sample_count,
            "mix": mix_key,
            "sha256": self.sha256,
            "seconds": [list(self.seconds[start : start + 6]) for start in range(0, len(self.seconds), 6)],
            "left": _lines(self.left),
            "right": _lines(self.right),
            "integrated_lufs": _hundredths(self.integrated_lufs),
            "range_lu": _hundredths(self.range_lu),
            "true_peak_dbtp": _hundredths(self.true_peak_dbtp),
        }

    @classmethod
    def from_json(cls, document: Json) -> SoundFeatures:
        """Raises: GoldenError."""
        try:
            return cls(
                sample_count=int(str(document["sample_count"])),
                sha256=str(document["sha256"]),
                seconds=tuple(word for line in _nested(document["seconds"]) for word in map(str, line)),
                left=tuple(int(str(value)) / 10 for line in _nested(document["left"]) for value in line),
                right=tuple(int(str(value)) / 10 for line in _nested(document["right"]) for value in line),
                integrated_lufs=_figure(document["integrated_lufs"]),
                range_lu=_figure(document["range_lu"]),
                true_peak_dbtp=_figure(document["true_peak_dbtp"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise GoldenError(f"sound.json: not as it was recorded ({error!r})") from error


def _lines(levels: tuple[float, ...]) -> list[JSONValue]:
    tenths = [round(level * 10) for level in levels]
    return [[*tenths[start : start + _STEPS_A_LINE]] for start in range(0, len(tenths), _STEPS_A_LINE)]


def _nested(value: object) -> list[list[object]]:
    if not isinstance(value, list) or not all(isinstance(line, list) for line in value):
        raise TypeError("expected lists in a list")
    return value


def _hundredths(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"


def _figure(value: object) -> float | None:
    return None if value is None else float(cast("str", value))


@dataclass(slots=True)
class FeatureMeter:
    """Give it a programme's samples block by block with `add`; ask `result` at the end."""

    _loudness: LoudnessMeter = field(default_factory=LoudnessMeter)
    _whole: hashlib._Hash = field(default_factory=hashlib.sha256)
    _seconds: list[str] = field(default_factory=list)
    _levels: list[tuple[float, float]] = field(default_factory=list)
    _waiting: list[NDArray[np.int16]] = field(default_factory=list)
    _count: int = 0

    def add(self, block: NDArray[np.int16]) -> None:
        """The next samples, (n, 2) int16."""
        self._whole.update(np.ascontiguousarray(block, "<i2").data)
        self._loudness.add(block)
        self._count += len(block)
        self._waiting.append(block)
        if sum(map(len, self._waiting)) >= _SECOND:
            self._take(whole_seconds=True)

    def _take(self, *, whole_seconds: bool) -> None:
        samples = np.concatenate([*self._waiting, np.zeros((0, 2), np.int16)])
        end = len(samples) // _SECOND * _SECOND if whole_seconds else len(samples)
        for start in range(0, end, _SECOND):
            second = samples[start : min(start + _SECOND, end)]
            self._seconds.append(hashlib.sha256(np.ascontiguousarray(second, "<i2").data).hexdigest()[:16])
            self._levels += step_levels(second)
        self._waiting = [samples[end:]]

    def result(self) -> SoundFeatures:
        self._take(whole_seconds=False)
        loudness = self._loudness.result()
        return SoundFeatures(
            self._count,
            self._whole.hexdigest(),
            tuple(self._seconds),
            tuple(left for left, _ in self._levels),
            tuple(right for _, right in self._levels),
            loudness.integrated_lufs,
            loudness.range_lu,
            loudness.true_peak_dbtp,
        )


def step_levels(samples: NDArray[np.int16] | NDArray[np.float32]) -> list[tuple[float, float]]:
    """RMS of both channels in dBFS for each 100 ms of (n, 2) samples; 1.0, or 32768 in int16, is full scale."""
    full = 32_768.0 if samples.dtype == np.int16 else 1.0
    found = []
    for start in range(0, len(samples), STEP):
        step = samples[start : start + STEP].astype(np.float64) / full
        found.append((_db(float(np.mean(step[:, 0] ** 2))), _db(float(np.mean(step[:, 1] ** 2)))))
    return found


def _db(power: float) -> float:
    return max(SILENCE_DB, 10 * math.log10(power)) if power > 0 else SILENCE_DB
