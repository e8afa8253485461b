"""Timeline → job → this endpoint → frames and samples, compared with the direct render (`plan --verify`).

Everything is made as a submission would make it, in a private folder that stands for S3, and judged before any encoder.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.job import JobTarget
from backends.mediaconvert.produce import Production, produce
from backends.mediaconvert.service.admission import Admission
from backends.mediaconvert.service.execute.media import JobMedia
from backends.mediaconvert.service.execute.pictures import PictureSource
from backends.mediaconvert.service.execute.sounds import SoundMaker
from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.single import NoCatalogue
from backends.mediaconvert.service.storage.folder import FolderStorage
from backends.mediaconvert.service.translate.job import translate_job
from backends.mediaconvert.strategies import build_job
from renderer.errors import UsageError
from renderer.export import rendered_frames
from renderer.ffmpeg_process import CancelToken
from renderer.timebase import FrameRange

if TYPE_CHECKING:
    from pathlib import Path

    from backends.mediaconvert.job import JobOptions, JobPlan, Strategy
    from backends.mediaconvert.service.translate.plan import OutputPlan
    from renderer.sound.difference import SoundDifference
    from renderer.story import Story, Workspace
    from renderer.timeline.canonical import JSONValue

BUCKET = "parity"
ROLE = "arn:aws:iam::000000000000:role/parity"


@dataclass(frozen=True, slots=True)
class Parity:
    """How one job comes out here, against the direct render. PSNR is that of a frame's worst plane."""

    strategy: Strategy
    frames: tuple[int, int]
    """Of the direct render, and of the job."""
    identical: int
    worst_psnr_db: float
    worst_frame: int | None
    mean_psnr_db: float
    """Over the frames that differ."""
    sound: SoundDifference
    warnings: tuple[str, ...]

    @property
    def same_length(self) -> bool:
        return self.frames[0] == self.frames[1] and self.sound.samples[0] == self.sound.samples[1]

    def to_json(self) -> dict[str, JSONValue]:
        """The object that `plan --json --verify` adds; None stands for an infinite PSNR."""
        psnr = None if self.worst_frame is None else round(self.worst_psnr_db, 2)
        return {
            "strategy": self.strategy,
            "frames": list(self.frames),
            "identical_frames": self.identical,
            "worst_psnr_db": psnr,
            "worst_frame": self.worst_frame,
            "sound_level_difference_db": round(self.sound.level_db, 4),
            "sound_sample_difference": round(self.sound.sample, 7),
            "sound_samples": list(self.sound.samples),
            "warnings": list(self.warnings),
        }

    def report(self) -> list[str]:
        """Lines for people."""
        total = self.frames[0]
        lines = [f"frames: {self.identical} of {total} identical before the encoder"]
        if self.frames[1] != total:
            lines.append(f"frames: the job has {self.frames[1]}")
        if self.worst_frame is not None:
            worst, mean = self.worst_psnr_db, self.mean_psnr_db
            lines.append(f"frames: worst {worst:.1f} dB PSNR (frame {self.worst_frame}), mean of those {mean:.1f} dB")
        lines.append(
            f"sound: {self.sound.samples[1]} of {self.sound.samples[0]} samples, levels within"
            f" {self.sound.level_db:.3f} dB, samples within {self.sound.sample:.6f} of full scale"
        )
        return [*lines, *(f"warning: {warning}" for warning in self.warnings)]


def verify_strategy(story: Story, workspace: Workspace, strategy: Strategy, options: JobOptions) -> Parity:
    """Raises: UnsupportedError where the strategy refuses the story; UsageError, JobFailure where the endpoint does."""
    plan = build_job(strategy, story.timeline, story.output, JobTarget(BUCKET, ROLE), options)
    plan.refuse_what_is_refused()
    root, scratch = workspace.scratch / "parity-s3", workspace.scratch / "parity"
    scratch.mkdir()
    _fill(root, plan, story, workspace)
    try:
        new = Admission(NoCatalogue()).admit(json.dumps(plan.job).encode())
    except ServiceFault as fault:
        raise UsageError(f"the job of strategy {strategy} is refused: {fault.message}") from fault
    with JobMedia(FolderStorage(root), scratch) as media:
        translated = translate_job(new.settings, media, 0)
        return _compared(
            strategy, story, workspace, translated.groups[0].outputs[0], media, scratch, translated.warnings
        )


def _fill(root: Path, plan: JobPlan, story: Story, workspace: Workspace) -> None:
    """What an upload would leave in the bucket."""
    made = workspace.scratch / "parity-made"
    made.mkdir()
    for key, file in produce(plan.assets, story, workspace, Production(made)).items():
        target = root / BUCKET / key
        target.parent.mkdir(parents=True, exist_ok=True)
        file.replace(target)


def _compared(  # noqa: PLR0917
    strategy: Strategy,
    story: Story,
    workspace: Workspace,
    output: OutputPlan,
    media: JobMedia,
    scratch: Path,
    warnings: tuple[str, ...],
) -> Parity:
    from renderer.picture.difference import frame_of, frame_psnr_db

    assert output.picture is not None  # noqa: S101  (every strategy's first output is the MP4)
    timeline = story.timeline
    direct = rendered_frames(story, workspace, FrameRange(0, timeline.frame_count))
    source = PictureSource(output.picture, media, CancelToken(), lambda _: None)
    figures = [
        frame_psnr_db(frame, frame_of(data, timeline.width, timeline.height))
        for frame, data in zip(direct, source.composited_frames(), strict=False)
    ]
    differing = [figure for figure in figures if not math.isinf(figure)]
    worst = min(differing, default=math.inf)
    return Parity(
        strategy=strategy,
        frames=(timeline.frame_count, output.picture.timeline.frame_count),
        identical=len(figures) - len(differing),
        worst_psnr_db=worst,
        worst_frame=figures.index(worst) if differing else None,
        mean_psnr_db=sum(differing) / len(differing) if differing else math.inf,
        sound=_sound(story, workspace, output, media, scratch),
        warnings=warnings,
    )


def _sound(story: Story, workspace: Workspace, output: OutputPlan, media: JobMedia, scratch: Path) -> SoundDifference:
    from renderer.sound.difference import sound_difference
    from renderer.sound.programme import Programme

    sound = story.timeline.sound
    programme = Programme(sound, workspace.pcm_store.ensure(sound.sources(), workspace.folder))
    track = SoundMaker(media, scratch, CancelToken()).track(output.sounds[0])
    return sound_difference(programme.blocks(), track, len(output.sounds[0].matrix))
