"""The oracle for sound: the same `Sound` mixed by pydub. Slow, whole files in memory, nothing shared with the mixer.

Works on 32-bit integers, fades in steps of 1 ms and envelopes in steps of 10 ms: equal to the mixer within those steps.
FFmpeg decodes with its default resampler; pydub itself starts no child.
"""

from __future__ import annotations

import os
import warnings
from typing import TYPE_CHECKING, cast

import numpy as np

from renderer.errors import MediaError, Unsupported, UnsupportedError
from renderer.ffmpeg_process import PROTOCOLS, Limits, compile_argv, descriptor_url, find_ffmpeg, run_process
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from pydub import AudioSegment

    from renderer.ffmpeg_process import ArgumentGraph
    from renderer.timeline.model import EnvelopePoint, Sound, SoundTrack

_SAMPLE_WIDTH = 4
_FRAME_WIDTH = 2 * _SAMPLE_WIDTH
_ENVELOPE_STEP = SAMPLE_RATE // 100
_SAMPLES_PER_MS = SAMPLE_RATE // 1000
_FORMATS = "wav,mp3,flac,mov,ogg,matroska"
_LIMITS = Limits(cpu_s=600, address_space_bytes=4 << 30, open_files=64, wall_s=600)


def mix_with_pydub(sound: Sound, media: Mapping[str, Path]) -> NDArray[np.int16]:
    """The programme mix `(sample_count, 2)`; `media` names the original file of each source by its sha256.

    Raises: UnsupportedError for more than two channels, and for fades and seams that are no whole milliseconds;
    MediaError where a file can't be opened.
    """
    total = _silence(sound.sample_count)
    for index, track in enumerate(sound.tracks):
        _check(track, index)
        total = total.overlay(_placed(track, media[track.source.sha256], sound.sample_count))
    samples = np.frombuffer(total.raw_data, dtype="<i4").reshape(-1, 2)
    return np.clip(np.rint(samples / 65536.0), -32768, 32767).astype(np.int16)


def _check(track: SoundTrack, index: int) -> None:
    problems = []
    if track.source.channels > 2:
        problems.append(("more than two channels", "compare a mono or stereo source"))
    lengths = (track.fade_in, track.fade_out, track.loop.crossfade if track.loop else 0)
    if any(length % _SAMPLES_PER_MS for length in lengths):
        problems.append(("a fade or seam between milliseconds", "use whole milliseconds"))
    if problems:
        features = [Unsupported(what, f"$.sound.tracks[{index}]", instead) for what, instead in problems]
        raise UnsupportedError("reference", features)


def _segment(data: bytes, *, channels: int = 2) -> AudioSegment:
    with warnings.catch_warnings():
        # pydub 0.25 imports audioop (deprecated from Python 3.11 to 3.12) and looks for a system FFmpeg it won't need.
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
    AudioSegment.converter = str(find_ffmpeg().path)
    return AudioSegment(data=data, sample_width=_SAMPLE_WIDTH, frame_rate=SAMPLE_RATE, channels=channels)


def _silence(samples: int) -> AudioSegment:
    return _segment(bytes(samples * _FRAME_WIDTH))


def _decoded(path: Path, channels: int) -> AudioSegment:
    """A whole file as stereo at 48 kHz; mono is given to both sides."""
    import ffmpeg

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise MediaError(path.name, f"can't be opened: {error.strerror}") from error
    try:
        url = descriptor_url(descriptor)
        source = ffmpeg.input(url, protocol_whitelist=PROTOCOLS, format_whitelist=_FORMATS)
        graph = ffmpeg.output(source["a:0"], "pipe:1", f="s32le", ar=SAMPLE_RATE, ac=min(channels, 2))
        argv = compile_argv(cast("ArgumentGraph", graph))
        data = run_process(argv, limits=_LIMITS, pass_fds=[descriptor]).stdout
    finally:
        os.close(descriptor)
    return _segment(data, channels=min(channels, 2)).set_channels(2)


def _placed(track: SoundTrack, path: Path, sample_count: int) -> AudioSegment:
    """A track as long as the programme: silence, the sound with all its gains, silence."""
    length = track.end - track.start
    heard = _with_length(_looped(_decoded(path, track.source.channels), track, length), length)
    heard = _enveloped(heard.apply_gain(float(track.gain_db)), track)
    if track.fade_in:
        heard = heard.fade(from_gain=-120, start=0, duration=track.fade_in // _SAMPLES_PER_MS)
    if track.fade_out:
        heard = heard.fade(to_gain=-120, end=float("inf"), duration=track.fade_out // _SAMPLES_PER_MS)
    before, after = bytes(track.start * _FRAME_WIDTH), bytes(max(0, sample_count - track.end) * _FRAME_WIDTH)
    return _segment((before + heard.raw_data + after)[: sample_count * _FRAME_WIDTH])


def _looped(segment: AudioSegment, track: SoundTrack, length: int) -> AudioSegment:
    if track.loop is None:
        return segment
    seam_ms = track.loop.crossfade // _SAMPLES_PER_MS
    repeated = segment
    while repeated.frame_count() < length:
        repeated = repeated.append(segment, crossfade=seam_ms)
    return repeated


def _with_length(segment: AudioSegment, length: int) -> AudioSegment:
    data = segment.raw_data[: length * _FRAME_WIDTH]
    return _segment(data + bytes(length * _FRAME_WIDTH - len(data)))


def _enveloped(segment: AudioSegment, track: SoundTrack) -> AudioSegment:
    if not track.envelope:
        return segment
    step = _ENVELOPE_STEP * _FRAME_WIDTH
    data = segment.raw_data
    pieces = []
    for index, at in enumerate(range(0, len(data), step)):
        middle = track.start + index * _ENVELOPE_STEP + _ENVELOPE_STEP // 2
        pieces.append(_segment(data[at : at + step]).apply_gain(_gain_at(track.envelope, middle)).raw_data)
    return _segment(b"".join(pieces))


def _gain_at(points: tuple[EnvelopePoint, ...], sample: int) -> float:
    return float(np.interp(sample, [point.sample for point in points], [float(point.gain_db) for point in points]))
