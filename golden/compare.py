"""Two videos from anywhere → what is other in picture, sound and structure, with the evidence a report draws.

Small copies of all frames say which frame is whose partner; then every pair is measured at full size, and what is
other is told in words. Encoder noise is not a difference: see the gates in `compare_words`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from backends.base import Progress, ignore_progress
from golden.changes import ChangeLog, changed_frame
from golden.compare_words import MEAN_DB, TILE_LEVELS, Material, beyond_gates, picture_differences, shots_of
from golden.evidence import worst_frames
from golden.matching import Match, match_frames, signatures, upright
from golden.metrics import EQUAL_DB, measure
from golden.model import Comparison, Curve, Difference, Evidence, Levels, Row, Stretch
from golden.names import samples_to_frames
from golden.sound_features import FeatureMeter
from golden.sound_signal import STEP, mid, step_db
from golden.sound_words import LEVEL_DB, hear
from golden.structure import compare_structure
from golden.video import decoded_frames, decoded_sound, open_video
from golden.vmaf import Vmaf
from renderer.cache import scratch_folder
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from golden.planes import Yuv
    from golden.sound_features import SoundFeatures
    from golden.sound_signal import Samples
    from golden.store import Json
    from golden.video import Video

FULL_SIZE = "decoded, full size"
_FEW_SHOTS = 20


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """`vmaf` costs about as much again as all the rest; `evidence` collects what a report draws."""

    vmaf: bool = True
    evidence: bool = False
    threads: int = 2
    report: Callable[[Progress], None] = ignore_progress


def compare(a: Path, b: Path, settings: CompareSettings | None = None) -> Comparison:
    """Compare `b` with `a`. Raises: MediaError where one can't be read; ToolError."""
    settings = settings or CompareSettings()
    with open_video(a) as first, open_video(b) as second, scratch_folder() as scratch:
        return _Comparing(first, second, settings, scratch).compared()


class _Comparing:
    def __init__(self, a: Video, b: Video, settings: CompareSettings, scratch: Path) -> None:
        self._a, self._b, self._settings, self._scratch = a, b, settings, scratch
        self._vmaf: dict[int, float] = {}
        self._facts: list[str] = []

    def compared(self) -> Comparison:
        a, b = self._a, self._b
        rows, structure = compare_structure(cast("Json", a.facts), cast("Json", b.facts))
        material = self._measured()
        picture = [*self._turned(material), *picture_differences(material)]
        sounds = _sound(a), _sound(b)
        differences = [*picture, *self._heard(sounds[0][0], sounds[1][0], material), *structure]
        if not any(item.fails for item in differences):
            differences += self._only_encoded(material, rows)
        return Comparison(
            title=str(a.facts.get("title") or ""),
            before=a.name,
            after=b.name,
            rate=a.rate,
            frame_count=len(material.a),
            differences=tuple(differences),
            facts=tuple(self._facts),
            evidence=self._evidence(material, rows, sounds, differences) if self._settings.evidence else Evidence(),
        )

    def _turned(self, material: Material) -> Iterator[Difference]:
        if self._b.turn:
            way = "anticlockwise" if self._b.turn == 90 else "clockwise"
            whole = FrameRange(0, len(material.a))
            yield Difference(f"turned by 90° {way}", "picture", "picture", whole)

    def _heard(self, before: Samples, after: Samples, material: Material) -> Iterator[Difference]:
        if self._a.has_sound != self._b.has_sound:
            what = "there is none" if self._a.has_sound else "there is sound where there was none"
            yield Difference(what, "sound", "sound", self._range(None, material), track="mix")
            return
        for item in hear(before, after):
            yield Difference(item.what, "sound", "sound", self._range(item.steps, material), track="mix")

    def _range(self, steps: FrameRange | None, material: Material) -> FrameRange:
        count = len(material.a)
        if steps is None:
            return FrameRange(0, count)
        return samples_to_frames(steps.start * STEP, steps.end * STEP, self._a.rate, count)

    def _measured(self) -> Material:
        """Align, then measure every pair."""
        a = signatures(self._a)
        self._b, b = upright(a, self._a.size, self._b)
        match = match_frames(a, b)
        log, width_height = ChangeLog(), self._a.size
        material = Material(a, b, match, log, width_height)
        samples, group = _sampling(material)
        with Vmaf(*width_height, self._scratch, self._settings.threads) as vmaf:
            numbers = []
            for number, other, before, after in _pairs(self._a, self._b, match):
                figures = changed_frame(number, other, measure(before, after), FULL_SIZE)
                if figures.psnr_db < EQUAL_DB:
                    log.add(group[number], figures, before, after, factor=1, sample=number in samples)
                if self._settings.vmaf:
                    vmaf.add(before, after)
                    numbers.append(number)
                self._settings.report(Progress("render", number + 1, len(a)))
            if self._settings.vmaf:
                self._vmaf = dict(zip(numbers, vmaf.scores(), strict=False))
                if vmaf.reason:
                    self._facts.append(f"VMAF not measured: {vmaf.reason}")
        self._figures(material)
        return material

    def _figures(self, material: Material) -> None:
        pairs = len(material.match.pairs)
        others = list(material.log.frames.values())
        self._facts.append(f"{pairs} pairs of frames, {pairs - len(others)} of them equal in every sample")
        if others:
            worst = min(others, key=lambda frame: frame.psnr_db)
            mean = sum(frame.psnr_db for frame in others) / len(others)
            self._facts.append(
                f"PSNR of luma {mean:.1f} dB on average of unequal ones, {worst.psnr_db:.1f} dB in {worst.number};"
                f" SSIM at least {min(frame.ssim for frame in others):.4f};"
                f" tiles off by at most {max(frame.tile for frame in others):.1f} levels"
            )
        if self._vmaf:
            low = min(self._vmaf, key=lambda number: self._vmaf[number])
            mean = sum(self._vmaf.values()) / len(self._vmaf)
            self._facts.append(f"VMAF {mean:.1f} on average, {self._vmaf[low]:.1f} at frame {low}")
        beyond = sum(beyond_gates(frame) for frame in others)
        self._facts.append(f"gates: PSNR {MEAN_DB:g} dB, tile {TILE_LEVELS:g} levels; {beyond} pairs beyond them")

    def _only_encoded(self, material: Material, rows: list[Row]) -> list[Difference]:
        """Nothing but another encoding, or nothing at all."""
        noted = [f"{row.name} {row.after} instead of {row.before}" for row in rows if row.state == "noted"]
        if not material.log.frames and not noted:
            return []
        levels = "the pictures are the same within encoder noise" if material.log.frames else "every frame is equal"
        what = f"encoder-only difference: {levels}{'; ' if noted else ''}{', '.join(noted)}"
        return [Difference(what, "encoder", "encoder", fails=False)]

    def _evidence(
        self,
        material: Material,
        rows: list[Row],
        sounds: tuple[tuple[Samples, SoundFeatures], tuple[Samples, SoundFeatures]],
        differences: list[Difference],
    ) -> Evidence:
        count = len(material.a)
        log = material.log
        return Evidence(
            stretches=tuple(_stretches(material, differences)),
            curves=tuple(_curves(count, log, material.match, self._vmaf)),
            worst=worst_frames(log.worst()),
            levels=_levels(*sounds),
            structure=tuple(rows),
            sound=tuple(_sound_rows(sounds[0][1], sounds[1][1])),
        )


def _sampling(material: Material) -> tuple[set[int], dict[int, int]]:
    """Frames whose pixels are kept for the description, and the shot that each frame belongs to."""
    samples: set[int] = set()
    group: dict[int, int] = {}
    shots = shots_of(material.a)
    shares = (0.2, 0.5, 0.8) if len(shots) <= _FEW_SHOTS else (0.5,)
    for index, shot in enumerate(shots):
        group |= dict.fromkeys(shot, index)
        samples |= {shot.start + round(len(shot) * share) for share in shares}
    return samples, group


def _pairs(a: Video, b: Video, match: Match) -> Iterator[tuple[int, int, Yuv, Yuv]]:
    """Decode both side by side; `b` comes at the size of `a`."""
    partner = dict(match.pairs)
    others = enumerate(decoded_frames(b, size=a.size))
    for number, before in enumerate(decoded_frames(a)):
        if number in partner:
            for other, after in others:
                if other == partner[number]:
                    yield number, other, before, after
                    break


def _sound(video: Video) -> tuple[Samples, SoundFeatures]:
    """All samples, and what they measure."""
    meter, blocks = FeatureMeter(), [np.zeros((0, 2), np.float32)]
    for block in decoded_sound(video):
        blocks.append(block)
        meter.add(np.clip(np.rint(block * 32_768), -32_768, 32_767).astype(np.int16))
    return np.concatenate(blocks), meter.result()


def _stretches(material: Material, differences: list[Difference]) -> Iterator[Stretch]:
    picture = [item.frames for item in differences if item.kind == "picture" and item.frames is not None]
    for number, shot in enumerate(shots_of(material.a), 1):
        edges = {shot.start, shot.end}
        for frames in picture:
            edges |= {edge for edge in (frames.start, frames.end) if edge in shot}
        ordered = sorted(edges)
        for start, end in itertools.pairwise(ordered):
            part = FrameRange(start, end)
            changed = any(part.intersects(frames) for frames in picture)
            yield Stretch(part, "changed" if changed else "same", f"shot {number}")


def _curves(count: int, log: ChangeLog, match: Match, vmaf: dict[int, float]) -> Iterator[Curve]:
    paired = {a for a, _ in match.pairs}

    def series(name: str, equal: float) -> tuple[float | None, ...]:
        return tuple(
            float(getattr(log.frames[number], name)) if number in log.frames else equal if number in paired else None
            for number in range(count)
        )

    yield Curve("PSNR of luma", "dB", series("psnr_db", EQUAL_DB), MEAN_DB, FULL_SIZE)
    yield Curve("SSIM of luma", "", series("ssim", 1.0), None, FULL_SIZE)
    if vmaf:
        yield Curve("VMAF", "", tuple(vmaf.get(number) for number in range(count)), None, FULL_SIZE)
    yield Curve("worst tile", "levels", series("tile", 0.0), TILE_LEVELS, FULL_SIZE)


def _levels(a: tuple[Samples, SoundFeatures], b: tuple[Samples, SoundFeatures]) -> Levels | None:
    was, now = step_db(mid(a[0])), step_db(mid(b[0]))
    if not len(was) and not len(now):
        return None
    count = max(len(was), len(now))
    padded = [np.concatenate([levels, np.full(count - len(levels), -120.0)]) for levels in (was, now)]
    differs = (np.abs(padded[0] - padded[1]) > LEVEL_DB) & (np.maximum(*padded) > -60)
    return Levels(tuple(was.tolist()), tuple(now.tolist()), tuple(differs.tolist()), "mean of both channels")


def _sound_rows(a: SoundFeatures, b: SoundFeatures) -> Iterator[Row]:
    figures = [
        ("integrated loudness", a.integrated_lufs, b.integrated_lufs, "LUFS"),
        ("loudness range", a.range_lu, b.range_lu, "LU"),
        ("true peak", a.true_peak_dbtp, b.true_peak_dbtp, "dBTP"),
    ]
    for name, was, now, unit in figures:
        words = ["silence" if value is None else f"{value:.1f} {unit}" for value in (was, now)]
        close = was is now or (was is not None and now is not None and abs(was - now) <= LEVEL_DB)
        yield Row(name, words[0], words[1], "same" if close else "other")
