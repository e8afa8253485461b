"""Rules between fields that need no medium. What depends on a recording's length is checked when the story is compiled.

Each check yields Problems placed by the document. It looks only at what was read: where a part was dropped because it
is faulty, the checks that would need it stay silent, so that no error follows from another.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.spec.model import ImageSpec, MusicSpec, SpecModel, StorySpec
from renderer.spec.values import number_text, time_text
from renderer.timebase import Time, nominal_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from renderer.errors import Problem
    from renderer.spec.document import Document, Location

MIN_HOLD_SECONDS = Fraction(1, 2)
"""No image is shown shorter than this (REQUIREMENTS X11)."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A spec, perhaps without its faulty parts, and the document it was read from.

    `rate` is None where it is not known yet; times in frames then can't be compared with others.
    """

    spec: StorySpec
    document: Document
    complete: bool
    rate: Fraction | None

    def seconds(self, time: Time | None) -> Fraction | None:
        """Seconds of a time; None where it is absent, or needs the rate and that is unknown or has no such frame."""
        if time is None:
            return None
        if time.kind == "seconds":
            return time.seconds
        if self.rate is None or (time.kind == "timecode" and time.frames >= nominal_rate(self.rate)):
            return None
        return time.to_seconds(self.rate)

    def dropped(self, location: Location, *keys: str) -> bool:
        """Whether one of `keys` was dropped from the mapping at `location`."""
        return not self.document.node(location).dropped.isdisjoint(keys)


def check_spec(checked: Checked) -> list[Problem]:
    """Every broken rule between fields, in no particular order."""
    checks = [_holds, _clips, _crossfades, _motions, _music, _narration, _output, _timecodes]
    if checked.complete:
        checks += [_known_length, _something_to_show]
    return [problem for check in checks for problem in check(checked)]


def _holds(checked: Checked) -> Iterator[Problem]:
    for index, image in enumerate(checked.spec.images):
        hold = checked.seconds(image.hold)
        if hold is not None and hold < MIN_HOLD_SECONDS:
            message = f"must be at least {number_text(MIN_HOLD_SECONDS)} s, found {_shown(image.hold)}"
            yield checked.document.problem(("images", index, "hold"), message)


def _clips(checked: Checked) -> Iterator[Problem]:
    """A video ends after it starts, and is shown long enough."""
    for index, image in enumerate(checked.spec.images):
        end, begin = checked.seconds(image.clip_out), checked.seconds(image.clip_in) or Fraction(0)
        if end is not None and end - begin < MIN_HOLD_SECONDS:
            message = f"must be at least {number_text(MIN_HOLD_SECONDS)} s after `in`, found {_shown(image.clip_out)}"
            yield checked.document.problem(("images", index, "out"), message)


def _crossfades(checked: Checked) -> Iterator[Problem]:
    """A crossfade needs an image under it, and may last longer than neither of the two."""
    images = checked.spec.images
    for index, image in enumerate(images):
        where: Location = ("images", index, "transition")
        if image.transition.kind == "cut":
            if image.transition.length is not None:
                yield checked.document.problem(
                    (*where, "length"), "a cut takes no length", "remove it, or write `kind: crossfade`"
                )
            continue
        if checked.document.node(("images", index)).key == 0:
            yield checked.document.problem(
                where, "expected a cut, found a crossfade", "the first image has no image before it"
            )
        yield from _crossfade_length(checked, where, image, _image_before(checked, index))


def _image_before(checked: Checked, index: int) -> ImageSpec | None:
    """The image before, unless one between them was dropped."""
    if index == 0:
        return None
    here, before = (checked.document.node(("images", i)).key for i in (index, index - 1))
    adjacent = isinstance(here, int) and isinstance(before, int) and here == before + 1
    return checked.spec.images[index - 1] if adjacent else None


def _crossfade_length(
    checked: Checked, where: Location, image: ImageSpec, before: ImageSpec | None
) -> Iterator[Problem]:
    length = checked.seconds(image.transition.crossfade_length)
    if length is None or checked.dropped(where, "length"):
        return
    place: Location = (*where, "length")
    if length == 0:
        yield checked.document.problem(
            place, "must be longer than 0, found 0", "for no crossfade write `transition: cut`"
        )
    for other, name in ((image, "its image"), (before, "the image before it")):
        hold = checked.seconds(other.hold) if other is not None else None
        if other is not None and hold is not None and MIN_HOLD_SECONDS <= hold < length:
            found = f"found {_shown(image.transition.crossfade_length)}"
            yield checked.document.problem(place, f"must not be longer than {name} ({_shown(other.hold)}), {found}")


def _motions(checked: Checked) -> Iterator[Problem]:
    for index, image in enumerate(checked.spec.images):
        where: Location = ("images", index, "motion")
        if image.motion is None or checked.document.node(where).dropped:
            continue
        names = {"start": "from", "end": "to", "ease": "ease"}
        moves = [names[name] for name in names if name in image.motion.model_fields_set]
        if image.motion.preset is not None and moves:
            message = f"expected a preset or a move of its own, found preset and {', '.join(moves)}"
            yield checked.document.problem(where, message)
        if image.motion.preset is None and not set(moves) & {"from", "to"}:
            yield checked.document.problem(
                where, "expected from, to or preset, found neither", "for no motion write `motion: none`"
            )


def _music(checked: Checked) -> Iterator[Problem]:
    music = checked.spec.music
    if music is None:
        return
    if not checked.dropped(("music",), "file", "mood"):
        if music.file is None and music.mood is None:
            yield checked.document.problem(("music",), "expected file or mood, found neither")
        if music.file is not None and music.mood is not None:
            yield checked.document.problem(("music",), "expected file or mood, found both")
        if music.mood is None:
            for key in sorted({"library", "seed"} & music.model_fields_set):
                yield checked.document.problem(
                    ("music", key), f"{key} stands without mood", "it only serves to pick a track by mood"
                )
    if music.mood is not None and music.library is None and not checked.dropped(("music",), "library"):
        yield checked.document.problem(("music",), "mood needs library", "name the folder of the music library")
    yield from _fades(checked, music)


def _fades(checked: Checked, music: MusicSpec) -> Iterator[Problem]:
    """Both fades have to fit into a length that the author gave."""
    length = checked.seconds(checked.spec.length) if isinstance(checked.spec.length, Time) else None
    fade_in, fade_out = checked.seconds(music.fade_in), checked.seconds(music.fade_out)
    if length is not None and fade_in is not None and fade_out is not None and fade_in + fade_out > length:
        together = number_text(fade_in + fade_out)
        message = f"fade_in and fade_out must fit into length ({number_text(length)} s), found {together} s together"
        yield checked.document.problem(("music", "fade_out" if fade_out else "fade_in"), message)


def _narration(checked: Checked) -> Iterator[Problem]:
    spec = checked.spec
    if spec.length == "narration" and spec.narration is None and not checked.dropped((), "narration"):
        yield checked.document.problem(
            ("length",), "`length: narration` needs a narration", "add `narration: voice.wav`"
        )
    if isinstance(spec.length, Time) and checked.seconds(spec.length) == 0:
        yield checked.document.problem(("length",), "must be longer than 0, found 0")


def _output(checked: Checked) -> Iterator[Problem]:
    output = checked.spec.output
    if (output.width is None) != (output.height is None) and not checked.dropped(("output",), "width", "height"):
        present, absent = ("width", "height") if output.height is None else ("height", "width")
        yield checked.document.problem(
            ("output", present), f"{present} stands without {absent}", "write both, or neither"
        )


def _known_length(checked: Checked) -> Iterator[Problem]:
    spec = checked.spec
    holds = bool(spec.images) and all(image.hold or image.clip_out for image in spec.images)
    if spec.narration is None and spec.length == "program" and not holds:
        hint = "add a narration, or a length such as `length: 30s`, or a hold for every image"
        yield checked.document.problem((), "the length of the story is unknown", hint)


def _something_to_show(checked: Checked) -> Iterator[Problem]:
    if not checked.spec.images and not checked.spec.brand.is_given:
        yield checked.document.problem(
            ("images",), "no images and no brand: nothing to show", "add images, or a brand for its logo"
        )


def _timecodes(checked: Checked) -> Iterator[Problem]:
    """A timecode's frame field has to exist at the rate (REQUIREMENTS A25)."""
    if checked.rate is None:
        return
    nominal = nominal_rate(checked.rate)
    for location, time in times_of(checked.spec):
        if time.kind == "timecode" and time.frames >= nominal:
            found = f"{checked.rate} frames per second, found {time.frames:02d}"
            message = f"the frame field must be at most {nominal - 1:02d} at {found}"
            yield checked.document.problem(location, message)


def times_of(model: SpecModel, location: Location = ()) -> Iterator[tuple[Location, Time]]:
    """Every time an author wrote, with its place."""
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        here: Location = (*location, field.alias or name)
        if isinstance(value, Time) and name in model.model_fields_set:
            yield here, value
        elif isinstance(value, SpecModel):
            yield from times_of(value, here)
        elif isinstance(value, tuple):
            for index, item in enumerate(value):
                if isinstance(item, SpecModel):
                    yield from times_of(item, (*here, index))


def _shown(time: Time | None) -> str:
    return time_text(time) if time is not None else "nothing"
