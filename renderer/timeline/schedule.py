"""Spec + narration length → the frames of the intro, of each image and of the outro (REQUIREMENTS A17, X1, X11).

Boundaries are rounded, never durations: there is no gap, no overlap, and the sum is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from renderer.errors import Problem, SpecError
from renderer.timebase import FrameRange, Time, frames_covering, round_boundary, share_boundaries

if TYPE_CHECKING:
    from renderer.spec.document import Document
    from renderer.spec.model import StorySpec
    from renderer.timeline.brand import Brand
    from renderer.timeline.model import AudioSource

MIN_IMAGE_S = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Schedule:
    """`intro`, `content` and `outro` follow each other from frame 0; `shots` fill `content`, one for each image.

    With `images: []` there is one shot: the logo card. `narration_frame` is where the voice starts.
    """

    intro: FrameRange
    content: FrameRange
    outro: FrameRange
    shots: tuple[FrameRange, ...]
    narration_frame: int

    @property
    def frame_count(self) -> int:
        return self.outro.end


def plan_schedule(
    spec: StorySpec, document: Document, *, rate: Fraction, brand: Brand, narration: AudioSource | None
) -> Schedule:
    """Lay out the programme.

    Raises: SpecError where it can't hold what the spec asks for.
    """
    planner = _Planner(spec, document, rate, brand, narration)
    content, total, voice = planner.programme()
    shots = planner.shots(content)
    if planner.problems:
        raise SpecError(document.source, planner.problems)
    return Schedule(FrameRange(0, content.start), content, FrameRange(content.end, total), shots, voice)


class _Planner:
    def __init__(
        self, spec: StorySpec, document: Document, rate: Fraction, brand: Brand, narration: AudioSource | None
    ) -> None:
        self._spec, self._document, self._rate, self._brand = spec, document, rate, brand
        self._voice_frames = frames_covering(narration.samples, narration.sample_rate, rate) if narration else 0
        self.problems: list[Problem] = []

    def programme(self) -> tuple[FrameRange, int, int]:
        """Content window, total frames, and the frame the voice starts at."""
        intro, outro = self._brand.intro.to_frame(self._rate), self._brand.outro.to_frame(self._rate)
        start = self._spec.narration.start if self._spec.narration is not None else None
        voice = start.to_frame(self._rate) if start is not None else intro
        match self._spec.length:
            case "narration":
                if start is not None and voice != 0:
                    self._report(
                        ("narration", "start"),
                        "with `length: narration` the voice starts at 0",
                        "remove `start`, or use `length: program`",
                    )
                voice, total = 0, self._voice_frames
            case "program":
                total = self._program_end(intro, voice) + outro
            case Time() as length:
                total = length.to_frame(self._rate)
        if self._voice_frames and voice + self._voice_frames > total:
            self._report(
                ("narration", "start") if start is not None else ("length",),
                f"the voice ends at {self._seconds(voice + self._voice_frames)}, after the programme's end"
                f" at {self._seconds(total)}",
                "make the programme longer, or start the voice earlier",
            )
        if total - outro <= intro:
            self._report_no_room(total)
            return FrameRange(intro, intro + 1), intro + 1 + outro, voice
        return FrameRange(intro, total - outro), total, voice

    def _program_end(self, intro: int, voice: int) -> int:
        """Where the content ends under `length: program`: with the voice, or with the images' own times."""
        if self._voice_frames:
            return voice + self._voice_frames
        return intro + round_boundary(self._held_seconds(), self._rate)

    def _held_seconds(self) -> Fraction:
        holds = (image.held_seconds(self._rate) for image in self._spec.images)
        return sum((hold for hold in holds if hold is not None), Fraction(0))

    def shots(self, content: FrameRange) -> tuple[FrameRange, ...]:
        """One range for each image, or one for the logo card."""
        images = self._spec.images
        if self.problems:
            return (content,)
        if not images:
            if len(content) / self._rate < MIN_IMAGE_S:
                self._report_no_room(content.end + self._brand.outro.to_frame(self._rate))
            return (content,)
        held = self._held_seconds()
        holds = [image.held_seconds(self._rate) for image in images]
        sharing = sum(hold is None for hold in holds)
        window = len(content) / self._rate
        share = (window - held) / sharing if sharing else Fraction(0)
        if not sharing and round_boundary(held, self._rate) != len(content):
            self._report(
                ("images",),
                f"the images hold {float(held):.3f} s together, but the content window is {float(window):.3f} s",
                "let one image share the rest by removing its `hold`, or change the holds",
            )
        elif sharing and share < MIN_IMAGE_S:
            self._report(
                ("images",),
                f"{sharing} image{'s' * (sharing != 1)} without `hold` share{'s' * (sharing == 1)}"
                f" {float(max(window - held, Fraction(0))):.3f} s of the {float(window):.3f} s content window,"
                f" less than {float(MIN_IMAGE_S)} s each",
                "use fewer images, shorter holds or a longer programme",
            )
        if self.problems:
            return (content,)
        lengths = [share if hold is None else hold for hold in holds]
        shots = tuple(share_boundaries(content, lengths))
        for index, shot in enumerate(shots):
            if not shot:
                message = f"lasts less than one frame at {self._rate} frames per second"
                self._report(("images", index), message, "hold it longer, or use a higher rate")
        return shots

    def _report_no_room(self, total: int) -> None:
        count = max(1, len(self._spec.images))
        intro, outro = self._brand.intro.to_frame(self._rate), self._brand.outro.to_frame(self._rate)
        left = "nothing" if total - outro <= intro else "too little"
        self._report(
            ("length",),
            f"a programme of {self._seconds(total)} leaves {left} for {count} image{'s' * (count != 1)} between an"
            f" intro of {self._seconds(intro)} and an outro of {self._seconds(outro)}",
            f"at least {float(MIN_IMAGE_S)} s for each image are needed",
        )

    def _report(self, location: tuple[str | int, ...], message: str, hint: str) -> None:
        self.problems.append(self._document.problem(location, message, hint))

    def _seconds(self, frames: int) -> str:
        return f"{float(frames / self._rate):.3f} s"
