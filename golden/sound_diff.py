"""Two timelines → what is other in the sound, track by track, in an author's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from golden.model import Difference
from golden.names import frames_of_track, samples_to_frames, track_name
from golden.timeline_diff import CONTENT
from renderer.timebase import SAMPLE_RATE, FrameRange

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from renderer.timeline.model import AudioSource, EnvelopePoint, SoundTrack, Timeline


def sound_differences(old: Timeline, new: Timeline) -> list[Difference]:
    """Frames are the recorded timeline's."""
    before = {track.role: track for track in old.sound.tracks}
    after = {track.role: track for track in new.sound.tracks}
    found: list[Difference] = []
    for role, track in before.items():
        now = after.get(role)
        frames = frames_of_track(track, old)
        if now is None:
            found.append(Difference("is no longer there", track_name(track), "data", frames, track=role))
        else:
            found += _track(track, now, frames, old)
    for role, track in after.items():
        if role not in before:
            frames = samples_to_frames(track.start, track.end, old.rate, old.frame_count)
            found.append(Difference("is new", track_name(track), "data", frames, track=role))
    if old.sound.target_lufs != new.sound.target_lufs:
        whole = FrameRange(0, old.frame_count)
        what = f"loudness target {_target(new.sound.target_lufs)} instead of {_target(old.sound.target_lufs)}"
        found.append(Difference(what, "programme", "data", whole, track="mix"))
    return found


def _target(value: Fraction | None) -> str:
    return "none" if value is None else f"{float(value):g} LUFS"


def _track(before: SoundTrack, after: SoundTrack, frames: FrameRange, old: Timeline) -> Iterator[Difference]:
    def other(what: str, seen: FrameRange = frames, *, fails: bool = True) -> Difference:
        return Difference(what, track_name(before), "data", seen, track=before.role, fails=fails)

    yield from (other(what, fails=fails) for what, fails in _sources(before.source, after.source))
    if before.gain_db != after.gain_db:
        yield other(f"gain {_db(after.gain_db)} instead of {_db(before.gain_db)}")
    if before.start != after.start:
        yield other(late_words((after.start - before.start) / SAMPLE_RATE))
    lengths = before.end - before.start, after.end - after.start
    if lengths[0] != lengths[1]:
        apart = (lengths[1] - lengths[0]) / SAMPLE_RATE
        yield other(f"lasts {abs(apart):.3f} s {'longer' if apart > 0 else 'shorter'}")
    for name, edge in (("fade_in", "start"), ("fade_out", "end")):
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield other(f"{name} {_seconds(now)} instead of {_seconds(was)}", _faded(before, edge, max(was, now), old))
    if (before.loop is None) != (after.loop is None):
        yield other("loops now" if after.loop is not None else "no longer loops")
    if before.envelope != after.envelope:
        yield other(_envelope(before.envelope, after.envelope), _envelope_frames(before, after, old) or frames)


def _sources(before: AudioSource, after: AudioSource) -> Iterator[tuple[str, bool]]:
    if before.sha256 != after.sha256:
        yield CONTENT if before.path == after.path else f"plays {after.path} instead of {before.path}", True
    elif before.path != after.path:
        yield f"its file is called {after.path} now; the content is the same", False


def _db(gain: Fraction) -> str:
    return f"{float(gain):g} dB"


def _seconds(samples: int) -> str:
    return f"{samples / SAMPLE_RATE:g} s"


def late_words(seconds: float) -> str:
    """`20.0 ms late` or `early`."""
    return f"{abs(seconds) * 1000:.1f} ms {'late' if seconds > 0 else 'early'}"


def _faded(track: SoundTrack, edge: str, samples: int, old: Timeline) -> FrameRange:
    start, end = (track.start, track.start + samples) if edge == "start" else (track.end - samples, track.end)
    return samples_to_frames(max(0, start), end, old.rate, old.frame_count)


def _envelope(before: tuple[EnvelopePoint, ...], after: tuple[EnvelopePoint, ...]) -> str:
    if not before or not after:
        return "is ducked under the voice now" if after else "is no longer ducked under the voice"
    depths = [min(point.gain_db for point in points) for points in (before, after)]
    if depths[0] != depths[1]:
        return f"ducked to {_db(depths[1])} instead of {_db(depths[0])}"
    return "ducked at other times"


def _envelope_frames(before: SoundTrack, after: SoundTrack, old: Timeline) -> FrameRange | None:
    """From the first to the last point that is not in both envelopes."""
    points = set(before.envelope) ^ set(after.envelope)
    if not points:
        return None
    samples = [point.sample for point in points]
    return samples_to_frames(min(samples), max(samples) + 1, old.rate, old.frame_count)
