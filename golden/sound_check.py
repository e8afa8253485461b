"""The sound layer of a check: is the programme mix the recorded one, and if not, what about it is other.

The mix's ingredients first, then its samples' hash, then what can be heard: levels against the recorded ones; lags,
channels and tracks against the golden's reference sound.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from golden import versions
from golden.model import Difference, Levels, Row
from golden.names import samples_to_frames, track_name
from golden.record import programme
from golden.sound_diff import late_words, sound_differences
from golden.sound_features import STEP, FeatureMeter, SoundFeatures
from golden.sound_signal import RATE, find_lag, mid, moved
from golden.sound_words import LAG_S, LEVEL_DB, Heard, hear
from golden.timeline_diff import CONTENT
from golden.video import decoded_sound, open_video
from renderer.errors import MediaError
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from pathlib import Path

    from golden.sound_signal import Mono, Samples
    from golden.store import Golden
    from renderer.story import Story, Workspace
    from renderer.timeline.model import SoundTrack, Timeline

_AUDIBLE_DB = -60.0


@dataclass(frozen=True, slots=True)
class SoundResult:
    """What was found; `mixed` says whether the programme had to be mixed."""

    differences: tuple[Difference, ...] = ()
    levels: Levels | None = None
    rows: tuple[Row, ...] = ()
    mixed: bool = False
    exact: bool = True


def check_sound(golden: Golden, proxy: Path, story: Story, workspace: Workspace) -> SoundResult:
    """Raises: MediaError; GoldenError for a damaged `sound.json`."""
    recorded = SoundFeatures.from_json(golden.sound)
    claims = sound_differences(golden.timeline, story.timeline)
    if golden.sound.get("mix") == versions.mix_key(story.timeline):
        return SoundResult(tuple(claims), rows=_rows(recorded, recorded))
    samples, features = _mixed(story, workspace)
    if features.sha256 == recorded.sha256:
        silent = [_mentioned(claim) for claim in claims]
        return SoundResult(tuple(silent), rows=_rows(recorded, features), mixed=True)
    with open_video(proxy) as video:
        blocks = list(decoded_sound(video))
    before = np.concatenate(blocks) if blocks else np.zeros((0, 2), np.float32)
    before = before[: recorded.sample_count]
    heard = hear(before, samples, (np.array(recorded.left), np.array(recorded.right)))
    if golden.timeline.frame_count != story.timeline.frame_count:  # the timelines say so already
        heard = [item for item in heard if not item.what.startswith("lasts ")]
    if claims:
        found = [_explained(claim, heard) for claim in claims]
    else:
        found = _unclaimed(golden.timeline, workspace, before, heard, _level_steps(recorded, features))
    return SoundResult(tuple(found), _levels(recorded, features), _rows(recorded, features), mixed=True, exact=False)


def _mixed(story: Story, workspace: Workspace) -> tuple[Samples, SoundFeatures]:
    meter, blocks = FeatureMeter(), [np.zeros((0, 2), np.int16)]
    for block in programme(story.timeline, workspace).blocks():
        meter.add(block)
        blocks.append(block.copy())
    return (np.concatenate(blocks) / np.float32(32_768)).astype(np.float32), meter.result()


def _mentioned(claim: Difference) -> Difference:
    return dataclasses.replace(claim, what=f"{claim.what}; no sample is other for it", fails=False)


def _explained(claim: Difference, heard: list[Heard]) -> Difference:
    """A claim about a file's content with what is heard of it."""
    if CONTENT not in claim.what and not claim.what.startswith("plays "):
        return claim
    part = "quiet" if claim.track == "music" else "loud"
    own = [item for item in heard if item.part in {"mix", part}] or heard
    words = "; ".join(_bare(item.what) for item in own)
    return dataclasses.replace(claim, what=f"{claim.what}: {words}") if words else claim


def _bare(what: str) -> str:
    """Without the part, where the track is named anyway."""
    for head in ("what is loud (the voice) is ", "what is quiet (the background) is "):
        what = what.removeprefix(head)
    return what


def _unclaimed(
    old: Timeline, workspace: Workspace, before: Samples, heard: list[Heard], apart: dict[int, float]
) -> list[Difference]:
    """The timeline is the same, the samples are not: told by tracks where they account for it."""
    whole = FrameRange(0, old.frame_count)
    if not heard and not apart and not old.sound.tracks:
        return []  # silence of another length
    if not heard and not apart:
        what = "samples are other by rounding: nothing that can be heard or measured in levels"
        return [Difference(what, "programme", "sound", whole, track="mix", fails=False)]
    channels = any("left" in item.what or "right" in item.what or "polarity" in item.what for item in heard)
    tracks = [] if channels else _by_tracks(old, workspace, before)
    if tracks:
        return tracks
    found = [Difference(item.what, "programme", "sound", _frames(item, old) or whole, track="mix") for item in heard]
    if not found:
        most = max(abs(change) for change in apart.values())
        frames = samples_to_frames(min(apart) * STEP, (max(apart) + 1) * STEP, old.rate, old.frame_count)
        found.append(Difference(f"levels other by up to {most:.1f} dB", "programme", "sound", frames, track="mix"))
    return found


def _frames(item: Heard, old: Timeline) -> FrameRange | None:
    if item.steps is None:
        return None
    return samples_to_frames(item.steps.start * STEP, item.steps.end * STEP, old.rate, old.frame_count)


def _level_steps(recorded: SoundFeatures, features: SoundFeatures) -> dict[int, float]:
    """Steps whose level is off by more than the tolerance on either channel, and by how much."""
    found: dict[int, float] = {}
    for was, now in ((recorded.left, features.left), (recorded.right, features.right)):
        for step, (a, b) in enumerate(zip(was, now, strict=False)):
            if max(a, b) > _AUDIBLE_DB and abs(b - a) > LEVEL_DB:
                found[step] = b - a
    return found


def _by_tracks(old: Timeline, workspace: Workspace, before: Samples) -> list[Difference]:
    """Which track is late or at another gain: each is mixed alone, and looked for in the recorded sound and in today's.

    Today's code mixes both, so what it does wrong to a track shows as that track's gain in the *recorded* sound.
    """
    tracks = old.sound.tracks
    if old.sound.target_lufs is not None or not tracks:
        return []
    rest = mid(before)
    found: list[Difference] = []
    for track in sorted(tracks, key=lambda track: -track.gain_db):
        stem = _stem(track, old, workspace, len(rest))
        if stem is None:
            return []
        lag = find_lag(stem, rest)
        placed = moved(stem, lag.samples, len(rest))
        energy = float((placed * placed).sum())
        if energy <= 0:
            continue
        gain = float((placed * rest).sum()) / energy
        rest = rest - gain * placed
        found += _track_words(track, -lag.seconds, -20 * float(np.log10(max(gain, 1e-3))), old)
    return found


def _track_words(track: SoundTrack, late_s: float, gain_db: float, old: Timeline) -> list[Difference]:
    frames = samples_to_frames(track.start, track.end, old.rate, old.frame_count)
    words = []
    if abs(late_s) > LAG_S:
        words.append(late_words(late_s))
    if abs(gain_db) > LEVEL_DB:
        words.append(f"{abs(gain_db):.1f} dB {'louder' if gain_db > 0 else 'quieter'}")
    return [Difference(what, track_name(track), "sound", frames, track=track.role) for what in words]


def _stem(track: SoundTrack, old: Timeline, workspace: Workspace, length: int) -> Mono | None:
    """One track of the recorded timeline alone, by today's code."""
    alone = dataclasses.replace(old, sound=dataclasses.replace(old.sound, tracks=(track,)))
    try:
        blocks = [block.copy() for block in programme(alone, workspace).blocks()]
    except MediaError:
        return None
    mono = mid((np.concatenate(blocks) / np.float32(32_768)).astype(np.float32))
    return moved(mono, 0, length)


def _levels(recorded: SoundFeatures, features: SoundFeatures) -> Levels:
    was = tuple(max(pair) for pair in zip(recorded.left, recorded.right, strict=True))
    now = tuple(max(pair) for pair in zip(features.left, features.right, strict=True))
    apart = _level_steps(recorded, features)
    steps = range(max(len(was), len(now)))
    return Levels(was, now, tuple(step in apart for step in steps), "the louder channel, before the encoder")


def _rows(recorded: SoundFeatures, features: SoundFeatures) -> tuple[Row, ...]:
    lufs = [(recorded.integrated_lufs, features.integrated_lufs, "LUFS", "integrated loudness")]
    lufs += [(recorded.range_lu, features.range_lu, "LU", "loudness range")]
    lufs += [(recorded.true_peak_dbtp, features.true_peak_dbtp, "dBTP", "true peak")]
    rows = [
        Row(name, _figure(a, unit), _figure(b, unit), "same" if _close(a, b) else "other") for a, b, unit, name in lufs
    ]
    was, now = (f"{count / RATE:.3f} s" for count in (recorded.sample_count, features.sample_count))
    rows.append(Row("length", was, now, "same" if was == now else "other"))
    same = recorded.sha256 == features.sha256
    rows.append(Row("samples", recorded.sha256[:12], features.sha256[:12], "same" if same else "noted"))
    return tuple(rows)


def _figure(value: float | None, unit: str) -> str:
    return "silence" if value is None else f"{value:.1f} {unit}"


def _close(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is b
    return abs(a - b) <= LEVEL_DB
