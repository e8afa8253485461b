"""The reference backend: MoviePy's picture and pydub's sound in one MP4. The oracle that the fast backend is held to.

Made to be compared with, not to be used: one thread, everything computed anew for each frame, no cache.
"""

from __future__ import annotations

import shutil
import time
import wave
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backends.base import Check, Conformance, Plan, Progress, RunResult, RunSettings, Step
from backends.reference.picture import composed_frames, composite
from renderer.errors import OutputError, Unsupported, UnsupportedError
from renderer.mp4_facts import AAC_FRAME, read_mp4_facts
from renderer.publish import unfinished_file
from renderer.timebase import SAMPLE_RATE, format_rate
from renderer.timeline.canonical import timeline_sha256
from renderer.timeline.invariants import check_invariants

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from renderer.output import OutputFormat
    from renderer.story import Workspace
    from renderer.timeline.model import Layer, SoundTrack, Timeline

_FILTER = "Pillow's bicubic filter in RGB instead of the renderer's own in YUV: the same place, not the same bits"
_SOUND = "gains and fades by pydub, fades in steps of 1 ms"


class ReferenceBackend:
    """Renders by MoviePy and pydub."""

    name = "reference"

    def plan(self, timeline: Timeline, output: OutputFormat, destination: Path) -> Plan:
        """MoviePy and pydub start their own children: no argument lists. Touches nothing."""
        tracks = " and ".join(track.role for track in timeline.sound.tracks) or "silence"
        steps = (
            Step("sound", f"mix {tracks} by pydub"),
            Step("picture", f"compose {timeline.frame_count} frames by MoviePy, x264 {output.video.preset}"),
            Step("move", f"check, and move to {destination}"),
        )
        layers = [_layer_conformance(layer) for layer in timeline.layers]
        sounds = [_sound_conformance(track) for track in timeline.sound.tracks]
        left_out = [
            Conformance(kind, "renditions", "approximated", "left out: use --backend ffmpeg or a MediaConvert job")
            for kind in output.renditions.kinds()
        ]
        return Plan(self.name, timeline_sha256(timeline), steps, (*layers, *sounds, *left_out))

    def frames(self, timeline: Timeline, workspace: Workspace) -> Iterator[NDArray[np.uint8]]:
        """Every frame in order, (height, width, 3) RGB. Raises: UnsupportedError without MoviePy; MediaError."""
        check_invariants(timeline)
        return composed_frames(timeline, workspace.folder, workspace.limits)

    def mix(self, timeline: Timeline, workspace: Workspace) -> NDArray[np.int16]:
        """The programme mix, (samples, 2). Raises: UnsupportedError without pydub; MediaError."""
        try:
            from backends.reference.sound import mix_with_pydub

            return mix_with_pydub(timeline.sound, _copies(timeline, workspace))
        except ImportError as error:
            missing = Unsupported("mixing without pydub", "--backend", 'pip install "storyreel[reference]"')
            raise UnsupportedError(self.name, [missing]) from error

    def run(self, timeline: Timeline, output: OutputFormat, workspace: Workspace, settings: RunSettings) -> RunResult:
        """Render to `settings.destination`.

        Raises: UnsupportedError, OutputError, MediaError, Cancelled; the destination is then as it was before.
        """
        check_invariants(timeline)
        self.plan(timeline, output, settings.destination).refuse_what_is_refused()
        started = time.monotonic()
        sound = workspace.scratch / "reference.wav"
        _write_wav(sound, self.mix(timeline, workspace))
        video = workspace.scratch / "reference.mp4"
        _write_video(timeline, output, workspace, settings, sound, video)
        checks = _checked(video, timeline)
        settings.report(Progress("finish", timeline.frame_count, timeline.frame_count))
        with unfinished_file(settings.destination) as unfinished:
            shutil.copyfile(video, unfinished.url)
        return RunResult(
            output=settings.destination,
            frames=timeline.frame_count,
            duration_s=float(timeline.duration_s),
            segments={"total": 1, "from_cache": 0, "rendered": 1},
            wall_s=time.monotonic() - started,
            timeline_sha256=timeline_sha256(timeline),
            sound={},
            checks=checks,
            warnings=tuple(f"{kind} was left out: this backend makes an MP4" for kind in output.renditions.kinds()),
        )


def _layer_conformance(layer: Layer) -> Conformance:
    if layer.clip is not None:
        return Conformance("clip", layer.id, "refused", "this backend composes still pictures: use --backend ffmpeg")
    return Conformance(layer.kind, layer.id, "approximated", _FILTER)


def _sound_conformance(track: SoundTrack) -> Conformance:
    lengths = (track.fade_in, track.fade_out, track.loop.crossfade if track.loop else 0)
    if track.skip:
        return Conformance("sound", track.role, "refused", "a video's sound from its middle: use --backend ffmpeg")
    if track.source.channels > 2:
        return Conformance("sound", track.role, "refused", "pydub mixes mono and stereo: compare such a source")
    if any(length % (SAMPLE_RATE // 1000) for length in lengths):
        return Conformance("sound", track.role, "refused", "pydub fades over whole milliseconds: use such lengths")
    return Conformance("sound", track.role, "approximated", _SOUND)


def _copies(timeline: Timeline, workspace: Workspace) -> dict[str, Path]:
    """The story's sounds as private copies of checked content, by sha256: pydub reads them by name."""
    copies: dict[str, Path] = {}
    for source in dict.fromkeys(track.source for track in timeline.sound.tracks):
        copy = workspace.scratch / f"{source.sha256}{Path(source.path).suffix}"
        with workspace.folder.open_audio(source, workspace.limits.audio_bytes) as medium:
            copy.write_bytes(medium.read_all(workspace.limits.audio_bytes))
        copies[source.sha256] = copy
    return copies


def _write_wav(path: Path, samples: NDArray[np.int16]) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(np.ascontiguousarray(samples, dtype="<i2").tobytes())


def _write_video(  # noqa: PLR0917  (what a run consists of)
    timeline: Timeline,
    output: OutputFormat,
    workspace: Workspace,
    settings: RunSettings,
    sound: Path,
    video: Path,
) -> None:
    done = 0

    def counted() -> None:
        nonlocal done
        settings.cancel.raise_if_set()
        settings.report(Progress("render", min(done, timeline.frame_count), timeline.frame_count))
        done += 1

    clip = composite(timeline, workspace.folder, workspace.limits, before_frame=counted)
    clip.write_videofile(
        str(video),
        fps=float(timeline.rate),
        codec="libx264",
        preset=output.video.preset,
        audio=str(sound),
        audio_codec="aac",
        ffmpeg_params=_encoder_options(timeline, output),
        logger=None,
    )


def _encoder_options(timeline: Timeline, output: OutputFormat) -> list[str]:
    """Colour as BT.709, and exact times: MoviePy itself states the rate to FFmpeg with two decimals only."""
    unit = format_rate(1 / timeline.rate)
    colour = "scale=out_color_matrix=bt709:out_range=tv:flags=lanczos+accurate_rnd+full_chroma_int"
    label = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    return [
        *("-vf", f"{colour},format=yuv420p,{label},settb={unit},setpts=N"),
        *("-fps_mode", "passthrough", "-enc_time_base:v", unit.replace("/", ":")),
        *("-video_track_timescale", str(timeline.rate.numerator)),
        *("-profile:v", "high", "-crf", str(output.video.crf), "-g", str(output.keyframe_frames)),
        *("-b:a", str(output.audio.bitrate), "-movflags", "+faststart", "-shortest"),
    ]


def _checked(video: Path, timeline: Timeline) -> tuple[Check, ...]:
    """MoviePy does not look at how its FFmpeg ended: the file itself is asked. Raises: OutputError."""
    facts = read_mp4_facts(str(video))
    apart = float(abs(facts.audio.duration - facts.video.duration))
    found = (
        ("frames", facts.video.packets, timeline.frame_count),
        ("size", f"{facts.width}x{facts.height}", f"{timeline.width}x{timeline.height}"),
        ("duration", facts.video.duration, timeline.duration_s),
    )
    checks = [Check(name, str(is_), str(wanted), is_ == wanted) for name, is_, wanted in found]
    limit = AAC_FRAME / SAMPLE_RATE
    checks.append(Check("sound and picture end together", f"{apart:.4f} s", f"{limit:.4f} s", apart <= limit))
    failed = [check for check in checks if not check.passed]
    if failed:
        details = "; ".join(f"{check.name}: expected {check.expected}, found {check.found}" for check in failed)
        raise OutputError(f"MoviePy did not write what was planned: {details}")
    return tuple(checks)
