"""CreateJob, GetJob, CancelJob, ListJobs, SearchJobs, and the two calls of a jobs query."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.http.messages import Answer, make_token, page_size, read_token
from backends.mediaconvert.service.identity import bare_name
from backends.mediaconvert.service.store.records import TERMINAL
from backends.mediaconvert.service.wire import read_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.endpoint import Endpoint
    from backends.mediaconvert.service.http.messages import Order, Request
    from backends.mediaconvert.service.store.jobs import Page
    from backends.mediaconvert.service.store.records import JobRecord


def create_job(endpoint: Endpoint, request: Request) -> Answer:
    """Checked, merged, stored, then answered: a job that was answered for is never lost."""
    record = endpoint.submit(request.body)
    return Answer(201, "CreateJobResponse", {"Job": record.shown(endpoint.identity)})


def get_job(endpoint: Endpoint, request: Request) -> Answer:
    record = _known(endpoint, request)
    return Answer(200, "GetJobResponse", {"Job": endpoint.with_progress(record)})


def cancel_job(endpoint: Endpoint, request: Request) -> Answer:
    """A waiting job ends at once, a running one when its worker has stopped."""
    record = _known(endpoint, request)
    if record.status in TERMINAL:
        raise ServiceFault("ConflictException", f"The job {record.id} is {record.status} and can't be canceled.")
    endpoint.cancel(record)
    return Answer(202, "CancelJobResponse", {})


def _known(endpoint: Endpoint, request: Request) -> JobRecord:
    identifier = request.path_values["id"]
    try:
        return endpoint.jobs.get(identifier)
    except KeyError as error:
        raise ServiceFault("NotFoundException", f"The job {identifier} does not exist.") from error


def list_jobs(endpoint: Endpoint, request: Request) -> Answer:
    return Answer(200, "ListJobsResponse", _listed(endpoint, _page(endpoint, request, None)))


def search_jobs(endpoint: Endpoint, request: Request) -> Answer:
    """As ListJobs, and only jobs with an input whose address contains `inputFile`."""
    wanted = request.one("inputFile")
    keep = None if wanted is None else lambda job: reads(job, wanted)
    return Answer(200, "SearchJobsResponse", _listed(endpoint, _page(endpoint, request, keep)))


def _page(endpoint: Endpoint, request: Request, keep: Callable[[JobRecord], bool] | None) -> Page:
    queue = request.one("queue")
    return endpoint.jobs.page(
        status=request.choice("status", "JobStatus"),
        queue=None if queue is None else bare_name(queue),
        order=request.order or "DESCENDING",
        size=request.size,
        after=request.after,
        where=keep,
    )


def _listed(endpoint: Endpoint, page: Page) -> Job:
    document: Job = {"Jobs": [endpoint.with_progress(job) for job in page.jobs]}
    return document if page.after is None else document | {"NextToken": make_token(page.after)}


def reads(job: JobRecord, part: str) -> bool:
    """Whether an input's address contains `part`."""
    inputs = cast("list[Job]", job.settings.get("Inputs") or [])
    return any(part in str(source.get("FileInput", "")) for source in inputs)


def start_query(endpoint: Endpoint, request: Request) -> Answer:
    """Remembers the question; the answer is found when it is asked for."""
    query = read_body(request.body, "StartJobsQueryRequest")
    page_size(int(str(query.get("MaxResults", 20))))
    read_token(cast("str | None", query.get("NextToken")))
    identifier = str(uuid.uuid4())
    endpoint.catalogue.add("jobsQueries", identifier, query)
    return Answer(201, "StartJobsQueryResponse", {"Id": identifier})


def query_results(endpoint: Endpoint, request: Request) -> Answer:
    found = endpoint.catalogue.find("jobsQueries", request.path_values["id"])
    if found is None:
        raise ServiceFault("NotFoundException", f"The query {request.path_values['id']} does not exist.")
    query = found.document
    filters = cast("list[Job]", query.get("FilterList") or [])
    page = endpoint.jobs.page(
        order=cast("Order", query.get("Order", "DESCENDING")),
        size=int(str(query.get("MaxResults", 20))),
        after=read_token(cast("str | None", query.get("NextToken"))),
        where=lambda job: all(_matches(job, item) for item in filters),
    )
    return Answer(200, "GetJobsQueryResultsResponse", {"Status": "COMPLETE", **_listed(endpoint, page)})


def _matches(job: JobRecord, condition: Job) -> bool:
    """One filter: any of its values fits."""
    values = [str(value) for value in cast("list[str]", condition.get("Values") or [])]
    match condition.get("Key"):
        case "queue":
            return job.queue in [bare_name(value) for value in values]
        case "status":
            return job.status in values
        case "fileInput":
            return any(reads(job, value) for value in values)
        case "audioCodec" | "videoCodec" as key:
            return bool(_codecs(job, "AudioDescriptions" if key == "audioCodec" else "VideoDescription") & {*values})
        case "errorCode":
            return str(job.facts.get("ErrorCode", "")) in values
        case _:
            return str(job.request.get("JobEngineVersion", "")) in values


def _codecs(job: JobRecord, member: str) -> set[str]:
    found: set[str] = set()
    for group in cast("list[Job]", job.settings.get("OutputGroups") or []):
        for output in cast("list[Job]", group.get("Outputs") or []):
            described = output.get(member) or []
            for track in cast("list[Job]", described if isinstance(described, list) else [described]):
                found.add(str(cast("Job", track.get("CodecSettings") or {}).get("Codec", "")))
    return found
