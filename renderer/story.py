"""Spec file → compiled story: the one call that `cli.py`, a service or a test makes before anything is rendered.

Everything that is wrong is reported at once: with the spec's text, with its media, and with the two together.
"""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from presets import PresetKind, load_preset, preset_names
from renderer.cache import cache_root, scratch_folder
from renderer.errors import MediaError, Problem, SpecError, UnsupportedError, UsageError
from renderer.media import MediaFolder, MediaLimits
from renderer.output import OutputFormat, output_preset, preview_of, resolve_output
from renderer.picture.intake import Intake
from renderer.probe import ProbedAudio, Prober
from renderer.sound.pcm_store import PcmStore
from renderer.spec import (
    BrandSpec,
    MotionSpec,
    ParseResult,
    StorySpec,
    load_document,
    parse_document,
    parse_spec,
    unbuilt_features,
)
from renderer.timeline.brand import Brand, resolve_brand
from renderer.timeline.compile import CompileContext, StoryMedia, compile_timeline
from renderer.timeline.schedule import plan_schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from fractions import Fraction
    from pathlib import Path

    from renderer.sound.library import Choice
    from renderer.spec import Document, ImageSpec, Location
    from renderer.timeline.model import AudioSource, ImageSource, Timeline, TrackRole, VideoSource

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoryOptions:
    """What the command line adds to a spec."""

    output: str | None = None
    """An output preset that replaces the spec's."""
    preview: bool = False
    allow_outside: bool = False
    use_cache: bool = True
    frames: bool = False
    """Whether frames will be made: what that needs is then loaded while media are probed."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where one run keeps what it derives: `scratch` is private and goes with the run. `spec` is absolute.

    `intake` decodes every picture of the run, in one child.
    """

    spec: Path
    folder: MediaFolder
    pcm_store: PcmStore
    intake: Intake
    limits: MediaLimits
    scratch: Path
    use_cache: bool


@dataclass(frozen=True, slots=True)
class Story:
    """A compiled story. `warnings` are sentences for its author."""

    path: Path
    spec: StorySpec
    timeline: Timeline
    output: OutputFormat
    warnings: tuple[str, ...]

    def originals(self) -> list[Path]:
        """Every file the story reads: an output must be none of them."""
        names = [source.path for source in self.timeline.sources() if not source.path.startswith("asset:")]
        return [self.path, *(self.path.parent / name for name in names)]


@contextlib.contextmanager
def open_workspace(path: Path, options: StoryOptions) -> Iterator[Workspace]:
    """A workspace for the story at `path`; without cache everything derived lies in its scratch folder."""
    limits = MediaLimits.from_environment()
    with scratch_folder() as scratch, Intake(limits, for_frames=options.frames) as intake:
        pcm_root = (cache_root() if options.use_cache else scratch) / "pcm"
        yield Workspace(
            path.absolute(),
            MediaFolder(path.parent, allow_outside=options.allow_outside),
            PcmStore(pcm_root, limits),
            intake,
            limits,
            scratch,
            options.use_cache,
        )


def compile_story(path: Path, workspace: Workspace, options: StoryOptions, *, text: bytes | None = None) -> Story:
    """Load, check, probe and compile a spec; `text` stands for the file's content where it is not written yet.

    Raises: SpecError with every problem; UnsupportedError for features that are not built yet.
    """
    document = load_document(path) if text is None else parse_document(text, str(path))
    parsed = _parse(document, workspace.limits, options)
    problems = list(parsed.problems)
    spec, document = parsed.partial, parsed.document
    if spec is None:
        raise SpecError(document.source, problems)
    output = _output(spec, options)
    brand = resolve_brand(spec.brand, _brand_preset)
    with Prober(
        workspace.folder,
        workspace.pcm_store,
        workspace.intake,
        limits=workspace.limits,
        use_cache=workspace.use_cache,
    ) as prober:
        gathering = _Gathering(parsed, prober, workspace.folder, output.rate)
        media = gathering.media(spec, brand)
    problems += gathering.problems
    if problems:
        raise SpecError(document.source, sorted(problems, key=_document_order))
    unbuilt = unbuilt_features(spec, document)
    if unbuilt:
        raise UnsupportedError("this version of storyreel", unbuilt)
    context = CompileContext(output, brand, media, _motion_preset)
    timeline = compile_timeline(spec, document, context, stem=os.fsencode(path.stem).decode("utf-8", "replace"))
    return Story(path, spec, timeline, output, tuple(gathering.warnings))


def _parse(document: Document, limits: MediaLimits, options: StoryOptions) -> ParseResult:
    return parse_spec(
        document,
        output_presets=preset_names("outputs"),
        motion_presets=preset_names("motion"),
        brand_presets=preset_names("brands"),
        output_rates={name: output_preset(name).rate for name in preset_names("outputs")},
        output_rate=None if options.output is None else output_preset(options.output).rate,
        max_images=limits.images,
    )


def _document_order(problem: Problem) -> tuple[int, int, str]:
    return problem.line or 0, problem.column or 0, problem.path


def _output(spec: StorySpec, options: StoryOptions) -> OutputFormat:
    output = resolve_output(spec.output, preset=options.output)
    return preview_of(output) if options.preview else output


def _brand_preset(name: str) -> BrandSpec:
    return BrandSpec.model_validate(_without_description("brands", name))


def _motion_preset(name: str) -> MotionSpec:
    return MotionSpec.model_validate(_without_description("motion", name))


def _without_description(kind: PresetKind, name: str) -> dict[str, object]:
    content = load_preset(kind, name)
    return {key: value for key, value in content.items() if key != "description"}


class _Gathering:
    """Facts about every medium of a spec; what can't be used becomes a problem at its place."""

    def __init__(self, parsed: ParseResult, prober: Prober, folder: MediaFolder, rate: Fraction) -> None:
        self._document, self._prober, self._folder, self._rate = parsed.document, prober, folder, rate
        self._incomplete = not parsed.complete
        self._known: dict[str, ImageSource | None] = {}
        self.problems: list[Problem] = []
        self.warnings: list[str] = []

    def media(self, spec: StorySpec, brand: Brand) -> StoryMedia:
        voice = spec.narration.file if spec.narration else None
        with ThreadPoolExecutor(1, "narration") as beside:  # decoded while the pictures are examined
            spoken = beside.submit(self._prober.audio, voice, "narration") if voice else None
            images = [self._shot(image, index) for index, image in enumerate(spec.images)]
            clip_sounds = tuple(self._clip_sound(image, index) for index, image in enumerate(spec.images))
        narration = self._audio(voice, "narration", spoken.result) if voice and spoken else None
        music = self._music(spec, brand, narration)
        background = None if brand.has_color else self._image(brand.background, ("brand", "background"))
        logo = self._image(brand.logo, ("brand", "logo")) if brand.logo else None
        usable = tuple(image for image in images if image is not None)
        speech = self._speech(spec, narration)
        return StoryMedia(usable, narration, music, background, logo, speech, clip_sounds)

    def _music(self, spec: StorySpec, brand: Brand, narration: AudioSource | None) -> AudioSource | None:
        if spec.music is None:
            return None
        if spec.music.file is not None:
            return self._audio(spec.music.file, "music")
        if self._incomplete or self.problems:
            return None  # how long the programme is, and so which track fits, is known once all else is good
        schedule = plan_schedule(spec, self._document, rate=self._rate, brand=brand, narration=narration)
        length_s = schedule.frame_count / self._rate
        chosen = self._try(lambda: self._picked(spec, length_s), ("music", "mood"))
        if chosen is None:
            return None
        name = self._folder.relative(chosen.path)
        source = self._audio(name, "music")
        if source is not None and not chosen.loop and source.duration_s < length_s:
            self.warnings.append(
                f"{name}: lasts {float(source.duration_s):.2f} s, not the {chosen.seconds} s of its name;"
                f" the programme is longer by {float(length_s - source.duration_s):.2f} s"
            )
        return source

    def _picked(self, spec: StorySpec, length_s: Fraction) -> Choice:
        """The track that the library has for this mood and length."""
        from renderer.sound.library import pick, scan_library

        music = spec.music
        assert music is not None  # noqa: S101  (the caller's condition)
        root = self._folder.folder(str(music.library))
        seed = music.seed if music.seed is not None else spec.id or spec.title or ""
        return pick(scan_library(root), mood=str(music.mood), length_s=length_s, seed=seed)

    def _speech(self, spec: StorySpec, narration: AudioSource | None) -> tuple[tuple[int, int], ...]:
        """Where the voice speaks, for stories that lower their music under it."""
        if spec.music is None or spec.music.duck is None:
            return ()
        if spec.narration is None:
            self.warnings.append("music.duck lowers nothing: there is no narration")
        if narration is None:
            return ()
        speech = self._try(lambda: self._prober.speech(narration), ("narration", "file")) or ()
        if not speech:
            self.warnings.append(f"music.duck lowers nothing: no speech was found in {narration.path}")
        return speech

    def _shot(self, image: ImageSpec, index: int) -> ImageSource | VideoSource | None:
        """A picture or a video; fields that are only for one of them are refused for the other."""
        here: Location = ("images", index)
        name = image.file
        video = self._try(lambda: self._prober.is_video(name), (*here, "file"))
        if video is None:
            return None
        if not video:
            for field in image.clip_fields:
                message = f"{name} is a picture: `{field}` is for videos"
                self.problems.append(self._document.problem((*here, field), message, f"remove `{field}`"))
            return self._image(name, (*here, "file"))
        found = self._try(lambda: self._prober.video(name), (*here, "file"))
        if found is not None:
            self._check_clip(image, found, here)
        return found

    def _check_clip(self, image: ImageSpec, source: VideoSource, here: Location) -> None:
        length_s = source.frames / source.rate
        for field, time in (("in", image.clip_in), ("out", image.clip_out)):
            if time is not None and time.to_seconds(self._rate) > length_s:
                found_s = float(time.to_seconds(self._rate))
                message = f"{image.file} lasts {float(length_s):.3f} s, found {field} {found_s:.3f} s"
                self.problems.append(self._document.problem((*here, field), message, f"an earlier `{field}`"))
        if image.fit == "blur":
            message = "`blur` is for pictures"
            self.problems.append(self._document.problem((*here, "fit"), message, "use cover or contain"))

    def _clip_sound(self, image: ImageSpec, index: int) -> AudioSource | None:
        if image.sound != "under" or any(problem.path == f"$.images[{index}].sound" for problem in self.problems):
            return None
        found = self._try(lambda: self._prober.audio(image.file, "clip"), ("images", index, "sound"))
        return None if found is None else found.source

    def _image(self, name: str, location: Location) -> ImageSource | None:
        if name not in self._known:
            self._known[name] = self._try(lambda: self._prober.image(name), location)
        elif self._known[name] is None:
            self._try(lambda: self._prober.image(name), location)
        return self._known[name]

    def _audio(self, name: str, role: TrackRole, probe: Callable[[], ProbedAudio] | None = None) -> AudioSource | None:
        probed = self._try(probe or (lambda: self._prober.audio(name, role)), (role, "file"))
        if probed is None:
            return None
        self.warnings += [f"{name}: {warning}" for warning in probed.warnings]
        return probed.source

    def _try(self, read: Callable[[], T], location: Location) -> T | None:
        try:
            return read()
        except (MediaError, UsageError) as error:
            self.problems.append(self._document.problem(location, str(error)))
            return None
