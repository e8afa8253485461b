"""Spec + media facts → timeline: pure, so the same spec and the same media give the same bytes on every machine."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.errors import Problem, SpecError
from renderer.spec.model import MotionSpec, StorySpec, ViewSpec
from renderer.timebase import SAMPLE_RATE, FrameRange, round_boundary, sample_at_frame, samples_at_48k
from renderer.timeline.brand import Brand, centre_box, corner_box
from renderer.timeline.canonical import timeline_sha256
from renderer.timeline.geometry import fitted_size, still_clip, view_rect
from renderer.timeline.invariants import check_invariants
from renderer.timeline.model import (
    AudioSource,
    Clip,
    EnvelopePoint,
    ImageSource,
    Layer,
    Loop,
    Motion,
    Rect,
    Sound,
    SoundTrack,
    Timeline,
    VideoSource,
)
from renderer.timeline.schedule import Schedule, plan_schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from renderer.output import OutputFormat
    from renderer.spec.document import Document
    from renderer.spec.model import ImageSpec, MusicSpec

LOOP_CROSSFADE_SAMPLES = 2_400
"""50 ms: the seam of looped music (DESIGN §4)."""

CLIP_UNDER_DB = Fraction(-12)
"""A video's own sound under the voice: there, and out of its way."""
CLIP_FADE_SAMPLES = 960
"""20 ms at both ends of a video's sound, which may begin and end anywhere in a wave."""

Z_BACKGROUND, Z_INTRO, Z_CORNER, Z_OUTRO = 0, 10, 50, 60
"""Production layer numbers (REQUIREMENTS 1.1); image i lies on i + 1, the logo fallback on 1."""
MAX_PRODUCTION_IMAGES = 9
"""With a tenth image the production numbers are no longer unique: X10."""

_GENTLE_FOCUS = ((50, 47), (44, 50), (56, 48), (50, 54), (45, 45), (55, 52))
"""Where the default move leads, in percent of the picture, by position in the story."""
_GENTLE_ZOOM = Fraction(112, 100)


@dataclass(frozen=True, slots=True)
class StoryMedia:
    """Facts about everything a spec names, in the spec's own order. `images` matches `spec.images`."""

    images: tuple[ImageSource | VideoSource, ...] = ()
    narration: AudioSource | None = None
    music: AudioSource | None = None
    background: ImageSource | None = None
    logo: ImageSource | None = None
    speech: tuple[tuple[int, int], ...] = ()
    """Where the narration speaks: half-open ranges of its samples at 48 kHz, needed only for ducking."""
    clip_sounds: tuple[AudioSource | None, ...] = ()
    """The sound of each image that is a video with `sound: under`; matches `spec.images`."""


@dataclass(frozen=True, slots=True)
class CompileContext:
    """What a spec is compiled against: its output, its brand, its media, and how to read a motion preset."""

    output: OutputFormat
    brand: Brand
    media: StoryMedia
    motion_preset: Callable[[str], MotionSpec]


def compile_timeline(spec: StorySpec, document: Document, context: CompileContext, *, stem: str) -> Timeline:
    """Compile; `stem` names the story where neither `id` nor `title` does.

    Raises: SpecError where the programme can't hold what the spec asks for.
    """
    rate, brand, media = context.output.rate, context.brand, context.media
    schedule = plan_schedule(spec, document, rate=rate, brand=brand, narration=media.narration)
    problems = [
        *_brand_problems(spec, document, brand),
        *_crossfade_problems(spec, document, schedule, rate),
        *_music_problems(spec, document, media, schedule, rate),
    ]
    if problems:
        raise SpecError(document.source, problems)
    pictures = _Pictures(spec, context, schedule)
    timeline = Timeline(
        id="",
        title=spec.title or stem,
        rate=rate,
        width=context.output.width,
        height=context.output.height,
        frame_count=schedule.frame_count,
        layers=tuple(sorted(pictures.layers(), key=lambda layer: layer.z)),
        sound=_sound(spec, media, schedule, rate),
    )
    check_invariants(timeline)
    name = spec.id or f"{stem}-{timeline_sha256(timeline)[:8]}"
    return dataclasses.replace(timeline, id=name)


class _Pictures:
    """Builds the layers of one story."""

    def __init__(self, spec: StorySpec, context: CompileContext, schedule: Schedule) -> None:
        self._spec, self._context, self._schedule = spec, context, schedule
        self._frame = (context.output.width, context.output.height)
        self._rate = context.output.rate

    def layers(self) -> list[Layer]:
        return [self._background(), *self._images(), *self._logos()]

    def _background(self) -> Layer:
        whole = FrameRange(0, self._schedule.frame_count)
        source = self._context.media.background
        if source is None:
            return Layer("background", "background", Z_BACKGROUND, whole, color=self._context.brand.background)
        return Layer(
            "background", "background", Z_BACKGROUND, whole, source=source, rect=self._cover(source), fit="cover"
        )

    def _cover(self, source: ImageSource) -> Rect:
        fitted = fitted_size((source.width, source.height), self._frame, "cover")
        return view_rect(fitted, self._frame, Fraction(1), (Fraction(1, 2), Fraction(1, 2)))

    def _images(self) -> list[Layer]:
        shots = self._schedule.shots
        fades = [*(self._fade_frames(image) for image in self._spec.images), 0]
        return [
            self._image(index, image, FrameRange(shot.start, shot.end + fades[index + 1]), shot)
            for index, (image, shot) in enumerate(zip(self._spec.images, shots, strict=False))
        ]

    def _fade_frames(self, image: ImageSpec) -> int:
        return fade_frames(image, self._rate)

    def _image(self, index: int, image: ImageSpec, seen: FrameRange, shot: FrameRange) -> Layer:
        source = self._context.media.images[index]
        if isinstance(source, VideoSource):
            return self._clip(index, image, source, seen=seen, shot=shot)
        fitted = fitted_size((source.width, source.height), self._frame, image.fit)
        move = self._move(index, image)
        start, end = (view_rect(fitted, self._frame, view.zoom, view.focus) for view in (move.start, move.end))
        return Layer(
            id=f"image-{index + 1}",
            kind="image",
            z=index + 1,
            range=seen,
            source=source,
            rect=start,
            fit=image.fit,
            motion=None if start == end else Motion(start, end, move.ease, shot),
            fade_in=self._fade_frames(image),
        )

    def _clip(self, index: int, image: ImageSpec, source: VideoSource, *, seen: FrameRange, shot: FrameRange) -> Layer:
        """A video. It moves by itself: without a `motion` of its own it rests, cut to the frame before it is scaled."""
        start_s = Fraction(0) if image.clip_in is None else image.clip_in.to_seconds(self._rate)
        layer = Layer(f"image-{index + 1}", "image", index + 1, seen, fit=image.fit, fade_in=self._fade_frames(image))
        if image.motion is None or image.motion.is_still:
            rect, crop = still_clip(source.upright, self._frame, image.fit)
            return dataclasses.replace(layer, clip=Clip(source, start_s, crop, deinterlace=True), rect=rect)
        fitted, move = fitted_size(source.upright, self._frame, image.fit), self._move(index, image)
        start, end = (view_rect(fitted, self._frame, view.zoom, view.focus) for view in (move.start, move.end))
        motion = None if start == end else Motion(start, end, move.ease, shot)
        return dataclasses.replace(layer, clip=Clip(source, start_s, deinterlace=True), rect=start, motion=motion)

    def _move(self, index: int, image: ImageSpec) -> MotionSpec:
        if image.motion is None:
            return gentle_move(index)
        if image.motion.preset is None:
            return image.motion
        if image.motion.preset == "none":
            return MotionSpec()
        return self._context.motion_preset(image.motion.preset)

    def _logos(self) -> list[Layer]:
        brand, source, schedule = self._context.brand, self._context.media.logo, self._schedule
        if source is None:
            return []
        z_intro, z_corner, z_outro = logo_layers(len(self._spec.images))
        picture = (source.width, source.height)
        centre = centre_box(brand, picture, self._frame)
        layers = []
        if schedule.intro:
            layers.append(Layer("intro", "logo", z_intro, schedule.intro, source=source, rect=centre))
        if not self._spec.images:
            layers.append(Layer("logo-fallback", "logo", 1, schedule.content, source=source, rect=centre))
        if brand.corner is not None:
            box = corner_box(brand.corner, picture, self._frame)
            opacity = brand.corner.opacity
            layers.append(Layer("corner", "logo", z_corner, schedule.content, source=source, rect=box, opacity=opacity))
        if schedule.outro:
            layers.append(Layer("outro", "logo", z_outro, schedule.outro, source=source, rect=centre))
        return layers


def logo_layers(images: int) -> tuple[int, int, int]:
    """`z` of intro, corner logo and outro: production's numbers while they are unique, else above the images (X10)."""
    if images <= MAX_PRODUCTION_IMAGES:
        return Z_INTRO, Z_CORNER, Z_OUTRO
    return images + 1, images + 2, images + 3


def gentle_move(index: int) -> MotionSpec:
    """The default move: closer on even positions, back on odd ones, each towards a point of its own (DESIGN §4)."""
    across, down = _GENTLE_FOCUS[index % len(_GENTLE_FOCUS)]
    near = ViewSpec(zoom=_GENTLE_ZOOM, focus=(Fraction(across, 100), Fraction(down, 100)))
    whole = ViewSpec()
    start, end = (whole, near) if index % 2 == 0 else (near, whole)
    return MotionSpec.model_validate({"from": start, "to": end})


def fade_frames(image: ImageSpec, rate: Fraction) -> int:
    """Length of the crossfade into an image in frames; 0 for a cut."""
    length = image.transition.crossfade_length
    return 0 if length is None else max(1, length.to_frame(rate))


def _brand_problems(spec: StorySpec, document: Document, brand: Brand) -> Iterator[Problem]:
    """What a brand promises and can't show without a logo."""
    if brand.logo is not None:
        return
    if not spec.images:
        hint = "name images, or a brand with a logo"
        yield document.problem(("images",), "there is nothing to show: no image, and no logo", hint)
    for key in ("corner", "logo_size"):
        if getattr(spec.brand, key) is not None and (key != "corner" or brand.corner is not None):
            yield document.problem(
                ("brand", key), f"{key} needs a logo", "name one with `logo`, or a brand that has one"
            )


def _crossfade_problems(spec: StorySpec, document: Document, schedule: Schedule, rate: Fraction) -> Iterator[Problem]:
    """A crossfade fits into its own image; the previous image stays under it, so it sets no limit."""
    for index, (image, shot) in enumerate(zip(spec.images, schedule.shots, strict=False)):
        fade = fade_frames(image, rate)
        if fade > len(shot):
            taken, given = float(fade / rate), float(len(shot) / rate)
            message = f"a crossfade of {taken:.3f} s is longer than its image, {given:.3f} s"
            location = ("images", index, "transition")
            yield document.problem(location, message, "shorten the crossfade or hold the image longer")


def _sound(spec: StorySpec, media: StoryMedia, schedule: Schedule, rate: Fraction) -> Sound:
    total = sample_at_frame(schedule.frame_count, rate)
    tracks = []
    if spec.narration is not None and media.narration is not None:
        start = sample_at_frame(schedule.narration_frame, rate)
        end = min(total, start + samples_at_mix_rate(media.narration))
        tracks.append(SoundTrack("narration", media.narration, start, end, spec.narration.gain_db))
    if spec.music is not None and media.music is not None:
        track = _music(spec.music, media.music, total, rate)
        tracks.append(dataclasses.replace(track, envelope=_ducking(spec, media, schedule, total, rate)))
    tracks += _clip_sounds(spec, media, schedule, rate)
    return Sound(sample_count=total, tracks=tuple(tracks), target_lufs=spec.loudness)


def _clip_sounds(spec: StorySpec, media: StoryMedia, schedule: Schedule, rate: Fraction) -> Iterator[SoundTrack]:
    """The sound of each video that is to be heard, for as long as its shot."""
    for image, source, shot in zip(spec.images, media.clip_sounds, schedule.shots, strict=False):
        if source is None:
            continue
        begin = Fraction(0) if image.clip_in is None else image.clip_in.to_seconds(rate)
        skip = round_boundary(begin, Fraction(SAMPLE_RATE))
        start, end = sample_at_frame(shot.start, rate), sample_at_frame(shot.end, rate)
        end = min(end, start + samples_at_mix_rate(source) - skip)
        fade = min(CLIP_FADE_SAMPLES, (end - start) // 2)
        if end > start:
            yield SoundTrack("clip", source, start, end, CLIP_UNDER_DB, fade_in=fade, fade_out=fade, skip=skip)


def samples_at_mix_rate(source: AudioSource) -> int:
    """Samples per channel of a source at 48 kHz, rounded up."""
    return samples_at_48k(source.samples, source.sample_rate)


def _music(music: MusicSpec, source: AudioSource, total: int, rate: Fraction) -> SoundTrack:
    start, end = _music_range(music, source, total, rate)
    fade_in, fade_out = _fade_samples(music, rate)
    length = samples_at_mix_rate(source)
    loops = music.loop and start + length < end
    crossfade = min(LOOP_CROSSFADE_SAMPLES, length // 2)
    return SoundTrack(
        "music",
        source,
        start,
        end,
        music.effective_gain_db,
        fade_in=fade_in,
        fade_out=fade_out,
        loop=Loop(crossfade) if loops else None,
    )


def _music_range(music: MusicSpec, source: AudioSource, total: int, rate: Fraction) -> tuple[int, int]:
    """Programme samples in which the music is heard; empty or reversed where it starts too late."""
    start = sample_at_frame(music.start.to_frame(rate), rate)
    return start, total if music.loop else min(total, start + samples_at_mix_rate(source))


def _fade_samples(music: MusicSpec, rate: Fraction) -> tuple[int, int]:
    fade_in, fade_out = (sample_at_frame(time.to_frame(rate), rate) for time in (music.fade_in, music.fade_out))
    return fade_in, fade_out


def _music_problems(
    spec: StorySpec, document: Document, media: StoryMedia, schedule: Schedule, rate: Fraction
) -> Iterator[Problem]:
    if spec.music is None or media.music is None:
        return
    start, end = _music_range(spec.music, media.music, sample_at_frame(schedule.frame_count, rate), rate)
    fades = sum(_fade_samples(spec.music, rate))
    if start >= end:
        message = "the music starts after the programme's end"
        yield document.problem(("music", "start"), message, "start it earlier")
    elif fades > end - start:
        taken, given = fades / SAMPLE_RATE, (end - start) / SAMPLE_RATE
        message = f"fade_in and fade_out take {taken:.3f} s, but the music is heard for {given:.3f} s"
        yield document.problem(("music", "fade_out"), message, "shorten the fades")


def _ducking(
    spec: StorySpec, media: StoryMedia, schedule: Schedule, total: int, rate: Fraction
) -> tuple[EnvelopePoint, ...]:
    """The music's envelope under the voice; none where the spec asks for no ducking."""
    duck = spec.music.duck if spec.music is not None else None
    if duck is None:
        return ()
    from renderer.sound.speech import duck_envelope

    attack, release, merge_gap = (
        round_boundary(time.to_seconds(rate), Fraction(SAMPLE_RATE))
        for time in (duck.attack, duck.release, duck.merge_gap)
    )
    return duck_envelope(
        media.speech,
        offset=sample_at_frame(schedule.narration_frame, rate),
        duck_db=duck.db,
        attack=attack,
        release=release,
        merge_gap=merge_gap,
        sample_count=total,
    )
