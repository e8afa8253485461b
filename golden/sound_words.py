"""Two sounds → sentences on what is other, each with the 100 ms steps it is about.

Tolerances (SAFETY P9): levels 0.5 dB, offsets 10 ms. What lies within them is not said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from golden.changes import runs
from golden.sound_diff import late_words
from golden.sound_signal import (
    RATE,
    SILENT_DB,
    STEP,
    SURE_PEAK,
    both_db,
    channel_levels,
    find_lag,
    left_over_db,
    loud_steps,
    masked,
    median_change,
    mid,
    moved,
    side,
    step_db,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from golden.sound_signal import Lag, Mono, Samples
    from renderer.timebase import FrameRange

LEVEL_DB = 0.5
LAG_S = 0.010
_STRETCH_DB = 6.0
_STRETCH_STEPS = 3
_LEFT_OVER_DB, _LEFT_OVER_STEP_DB = -12.0, -6.0
"""What is left of the difference of two sounds; a coder at a low rate leaves -19 dB of a voice (Opus, measured)."""
_CLEARLY_MORE = 0.1
"""How much more alike parts of two sounds are to be at a lag of their own than at the whole sound's."""

Part = Literal["mix", "loud", "quiet"]


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence. `part` says whether it is about all, what is loud (a voice), or what is quiet (a music bed)."""

    what: str
    part: Part = "mix"
    steps: FrameRange | None = None


def hear(before: Samples, after: Samples, exact: tuple[Mono, Mono] | None = None) -> list[Heard]:
    """Everything that is other between two sounds of 48 kHz, (n, 2) float32.

    `exact` are the first one's true levels (left, right), where its samples are only a coded copy.
    """
    a, b = mid(before), mid(after)
    was = exact or channel_levels(before)
    silent = [not (both_db(levels) > SILENT_DB).any() for levels in (was, channel_levels(after))]
    if all(silent):
        return list(_lengths(before, after))
    if any(silent):
        return [Heard("the sound is silent" if silent[1] else "sounds where it was silent")]
    lag = find_lag(a, b)
    if abs(lag.likeness) < SURE_PEAK:
        return [Heard("another sound")]
    now = channel_levels(after, lag.samples)
    found = [*_polarity(lag), *_late(a, b, lag)]
    swapped = lag.likeness > 0 and (_sides_turned(before, after, lag) or _balance_turned(was, now))
    found += [Heard("left and right swapped")] if swapped else _balance(was, now)
    if not any(item.what.startswith(("out of", "the left", "the right")) for item in found):
        level = _levels(both_db(was), both_db(now))
        pushed_off = -(-max(0, -lag.samples) // STEP)
        found += level or _stretches(both_db(was), both_db(now), pushed_off)
    if not found and exact is None:
        found += _content(a, moved(b, -lag.samples, len(b)))
    return [*found, *_lengths(before, after)]


def _content(a: Mono, b: Mono) -> Iterator[Heard]:
    """Where what is loud is another sound, told by what is left of the difference; else all of it."""
    count = min(len(a), len(b)) // STEP * STEP
    a, b = a[:count], b[:count]
    levels = step_db(a)
    other = loud_steps(levels) & (step_db(b - a) - levels > _LEFT_OVER_STEP_DB)
    found = [run for run in runs(np.nonzero(other)[0].tolist(), bridge=2) if len(run) >= _STRETCH_STEPS]
    for run in found[:8]:
        yield Heard("other in its content here", steps=run)
    rest = left_over_db(a, b)
    if not found and rest > _LEFT_OVER_DB:
        yield Heard(f"other in its content: the difference is only {-rest:.0f} dB below the sound")


def _lengths(before: Samples, after: Samples) -> Iterator[Heard]:
    apart = (len(after) - len(before)) / RATE
    if abs(apart) > 0.05:
        yield Heard(f"lasts {abs(apart):.3f} s {'longer' if apart > 0 else 'shorter'}")


def _polarity(lag: Lag) -> Iterator[Heard]:
    if lag.likeness < 0:
        yield Heard("its polarity is turned over")


def _late(a: Mono, b: Mono, lag: Lag) -> Iterator[Heard]:
    """One lag for all, or one for what is loud and another for what is quiet."""
    steps = loud_steps(step_db(a))
    found = find_lag(masked(a, steps), b)
    loud = found if abs(found.likeness) >= SURE_PEAK / 3 else lag
    quiet = _quiet_lag(a, b, loud)
    if abs(loud.samples - quiet.samples) <= LAG_S * RATE / 2:
        if abs(lag.seconds) > LAG_S:
            yield Heard(late_words(lag.seconds))
        return
    if abs(loud.seconds) > LAG_S:
        yield Heard(f"what is loud (the voice) is {late_words(loud.seconds)}", "loud")
    if abs(quiet.seconds) > LAG_S:
        yield Heard(f"what is quiet (the background) is {late_words(quiet.seconds)}", "quiet")


def _quiet_lag(a: Mono, b: Mono, loud: Lag) -> Lag:
    """The lag of what is quiet in both; that of what is loud, unless another is clearly more like.

    A pause looked for in all of the other sound is found wherever that is loudest: a real voice in its own copy
    376 ms early (measured).
    """
    count = min(len(a), len(b))
    quiet_a, quiet_b = (masked(signal, ~loud_steps(step_db(signal))) for signal in (a[:count], b[:count]))
    here = moved(quiet_b, -loud.samples, count)
    energy = float(np.sqrt((quiet_a * quiet_a).sum() * (here * here).sum()))
    likeness = 0.0 if energy <= 0 else abs(float((quiet_a * here).sum())) / energy
    found = find_lag(quiet_a, quiet_b)
    return found if abs(found.likeness) > max(SURE_PEAK, likeness + _CLEARLY_MORE) else loud


def _sides_turned(before: Samples, after: Samples, lag: Lag) -> bool:
    """Whether the difference of the channels has turned its sign."""
    a, b = side(before), side(after)
    length = max(len(a), len(b))
    a, b = moved(a, 0, length), moved(b, -lag.samples, length)
    energy = float(np.sqrt((a * a).sum() * (b * b).sum()))
    whole = float((mid(before) ** 2).sum())
    return energy > whole * 1e-6 and float((a * b).sum()) / energy < -0.5


def _balance_turned(was: tuple[Mono, Mono], now: tuple[Mono, Mono]) -> bool:
    """Whether what was louder on the left is louder on the right by as much."""
    count = min(len(was[0]), len(now[0]))
    heard = both_db(was)[:count] > SILENT_DB
    if not heard.any():
        return False
    leans = [float(np.median((levels[0][:count] - levels[1][:count])[heard])) for levels in (was, now)]
    return abs(leans[0]) > 1 and abs(leans[0] + leans[1]) < LEVEL_DB


def _levels(levels_a: Mono, levels_b: Mono) -> list[Heard]:
    """Louder or quieter: as a whole, or only what is loud or quiet."""
    loud = loud_steps(levels_a)
    loud_db, quiet_db = (median_change(levels_a, levels_b, steps) for steps in (loud, _pauses(levels_a, loud)))
    known = [change for change in (loud_db, quiet_db) if change is not None]
    if not known or max(abs(change) for change in known) <= LEVEL_DB:
        return []
    if loud_db is None or quiet_db is None or abs(loud_db - quiet_db) < 0.4:
        return [Heard(_louder(known[0]))]
    found = []
    if abs(loud_db) > LEVEL_DB:
        found.append(Heard(f"what is loud (the voice) is {_louder(loud_db)}", "loud"))
    if abs(quiet_db) > LEVEL_DB:
        found.append(Heard(f"what is quiet (the background) is {_louder(quiet_db)}", "quiet"))
    return found


def _pauses(levels: Mono, loud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The lower half of what is quiet: there the background is alone."""
    quiet = ~loud & (levels > SILENT_DB)
    if not quiet.any():
        return quiet
    lowest: NDArray[np.bool_] = quiet & (levels <= np.median(levels[quiet]))
    return lowest


def _louder(change_db: float) -> str:
    return f"{abs(change_db):.1f} dB {'louder' if change_db > 0 else 'quieter'}"


def _balance(was: tuple[Mono, Mono], now: tuple[Mono, Mono]) -> Iterator[Heard]:
    """One channel other than the other."""
    changes = []
    for name, levels_a, levels_b in zip(("left", "right"), was, now, strict=True):
        if (levels_a > SILENT_DB).any() and not (levels_b > SILENT_DB).any():
            yield Heard(f"the {name} channel is silent")
            return
        change = median_change(levels_a, levels_b, np.ones(len(levels_a), bool))
        changes.append(0.0 if change is None else change)
    if abs(changes[0] - changes[1]) > LEVEL_DB:
        yield Heard(f"out of balance: left {changes[0]:+.1f} dB, right {changes[1]:+.1f} dB")


def _stretches(a: Mono, b: Mono, first: int) -> Iterator[Heard]:
    """Where the level is quite another for a while, from step `first` on."""
    count = min(len(a), len(b))
    apart = b[:count] - a[:count]
    heard = np.maximum(a[:count], b[:count]) > SILENT_DB + 10
    for run in list(runs(np.nonzero(heard & (np.abs(apart) > _STRETCH_DB))[0].tolist(), bridge=2))[:8]:
        if len(run) >= _STRETCH_STEPS and run.start >= first:
            change = float(np.median(apart[run.start : run.end]))
            if abs(change) < _STRETCH_DB / 2:  # louder in places, quieter in others: other words, not another level
                continue
            gone = bool((b[run.start : run.end] < SILENT_DB).all())
            yield Heard("silent here" if gone else f"{_louder(change)} here", steps=run)
