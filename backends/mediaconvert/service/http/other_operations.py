"""DescribeEndpoints, Probe, the input policy, versions, certificates, and what is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backends.mediaconvert.service.faults import JobFailure, ServiceFault
from backends.mediaconvert.service.http.messages import Answer
from backends.mediaconvert.service.wire import read_body

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job
    from backends.mediaconvert.service.endpoint import Endpoint
    from backends.mediaconvert.service.http.messages import Request

OPEN_POLICY: Job = {"HttpInputs": "ALLOWED", "HttpsInputs": "ALLOWED", "S3Inputs": "ALLOWED"}
ENGINE_VERSION = "2017-08-29"
"""The one version this endpoint offers: named after the API it speaks."""


def describe_endpoints(endpoint: Endpoint, request: Request) -> Answer:
    """This very endpoint."""
    read_body(request.body, "DescribeEndpointsRequest")
    return Answer(200, "DescribeEndpointsResponse", {"Endpoints": [{"Url": endpoint.url}]})


def probe(endpoint: Endpoint, request: Request) -> Answer:
    """What the files hold. A file that can't be read is the service's UnprocessableEntityException."""
    document = read_body(request.body, "ProbeRequest")
    urls = [str(item.get("FileUrl", "")) for item in cast("list[Job]", document.get("InputFiles") or [])]
    if not urls:
        raise ServiceFault("BadRequestException", "/: inputFiles is a required property")
    try:
        results = [endpoint.probe(url) for url in urls]
    except JobFailure as failure:
        raise ServiceFault("UnprocessableEntityException", failure.message) from failure
    return Answer(200, "ProbeResponse", {"ProbeResults": list(results)})


def get_policy(endpoint: Endpoint, request: Request) -> Answer:  # noqa: ARG001
    return Answer(200, "GetPolicyResponse", {"Policy": endpoint.catalogue.setting("policy") or OPEN_POLICY})


def put_policy(endpoint: Endpoint, request: Request) -> Answer:
    """Jobs whose inputs the policy disallows end with error 3457."""
    document = read_body(request.body, "PutPolicyRequest")
    policy = {**OPEN_POLICY, **cast("Job", document["Policy"])}
    endpoint.catalogue.set_setting("policy", policy)
    return Answer(200, "PutPolicyResponse", {"Policy": policy})


def delete_policy(endpoint: Endpoint, request: Request) -> Answer:  # noqa: ARG001
    endpoint.catalogue.set_setting("policy", None)
    return Answer(200, "DeletePolicyResponse", {})


def list_versions(endpoint: Endpoint, request: Request) -> Answer:  # noqa: ARG001
    return Answer(200, "ListVersionsResponse", {"Versions": [{"Version": ENGINE_VERSION}]})


def associate_certificate(endpoint: Endpoint, request: Request) -> Answer:
    """Remembered and never used: SPEKE encryption, which needs it, is refused."""
    arn = str(read_body(request.body, "AssociateCertificateRequest")["Arn"])
    if endpoint.catalogue.find("certificates", arn) is None:
        endpoint.catalogue.add("certificates", arn, {})
    return Answer(201, "AssociateCertificateResponse", {})


def disassociate_certificate(endpoint: Endpoint, request: Request) -> Answer:
    arn = request.path_values["arn"]
    if not endpoint.catalogue.remove("certificates", arn):
        raise ServiceFault("NotFoundException", f"The certificate {arn} is not associated.")
    return Answer(202, "DisassociateCertificateResponse", {})


def refuse_share(endpoint: Endpoint, request: Request) -> Answer:  # noqa: ARG001
    """Raises: ServiceFault: there is no support team here to share a job with."""
    raise ServiceFault("BadRequestException", "This local endpoint does not offer CreateResourceShare.")
