"""The least that IAM has to grant: one policy for the job's role, one for whoever submits (REQUIREMENTS A52, X19)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backends.mediaconvert.submission.preflight_role import PRINCIPAL
from backends.mediaconvert.submission.services import ACTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from renderer.timeline.canonical import JSONValue

Document = dict[str, "JSONValue"]

JOURNAL_PREFIX = "storyreel/journal"
OF_BUCKET = ("s3:GetBucketPolicy", "s3:ListBucket", "s3:ListBucketMultipartUploads")
OF_OBJECTS = ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject")


@dataclass(frozen=True, slots=True)
class PolicyScope:
    """`bucket` holds sources and results; `more_sources` are further buckets that jobs read.

    `prefix` and `destination` are the folders of what is uploaded and of what jobs write. Without `account` the role's
    ARN stands for a role of that name in any account: fill it in before use. `journal_bucket` holds the records of
    functions, under JOURNAL_PREFIX.
    """

    bucket: str
    role_name: str = "storyreel-mediaconvert"
    prefix: str = "storyreel/sources"
    destination: str = "videos"
    more_sources: tuple[str, ...] = ()
    account: str = "*"
    partition: str = "aws"
    journal_bucket: str | None = None


def policies(scope: PolicyScope) -> dict[str, JSONValue]:
    """Everything at once: the role's trust policy and permissions, the submitter's, and where wanted the functions'."""
    found: dict[str, JSONValue] = {
        "role": {
            "RoleName": scope.role_name,
            "AssumeRolePolicyDocument": trust_policy(),
            "PolicyDocument": role_policy(scope),
        },
        "submitter": {"PolicyDocument": submitter_policy(scope)},
    }
    if scope.journal_bucket is not None:
        found["function"] = {"PolicyDocument": function_policy(scope)}
    return found


def policy_part(scope: PolicyScope, part: str) -> Document:
    """One document: `trust`, `role`, `submitter` or `function`. Raises: KeyError for any other word."""
    made: dict[str, Callable[[PolicyScope], Document]] = {
        "trust": trust_policy,
        "role": role_policy,
        "submitter": submitter_policy,
        "function": function_policy,
    }
    return made[part](scope)


def role_policy(scope: PolicyScope) -> Document:
    """What MediaConvert does in the role's name: read sources, write results. ListBucket makes 404 differ from 403."""
    sources = [_bucket(scope, name) for name in scope.more_sources]
    own = _bucket(scope, scope.bucket)
    read: list[JSONValue] = [f"{own}/{scope.prefix}/*", *(f"{source}/*" for source in sources)]
    return _document(
        _allow("ReadSources", ["s3:GetObject"], read),
        _allow("WriteResults", ["s3:PutObject"], [f"{own}/{scope.destination}/*"]),
        _allow("TellMissingFromForbidden", ["s3:ListBucket"], [own, *sources]),
    )


def submitter_policy(scope: PolicyScope) -> Document:
    """What this program calls, and nothing else. Objects of further source buckets are only looked at."""
    own, role = _bucket(scope, scope.bucket), f"arn:{scope.partition}:iam::{scope.account}:role/{scope.role_name}"
    others = [_bucket(scope, name) for name in scope.more_sources]
    pass_role = _allow("GiveTheJobItsRole", ["iam:PassRole"], [role])
    pass_role["Condition"] = {"StringEquals": {"iam:PassedToService": PRINCIPAL}}
    statements = [
        _allow("SubmitAndFollowJobs", _actions("mediaconvert:"), ["*"]),
        _allow("Buckets", OF_BUCKET, [own, *others]),
        _allow("UploadSources", OF_OBJECTS, [f"{own}/{scope.prefix}/*"]),
        _allow("CheckTheRole", _actions("iam:"), [role]),
        pass_role,
    ]
    look = _allow("LookAtSources", ["s3:GetObject"], [f"{other}/*" for other in others])
    return _document(*statements, *([look] if others else []))


def function_policy(scope: PolicyScope) -> Document:
    """What the functions of examples/lambda_handler need beside the submitter's: to keep their records."""
    bucket = _bucket(scope, scope.journal_bucket or scope.bucket)
    return _document(
        _allow("KeepRecords", ["s3:GetObject", "s3:PutObject"], [f"{bucket}/{JOURNAL_PREFIX}/*"]),
        _allow("TellMissingFromForbidden", ["s3:ListBucket"], [bucket]),
    )


def _actions(service: str) -> list[str]:
    return sorted({action for action in ACTIONS.values() if action.startswith(service)})


def _bucket(scope: PolicyScope, name: str) -> str:
    return f"arn:{scope.partition}:s3:::{name}"


def _allow(sid: str, actions: list[str] | tuple[str, ...], resources: list[JSONValue] | list[str]) -> Document:
    return {"Sid": sid, "Effect": "Allow", "Action": [*actions], "Resource": [*resources]}


def _document(*statements: Document) -> Document:
    return {"Version": "2012-10-17", "Statement": [*statements]}


def trust_policy(_: PolicyScope | None = None) -> Document:
    """Who may take the role on: the service, and nobody else."""
    trust: Document = {"Effect": "Allow", "Principal": {"Service": PRINCIPAL}, "Action": "sts:AssumeRole"}
    return _document(trust)
