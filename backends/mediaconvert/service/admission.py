"""From a request to a job that can be stored: checked, merged with its template and presets, and judged.

Refused here, with HTTP 400, is what the service would refuse, and what this endpoint can't honour and says by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.coverage.judge import judge
from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.identity import DEFAULT_QUEUE, bare_name
from backends.mediaconvert.service.store.jobs import NewJob
from backends.mediaconvert.service.unknowns import BETWEEN_FINDINGS
from backends.mediaconvert.service.wire import named, parse_body, refuse_errors
from backends.mediaconvert.validation.documents import PRESET, REQUEST, TEMPLATE, Kind
from backends.mediaconvert.validation.findings import Findings
from backends.mediaconvert.validation.model import service_model
from backends.mediaconvert.validation.rules import check_rules
from backends.mediaconvert.validation.shapes import check_shapes
from backends.mediaconvert.validation.view import View

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.store.catalogue import Finder
    from renderer.timeline.canonical import JSONValue

AT_RUN_TIME = frozenset({"V35"})
"""Rules whose breach the service notices only when the job runs: error 1040, found again from the files themselves."""


@dataclass(frozen=True, slots=True)
class Admission:
    """How strict this endpoint is: `strict` refuses what would otherwise be warned about."""

    catalogue: Finder
    strict: bool = False

    def admit(self, body: bytes) -> NewJob:
        """Raises: ServiceFault with everything that is wrong, or that this endpoint does not honour."""
        document = parse_body(body)
        warnings = _checked(document, REQUEST)
        request = cast("Job", named("CreateJobRequest", document))
        merged = self._merged(request)
        if merged != request:
            warnings = _checked(merged, REQUEST)
        settings = cast("Job", merged["Settings"])
        warnings += self.judged(settings)
        queue = bare_name(str(merged.get("Queue", DEFAULT_QUEUE)))
        if self.catalogue.find("queues", queue) is None:
            raise ServiceFault("NotFoundException", f"/queue: The queue {queue} does not exist.")
        token = request.get("ClientRequestToken")
        return NewJob(
            request={key: value for key, value in merged.items() if key not in ("Settings", "Tags")},
            settings=settings,
            queue=queue,
            priority=cast("int", merged.get("Priority", 0)),
            facts={"Messages": {"Info": [], "Warning": list(warnings)}} if warnings else {},
            token=None if token is None else str(token),
            tags=cast("Job", request.get("Tags") or {}),
        )

    def judged(self, settings: Job) -> tuple[str, ...]:
        """Sentences about settings that are accepted and not honoured. Raises: ServiceFault for refused ones."""
        found = [item for item in judge(settings) if item.verdict != "honoured"]
        refused = [str(item) for item in found if self.strict or item.verdict == "refused"]
        if refused:
            message = BETWEEN_FINDINGS.join(refused)
            raise ServiceFault("BadRequestException", f"Not supported by this local endpoint: {message}")
        return tuple(f"Not honoured by this local endpoint: {item}" for item in found)

    def _merged(self, request: Job) -> Job:
        """The request with its job template below it and presets in its outputs."""
        name = request.get("JobTemplate")
        merged = request
        if name is not None:
            template = self.catalogue.find("jobTemplates", bare_name(str(name)))
            if template is None:
                raise ServiceFault("NotFoundException", f"/jobTemplate: The jobTemplate {name} does not exist.")
            below = {key: value for key, value in template.document.items() if key not in ("Description", "Category")}
            merged = cast("Job", merged_over(below, request))
        return self._with_presets(merged)

    def _with_presets(self, request: Job) -> Job:
        settings = cast("Job", request["Settings"])
        groups = [
            {
                **group,
                "Outputs": [
                    self._with_preset(output, f"/outputGroups/{index}/outputs/{number}/preset")
                    for number, output in enumerate(_objects(group, "Outputs"))
                ],
            }
            for index, group in enumerate(_objects(settings, "OutputGroups"))
        ]
        if not groups:
            return request
        return {**request, "Settings": {**settings, "OutputGroups": cast("JSONValue", groups)}}

    def _with_preset(self, output: Job, place: str) -> Job:
        name = output.get("Preset")
        if name is None:
            return output
        preset = self.catalogue.find("presets", bare_name(str(name)))
        if preset is None:
            raise ServiceFault("NotFoundException", f"{place}: The preset {name} does not exist.")
        own = {key: value for key, value in output.items() if key != "Preset"}
        return cast("Job", merged_over(cast("Job", preset.document["Settings"]), own))


def merged_over(below: JSONValue, above: JSONValue) -> JSONValue:
    """`above` laid over `below`: objects by key, lists by place, everything else replaced."""
    if isinstance(below, dict) and isinstance(above, dict):
        shared = {key: merged_over(below[key], above[key]) for key in below if key in above}
        return {**below, **above, **shared}
    if isinstance(below, list) and isinstance(above, list):
        both = [merged_over(one, other) for one, other in zip(below, above, strict=False)]
        return both + (above if len(above) > len(below) else below)[len(both) :]
    return above


def _objects(document: Job, member: str) -> list[Job]:
    return cast("list[Job]", document.get(member) or [])


def check_template(document: Job) -> None:
    """Raises: ServiceFault where the template breaks the model or a rule."""
    _checked({"Name": "name", **document}, TEMPLATE)


def check_preset(document: Job) -> None:
    """Raises: ServiceFault where the preset breaks the model or a rule."""
    _checked({"Name": "name", **document}, PRESET)


def _checked(document: Job, kind: Kind) -> tuple[str, ...]:
    findings = Findings()
    root = check_shapes(document, kind.shape, service_model(), findings)
    settings = root.node("Settings")
    if settings is not None:
        check_rules(View(kind.subject, root, settings), findings)
    return refuse_errors(findings, kind.name, later=AT_RUN_TIME)
