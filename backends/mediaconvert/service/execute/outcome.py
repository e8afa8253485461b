"""What a finished job made, as GetJob and the COMPLETE event tell it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, cast

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job

GroupType = Literal["FILE_GROUP", "HLS_GROUP", "DASH_ISO_GROUP", "CMAF_GROUP"]


@dataclass(frozen=True, slots=True)
class OutputOutcome:
    """One output. `paths` are empty where its group's manifests say everything (DASH, CMAF)."""

    paths: tuple[str, ...]
    duration_ms: int
    size: tuple[int, int] | None
    average_bitrate: int | None = None


@dataclass(frozen=True, slots=True)
class GroupOutcome:
    """One output group, with the manifests that belong to all of it."""

    kind: GroupType
    outputs: tuple[OutputOutcome, ...]
    playlists: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """A completed job. `warnings` counts the service's warning codes; `messages` are sentences of this endpoint."""

    groups: tuple[GroupOutcome, ...]
    warnings: dict[int, int] = field(default_factory=dict)
    messages: tuple[str, ...] = ()
    padding_ms: int = 0

    def paths(self) -> list[str]:
        """Every file that the COMPLETE event names."""
        found: list[str] = []
        for group in self.groups:
            found += group.playlists
            for output in group.outputs:
                found += output.paths
        return found

    def facts(self, known: Job) -> Job:
        """Members of the service's Job. What was said before, in the members that are `known`, stays said."""
        details: list[Job] = []
        for group in self.groups:
            outputs: list[Job] = []
            for output in group.outputs:
                detail: Job = {"DurationInMs": output.duration_ms}
                if output.size is not None:
                    detail["VideoDetails"] = {"WidthInPx": output.size[0], "HeightInPx": output.size[1]}
                outputs.append(detail)
            details.append({"OutputDetails": list(outputs)})
        facts: Job = {"OutputGroupDetails": list(details), "JobPercentComplete": 100}
        if self.warnings:
            own: list[Job] = [{"Code": code, "Count": count} for code, count in self.warnings.items()]
            facts["Warnings"] = [*cast("list[Job]", known.get("Warnings") or []), *own]
        if self.messages:
            said = cast("Job", known.get("Messages") or {"Info": []})
            facts["Messages"] = {**said, "Warning": [*cast("list[str]", said.get("Warning") or []), *self.messages]}
        return facts

    def event_detail(self) -> Job:
        """What the COMPLETE event adds: the one place that names the files."""
        groups: list[Job] = []
        for group in self.groups:
            shown: Job = {"type": group.kind}
            if group.playlists:
                shown["playlistFilePaths"] = list(group.playlists)
            shown["outputDetails"] = [_output_detail(output) for output in group.outputs]
            groups.append(shown)
        detail: Job = {
            "outputGroupDetails": list(groups),
            "paddingInserted": self.padding_ms,
            "blackVideoDetected": 0,
            "blackSegments": [],
        }
        if self.warnings:
            detail["warnings"] = [{"code": code, "count": count} for code, count in self.warnings.items()]
        return detail


def _output_detail(output: OutputOutcome) -> Job:
    detail: Job = {"durationInMs": output.duration_ms}
    if output.paths:
        detail["outputFilePaths"] = list(output.paths)
    if output.size is not None:
        video: Job = {"widthInPx": output.size[0], "heightInPx": output.size[1]}
        if output.average_bitrate is not None:
            video["averageBitrate"] = output.average_bitrate
        detail["videoDetails"] = video
    return detail
