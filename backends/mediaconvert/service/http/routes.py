"""Method and path → operation. Everything else is a 404 in the service's shape."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from backends.mediaconvert.service.faults import ServiceFault
from backends.mediaconvert.service.http import catalogue_operations as catalogue
from backends.mediaconvert.service.http import job_operations as jobs
from backends.mediaconvert.service.http import other_operations as others
from backends.mediaconvert.service.http.messages import Answer, Request

if TYPE_CHECKING:
    from backends.mediaconvert.service.endpoint import Endpoint

PREFIX = "/2017-08-29"
Operation = Callable[["Endpoint", Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` matches the path below the prefix, still percent-encoded."""

    operation: str
    method: str
    pattern: re.Pattern[str]
    run: Operation


def _route(operation: str, method: str, path: str, run: Operation) -> Route:
    """`{arn}` may hold slashes, every other `{name}` is one part of the path."""
    pattern = re.sub(r"\{(\w+)\}", lambda match: f"(?P<{match[1]}>{'.+' if match[1] == 'arn' else '[^/]+'})", path)
    return Route(operation, method, re.compile(pattern), run)


def _shelf_routes(shelf: catalogue.Shelf) -> list[Route]:
    path, word = f"/{shelf.kind}", shelf.word
    return [
        _route(f"Create{word}", "POST", path, partial(catalogue.create, shelf)),
        _route(f"List{word}s", "GET", path, partial(catalogue.list_all, shelf)),
        _route(f"Get{word}", "GET", f"{path}/{{name}}", partial(catalogue.get, shelf)),
        _route(f"Update{word}", "PUT", f"{path}/{{name}}", partial(catalogue.update, shelf)),
        _route(f"Delete{word}", "DELETE", f"{path}/{{name}}", partial(catalogue.delete, shelf)),
    ]


ROUTES = (
    _route("CreateJob", "POST", "/jobs", jobs.create_job),
    _route("ListJobs", "GET", "/jobs", jobs.list_jobs),
    _route("GetJob", "GET", "/jobs/{id}", jobs.get_job),
    _route("CancelJob", "DELETE", "/jobs/{id}", jobs.cancel_job),
    _route("SearchJobs", "GET", "/search", jobs.search_jobs),
    _route("StartJobsQuery", "POST", "/jobsQueries", jobs.start_query),
    _route("GetJobsQueryResults", "GET", "/jobsQueries/{id}", jobs.query_results),
    *_shelf_routes(catalogue.QUEUES),
    *_shelf_routes(catalogue.TEMPLATES),
    *_shelf_routes(catalogue.PRESETS),
    _route("TagResource", "POST", "/tags", catalogue.tag),
    _route("ListTagsForResource", "GET", "/tags/{arn}", catalogue.tags),
    _route("UntagResource", "PUT", "/tags/{arn}", catalogue.untag),
    _route("DescribeEndpoints", "POST", "/endpoints", others.describe_endpoints),
    _route("Probe", "POST", "/probe", others.probe),
    _route("GetPolicy", "GET", "/policy", others.get_policy),
    _route("PutPolicy", "PUT", "/policy", others.put_policy),
    _route("DeletePolicy", "DELETE", "/policy", others.delete_policy),
    _route("ListVersions", "GET", "/versions", others.list_versions),
    _route("AssociateCertificate", "POST", "/certificates", others.associate_certificate),
    _route("DisassociateCertificate", "DELETE", "/certificates/{arn}", others.disassociate_certificate),
    _route("CreateResourceShare", "POST", "/resourceShares", others.refuse_share),
)


def answer(endpoint: Endpoint, method: str, target: str, body: bytes) -> Answer:
    """Find the operation and run it. Raises: ServiceFault."""
    parts = urlsplit(target)
    if not parts.path.startswith(f"{PREFIX}/"):
        raise ServiceFault("NotFoundException", f"Nothing at {parts.path}: paths begin with {PREFIX}/")
    path = parts.path.removeprefix(PREFIX)
    path = path.rstrip("/") or path
    for route in ROUTES:
        found = route.pattern.fullmatch(path)
        if found is not None and route.method == method:
            values = {name: unquote(value) for name, value in found.groupdict().items()}
            query = parse_qs(parts.query, keep_blank_values=True, max_num_fields=64)
            return route.run(endpoint, Request(query, body, values))
    raise ServiceFault("NotFoundException", f"No operation for {method} {parts.path}")
