"""Decoded PCM on disk, read in ranges: memory does not grow with length, and nothing is kept open between reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from renderer.errors import OutputError
from renderer.sound.jit import kernel
from renderer.timebase import samples_at_48k

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from renderer.timeline.model import AudioSource, Loop


@dataclass(frozen=True, slots=True)
class PcmFile:
    """Interleaved float32 little endian at 48 kHz, 1 or 2 channels, as `decode_audio` writes it."""

    path: Path
    channels: int

    @property
    def sample_count(self) -> int:
        return self.path.stat().st_size // (4 * self.channels)

    def read(self, start: int, end: int) -> NDArray[np.float32]:
        """Samples `start` to `end` (half-open, inside the file) as `(n, channels)`.

        Raises: OutputError where the file is shorter than that.
        """
        count = (end - start) * self.channels
        values = np.fromfile(self.path, dtype="<f4", count=count, offset=start * 4 * self.channels)
        if len(values) != count:
            raise OutputError(f"the decoded sound {self.path.name} ends before sample {end}")
        return values.astype(np.float32, copy=False).reshape(-1, self.channels)


def open_source(path: Path, source: AudioSource) -> PcmFile:
    """The decoded file of a timeline's source.

    Raises: OutputError where it is not as long as the source: it would otherwise be silent where it ends.
    """
    pcm = PcmFile(path, 1 if source.channels == 1 else 2)
    wanted = samples_at_48k(source.samples, source.sample_rate)
    if pcm.sample_count != wanted:
        raise OutputError(f"the decoded sound of {source.path} has {pcm.sample_count} samples, expected {wanted}")
    return pcm


@kernel
def widen(values: NDArray[np.float32], out: NDArray[np.float64]) -> None:
    """Write `values` (n, 1 or 2) to `out` (n, 2); mono is given to both sides at 0 dB."""
    right = values.shape[1] - 1
    for row in range(values.shape[0]):
        out[row, 0] = values[row, 0]
        out[row, 1] = values[row, right]


@kernel
def crossfade(tail: NDArray[np.float64], head: NDArray[np.float64], since: int, length: int) -> None:
    """Fade from `tail` to `head` (both (n, 2)) with equal gain, in `head`; they begin `since` samples into `length`."""
    for row in range(head.shape[0]):
        rising = (since + row + 0.5) / length
        for side in range(2):
            head[row, side] = head[row, side] * rising + tail[row, side] * (1.0 - rising)


class TrackReader:
    """One track's source as it is heard from the track's start on: looped or followed by silence, as float64 stereo."""

    def __init__(self, pcm: PcmFile, loop: Loop | None) -> None:
        self._pcm = pcm
        self._length = pcm.sample_count
        wanted = loop.crossfade if loop is not None else 0
        self._crossfade = min(wanted, self._length // 2)
        self._period = self._length - self._crossfade
        self._loops = loop is not None and self._length > 0

    def read(self, start: int, end: int) -> NDArray[np.float64]:
        """Samples `start` to `end` of the track, `(n, 2)`; mono is given to both channels at 0 dB."""
        if not self._loops:
            out = np.zeros((end - start, 2))
            self._copy(out[: max(0, min(end, self._length) - start)], start)
            return out
        out = np.empty((end - start, 2))
        position = start
        while position < end:
            turn, offset = divmod(position, self._period)
            stop = min(end, (turn + 1) * self._period)
            self._turn(out[position - start : stop - start], offset, follows=turn > 0)
            position = stop
        return out

    def _turn(self, out: NDArray[np.float64], offset: int, *, follows: bool) -> None:
        """Fill `out` from `offset` in one period; after the first, its head lies over the tail of the one before."""
        self._copy(out, offset)
        seam_end = min(offset + len(out), self._crossfade)
        if not follows or offset >= seam_end:
            return
        tail = np.empty((seam_end - offset, 2))
        self._copy(tail, offset + self._period)
        crossfade(tail, out[: seam_end - offset], offset, self._crossfade)

    def _copy(self, out: NDArray[np.float64], start: int) -> None:
        """Fill `out` with the file's samples from `start` on."""
        if len(out):
            widen(self._pcm.read(start, start + len(out)), out)
