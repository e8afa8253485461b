"""A sound file → float32 PCM at 48 kHz on disk, and the exact facts that only a full decode gives.

One limited FFmpeg child reads the file through an inherited descriptor and writes two things at once: the PCM,
resampled in double precision and folded to at most two channels, and a listing of every decoded sample at the source's
own rate, whose sum is the file's true length. Headers are never believed about lengths. Encoder delay and padding are
taken off by the demuxers (LAME tag, edit list, Opus pre-skip), so sample 0 is the first sample that was recorded.

More than two channels are folded by ITU-R BS.775 (centre and surrounds −3 dB, LFE left out) and *not* scaled down: a
voice in the centre keeps its level. Float PCM holds what exceeds full scale; the mix's limiter takes it back, and says
so.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Literal, cast

from renderer.errors import MediaError, ToolError
from renderer.ffmpeg_process import PROTOCOLS, Child, FFmpeg, Limits, compile_argv, descriptor_url, find_ffmpeg
from renderer.sound.decode_faults import explain_failure, faults_said, is_local
from renderer.sound.decode_listing import Listing, ListingReader
from renderer.sound.header import Header, length_warnings, read_header, stream_warnings, without_padding
from renderer.timebase import SAMPLE_RATE, samples_at_48k

if TYPE_CHECKING:
    from pathlib import Path

    from renderer.ffmpeg_process import ArgumentGraph

AudioFormat = Literal["wav", "mp3", "flac", "mp4", "ogg", "webm"]

MAX_SECONDS = 2 * 3600
MAX_BYTES = 500_000_000
"""One audio file's limits (SAFETY 3.1)."""
MAX_DELAY_SECONDS = 60
"""Silence that an MP4 edit list may put first: FFmpeg holds it in memory, for every channel."""

CODECS = (
    "pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,"
    "pcm_alaw,pcm_mulaw,adpcm_ms,adpcm_ima_wav,mp3,mp3float,mp2,mp2float,aac,alac,flac,vorbis,libvorbis,opus,libopus"
)
"""Decoders that may run: what the accepted formats hold in practice, none of the hundreds of old game codecs."""

RESAMPLER = (
    "aresample=48000:internal_sample_fmt=dblp:filter_size=64:exact_rational=1:cutoff=0.95"
    ":filter_type=kaiser:kaiser_beta=10"
)
"""Measured from 8 to 192 kHz: pulses move by less than 1e-4 samples, tones at 0.4 of the lower rate keep 0.0001 dB and
122 dB above everything else (FFmpeg's default: 103 dB). Double precision keeps CPUs and versions together."""

_FOLD = "aformat=sample_fmts=flt:channel_layouts=mono|stereo"
_COUNT = "asetnsamples=n=65536:p=0,aformat=sample_fmts=u8"
_DEMUXERS = {"wav": "wav", "mp3": "mp3", "flac": "flac", "mp4": "mov", "ogg": "ogg", "webm": "matroska"}
_ACCEPTED = ",".join(_DEMUXERS.values())
_RESAMPLER_LOSES = 64
"""Of the first few samples of a sound that ends with them, the resampler returns none."""
_BYTES_PER_SECOND = SAMPLE_RATE * 2 * 4


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What decoding the whole file found. The PCM holds `samples_48k` samples of `pcm_channels` channels, interleaved.

    `samples` counts per channel at the source's own `sample_rate`. `warnings` are sentences for the author: damage met,
    a length that is not what the header promised.
    """

    sample_rate: int
    channels: int
    samples: int
    codec: str
    samples_48k: int
    duration_s: Fraction
    peak: float = 0.0
    """The highest absolute sample of the PCM; 1.0 is full scale."""
    warnings: tuple[str, ...] = ()

    @property
    def pcm_channels(self) -> int:
        return 1 if self.channels == 1 else 2


def decode_audio(
    descriptor: int,
    *,
    name: str,
    format_name: str,
    pcm_path: Path,
    ffmpeg: FFmpeg | None = None,
    max_seconds: int = MAX_SECONDS,
    max_bytes: int = MAX_BYTES,
) -> AudioFacts:
    """Decode the file open at `descriptor` into `pcm_path` (float32 little endian, 48 kHz, mono or stereo).

    `name` is how the author wrote the file; `format_name` is what its first bytes say (`AudioFormat`), never its
    extension. On any error `pcm_path` is gone.

    Raises: MediaError where the file is empty, too large, too long, no sound, or can't be decoded; ToolError where
    FFmpeg or the disk failed.
    """
    if format_name not in _DEMUXERS:
        raise MediaError(name, f"expected one of {', '.join(_DEMUXERS)}, found {format_name!r}")
    _check_size(descriptor, name, max_bytes)
    header = read_header(descriptor, format_name)
    if header.delay_s > MAX_DELAY_SECONDS:
        found = f"its edit list puts {float(header.delay_s):.0f} s of silence first"
        raise MediaError(name, f"{found}; at most {MAX_DELAY_SECONDS} s are accepted")
    job = _Job(descriptor, name, format_name, pcm_path, ffmpeg or find_ffmpeg(), max_seconds, header)
    try:
        return job.run()
    except BaseException:
        pcm_path.unlink(missing_ok=True)
        raise


def _check_size(descriptor: int, name: str, max_bytes: int) -> None:
    size = os.fstat(descriptor).st_size
    if size == 0:
        raise MediaError(name, "the file is empty")
    if size > max_bytes:
        raise MediaError(name, f"a sound file may have {max_bytes / 1e6:g} MB, found {size / 1e6:.0f} MB")


@dataclass(frozen=True, slots=True)
class _Job:
    descriptor: int
    name: str
    format_name: str
    pcm_path: Path
    ffmpeg: FFmpeg
    max_seconds: int
    header: Header

    def run(self) -> AudioFacts:
        listing, said, failure = self._attempt()
        if relabel := _relabel(listing, said):
            listing, said, failure = self._attempt(relabel)
        if failure is not None:
            raise explain_failure(self.name, self.format_name, failure)
        return self._facts(listing, said)

    def _attempt(self, relabel: str = "") -> tuple[Listing, str, ToolError | None]:
        """Run FFmpeg once; a failure is returned, since what it listed before tells how to go on."""
        reader = ListingReader()
        limits = Limits(
            cpu_s=900,
            address_space_bytes=4 << 30,
            file_size_bytes=(self.max_seconds + 1) * _BYTES_PER_SECOND,
            open_files=64,
            wall_s=1800,
        )
        with Child(self._argv(relabel), pass_fds=[self.descriptor], limits=limits) as child:
            while chunk := child.output.read(65_536):
                reader.feed(chunk)
                if reader.listing.seconds > self.max_seconds:
                    raise MediaError(self.name, f"a sound file may last {self.max_seconds} s; this one is longer")
            try:
                said = child.finish().stderr_tail
            except ToolError as error:
                return reader.listing, error.stderr_tail, error
        return reader.listing, said, None

    def _argv(self, relabel: str = "") -> list[str]:
        import ffmpeg

        source = ffmpeg.input(
            descriptor_url(self.descriptor),
            f=_DEMUXERS[self.format_name],
            protocol_whitelist=PROTOCOLS,
            format_whitelist=_ACCEPTED,
            codec_whitelist=CODECS,
            err_detect="crccheck",
            threads=1,
            **({"ignore_length": 1} if self.header.ignore_length else {}),
            **({"c:a": self.header.codec} if self.header.codec else {}),
        )
        late = _silence_first(self.header)
        pcm = ffmpeg.output(
            source["a:0"], f"file:{self.pcm_path}", f="f32le", **{"filter:a:0": f"{relabel}{late}{RESAMPLER},{_FOLD}"}
        )
        listing = ffmpeg.output(
            source["a:0"],
            source["a:0"],
            "pipe:1",
            f="framecrc",
            **{"filter:a:0": f"{late}{_COUNT}", "c:a:0": "pcm_u8", "c:a:1": "copy"},
        )
        graph = cast("ArgumentGraph", ffmpeg.merge_outputs(pcm, listing))
        return compile_argv(graph, ffmpeg=self.ffmpeg)

    def _facts(self, listing: Listing, said: str) -> AudioFacts:
        from renderer.sound.decode_levels import repair_levels

        if is_local(said):
            raise ToolError("FFmpeg could not write the sound", argv=self._argv(), returncode=0, stderr_tail=said)
        if listing.samples == 0:
            faults = faults_said(said)
            raise MediaError(self.name, "holds no sound: 0 samples" + (f"; {faults[0]}" if faults else ""))
        samples, warnings = listing.samples, faults_said(said)
        samples_48k = self.pcm_path.stat().st_size // (4 if listing.channels == 1 else 8)
        if abs(samples_48k - samples_at_48k(samples, listing.sample_rate)) > _RESAMPLER_LOSES:
            # The listing counts in the first rate's samples; the PCM was resampled from each rate as it came.
            warnings += ("changes its sample rate on the way; its length is taken from the resampled sound",)
            samples = samples_48k * listing.sample_rate // SAMPLE_RATE
        delay = round(self.header.delay_s * listing.sample_rate)
        samples = delay + without_padding(self.header, samples - delay, listing.sample_rate)
        found_s = Fraction(samples, listing.sample_rate)
        samples_48k = self._cut_pcm(samples, listing)
        levels = repair_levels(self.pcm_path)
        warnings += stream_warnings(self.header, listing.channels, listing.layout) + levels.warnings()
        return AudioFacts(
            sample_rate=listing.sample_rate,
            channels=listing.channels,
            samples=samples,
            codec=listing.codec,
            samples_48k=samples_48k,
            duration_s=found_s,
            peak=levels.peak,
            warnings=warnings + length_warnings(self.header, self.format_name, found_s - self.header.delay_s),
        )

    def _cut_pcm(self, samples: int, listing: Listing) -> int:
        """Give the PCM the length that belongs to `samples`, and return it."""
        width = 4 if listing.channels == 1 else 8
        wanted = samples_at_48k(samples, listing.sample_rate)
        os.truncate(self.pcm_path, wanted * width)
        return wanted


def _silence_first(header: Header) -> str:
    """A filter that starts with the silence an MP4 edit list asks for: as raw samples, FFmpeg leaves it out."""
    return f"adelay=delays={float(header.delay_s * 1000):.6f}:all=1," if header.delay_s else ""


def _relabel(listing: Listing, said: str) -> str | None:
    """A filter that calls one or two oddly labelled channels mono or stereo, or None where they are not odd.

    A single channel labelled 'front left' would be heard on the left only; an odd pair is refused by the resampler.
    """
    if listing.channels == 1 and listing.layout != "mono":
        return "channelmap=map=0:channel_layout=mono,"
    odd_pair = listing.channels == 2 and listing.layout != "stereo"
    return "channelmap=map=0|1:channel_layout=stereo," if odd_pair or "layout '2 channels" in said else None
