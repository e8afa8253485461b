"""What the library says → plain JSON for the page: a story's strip and boxes, sound columns, problems, results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from renderer.timeline.geometry import fitted_size

if TYPE_CHECKING:
    from fractions import Fraction

    from backends.base import RunResult
    from backends.ffmpeg.explain import Explanation
    from renderer.errors import Problem
    from renderer.sound.survey import Lane, Survey
    from renderer.spec import ImageSpec
    from renderer.story import Story
    from renderer.timeline.canonical import JSONValue
    from renderer.timeline.model import Layer, Motion, Rect, Timeline

JSONObject = dict[str, "JSONValue"]
CARDS = ("intro", "outro", "logo-fallback")


def problem_json(problem: Problem) -> JSONObject:
    return {
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
        "line": problem.line,
        "column": problem.column,
    }


def result_json(result: RunResult) -> JSONObject:
    return {
        "frames": result.frames,
        "duration_s": result.duration_s,
        "wall_s": round(result.wall_s, 3),
        "bytes": result.output.stat().st_size,
        "segments": dict(result.segments),
        "sound": dict(result.sound),
        "warnings": list(result.warnings),
        "checks": [
            {"name": check.name, "found": check.found, "expected": check.expected, "passed": check.passed}
            for check in result.checks
        ],
    }


def segment_json(item: Explanation) -> JSONObject:
    frames = item.part.frames
    return {
        "name": item.part.name,
        "start": None if frames is None else frames.start,
        "end": None if frames is None else frames.end,
        "cached": item.cached,
        "reasons": [reason[:200] for reason in item.reasons[:4]],
    }


def story_json(story: Story, sha256: str) -> JSONObject:
    """Everything the page draws but pixels and samples. Frames are half-open ranges of programme frames."""
    timeline, spec, output = story.timeline, story.spec, story.output
    music = spec.music
    return {
        "sha256": sha256,
        "title": timeline.title,
        "id": timeline.id,
        "fps": float(timeline.rate),
        "rate": str(timeline.rate),
        "frames": timeline.frame_count,
        "width": timeline.width,
        "height": timeline.height,
        "output": spec.output.preset,
        "quality": f"{output.preset}, CRF {output.video.crf}",
        "cards": [_range(layer) | {"kind": layer.id} for layer in timeline.layers if layer.id in CARDS],
        "shots": _shots(story),
        "captions": [
            {"start": caption.range.start, "end": caption.range.end, "text": caption.text}
            for caption in timeline.captions
        ],
        "music": None
        if music is None
        else {"gain_db": float(music.effective_gain_db), "ducked": music.duck is not None},
        "tracks": [
            {
                "role": track.role,
                "file": track.source.path,
                "start_s": track.start / timeline.sound.sample_rate,
                "end_s": track.end / timeline.sound.sample_rate,
                "gain_db": float(track.gain_db),
                "loops": track.loop is not None,
            }
            for track in timeline.sound.tracks
        ],
        "target_lufs": None if timeline.sound.target_lufs is None else float(timeline.sound.target_lufs),
    }


def _range(layer: Layer) -> JSONObject:
    return {"start": layer.range.start, "end": layer.range.end}


def _shots(story: Story) -> list[JSONValue]:
    layers = [layer for layer in story.timeline.layers if layer.kind == "image"]
    ends = [*(layer.range.start for layer in layers[1:]), layers[-1].range.end if layers else 0]
    return [_shot(story, index, layer, end) for index, (layer, end) in enumerate(zip(layers, ends, strict=True))]


def _shot(story: Story, index: int, layer: Layer, end: int) -> JSONObject:
    image, source, rate = story.spec.images[index], layer.source, story.timeline.rate
    assert source is not None  # noqa: S101  (an image layer has one)
    assert layer.rect is not None  # noqa: S101
    motion = layer.motion
    first, last = (layer.rect, layer.rect) if motion is None else (motion.start, motion.end)
    return {
        "index": index,
        "file": source.path,
        "sha256": source.sha256,
        "source_width": source.width,
        "source_height": source.height,
        "start": layer.range.start,
        "end": end,
        "fade_frames": layer.fade_in,
        "hold_s": None if image.hold is None else float(image.hold.to_seconds(rate)),
        "fit": image.fit,
        "motion": _motion_words(image, motion),
        "ease": "in-out" if motion is None else motion.ease,
        "from": _view(story.timeline, layer, first),
        "to": _view(story.timeline, layer, last),
    }


def _motion_words(image: ImageSpec, motion: Motion | None) -> str:
    if image.motion is None:
        return "default"
    return image.motion.preset or ("still" if motion is None else "own")


def _view(timeline: Timeline, layer: Layer, rect: Rect) -> JSONObject:
    """What part of the picture is seen, in fractions of it, and the zoom and focus that show it."""
    assert layer.source is not None  # noqa: S101
    frame = (timeline.width, timeline.height)
    fitted = fitted_size((layer.source.width, layer.source.height), frame, layer.fit or "cover")
    box = [-rect.left / rect.width, -rect.top / rect.height, frame[0] / rect.width, frame[1] / rect.height]
    return {
        "zoom": _short(rect.width / fitted[0]),
        "focus": [_short(box[0] + box[2] / 2), _short(box[1] + box[3] / 2)],
        "box": [_short(side) for side in box],
        "whole": [_short(frame[0] / fitted[0]), _short(frame[1] / fitted[1])],
    }


def _short(value: Fraction) -> float:
    return round(float(value), 5)


def survey_json(survey: Survey) -> JSONObject:
    """Levels by column: extremes of full scale, and the lowest gain in dB where the track sounds."""
    tracks: list[JSONValue] = [_lane(lane) for lane in survey.tracks]
    return {"tracks": tracks, "mix": _lane(survey.mix)}


def _lane(lane: Lane) -> JSONObject:
    return {
        "name": lane.name,
        "low": [round(float(value), 3) for value in lane.low],
        "high": [round(float(value), 3) for value in lane.high],
        "gain_db": [round(float(value), 2) for value in lane.gain_low_db],
    }
