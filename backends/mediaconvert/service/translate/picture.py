"""An output's picture as a timeline: black, the inputs in their place, overlays, and images of both levels."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.translate.geometry import place
from backends.mediaconvert.service.translate.images import Stage, image_layers
from backends.mediaconvert.service.translate.inputs import rotation_of
from backends.mediaconvert.service.translate.overlays import Base, base_layers, overlay_layers
from backends.mediaconvert.service.translate.sources import video_source
from backends.mediaconvert.service.translate.timing import InputClock, frame_number
from renderer.timebase import FrameRange
from renderer.timeline.model import Clip, Layer, Rect, Sound, Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.service.translate.geometry import Placed
    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.programme import Programme, Shown
    from backends.mediaconvert.service.translate.reader import Reader
    from renderer.container_facts import Matrix

BLACK = "#000000"
_NOISE_FILTERS = {"SPATIAL", "BILATERAL", "MEAN", "GAUSSIAN", "LANCZOS", "SHARPEN", "CONSERVE", "TEMPORAL"}


def picture_timeline(job: Reader, video: Reader, programme: Programme, media: MediaFacts) -> Timeline:
    """Raises: JobFailure naming the place."""
    canvas, count = programme.canvas, programme.frame_count
    layers = [Layer("black", "background", 0, FrameRange(0, count), color=BLACK)]
    for index, shown in enumerate(programme.shown):
        if shown.frames:
            layers += _input_layers(video, programme, shown, media, f"input-{index}")
    layers += _output_images(job, video, programme, media)
    numbered = tuple(dataclasses.replace(layer, z=number) for number, layer in enumerate(layers))
    return Timeline("job", "", programme.rate, canvas.width, canvas.height, count, numbered, Sound(0))


def _input_layers(video: Reader, programme: Programme, shown: Shown, media: MediaFacts, name: str) -> Iterator[Layer]:
    """The base picture, its overlays, and the images that belong to this input (`unknowns.OVERLAY_ORDER`)."""
    source = shown.source
    if source.video is not None:
        placed = place(video, programme.canvas, source)
        layer = Layer(name, "image", 0, shown.frames, clip=_clip(video, shown, placed), rect=placed.rect)
        left, top, width, height = placed.crop or (0, 0, *(source.size or (0, 0)))
        base = Base(width, height, placed.rect)
        yield from base_layers(layer, source.settings, shown, base, programme.rate)
        origin = (
            placed.rect.left - left * placed.rect.width / width,
            placed.rect.top - top * placed.rect.height / height,
        )
        scale = placed.rect.width / width, placed.rect.height / height
    else:
        size = source.size or (programme.canvas.width, programme.canvas.height)
        scale = Fraction(programme.canvas.width, size[0]), Fraction(programme.canvas.height, size[1])
        origin = Fraction(0), Fraction(0)
        whole = Rect(Fraction(0), Fraction(0), Fraction(programme.canvas.width), Fraction(programme.canvas.height))
        base = Base(*size, whole)
    yield from overlay_layers(source.settings, shown, base, programme.rate, media=media, name=f"{name}-overlay")
    stage = Stage(
        programme.rate,
        shown.frames.start / programme.rate,
        shown.frames.end / programme.rate,
        lambda text: shown.programme_s(_graphics_clock(shown, programme).seconds(text)),
        scale,
        origin,
    )
    for layer in image_layers(source.settings.node("ImageInserter"), stage, media, f"{name}-image"):
        yield _within(layer, shown.frames)


def _graphics_clock(shown: Shown, programme: Programme) -> InputClock:
    """Graphics over an audio-only input count in the output's frames; the hundredths are for its clips."""
    clock = shown.source.clock
    return InputClock(programme.rate) if clock.hundredths else clock


def _within(layer: Layer, frames: FrameRange) -> Layer:
    """An input's image ends with its input."""
    end = min(layer.range.end, frames.end)
    return dataclasses.replace(
        layer,
        range=FrameRange(layer.range.start, end),
        fade_out=layer.fade_out if end == layer.range.end else 0,
        fade_in=min(layer.fade_in, end - layer.range.start),
    )


def _clip(video: Reader, shown: Shown, placed: Placed) -> Clip:
    source, facts = shown.source, shown.source.facts
    assert facts is not None and source.video is not None  # noqa: PT018, S101  (the caller's condition)
    selector = source.settings.node("VideoSelector")
    full = {"FULL_RANGE": True, "LIMITED_RANGE": False}.get(selector.text("SampleRange", "FOLLOW"))
    matrices: dict[str, Matrix] = {"REC_601": "bt601", "REC_709": "bt709"}
    matrix = matrices.get(selector.text("ColorSpace", "FOLLOW"))
    if selector.text("ColorSpaceUsage", "FORCE") == "FALLBACK":
        matrix = None
    preprocessors = video.node("VideoPreprocessors")
    deinterlace = preprocessors.node("Deinterlacer").text("Mode", "DEINTERLACE") != ""
    deinterlace &= preprocessors.has("Deinterlacer")
    path = source.url or ""
    return Clip(
        video_source(path, facts, rotation=rotation_of(source), matrix=matrix, full_range=full),
        start=shown.span.start_s,
        crop=placed.crop,
        deinterlace=deinterlace,
        denoise=_denoise(preprocessors.node("NoiseReducer")),
    )


def _denoise(noise: Reader) -> int:
    """Strength for FFmpeg's spatial and temporal filter, from whichever strength the job gives."""
    if not noise.text("Filter"):
        return 0
    spatial = noise.node("SpatialFilterSettings").whole("Strength")
    temporal = noise.node("TemporalFilterSettings").whole("Strength")
    plain = noise.node("FilterSettings").whole("Strength")
    return max(spatial or 0, temporal or 0, 2 * (plain or 0)) or 4


def _output_images(job: Reader, video: Reader, programme: Programme, media: MediaFacts) -> Iterator[Layer]:
    inserter = video.node("VideoPreprocessors").node("ImageInserter")
    clock = output_clock(job, programme)
    stage = Stage(programme.rate, Fraction(0), programme.frame_count / programme.rate, clock.seconds)
    yield from image_layers(inserter, stage, media, "image")


def output_clock(job: Reader, programme: Programme) -> InputClock:
    """How the output timeline counts: TimecodeConfig (`unknowns.NO_EMBEDDED_TIMECODE`)."""
    config = job.node("TimecodeConfig")
    first = programme.shown[0].source if programme.shown else None
    match config.text("Source", "EMBEDDED"):
        case "SPECIFIEDSTART":
            start = config.text("Start", "00:00:00:00")
        case "EMBEDDED" if first is not None and first.facts is not None and first.facts.timecode is not None:
            start = first.facts.timecode
        case _:
            start = "00:00:00:00"
    try:
        return InputClock(programme.rate, frame_number(start, programme.rate))
    except ValueError:
        return InputClock(programme.rate, frame_number(f"{start[:8]}:00", programme.rate))
