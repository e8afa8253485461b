"""What the production job's sound can do with one timeline, and what it can't (X2-X4).

A timeline does not say how a source is encoded. Where nobody probed it (`JobOptions.codecs`), its file name decides.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from backends.mediaconvert.conformance import PROGRAMME, approximated, exact, refused
from backends.mediaconvert.sound import HIGHEST_DB, MUTE_DB
from renderer.timebase import SAMPLE_RATE, frames_covering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.base import Conformance
    from backends.mediaconvert.job import JobOptions
    from renderer.timeline.model import AudioSource, SoundTrack, Timeline

_CODECS = {
    ".mp3": "MP3",
    ".wav": "PCM",
    ".flac": "FLAC",
    ".m4a": "AAC",
    ".mp4": "AAC",
    ".ogg": "Vorbis",
    ".opus": "Opus",
    ".webm": "Opus",
}
_OTHERWISE = "use --strategy mezzanine, overlays or stills, which mix here"


def tracks_of(timeline: Timeline) -> tuple[SoundTrack | None, SoundTrack | None]:
    """Narration and music."""
    roles = {track.role: track for track in timeline.sound.tracks}
    return roles.get("narration"), roles.get("music")


def music_offset_ms(music: SoundTrack) -> int:
    """Where the music starts, in whole milliseconds."""
    return round(Fraction(music.start * 1000, SAMPLE_RATE))


def sound_conformance(timeline: Timeline, options: JobOptions) -> Iterator[Conformance]:
    """Length, codecs, and every feature of the tracks."""
    narration, music = tracks_of(timeline)
    if narration is None:
        yield refused("narration", PROGRAMME, f"the job's input is the narration, and there is none: {_OTHERWISE}")
        return
    yield from _length(timeline, narration)
    if timeline.sound.target_lufs is not None:
        yield refused("loudness", PROGRAMME, f"the production job changes no loudness: {_OTHERWISE}")
    for track in timeline.sound.tracks:
        yield from _track(track)
    if music is None:
        yield from _unmixed(narration)
    else:
        yield from _music(timeline, music)
        yield from _codecs(narration.source, music.source, options)


def _length(timeline: Timeline, narration: SoundTrack) -> Iterator[Conformance]:
    """The service's picture lasts as long as the input's sound (X2)."""
    source = narration.source
    voice = frames_covering(source.samples, source.sample_rate, timeline.rate)
    if narration.start or voice != timeline.frame_count:
        why = (
            f"the service's picture lasts as long as the narration, {float(voice / timeline.rate):.3f} s, the programme"
            f" {float(timeline.duration_s):.3f} s, the voice starting at {narration.start / SAMPLE_RATE:.3f} s"
        )
        yield refused("length", PROGRAMME, f"{why}: use `length: narration`, or --strategy mezzanine")
    elif Fraction(source.samples, source.sample_rate) != timeline.duration_s:
        how = "the narration ends inside the last frame: the service may leave that frame out"
        yield approximated("length", PROGRAMME, how)


def _track(track: SoundTrack) -> Iterator[Conformance]:
    """What the remix matrix can say about one source, and what it has no words for."""
    found = {
        "fades": track.fade_in or track.fade_out,
        "loop": track.loop is not None,
        "ducking": bool(track.envelope),
        "channels": track.source.channels > 2,
        "gain": not MUTE_DB <= track.gain_db <= HIGHEST_DB,
    }
    impossible = [name for name, present in found.items() if present]
    for name in impossible:
        yield refused(name, track.role, f"the production job has nothing for it: {_OTHERWISE}")
    if not impossible:
        yield exact("sound", track.role, f"{float(track.gain_db):g} dB in the remix matrix")


def _unmixed(narration: SoundTrack) -> Iterator[Conformance]:
    """Without music there is no matrix (A5), so the narration comes out as it is."""
    if narration.gain_db:
        yield refused("gain", "narration", f"without music the production job has no remix: {_OTHERWISE}")


def _music(timeline: Timeline, music: SoundTrack) -> Iterator[Conformance]:
    exact_ms = Fraction(music.start * 1000, SAMPLE_RATE)
    if exact_ms.denominator != 1:
        off_ms = float(abs(exact_ms - music_offset_ms(music)))
        yield approximated("start", "music", f"Offset in whole milliseconds, {off_ms:.2f} ms off")
    lasts = Fraction(music.source.samples, music.source.sample_rate) + Fraction(music.start, SAMPLE_RATE)
    if lasts > timeline.duration_s:
        how = "the file is longer than the programme: that the narration sets the end, as in production, is unverified"
        yield approximated("length", "music", how)


def _codecs(narration: AudioSource, music: AudioSource, options: JobOptions) -> Iterator[Conformance]:
    """A group of two codecs fails with error 1040 (X4)."""
    sources = (narration, music)
    codecs = [options.codecs.get(source.sha256) or _by_name(source) for source in sources]
    if codecs[0] != codecs[1]:
        pair = " and ".join(f"{source.path} is {codec}" for source, codec in zip(sources, codecs, strict=True))
        yield refused("codec", PROGRAMME, f"a selector group needs one codec (error 1040), {pair}: {_OTHERWISE}")
    elif any(source.sha256 not in options.codecs for source in sources):
        yield approximated("codec", PROGRAMME, f"both {codecs[0]} by their file names, not by their content")
    else:
        yield exact("codec", PROGRAMME, f"both {codecs[0]}")


def _by_name(source: AudioSource) -> str:
    suffix = PurePosixPath(source.path).suffix.lower()
    return _CODECS.get(suffix, f"unknown ({suffix or 'no ending'})")
