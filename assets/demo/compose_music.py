"""Composes the music of the demo story: a waltz of 16 bars for felt piano and strings, 30 s that loop without a seam.

Notes in, samples out: `render()` is a pure function of this file (numpy only, one seeded generator for the human
touch). Everything is written into a ring, so that the last bar's reverberation sounds into the first bar and the loop
has no seam. The committed `music.flac` holds exactly these samples:

    python -m assets.demo.compose_music music.wav
    ffmpeg -i music.wav -c:a flac -compression_level 12 -flags:a +bitexact -fflags +bitexact music.flac
"""

from __future__ import annotations

import sys
import wave
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

SAMPLE_RATE = 48_000
BEAT_S = 0.625  # 96 beats a minute, three to the bar
BARS = 16
LENGTH = round(BARS * 3 * BEAT_S * SAMPLE_RATE)
PEAK_DBFS = -3.0
SEED = 1811  # the year of the novel that the demo reads from

# MIDI numbers. One row a bar: the bass, then the string voicing; neighbours share as many notes as the harmony allows.
HARMONY: tuple[tuple[int, tuple[int, ...]], ...] = (
    (50, (57, 62, 66)),  # D
    (49, (57, 61, 64)),  # A / C sharp
    (47, (57, 62, 66)),  # B minor 7
    (45, (57, 61, 66)),  # F sharp minor / A
    (43, (59, 62, 67)),  # G
    (42, (57, 62, 69)),  # D / F sharp
    (40, (59, 62, 67)),  # E minor 7
    (45, (57, 62, 64, 67)),  # A 7 sus 4
    (47, (57, 62, 66)),  # B minor 7
    (45, (57, 61, 66)),  # F sharp minor / A
    (43, (59, 62, 66)),  # G major 7
    (42, (57, 62, 69)),  # D / F sharp
    (40, (55, 59, 62, 64)),  # E minor 7
    (45, (55, 61, 64)),  # A 7
    (38, (54, 57, 62)),  # D
    (45, (57, 62, 64)),  # A sus 4
)

# (bar, beat, beats held, MIDI number)
MELODY: tuple[tuple[int, float, float, int], ...] = (
    (0, 0.0, 2.0, 78), (0, 2.0, 1.0, 76), (1, 0.0, 3.0, 73),
    (2, 0.0, 2.0, 74), (2, 2.0, 1.0, 78), (3, 0.0, 3.0, 81),
    (4, 0.0, 1.0, 83), (4, 1.0, 1.0, 81), (4, 2.0, 1.0, 79), (5, 0.0, 2.0, 78), (5, 2.0, 1.0, 74),
    (6, 0.0, 1.5, 76), (6, 1.5, 0.5, 78), (6, 2.0, 1.0, 79), (7, 0.0, 3.0, 76),
    (8, 0.0, 2.0, 78), (8, 2.0, 1.0, 74), (9, 0.0, 2.0, 73), (9, 2.0, 1.0, 69),
    (10, 0.0, 1.0, 71), (10, 1.0, 1.0, 74), (10, 2.0, 1.0, 78), (11, 0.0, 3.0, 81),
    (12, 0.0, 2.0, 79), (12, 2.0, 1.0, 78), (13, 0.0, 1.0, 76), (13, 1.0, 1.0, 73), (13, 2.0, 1.0, 76),
    (14, 0.0, 3.0, 74), (15, 1.0, 1.0, 69), (15, 2.0, 1.0, 76),
)  # fmt: skip

# How loud each bar is played: two phrases, each rising to its highest note.
DYNAMICS = (0.80, 0.84, 0.90, 0.98, 1.00, 0.94, 0.88, 0.82, 0.84, 0.88, 0.95, 1.00, 0.94, 0.88, 0.80, 0.78)


def render() -> Samples:
    """The piece as `(LENGTH, 2) float64` in -1..1, peak at `PEAK_DBFS`, cyclic: sample 0 follows the last one."""
    rng = np.random.default_rng(SEED)
    piano, strings = _piano_part(rng), _string_part(rng)
    dry = piano + strings
    wet = _reverberate(piano * 0.9 + strings * 0.6, rng)
    mix = _warm(dry + 0.32 * wet)
    return mix * (10 ** (PEAK_DBFS / 20) / float(np.abs(mix).max()))


def write_wav(path: Path) -> None:
    """Writes `render()` as 16-bit stereo PCM, without dither: the peak of the rounding noise is at -96 dBFS."""
    pcm = np.rint(render() * 32767).astype("<i2")
    with wave.open(str(path), "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(pcm.tobytes())


def _piano_part(rng: np.random.Generator) -> Samples:
    """Bass and broken chord in quavers, and the melody above them; each stroke a few milliseconds off the beat."""
    ring = np.zeros((LENGTH, 2))
    for bar, (bass, voices) in enumerate(HARMONY):
        chord = voices[-3:]
        figure = (bass, chord[0], chord[1], chord[2], chord[1], chord[0])
        for quaver, key in enumerate(figure):
            loudness = (0.42 if quaver == 0 else 0.27 + 0.05 * (quaver == 3)) * DYNAMICS[bar]
            _strike(ring, key, bar * 3 + quaver / 2, loudness=loudness, hold_s=2.2 if quaver == 0 else 1.1, rng=rng)
    for bar, beat, beats, key in MELODY:
        _strike(ring, key, bar * 3 + beat, loudness=0.80 * DYNAMICS[bar], hold_s=beats * BEAT_S + 0.35, rng=rng)
    return ring


def _strike(ring: Samples, key: int, beat: float, *, loudness: float, hold_s: float, rng: np.random.Generator) -> None:
    loudness *= rng.uniform(0.93, 1.07)
    start = round((beat * BEAT_S + 0.030 + rng.uniform(-0.007, 0.009)) * SAMPLE_RATE)
    tone = _piano_tone(key)[: round((hold_s + 0.5) * SAMPLE_RATE)].copy()
    damper = np.arange(len(tone)) / SAMPLE_RATE - hold_s
    tone *= (loudness * np.exp(-np.maximum(damper, 0) * 9))[:, None]
    tail = min(len(tone), 2400)
    tone[-tail:] *= np.linspace(1, 0, tail)[:, None]
    _add(ring, start, tone)


@lru_cache(maxsize=64)
def _piano_tone(key: int) -> Samples:
    """The first 2.8 s of one felt-hammered key: partials of two strings 1.3 cents apart; low keys are more left."""
    t = np.arange(round(2.8 * SAMPLE_RATE)) / SAMPLE_RATE
    pitch_hz = 440 * 2 ** ((key - 69) / 12)
    ring_s = 2.6 * 2 ** ((60 - key) / 18)
    tone: Samples = np.zeros((len(t), 2))
    for n in range(1, 19):
        partial_hz = n * pitch_hz * float(np.sqrt(1 + 3.0e-4 * n * n))
        if partial_hz > 7000:
            break
        level = n**-1.25 * float(np.exp(-partial_hz / 2400)) * (1 if n % 7 else 0.3)
        envelope = 0.7 * np.exp(-t * (3.2 + 0.9 * n) / ring_s) + 0.3 * np.exp(-t * (0.9 + 0.35 * n) / ring_s)
        for side, cents in ((0, -0.65), (1, 0.65)):
            phase = 2 * np.pi * partial_hz * 2 ** (cents / 1200) * t
            other = 2 * np.pi * partial_hz * 2 ** (-cents * 0.6 / 1200) * t + 0.9 * n
            tone[:, side] += level * envelope * (0.72 * np.sin(phase) + 0.28 * np.sin(other))
    right = 0.5 + min(max((key - 66) / 70, -0.12), 0.12)
    attack = np.minimum(t / 0.009, 1)
    hammer = (0.5 - 0.5 * np.cos(np.pi * attack))[:, None]
    tone *= hammer * np.sqrt([2 - 2 * right, 2 * right])
    return tone


def _string_part(rng: np.random.Generator) -> Samples:
    """Sustained voices; a note that the next bar keeps is held over, not played again."""
    ring = np.zeros((LENGTH, 2))
    rows = [{bass + 12 if bass < 43 else bass, *voices} for bass, voices in HARMONY]
    for bar, row in enumerate(rows):
        for key in sorted(row):
            if bar and key in rows[bar - 1]:
                continue
            bars = 1
            while bar + bars < BARS and key in rows[bar + bars]:
                bars += 1
            _bow(ring, key, start_s=bar * 3 * BEAT_S, hold_s=bars * 3 * BEAT_S, rng=rng)
    return ring


def _bow(ring: Samples, key: int, *, start_s: float, hold_s: float, rng: np.random.Generator) -> None:
    """One voice: three players a few cents apart, left, centre and right, fading in over 0.9 s and out over 1.3 s."""
    t = np.arange(round((hold_s + 1.3) * SAMPLE_RATE)) / SAMPLE_RATE
    rise, fall = np.clip(t / 0.9, 0, 1), np.clip((t - hold_s) / 1.3, 0, 1)
    envelope = 0.055 * np.sin(rise * np.pi / 2) ** 2 * np.cos(fall * np.pi / 2) ** 2
    pitch_hz = 440 * 2 ** ((key - 69) / 12)
    tone = np.zeros((len(t), 2))
    for cents, pan in ((-4.5, 0.18), (0.4, 0.5), (4.1, 0.82)):
        drift = 1 + 0.0006 * np.sin(2 * np.pi * rng.uniform(0.11, 0.23) * t + rng.uniform(0, 6.28))
        turns = np.cumsum(pitch_hz * 2 ** (cents / 1200) * drift) / SAMPLE_RATE + rng.uniform(0, 1)
        tone += _harmonics(2 * np.pi * turns, pitch_hz)[:, None] * np.sqrt([1 - pan, pan])
    _add(ring, round(start_s * SAMPLE_RATE) - round(0.18 * SAMPLE_RATE), tone * envelope[:, None])


def _harmonics(phase: Samples, pitch_hz: float) -> Samples:
    """Eight harmonics of a string: sin(n x) from the two before it, as sines are most of this file's time."""
    before, last = np.zeros(len(phase)), np.sin(phase)
    double_cosine = 2 * np.cos(phase)
    tone: Samples = np.zeros(len(phase))
    for n in range(1, 9):
        tone += n**-1.4 * float(np.exp(-n * pitch_hz / 1300)) * last
        before, last = last, double_cosine * last - before
    return tone


def _add(ring: Samples, start: int, tone: Samples) -> None:
    """Adds `tone` from sample `start` on, around the end of the ring."""
    at = (start + np.arange(len(tone))) % LENGTH
    ring[at] += tone  # no index twice: every tone is shorter than the ring


def _reverberate(dry: Samples, rng: np.random.Generator) -> Samples:
    """A small hall: decaying noise, different left and right, whose high bands die first; cyclic convolution."""
    t = np.arange(round(2.4 * SAMPLE_RATE)) / SAMPLE_RATE
    hall = np.zeros((LENGTH, 2))
    for low_hz, high_hz, decay_s in ((120, 700, 1.9), (700, 2500, 1.4), (2500, 6000, 0.8)):
        noise = np.fft.rfft(rng.uniform(-1, 1, (len(t), 2)), axis=0)
        hz = np.fft.rfftfreq(len(t), 1 / SAMPLE_RATE)
        band = np.exp(-((np.log2(np.maximum(hz, 1) / np.sqrt(low_hz * high_hz)) / np.log2(high_hz / low_hz) * 2) ** 2))
        shaped = np.fft.irfft(noise * band[:, None], len(t), axis=0)
        hall[: len(t)] += shaped * (np.exp(-6.9 * t / decay_s) * np.clip(t / 0.012, 0, 1))[:, None]
    hall = np.roll(hall, round(0.018 * SAMPLE_RATE), axis=0)
    hall /= np.sqrt((hall**2).sum(axis=0))
    return np.fft.irfft(np.fft.rfft(dry, axis=0) * np.fft.rfft(hall, axis=0), LENGTH, axis=0)


def _warm(mix: Samples) -> Samples:
    """Rolls off below 40 Hz and gently above 6 kHz, then rounds the highest peaks; filters are cyclic too."""
    hz = np.fft.rfftfreq(LENGTH, 1 / SAMPLE_RATE)
    response = (hz**2 / (hz**2 + 40**2)) / (1 + (hz / 6000) ** 2) ** 0.75
    mix = np.fft.irfft(np.fft.rfft(mix, axis=0) * response[:, None], LENGTH, axis=0)
    mix /= float(np.abs(mix).max())
    return np.tanh(0.7 * mix) / float(np.tanh(0.7))


if __name__ == "__main__":
    write_wav(Path(sys.argv[1]))
