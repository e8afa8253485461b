"""What an author may write, as frozen models: one class per concept, one field per key.

The models say what each field means and which values it takes. Rules between fields are in `checks.py`, the words of
error messages in `problems.py`. Nothing here opens a file or knows a backend; preset names are not looked up here.
"""

from fractions import Fraction
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from renderer.spec.values import (
    BackgroundValue,
    DuckDepth,
    FileValue,
    FocusValue,
    GainValue,
    LengthValue,
    LoudnessValue,
    PercentValue,
    PresetName,
    RateValue,
    TimeValue,
    VersionValue,
    ZoomValue,
)
from renderer.timebase import Time

DEFAULT_OUTPUT_PRESET = "story-1080p"
DEFAULT_MUSIC_GAIN_DB = Fraction(-25)
DEFAULT_CROSSFADE = Time("seconds", Fraction(1, 2))
NONE = "none"
"""Written where an author wants no brand, motion or corner logo."""
CENTRE = (Fraction(1, 2), Fraction(1, 2))

Fit: TypeAlias = Literal["cover", "contain", "blur"]
Ease: TypeAlias = Literal["linear", "in", "out", "in-out"]
TransitionKind: TypeAlias = Literal["cut", "crossfade"]
ClipSound: TypeAlias = Literal["off", "under"]

_NO_TIME = Time("seconds")


class SpecModel(BaseModel):
    """Frozen, strict, without unknown keys: the base of every part of a spec."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    short_key: ClassVar[str | None] = None
    """The key that a single text stands for, where this part has a short form."""
    forms: ClassVar[str] = "a mapping"
    """What an author may write for this part, for error messages."""

    @classmethod
    def expand_short_form(cls, text: str) -> dict[str, object] | str:
        """The mapping that a single text stands for; the text itself where this part has no short form."""
        return {cls.short_key: text} if cls.short_key is not None else text

    @model_validator(mode="before")
    @classmethod
    def _accept_short_form(cls, value: object) -> object:
        return cls.expand_short_form(value) if isinstance(value, str) else value

    @property
    def is_given(self) -> bool:
        """Whether the author set any field of this part."""
        return any(getattr(self, name) is not None for name in self.model_fields_set)


class OutputSpec(SpecModel):
    """Size and rate of the video: a preset, or a preset with changes."""

    short_key: ClassVar[str | None] = "preset"
    forms: ClassVar[str] = "an output preset's name or a mapping"

    preset: PresetName = Field(DEFAULT_OUTPUT_PRESET, description="Name of an output preset.", examples=["story-1080p"])
    width: int | None = Field(
        None, ge=32, le=8192, multiple_of=2, description="Width in pixels, even; only together with height."
    )
    height: int | None = Field(
        None, ge=32, le=8192, multiple_of=2, description="Height in pixels, even; only together with width."
    )
    rate: RateValue | None = Field(None, description='Frames per second, such as "30" or "30000/1001".')


class CornerSpec(SpecModel):
    """The logo in the corner while the images are shown. `none` is opacity 0; a field not set is the preset's."""

    forms: ClassVar[str] = "none or a mapping"

    opacity: PercentValue | None = Field(None, description="Opacity in percent; 80 where no preset says otherwise.")
    size: int | None = Field(
        None, ge=8, le=1080, description="Longer side in pixels at 1080 lines; 200 without a preset."
    )
    margin: int | None = Field(
        None, ge=0, le=540, description="Distance to the edges in pixels at 1080 lines; 40 without a preset."
    )

    @classmethod
    def expand_short_form(cls, text: str) -> dict[str, object] | str:
        return {"opacity": 0} if text == NONE else text


class BrandSpec(SpecModel):
    """Background, logo, intro and outro: partial values over a preset. A field not set is the preset's."""

    short_key: ClassVar[str | None] = "preset"
    forms: ClassVar[str] = "a brand's name, none or a mapping"

    preset: Annotated[PresetName, AfterValidator(lambda name: None if name == NONE else name)] | None = Field(
        None,
        description="Brand preset that these values change; without it: black, no logo.",
        examples=["stories-of-you"],
    )
    name: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(None, description="Name of the brand.")
    background: BackgroundValue | None = Field(None, description='Picture file or "#rrggbb" behind everything.')
    logo: FileValue | None = Field(None, description="Picture file of the logo.")
    logo_size: int | None = Field(
        None,
        ge=8,
        le=2160,
        description="Longer side of the intro and outro logo in pixels at 1080 lines; 600 without a preset.",
    )
    intro: TimeValue | None = Field(None, description="Length of the logo before the images; 0 without a preset.")
    outro: TimeValue | None = Field(None, description="Length of the logo after the images; 0 without a preset.")
    corner: CornerSpec | None = Field(None, description="Logo in the corner during the images: a mapping, or `none`.")

    @classmethod
    def expand_short_form(cls, text: str) -> dict[str, object] | str:
        return {} if text == NONE else {"preset": text}


class NarrationSpec(SpecModel):
    """The recorded voice."""

    short_key: ClassVar[str | None] = "file"
    forms: ClassVar[str] = "a file name or a mapping"

    file: FileValue = Field(description="Recording, relative to the spec file.", examples=["narration.wav"])
    gain_db: GainValue = Field(Fraction(0), description="Gain in dB.")
    start: TimeValue | None = Field(None, description="When the voice starts; by default when the intro ends.")


class DuckSpec(SpecModel):
    """Lowers the music only while the voice speaks."""

    db: DuckDepth = Field(Fraction(-25), description="How far the music is lowered, in dB.")
    attack: TimeValue = Field(
        Time("seconds", Fraction(1, 5)), description="Time to go down, over before the voice starts."
    )
    release: TimeValue = Field(Time("seconds", Fraction(4, 5)), description="Time to come back after the voice.")
    merge_gap: TimeValue = Field(Time("seconds", Fraction(3, 5)), description="Pauses shorter than this stay lowered.")


class MusicSpec(SpecModel):
    """The music under the voice: one file, or a mood from a library."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["file"]}, {"required": ["mood", "library"]}]})

    short_key: ClassVar[str | None] = "file"
    forms: ClassVar[str] = "a file name or a mapping"

    file: FileValue | None = Field(None, description="Music file; either this or mood.", examples=["bed.mp3"])
    mood: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        None, description="Mood to pick from the library; either this or file.", examples=["nostalgic"]
    )
    library: FileValue | None = Field(None, description="Folder of the music library; needed with mood.")
    seed: int | None = Field(None, ge=0, le=2**53, description="Chooses among tracks of the mood; only with mood.")
    gain_db: GainValue | None = Field(None, description="Constant gain in dB; default -25, or 0 with duck.")
    duck: DuckSpec | None = Field(None, description="Lower the music while the voice speaks.")
    fade_in: TimeValue = Field(_NO_TIME, description="Fade where the music starts.")
    fade_out: TimeValue = Field(_NO_TIME, description="Fade where the music ends.")
    loop: bool = Field(True, description="Repeat the music until the programme ends.")  # noqa: FBT003  (a field default)
    start: TimeValue = Field(_NO_TIME, description="When the music starts in the programme; default 0.")

    @property
    def effective_gain_db(self) -> Fraction:
        """The constant gain: as written, else -25 dB, or 0 dB where ducking lowers the music (DESIGN §4)."""
        if self.gain_db is not None:
            return self.gain_db
        return Fraction(0) if self.duck is not None else DEFAULT_MUSIC_GAIN_DB


class ViewSpec(SpecModel):
    """What part of a fitted picture is shown."""

    zoom: ZoomValue = Field(Fraction(1), description="1 shows the whole fitted picture.")
    focus: tuple[FocusValue, FocusValue] = Field(
        CENTRE,
        strict=False,
        description="Centre of the view as [x, y], in fractions of the picture.",
        examples=[[0.5, 0.5]],
    )


class MotionSpec(SpecModel):
    """The move over one image: from a view to a view, or a preset. The preset `none` stands still."""

    short_key: ClassVar[str | None] = "preset"
    forms: ClassVar[str] = "a motion preset's name, none or a mapping"

    preset: PresetName | None = Field(
        None, description="Name of a motion preset, or `none`; instead of from, to and ease."
    )
    start: ViewSpec = Field(ViewSpec(), alias="from", description="View on the image's first frame.")
    end: ViewSpec = Field(ViewSpec(), alias="to", description="View on the image's last frame.")
    ease: Ease = Field("in-out", description="How the move gathers and loses speed.")

    @property
    def is_still(self) -> bool:
        """Whether the author wrote `none`."""
        return self.preset == NONE


class TransitionSpec(SpecModel):
    """How an image follows the one before it."""

    short_key: ClassVar[str | None] = "kind"
    forms: ClassVar[str] = "cut, crossfade or a mapping"

    kind: TransitionKind = Field(description="`cut` or `crossfade`.")
    length: TimeValue | None = Field(None, description="Length of a crossfade; default 0.5 s. A cut has none.")

    @property
    def crossfade_length(self) -> Time | None:
        """Length of the crossfade, default applied; None for a cut."""
        return (self.length or DEFAULT_CROSSFADE) if self.kind == "crossfade" else None


class ImageSpec(SpecModel):
    """One picture or video and how it is shown."""

    short_key: ClassVar[str | None] = "file"
    forms: ClassVar[str] = "a file name or a mapping"

    file: FileValue = Field(description="Picture or video file, relative to the spec file.", examples=["photo.jpg"])
    hold: TimeValue | None = Field(None, description="How long it is shown, at least 0.5 s; by default an equal share.")
    fit: Fit = Field(
        "cover", description="Fill the frame (cover), show all of it (contain), or that over a blurred copy (blur)."
    )
    motion: MotionSpec | None = Field(
        None, description="Move over the picture: a mapping, a motion preset's name, or `none`; default: a gentle zoom."
    )
    transition: TransitionSpec = Field(
        TransitionSpec(kind="cut"), description="How it follows the image before it; default cut."
    )
    caption: Annotated[str, Field(min_length=1, max_length=500)] | None = Field(
        None, description="Text shown on the picture."
    )
    clip_in: TimeValue | None = Field(None, alias="in", description="Of a video: where it starts; default 0.")
    clip_out: TimeValue | None = Field(
        None, alias="out", description="Of a video: where it ends; it is then shown for as long as that."
    )
    sound: ClipSound | None = Field(
        None, description="Of a video: leave its sound `off` (default), or put it `under` the voice, 12 dB lower."
    )

    @property
    def clip_fields(self) -> tuple[str, ...]:
        """The fields for videos that the author wrote, by their names in the spec."""
        names = {"clip_in": "in", "clip_out": "out", "sound": "sound"}
        return tuple(name for field, name in names.items() if getattr(self, field) is not None)

    def held_seconds(self, rate: Fraction) -> Fraction | None:
        """How long it is shown: `hold`, else a video's `out` less its `in`; None for an equal share."""
        if self.hold is not None:
            return self.hold.to_seconds(rate)
        if self.clip_out is None:
            return None
        begin = Fraction(0) if self.clip_in is None else self.clip_in.to_seconds(rate)
        return self.clip_out.to_seconds(rate) - begin


class CaptionsSpec(SpecModel):
    """Subtitles for the whole programme."""

    file: FileValue = Field(description="Subtitle file (WebVTT or SubRip).", examples=["story.vtt"])
    burn: bool = Field(False, description="Draw them into the picture.")  # noqa: FBT003  (a field default)


class StorySpec(SpecModel):
    """A whole story."""

    storyreel: VersionValue = Field(description="Version of the format: 1.")
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(None, description="Title of the story.")
    id: PresetName | None = Field(
        None, description="Names remote outputs; default: file stem and a hash of the timeline."
    )
    output: OutputSpec = Field(OutputSpec(), description="Size and rate: a preset's name or a mapping.")
    brand: BrandSpec = Field(BrandSpec(), description="A brand preset's name, `none`, or a mapping.")
    length: LengthValue = Field(
        "program", description="Length: intro + voice + outro (program), the voice's (narration), or a time."
    )
    narration: NarrationSpec | None = Field(None, description="The recorded voice: a file name or a mapping.")
    music: MusicSpec | None = Field(None, description="The music: a file name or a mapping.")
    images: tuple[ImageSpec, ...] = Field(
        strict=False, description="The pictures in order: file names or mappings. Empty with a brand: only its logo."
    )
    captions: CaptionsSpec | None = Field(None, description="Subtitles.")
    loudness: LoudnessValue | None = Field(
        None, description="Target loudness: web, podcast, broadcast or LUFS; by default measured, not changed."
    )
