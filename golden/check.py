"""A golden folder and today's story → what is other, in three layers, each looking only as deep as it has to.

Data (timeline, plan, job) → frames and samples before the encoder, by ingredients and hashes → the file's structure.
A story of which nothing changed is checked without rendering a frame.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from backends.base import Progress, ignore_progress
from golden import versions
from golden.data_diff import document_differences, encoder_differences, tool_differences
from golden.model import Comparison, Difference, Evidence, GoldenError, Row
from golden.picture_check import PictureResult, check_picture
from golden.record import Recorded, file_structure, job_document, plan_document, record, story_options
from golden.sound_check import SoundResult, check_sound
from golden.store import PROXY, read_golden
from golden.structure import compare_structure
from renderer.story import compile_story, open_workspace
from renderer.timeline.canonical import timeline_sha256

if TYPE_CHECKING:
    from collections.abc import Callable

    from golden.store import Golden
    from renderer.story import Story, Workspace


@dataclasses.dataclass(frozen=True, slots=True)
class CheckSettings:
    """How to check: `spec` replaces the recorded place of the spec; `evidence` collects what a report draws."""

    spec: Path | None = None
    jobs: int = 2
    evidence: bool = False
    report: Callable[[Progress], None] = ignore_progress


def check(folder: Path, settings: CheckSettings | None = None) -> Comparison:
    """Compare.

    Raises: GoldenError for a missing, damaged or newer golden; as compiling and rendering do.
    """
    settings = settings or CheckSettings()
    golden = read_golden(folder)
    spec = spec_of(folder, golden, settings.spec)
    options = story_options(golden.options)
    with open_workspace(spec, options) as workspace:
        story = compile_story(spec, workspace, options)
        return _Check(folder, golden, story, workspace, settings).compared()


def accept(
    folder: Path,
    *,
    spec: Path | None = None,
    jobs: int = 2,
    report: Callable[[Progress], None] = ignore_progress,
) -> Recorded:
    """Record today's story into a golden folder that is there already, with its options.

    Raises: GoldenError where there is no golden; as `record`.
    """
    golden = read_golden(folder)
    return record(spec_of(folder, golden, spec), folder, golden.options, jobs=jobs, replace=True, report=report)


def spec_of(folder: Path, golden: Golden, override: Path | None) -> Path:
    """Where the story lies. Raises: GoldenError where nothing is there."""
    path = override or Path(folder, golden.spec)
    if override is None and not path.is_file():
        raise GoldenError(f"{folder}: its story {path} is not there; say where it is with --spec")
    return path if override is not None else path.resolve()


class _Check:
    def __init__(
        self, folder: Path, golden: Golden, story: Story, workspace: Workspace, settings: CheckSettings
    ) -> None:
        self._folder, self._golden, self._story = folder, golden, story
        self._workspace, self._settings = workspace, settings
        self._today, self._encoder = versions.made_with(), versions.encoder(story.output)
        self._same_timeline = timeline_sha256(golden.timeline) == timeline_sha256(story.timeline)

    def compared(self) -> Comparison:
        timeline = self._golden.timeline
        picture, sound = self._picture(), self._sound()
        rows, structure, looked = self._structure()
        differences = [*self._picture_words(picture), *sound.differences, *structure, *self._data()]
        return Comparison(
            title=timeline.title,
            before=f"golden {self._folder}",
            after=str(self._story.path),
            rate=timeline.rate,
            frame_count=timeline.frame_count,
            differences=tuple(differences),
            facts=tuple(self._facts(picture, sound, looked=looked)),
            evidence=self._evidence(picture, sound, rows) if self._settings.evidence else Evidence(),
        )

    def _picture(self) -> PictureResult:
        def report(done: int, total: int) -> None:
            self._settings.report(Progress("render", done, total))

        proxy = self._folder / PROXY
        jobs = self._settings.jobs
        return check_picture(self._golden, proxy, self._story, self._workspace, jobs=jobs, report=report)

    def _sound(self) -> SoundResult:
        return check_sound(self._golden, self._folder / PROXY, self._story, self._workspace)

    def _picture_words(self, picture: PictureResult) -> list[Difference]:
        if self._same_timeline and not picture.log.frames:
            return []
        from golden.picture_words import picture_findings

        return picture_findings(self._golden.timeline, self._story, self._workspace, picture)

    @property
    def _same_file_tools(self) -> bool:
        return all(self._golden.made_with.get(name) == self._today[name] for name in versions.FILE_TOOLS)

    def _structure(self) -> tuple[list[Row], list[Difference], bool]:
        """Rows, differences, and whether a file was made for them: only where its makers are other."""
        recorded = self._golden.structure
        if self._same_file_tools and self._golden.encoder == self._encoder:
            rows, _ = compare_structure(recorded, recorded)
            return rows, [], False
        story = self._story
        facts, _ = file_structure(story.timeline, story.output, self._workspace, self._settings.jobs)
        rows, found = compare_structure(recorded, facts, same_timeline=self._same_timeline)
        return rows, found, True

    def _data(self) -> list[Difference]:
        """Settings and tools are mentioned; plan and job fail only where nothing else explains them."""
        golden, story = self._golden, self._story
        settings = encoder_differences(golden.encoder, self._encoder)
        tools = tool_differences(golden.made_with, self._today)
        explained = not self._same_timeline or bool(settings) or not self._same_file_tools
        plan, job = plan_document(story.timeline, story.output), job_document(story.timeline, story.output)
        documents = [] if explained else document_differences("plan.json", golden.plan, plan, explained=False)
        documents += document_differences("mediaconvert.json", golden.job, job, explained=explained)
        return [*documents, *settings, *tools]

    def _facts(self, picture: PictureResult, sound: SoundResult, *, looked: bool) -> list[str]:
        """Short lines on what was looked at."""
        count = self._golden.timeline.frame_count
        rendered, changed = picture.rendered_frames, len(picture.log.frames)
        if not picture.compared:
            facts = ["frames of another size or rate are not compared one by one"]
        elif rendered:
            equal = "all of them equal" if not changed else f"{changed} of them other"
            facts = [f"{rendered} of {count} frames rendered and compared by their hashes, {equal}"]
            if rendered < count:
                facts.append(f"{count - rendered} frames made of the same ingredients, not rendered")
        else:
            facts = [f"all {count} frames made of the same ingredients: none had to be rendered"]
        facts.append(
            "sound: the same ingredients, not mixed"
            if not sound.mixed
            else f"sound: mixed and compared, {'every sample equal' if sound.exact else 'other'}"
        )
        facts.append("file: made once to look at its structure" if looked else "file: the same encoder, not made")
        return facts

    def _evidence(self, picture: PictureResult, sound: SoundResult, rows: list[Row]) -> Evidence:
        from golden.evidence import curves, stretches, worst_frames

        timeline = self._golden.timeline
        return Evidence(
            stretches=stretches(timeline, picture),
            curves=curves(timeline.frame_count, picture.log),
            worst=worst_frames(picture.log.worst()),
            levels=sound.levels,
            structure=tuple(rows),
            sound=sound.rows,
        )
