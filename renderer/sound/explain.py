"""A sound, what mixing it measured, and its survey → the mix plan as lines of text, with levels over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from renderer.sound.levels_table import clock, levels_table
from renderer.sound.loudness import MOMENTARY_STEPS, SHORT_TERM_STEPS, STEP, loudness_over_time, lufs
from renderer.sound.survey import spoken_steps
from renderer.timebase import SAMPLE_RATE, samples_at_48k

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.sound.programme import SoundReport
    from renderer.sound.survey import Survey
    from renderer.timeline.model import Sound, SoundTrack

_LABEL = 11


def explain_mix(sound: Sound, report: SoundReport, survey: Survey) -> list[str]:
    """Lines that say what sounds when and how loud, what was done to the sum, and a table of levels over time."""
    seconds = f"{sound.sample_count / SAMPLE_RATE:.2f} s"
    lines = _labelled("programme", f"{seconds}, {sound.sample_count:,} samples at 48 kHz, stereo")
    for track in sound.tracks:
        lines += _labelled(track.role, *describe_track(track))
    if not sound.tracks:
        lines += _labelled("silence", "no track")
    lines += _labelled("mastering", *_mastering(report, sound.sample_count))
    lines += _labelled("loudness", *_loudness(report, survey))
    lines += _labelled("clearance", *_clearance(survey))
    return [*lines, "", *levels_table(survey)]


def _labelled(label: str, *texts: str) -> list[str]:
    """Texts below each other, the label before the first."""
    return [f"{label if index == 0 else '':<{_LABEL}}{text}" for index, text in enumerate(texts)]


def describe_track(track: SoundTrack) -> Iterator[str]:
    """Where a track's sound comes from; when it is heard and how loud; what is done to it on the way."""
    source = track.source
    channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels folded to stereo")
    yield f"{source.path}: {channels}, {source.sample_rate / 1000:g} kHz, {float(source.duration_s):.2f} s"
    yield f"{clock(track.start)} to {clock(track.end)} at {float(track.gain_db):+.2f} dB{_fades(track)}"
    if track.loop is not None:
        yield _loops(track, track.loop.crossfade)
    if track.envelope:
        yield _ducks(track)


def _loops(track: SoundTrack, seam: int) -> str:
    heard, period = track.end - track.start, samples_at_48k(track.source.samples, track.source.sample_rate) - seam
    turns = -(-heard // period)
    last_s = (heard - (turns - 1) * period) / SAMPLE_RATE
    return f"loops: {turns} turns, the last for {last_s:.2f} s, seams of {seam * 1000 / SAMPLE_RATE:g} ms"


def _fades(track: SoundTrack) -> str:
    parts = [(track.fade_in, "fades in"), (track.fade_out, "fades out")]
    return "".join(f", {what} over {samples / SAMPLE_RATE:g} s" for samples, what in parts if samples)


def _ducks(track: SoundTrack) -> str:
    gains = [float(point.gain_db) for point in track.envelope]
    lowest = min(gains)
    dips = sum(gain == lowest and (index == 0 or gains[index - 1] != lowest) for index, gain in enumerate(gains))
    return f"lowered to {lowest + float(track.gain_db):+.2f} dB under the voice, {dips} time{'s' * (dips != 1)}"


def _mastering(report: SoundReport, sample_count: int) -> Iterator[str]:
    mastering, limiter = report.mastering, report.limiter
    if report.target_lufs is not None:
        ceiling = "" if mastering.ceiling_dbtp is None else f", true peak held under {mastering.ceiling_dbtp:g} dBTP"
        yield f"one gain of {mastering.gain_db:+.2f} dB to {report.target_lufs:g} LUFS{ceiling}"
    if limiter is None or not limiter.acted:
        yield "the limiter did not act"
        return
    share = limiter.limited_samples / max(1, sample_count)
    yield f"the limiter {limiter}, in {share:.1%} of the programme, first at {clock(limiter.first_sample or 0)}"


def _loudness(report: SoundReport, survey: Survey) -> Iterator[str]:
    measured = report.loudness
    parts = [
        (measured.integrated_lufs, "{:.1f} LUFS integrated"),
        (measured.range_lu, "range {:.1f} LU"),
        (measured.true_peak_dbtp, "true peak {:.1f} dBTP"),
    ]
    yield ", ".join(text.format(value) for value, text in parts if value is not None) or "silence"
    if measured.integrated_lufs is None:
        return
    moments = [("momentary", MOMENTARY_STEPS), ("short-term", SHORT_TERM_STEPS)]
    found = [(name, _loudest(survey, steps)) for name, steps in moments if len(survey.mix.steps) >= steps]
    loudest = ", ".join(f"{name} {level:.1f} LUFS at {clock(at)}" for name, (level, at) in found)
    ratio = "" if measured.true_peak_dbtp is None else measured.true_peak_dbtp - measured.integrated_lufs
    yield f"loudest: {loudest}" + (f"; peak to loudness {ratio:.1f} LU" if ratio else "")


def _loudest(survey: Survey, length: int) -> tuple[float, int]:
    """The loudest run of `length` steps, and the sample it starts at."""
    levels = loudness_over_time(survey.mix.steps, length)
    return float(levels.max()), int(levels.argmax()) * STEP


def _clearance(survey: Survey) -> Iterator[str]:
    """How far the voice lies above the music while it speaks: nothing where one of them is missing."""
    lanes = {lane.name: lane.steps for lane in survey.tracks}
    spoken = spoken_steps(survey)
    if not {"narration", "music"} <= lanes.keys() or not spoken.any():
        return
    voice, music = (float(lanes[name][spoken].mean()) for name in ("narration", "music"))
    if voice <= 0:
        return
    if music <= 0:
        yield "the voice speaks with no music under it"
        return
    share = float(np.count_nonzero(spoken)) / len(spoken)
    yield (
        f"the voice is {lufs(voice) - lufs(music):.1f} LU above the music while it speaks (WCAG 1.4.7 asks for 20),"
        f" in {share:.0%} of the programme"
    )
