"""Queues, job templates and presets: create, get, list, update, delete; and tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from backends.mediaconvert.service.admission import check_preset, check_template
from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.http.messages import Answer, make_token
from backends.mediaconvert.service.identity import DEFAULT_QUEUE, bare_name
from backends.mediaconvert.service.wire import read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.endpoint import Endpoint
    from backends.mediaconvert.service.http.messages import Request
    from backends.mediaconvert.service.store.catalogue import Kind, Resource

Word = Literal["Queue", "JobTemplate", "Preset"]


@dataclass(frozen=True, slots=True)
class Shelf:
    """One kind of named thing: `word` begins its shapes' names; `check` refuses a bad document."""

    kind: Kind
    word: Word
    check: Callable[[Job], None]

    @property
    def answer_member(self) -> str:
        return self.word

    def shown(self, endpoint: Endpoint, found: Resource) -> Job:
        """The service's object in PascalCase."""
        document: Job = {
            **found.document,
            "Arn": endpoint.identity.arn(self.kind, found.name),
            "Name": found.name,
            "CreatedAt": found.created_ms // 1000,
            "LastUpdated": found.updated_ms // 1000,
            "Type": "SYSTEM" if self.word == "Queue" and found.name == DEFAULT_QUEUE else "CUSTOM",
        }
        if self.word == "Queue":
            counts = endpoint.jobs.counts(found.name)
            document["SubmittedJobsCount"] = counts.get("SUBMITTED", 0)
            document["ProgressingJobsCount"] = counts.get("PROGRESSING", 0)
        return document


def check_queue(document: Job) -> None:
    """Raises: ServiceFault for a reserved queue without its plan."""
    reserved = document.get("PricingPlan") == "RESERVED"
    if reserved and not document.get("ReservationPlanSettings"):
        raise ServiceFault("BadRequestException", "/: reservationPlanSettings is a required property")


QUEUES = Shelf("queues", "Queue", check_queue)
TEMPLATES = Shelf("jobTemplates", "JobTemplate", check_template)
PRESETS = Shelf("presets", "Preset", check_preset)


def create(shelf: Shelf, endpoint: Endpoint, request: Request) -> Answer:
    document = read_body(request.body, f"Create{shelf.word}Request")
    name, tags = str(document.pop("Name")), cast("Job", document.pop("Tags", None) or {})
    if not name.strip() or "/" in name:
        raise ServiceFault("BadRequestException", "/name: Should be a name without a slash")
    shelf.check(document)
    if shelf.word == "Queue":
        document = _new_queue(document)
    try:
        made = endpoint.catalogue.add(shelf.kind, name, document)
    except KeyError as error:
        raise ServiceFault("ConflictException", f"A {shelf.kind[:-1]} named {name} exists.") from error
    endpoint.catalogue.tag(endpoint.identity.arn(shelf.kind, name), tags)
    return _answer(201, "Create", shelf, endpoint, made)


def _new_queue(document: Job) -> Job:
    plan = cast("Job | None", document.pop("ReservationPlanSettings", None))
    queue: Job = {"PricingPlan": "ON_DEMAND", "Status": "ACTIVE", **document}
    return queue if plan is None else queue | {"ReservationPlan": {**plan, "Status": "ACTIVE"}}


def get(shelf: Shelf, endpoint: Endpoint, request: Request) -> Answer:
    return _answer(200, "Get", shelf, endpoint, _known(shelf, endpoint, request))


def update(shelf: Shelf, endpoint: Endpoint, request: Request) -> Answer:
    """Members that are given replace those of before; a paused queue that is set going again starts its jobs."""
    name = bare_name(request.path_values["name"])
    document = read_body(request.body, f"Update{shelf.word}Request", from_path={"name": name})
    document.pop("Name", None)
    before = _known(shelf, endpoint, request)
    shelf.check(before.document | document)
    plan = cast("Job | None", document.pop("ReservationPlanSettings", None))
    if plan is not None:
        document["ReservationPlan"] = {**plan, "Status": "ACTIVE"}
    made = endpoint.catalogue.replace(shelf.kind, name, before.document | document)
    endpoint.wake()
    return _answer(200, "Update", shelf, endpoint, made)


def delete(shelf: Shelf, endpoint: Endpoint, request: Request) -> Answer:
    """A queue goes when no job is left in it."""
    found = _known(shelf, endpoint, request)
    if shelf.word == "Queue":
        _refuse_needed(endpoint, found.name)
    endpoint.catalogue.remove(shelf.kind, found.name)
    endpoint.catalogue.untag(endpoint.identity.arn(shelf.kind, found.name), None)
    return Answer(202, f"Delete{shelf.word}Response", {})


def _refuse_needed(endpoint: Endpoint, name: str) -> None:
    if name == DEFAULT_QUEUE:
        raise ServiceFault("BadRequestException", "The default queue can't be deleted.")
    counts = endpoint.jobs.counts(name)
    if counts.get("SUBMITTED") or counts.get("PROGRESSING"):
        raise ServiceFault("ConflictException", f"The queue {name} has jobs that are not finished.")


def _known(shelf: Shelf, endpoint: Endpoint, request: Request) -> Resource:
    name = bare_name(request.path_values["name"])
    found = endpoint.catalogue.find(shelf.kind, name)
    if found is None:
        raise ServiceFault("NotFoundException", f"The {shelf.kind[:-1]} {name} does not exist.")
    return found


def _answer(status: int, verb: str, shelf: Shelf, endpoint: Endpoint, found: Resource) -> Answer:
    return Answer(status, f"{verb}{shelf.word}Response", {shelf.answer_member: shelf.shown(endpoint, found)})


def list_all(shelf: Shelf, endpoint: Endpoint, request: Request) -> Answer:
    """By name, by date or of the system's own making; ascending unless asked otherwise."""
    listed_by = request.choice("listBy", f"{shelf.word}ListBy") or "CREATION_DATE"
    category = request.one("category")
    found = [item for item in endpoint.catalogue.all(shelf.kind) if category in (None, item.document.get("Category"))]
    if listed_by == "NAME":
        found.sort(key=lambda item: item.name)
    elif listed_by == "SYSTEM":
        found = [item for item in found if shelf.shown(endpoint, item)["Type"] == "SYSTEM"]
    if request.order == "DESCENDING":
        found.reverse()
    start = request.after or 0
    end = start + request.size
    document: Job = {f"{shelf.word}s": [shelf.shown(endpoint, item) for item in found[start:end]]}
    if end < len(found):
        document["NextToken"] = make_token(end)
    return Answer(200, f"List{shelf.word}sResponse", document)


def tag(endpoint: Endpoint, request: Request) -> Answer:
    document = read_body(request.body, "TagResourceRequest")
    endpoint.catalogue.tag(_taggable(endpoint, str(document["Arn"])), cast("Job", document["Tags"]))
    return Answer(200, "TagResourceResponse", {})


def untag(endpoint: Endpoint, request: Request) -> Answer:
    arn = request.path_values["arn"]
    document = read_body(request.body, "UntagResourceRequest", from_path={"arn": arn})
    endpoint.catalogue.untag(_taggable(endpoint, arn), cast("list[str] | None", document.get("TagKeys")))
    return Answer(200, "UntagResourceResponse", {})


def tags(endpoint: Endpoint, request: Request) -> Answer:
    arn = _taggable(endpoint, request.path_values["arn"])
    found: Job = {"Arn": arn, "Tags": endpoint.catalogue.tags(arn)}
    return Answer(200, "ListTagsForResourceResponse", {"ResourceTags": found})


def _taggable(endpoint: Endpoint, arn: str) -> str:
    """Raises: ServiceFault where the ARN names nothing that is here."""
    kind, _, name = arn.rpartition(":")[2].partition("/")
    known = arn == endpoint.identity.arn(kind, name)
    if known and kind == "jobs":
        known = endpoint.has_job(name)
    elif known:
        shelves = {shelf.kind for shelf in (QUEUES, TEMPLATES, PRESETS)}
        known = kind in shelves and endpoint.catalogue.find(kind, name) is not None
    if not known:
        raise ServiceFault("NotFoundException", f"The resource {arn} does not exist.")
    return arn
