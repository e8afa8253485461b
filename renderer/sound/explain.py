"""A sound and its decoded sources → the mix plan as lines of text, with levels over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from renderer.sound.survey import SILENCE_DB, survey_sound
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from renderer.sound.limiter import LimiterReport
    from renderer.sound.loudness import Loudness
    from renderer.sound.mastering import Mastering
    from renderer.sound.survey import Survey
    from renderer.timeline.model import Sound, SoundTrack


@dataclass(frozen=True, slots=True)
class Measured:
    """What mixing the programme found, where it is known."""

    loudness: Loudness | None = None
    limiter: LimiterReport | None = None
    mastering: Mastering | None = None


def explain_mix(
    sound: Sound, pcm: Mapping[str, Path], *, measured: Measured | None = None, rows: int = 30
) -> list[str]:
    """Lines that say what sounds when and how loud, then a table of levels in at most `rows` rows."""
    known = measured or Measured()
    lines = [f"programme  {clock(sound.sample_count)}, {sound.sample_count} samples at 48 kHz, stereo"]
    lines += [describe_track(track) for track in sound.tracks] or ["silence    no track"]
    lines += _results(known)
    survey = survey_sound(sound, pcm, columns=rows, mastering=known.mastering)
    return [*lines, "", *_table(survey)]


def describe_track(track: SoundTrack) -> str:
    """One line: where a track's sound comes from, when it is heard, and what is done to it."""
    source = track.source
    channels = {1: "mono", 2: "stereo"}.get(source.channels, f"{source.channels} channels folded to stereo")
    parts = [
        f"{track.role:<10} {source.path}",
        f"{channels}, {source.sample_rate} Hz",
        f"{clock(track.start)} to {clock(track.end)}",
        f"{float(track.gain_db):+.2f} dB",
    ]
    if track.loop is not None:
        parts.append(f"loops with a seam of {_milliseconds(track.loop.crossfade)}")
    if track.fade_in:
        parts.append(f"fades in over {_milliseconds(track.fade_in)}")
    if track.fade_out:
        parts.append(f"fades out over {_milliseconds(track.fade_out)}")
    if track.envelope:
        lowest = min(point.gain_db for point in track.envelope)
        parts.append(f"envelope of {len(track.envelope)} points down to {float(lowest):+.2f} dB")
    return "; ".join(parts)


def _results(known: Measured) -> list[str]:
    lines = []
    if known.mastering is not None and known.mastering.gain_db != 0.0:
        lines.append(f"mastering  one gain of {known.mastering.gain_db:+.2f} dB")
    if known.limiter is not None:
        lines.append(f"limiter    {known.limiter}")
    if known.loudness is not None:
        lines.append(f"loudness   {describe_loudness(known.loudness)}")
    return lines


def describe_loudness(loudness: Loudness) -> str:
    """`-16.0 LUFS, range 5.1 LU, true peak -1.2 dBTP`; what can't be measured is left out."""
    parts = [
        (loudness.integrated_lufs, "{:.1f} LUFS"),
        (loudness.range_lu, "range {:.1f} LU"),
        (loudness.true_peak_dbtp, "true peak {:.1f} dBTP"),
    ]
    return ", ".join(text.format(value) for value, text in parts if value is not None) or "silence"


def _table(survey: Survey) -> list[str]:
    head = f"{'from':>11}" + "".join(f"{lane.name + ' dBFS':>16}{'gain dB':>9}" for lane in survey.tracks)
    rows = [head + f"{'mix dBFS':>12}{'peak':>8}"]
    for column, start in enumerate(survey.edges[:-1]):
        cells = [f"{clock(int(start)):>11}"]
        cells += [f"{_cell(lane.rms_db[column]):>16}{_cell(lane.gain_db[column]):>9}" for lane in survey.tracks]
        peak = max(abs(float(survey.mix.low[column])), abs(float(survey.mix.high[column])))
        cells.append(f"{_cell(survey.mix.rms_db[column]):>12}{peak:>8.3f}")
        rows.append("".join(cells))
    return rows


def _cell(value: float) -> str:
    return "–" if value <= SILENCE_DB else f"{value:.1f}"


def _milliseconds(samples: int) -> str:
    return f"{samples * 1000 / SAMPLE_RATE:g} ms"


def clock(samples: int) -> str:
    """`0:03.000`, or `1:00:03.000` from an hour on."""
    milliseconds = samples * 1000 // SAMPLE_RATE
    minutes, rest = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest // 1000:02d}.{rest % 1000:03d}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
