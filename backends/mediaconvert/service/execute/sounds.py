"""Sound parts → one file of float samples for each track: decoded, shifted, remixed, exactly as long as the picture."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.faults import READ_FAILURE, JobFailure
from renderer.errors import ToolError
from renderer.ffmpeg_process import PROTOCOLS, ArgumentGraph, Child, Limits, compile_argv, descriptor_url
from renderer.picture.clip_argv import CONTAINERS, FILE_CODECS
from renderer.sound.decode import RESAMPLER
from renderer.timebase import SAMPLE_RATE

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.service.execute.media import JobMedia
    from backends.mediaconvert.service.translate.plan import Loudness, SoundPart, SoundPlan, SourceTracks
    from renderer.ffmpeg_process import CancelToken

Matrix = tuple[tuple[float, ...], ...]
_LIMITS = Limits(cpu_s=3_600, address_space_bytes=8 << 30, open_files=256, wall_s=7_200)
_INTEGRATED = re.compile(r"^\s+I:\s+(-?[\d.]+) LUFS", re.MULTILINE)
_PEAK = re.compile(r"^\s+Peak:\s+(-?[\d.]+|-inf) dBFS", re.MULTILINE)
_SILENT_LUFS = -70.0


class SoundMaker:
    """Makes the tracks of one job; equal ones once."""

    def __init__(self, media: JobMedia, scratch: Path, cancel: CancelToken) -> None:
        self._media, self._scratch, self._cancel = media, scratch, cancel
        self._made: dict[tuple[tuple[SoundPart, ...], Matrix], Path] = {}

    def track(self, plan: SoundPlan) -> Path:
        """Float samples at 48 kHz, `len(plan.matrix)` channels interleaved. Raises: JobFailure, Cancelled."""
        key = plan.parts, plan.matrix
        known = self._made.get(key)
        if known is None:
            known = self._made[key] = self._scratch / f"sound-{len(self._made)}.f32"
            with known.open("wb") as stream:
                for part in plan.parts:
                    self._cancel.raise_if_set()
                    self._write(part, plan.matrix, stream.fileno())
        return known

    def _write(self, part: SoundPart, matrix: Matrix, target: int) -> None:
        """Append one part. What FFmpeg leaves out at the end is silence."""
        start = os.lseek(target, 0, os.SEEK_END)
        if part.sources and part.samples:
            argv = self._argv(part, matrix)
            descriptors = [self._media.opened(source.url).descriptor for source in part.sources]
            try:
                with Child(argv, stdout=target, pass_fds=descriptors, limits=_LIMITS) as child:
                    child.finish()
            except ToolError as error:
                said = error.stderr_tail.strip().splitlines()
                names = ", ".join(source.url for source in part.sources)
                reason = said[-1] if said else error.message
                raise JobFailure(READ_FAILURE, f"Failed to decode the sound of [{names}]: [{reason}]") from error
        os.ftruncate(target, start + part.samples * 4 * len(matrix))

    def _argv(self, part: SoundPart, matrix: Matrix) -> list[str]:
        import ffmpeg

        streams = [self._source(source, part.samples, place) for place, source in enumerate(part.sources)]
        joined = streams[0] if len(streams) == 1 else ffmpeg.filter(streams, "amerge", inputs=len(streams))
        rows = tuple(row[: part.channels] for row in matrix)
        mixed = joined.filter("pan", args=pan_text(rows))
        mixed = mixed.filter("atrim", end_sample=part.samples)
        return compile_argv(cast("ArgumentGraph", mixed.output("pipe:1", format="f32le", ar=SAMPLE_RATE)))

    def _source(self, source: SourceTracks, samples: int, place: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
        """One source's tracks side by side, from where it begins, padded to `samples`."""
        import ffmpeg

        found = self._media.opened(source.url)
        facts = self._media.container(source.url)
        opened = ffmpeg.input(
            descriptor_url(found.descriptor),
            f=facts.container,
            protocol_whitelist=PROTOCOLS,
            format_whitelist=CONTAINERS,
            codec_whitelist=FILE_CODECS,
            thread_queue_size=8 + place,  # equal inputs would be one node of the graph, which can be used only once
        )
        tracks = []
        for track in source.tracks:
            channels = facts.audios[track].channels
            heard = opened[f"a:{track}"].filter("aresample", SAMPLE_RATE, **_resampling())
            heard = heard.filter("pan", args=pan_text(_identity(channels)))
            tracks.append(heard)
        stream = tracks[0] if len(tracks) == 1 else ffmpeg.filter(tracks, "amerge", inputs=len(tracks))
        begin = round(source.begins_s * SAMPLE_RATE)
        if begin > 0:
            stream = stream.filter("atrim", start_sample=begin).filter("asetpts", "N/SR/TB")
        elif begin < 0:
            stream = stream.filter("adelay", f"{-begin}S", all=1)
        if source.matrix is not None:
            stream = stream.filter("pan", args=pan_text(source.matrix))
        return stream.filter("apad", whole_len=samples)


def _resampling() -> dict[str, str | int]:
    """The renderer's own resampler; gaps in the file are silence, and sample 0 is the file's start."""
    _, *options = RESAMPLER.partition("=")[2].split(":")
    pairs = (option.partition("=") for option in options)
    found: dict[str, str | int] = {name: value for name, _, value in pairs}
    return found | {"async": 1, "first_pts": 0}


def _identity(channels: int) -> Matrix:
    return tuple(tuple(float(i == o) for i in range(channels)) for o in range(channels))


def pan_text(matrix: Matrix, layout: str | None = None) -> str:
    """FFmpeg's `pan` for a matrix of factors; numbers only. Channels stay unnamed where no layout is given."""
    rows = []
    for out, row in enumerate(matrix):
        terms = "+".join(f"{factor:.9f}*c{channel}" for channel, factor in enumerate(row) if factor) or "0*c0"
        rows.append(f"c{out}={terms}")
    return "|".join([layout or f"{len(matrix)}C", *rows])


def measured_loudness(track: Path, channels: int) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP of a track. Raises: ToolError."""
    import ffmpeg

    opened = ffmpeg.input(f"file:{track}", f="f32le", ar=SAMPLE_RATE, ac=channels)
    graph = opened.filter("ebur128", peak="true", framelog="quiet").output("pipe:1", format="null")
    argv = compile_argv(cast("ArgumentGraph", graph))
    argv[argv.index("-loglevel") + 1] = "info"
    with Child(argv, limits=_LIMITS) as child:
        said = child.finish().stderr_tail
    integrated, peak = _INTEGRATED.findall(said), _PEAK.findall(said)
    return float(integrated[-1]) if integrated else _SILENT_LUFS, float(peak[-1]) if peak else _SILENT_LUFS


def correction(track: Path, channels: int, loudness: Loudness) -> tuple[float, float | None]:
    """The gain in dB that reaches the target, and the limit in dB where peaks would then exceed it."""
    integrated, peak = measured_loudness(track, channels)
    gain = 0.0 if loudness.target is None or integrated <= _SILENT_LUFS else loudness.target - integrated
    limited = loudness.peak_db is not None and peak + gain > loudness.peak_db
    return gain, loudness.peak_db if limited else None
