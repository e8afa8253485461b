"""The job's role: it exists, the service may take it on, and it may read the sources and write the outputs.

IAM's simulator knows the role's own policies, not a bucket's: what these don't grant is missing for certain only where
the bucket has no policy of its own.
"""

from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.errors import ServiceError
from backends.mediaconvert.submission.findings import Finding, problem, unasked, warning
from backends.mediaconvert.submission.reading import at, list_at, text_at
from backends.mediaconvert.submission.sources import job_sources, output_url, split_s3_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.submission.services import Answer
    from backends.mediaconvert.submission.session import Session
    from backends.mediaconvert.submission.submission import Submission

PRINCIPAL = "mediaconvert.amazonaws.com"


def role_findings(session: Session, submission: Submission) -> list[Finding]:
    """What is wrong with the role, or can't be known about it."""
    role = str(submission.job.get("Role") or "")
    about = f"role {role_name(role)}"
    if session.services.iam is None:
        return [warning(about, "was not checked: the endpoint is no AWS endpoint")]
    try:
        answer = session.patience.ask(session.services.iam, "GetRole", RoleName=role_name(role))
    except ServiceError as error:
        missing = error.missing or error.code == "NoSuchEntity"
        if missing:
            return [problem(about, "does not exist")]
        silent = [unasked(about, error)]
        return silent if error.status is None else [*silent, *_permissions(session, role, about, submission)]
    if not is_trusted(at(answer, "Role", "AssumeRolePolicyDocument")):
        trust = f"does not let {PRINCIPAL} take it on"
        return [problem(about, trust, "sts:AssumeRole in its trust policy")]
    return _permissions(session, role, about, submission)


def role_name(arn: str) -> str:
    """`arn:aws:iam::111122223333:role/path/Name` → `Name`."""
    return arn.rpartition("/")[2]


def is_trusted(document: object) -> bool:
    """Whether a trust policy lets the service take the role on. Conditions are not evaluated."""
    return any(
        text_at(statement, "Effect") == "Allow"
        and {"sts:AssumeRole", "sts:*", "*"} & set(_several(at(statement, "Action")))
        and {PRINCIPAL, "*"} & set(_principals(at(statement, "Principal")))
        for statement in _statements(document)
    )


def _statements(document: object) -> list[object]:
    if isinstance(document, str):
        try:
            document = json.loads(urllib.parse.unquote(document))
        except ValueError:
            return []
    single = at(document, "Statement")
    return [single] if isinstance(single, dict) else list_at(document, "Statement")


def _principals(principal: object) -> list[str]:
    return [principal] if isinstance(principal, str) else _several(at(principal, "Service"))


def _several(value: object) -> list[str]:
    return [value] if isinstance(value, str) else [item for item in list_at({"": value}, "") if isinstance(item, str)]


def _permissions(session: Session, role: str, about: str, submission: Submission) -> list[Finding]:
    found: list[Finding] = []
    for action, resources in _wanted(submission).items():
        try:
            found += _simulated(session, role, about, action, resources)
        except ServiceError as error:
            return [*found, unasked(f"{about}, its permissions", error)]
    return found


def _wanted(submission: Submission) -> dict[str, list[str]]:
    """Action → ARNs of objects: everything read, and one name under each destination."""
    partition = str(submission.job.get("Role")).split(":")[1:2] or ["aws"]
    read = [split_s3_url(source.url) for source in job_sources(submission.job)]
    write = [split_s3_url(url) for url in output_url(submission.job)]
    wanted = {
        "s3:GetObject": [f"arn:{partition[0]}:s3:::{bucket}/{key}" for bucket, key in read if bucket],
        "s3:PutObject": [f"arn:{partition[0]}:s3:::{bucket}/{key or 'output'}" for bucket, key in write if bucket],
    }
    return {action: resources for action, resources in wanted.items() if resources}


def _simulated(session: Session, role: str, about: str, action: str, resources: list[str]) -> Iterator[Finding]:
    iam = session.services.iam
    if iam is None:
        return
    for start in range(0, len(resources), 50):
        some = resources[start : start + 50]
        asked = {"PolicySourceArn": role, "ActionNames": [action], "ResourceArns": some}
        yield from _verdicts(session, about, session.patience.ask(iam, "SimulatePrincipalPolicy", **asked))


def _verdicts(session: Session, about: str, answer: Answer) -> Iterator[Finding]:
    for result in list_at(answer, "EvaluationResults"):
        action, resource = text_at(result, "EvalActionName"), text_at(result, "EvalResourceName")
        match text_at(result, "EvalDecision"):
            case "explicitDeny":
                yield problem(about, f"is denied {action} on {resource}", action)
            case "implicitDeny" if _has_own_policy(session, resource):
                yield warning(about, f"is not granted {action} on {resource}, unless the bucket's policy does", action)
            case "implicitDeny":
                yield problem(about, f"is not granted {action} on {resource}", action)
            case _:
                pass


def _has_own_policy(session: Session, resource: str) -> bool:
    """Also where nobody can tell."""
    bucket = resource.rpartition(":")[2].partition("/")[0]
    try:
        session.s3("GetBucketPolicy", Bucket=bucket)
    except ServiceError as error:
        return error.code != "NoSuchBucketPolicy"
    return True
