"""A job's settings → its plan, and what of the settings found no use."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from backends.mediaconvert.service.coverage.judge import judge
from backends.mediaconvert.service.translate.inputs import plan_input
from backends.mediaconvert.service.translate.names import JobNames
from backends.mediaconvert.service.translate.outputs import OutputBuilder
from backends.mediaconvert.service.translate.plan import GroupPlan, JobPlan
from backends.mediaconvert.service.translate.programme import followed_input
from backends.mediaconvert.service.translate.reader import Reader
from backends.mediaconvert.service.translate.sound import SoundChooser, silent_samples

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.execute.outcome import GroupType
    from backends.mediaconvert.service.translate.media import MediaFacts
    from backends.mediaconvert.service.translate.plan import OutputPlan

_GROUPS: dict[str, tuple[GroupType, str]] = {
    "FILE_GROUP_SETTINGS": ("FILE_GROUP", "FileGroupSettings"),
    "HLS_GROUP_SETTINGS": ("HLS_GROUP", "HlsGroupSettings"),
    "DASH_ISO_GROUP_SETTINGS": ("DASH_ISO_GROUP", "DashIsoGroupSettings"),
    "CMAF_GROUP_SETTINGS": ("CMAF_GROUP", "CmafGroupSettings"),
}
SILENCE_ADDED, SOUND_DROPPED, FONT_UNSUPPORTED = 240_000, 240_001, 250_001
_NOTICED_S = Fraction(1, 10)
"""The service warns of 100 ms and more (user guide, "warning codes")."""


def translate_job(settings: Job, media: MediaFacts, started_ms: int) -> JobPlan:
    """Raises: JobFailure naming the place."""
    job = Reader(settings)
    inputs = [plan_input(source, media) for source in job.nodes("Inputs")]
    chooser = SoundChooser(media)
    first = next((source.url for source in inputs if source.url is not None), None)
    names = JobNames.of(started_ms, first)
    builder = OutputBuilder(job, inputs, followed_input(job, inputs), media, chooser, names)
    groups = tuple(_group(group, builder) for group in job.nodes("OutputGroups"))
    outputs = [output for group in groups for output in group.outputs]
    warnings = (*chooser.warnings, *_unread_fonts(outputs), *_unread(settings, job))
    return JobPlan(groups, warnings, _codes(outputs, media))


def _group(group: Reader, builder: OutputBuilder) -> GroupPlan:
    for label in ("Name", "CustomName"):
        group.text(label)  # labels of the console: kept with the job, and in no output
    settings = group.node("OutputGroupSettings")
    kind, member = _GROUPS[settings.text("Type")]
    own = settings.node(member)
    folder, base = builder.names.destination(own.text("Destination"))
    outputs = group.nodes("Outputs")
    built = tuple(builder.build(output, base, several=len(outputs) > 1) for output in outputs)
    return GroupPlan(kind, own, folder, base, built)


def _unread_fonts(outputs: list[OutputPlan]) -> list[str]:
    return [
        f"{output.settings.pointer}: the font of its burnt-in captions can't be used: the endpoint's own is drawn"
        for output in outputs
        if output.picture is not None and output.picture.burn is not None and output.picture.burn.font_unread
    ]


def _codes(outputs: list[OutputPlan], media: MediaFacts) -> dict[int, int]:
    """The service's warnings about sounds that end early or late, and about fonts that can't be used."""
    found: dict[int, int] = {}
    for output in outputs:
        if output.picture is not None and output.picture.burn is not None and output.picture.burn.font_unread:
            found[FONT_UNSUPPORTED] = found.get(FONT_UNSUPPORTED, 0) + 1
        for sound in output.sounds:
            added, dropped = silent_samples(sound.parts, media)
            for code, length_s in ((SILENCE_ADDED, added), (SOUND_DROPPED, dropped)):
                if length_s >= _NOTICED_S:
                    found[code] = found.get(code, 0) + 1
    return found


GROUP_TIME = frozenset({"hlsGroupSettings", "cmafGroupSettings", "dashIsoGroupSettings", "hlsSettings", "cmfcSettings"})
"""Settings that are read while an output group is packaged, after translation."""


def _unread(settings: Job, job: Reader) -> list[str]:
    """Settings that this endpoint honours and this job has no use for."""
    return [
        f"{item.pointer}: has no effect in this job"
        for item in judge(settings)
        if item.verdict == "honoured" and item.pointer not in job.used and not GROUP_TIME & {*item.pointer.split("/")}
    ]
