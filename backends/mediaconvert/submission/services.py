"""The remote services as one call, `ask(operation, …)`, which answers with a mapping or raises `ServiceError`.

The SDK's own retries are switched off: a second CreateJob has to be preceded by a look-up, and only our own layer can
do that (`patience.py`). The read time-out is half of the minute in which the service knows a token again.
"""

from __future__ import annotations

import email.utils
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from backends.mediaconvert.submission.errors import NEVER_SENT, ServiceError
from backends.mediaconvert.submission.reading import int_at, text_at
from backends.mediaconvert.submission.redaction import redact
from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.client import BaseClient
    from botocore.exceptions import BotoCoreError, ClientError

Answer = dict[str, object]

ACTIONS: Mapping[str, str] = {
    "CreateJob": "mediaconvert:CreateJob",
    "GetJob": "mediaconvert:GetJob",
    "ListJobs": "mediaconvert:ListJobs",
    "CancelJob": "mediaconvert:CancelJob",
    "GetQueue": "mediaconvert:GetQueue",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "PutObject": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "UploadPart": "s3:PutObject",
    "CompleteMultipartUpload": "s3:PutObject",
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "GetRole": "iam:GetRole",
    "SimulatePrincipalPolicy": "iam:SimulatePrincipalPolicy",
}
"""Every operation that this package calls, and the permission it needs. Nothing else can be asked."""

PLACEHOLDER = "stand-in"
"""Signs requests to a stand-in that nobody configured credentials or a region for; it names no account of anybody."""
UNCONNECTED = ("EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError")
READ_TIMEOUT_S = 30
CONNECT_TIMEOUT_S = 10


class Service(Protocol):
    """One remote service."""

    def ask(self, operation: str, /, **parameters: object) -> Answer:
        """Raises: ServiceError."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """What a submission talks to. `iam` is None where a stand-in takes the service's place: it has no roles.

    `scope` tells one installation of the service from another: what was sent to a local endpoint was not sent to AWS.
    """

    mediaconvert: Service
    s3: Service
    iam: Service | None
    scope: str
    region: str = ""
    signed: bool = True
    """Whether there are credentials to sign requests with."""

    def close(self) -> None:
        """End the connections of boto3's clients."""
        for service in (self.mediaconvert, self.s3, self.iam):
            if isinstance(service, Boto3Service):
                service.client.close()


@dataclass(frozen=True, slots=True)
class Boto3Service:
    """A boto3 client, behind the protocol."""

    client: BaseClient

    def ask(self, operation: str, /, **parameters: object) -> Answer:
        from botocore.exceptions import BotoCoreError, ClientError

        ACTIONS[operation]
        method = getattr(self.client, re.sub(r"(?<!^)(?=[A-Z])", "_", operation).lower())
        try:
            return cast("Answer", method(**parameters))
        except ClientError as error:
            raise _refused(operation, error) from None
        except BotoCoreError as error:
            raise _unanswered(operation, error) from None


def _refused(operation: str, error: ClientError) -> ServiceError:
    metadata = error.response.get("ResponseMetadata", {})
    return ServiceError(
        operation,
        status=int_at(metadata, "HTTPStatusCode"),
        code=text_at(error.response, "Error", "Code"),
        text=_with_permission(operation, int_at(metadata, "HTTPStatusCode"), _said(error)),
        retry_after_s=retry_after_s(text_at(metadata, "HTTPHeaders", "retry-after"), time.time()),
    )


def _said(error: ClientError) -> str:
    return text_at(error.response, "Error", "Message") or text_at(error.response, "message")


def _with_permission(operation: str, status: int | None, text: str) -> str:
    """Of CreateJob `create.py` says what it needs, which is more than one permission."""
    denied = status == 403 and operation != "CreateJob"
    return f"{text} (needs {ACTIONS[operation]})" if denied else text


def _unanswered(operation: str, error: BotoCoreError) -> ServiceError:
    name = type(error).__name__
    unsent = name in NEVER_SENT or name in UNCONNECTED
    text = f"{error}"
    if name in UNCONNECTED:
        text = f"{text.rstrip('.')}: is the network up, and the address right?"
    if name in ("NoCredentialsError", "PartialCredentialsError"):
        text = f"{text.rstrip('.')}: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    return ServiceError(operation, status=None, code=name, text=text, reached=not unsent)


def retry_after_s(header: str, now: float) -> float | None:
    """Seconds that a Retry-After header asks for, written as a number or as a date; None where it says nothing."""
    if re.fullmatch(r"\d{1,6}(\.\d+)?", header.strip()):
        return float(header)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(header).timestamp() - now)
    except ValueError:
        return None


def connect(
    *,
    region: str | None = None,
    endpoint_url: str | None = None,
    s3_endpoint_url: str | None = None,
    read_timeout_s: float = READ_TIMEOUT_S,
) -> Services:
    """Clients with the caller's own credentials.

    With an `endpoint_url` outside AWS a stand-in answers for MediaConvert, and no role is looked up anywhere. Where
    everything is a stand-in and nobody configured a region or credentials, placeholders take their place.
    Raises: UsageError where there is no region, or an address is none.
    """
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, NoRegionError

    config = Config(
        retries={"total_max_attempts": 1, "mode": "standard"},
        connect_timeout=min(CONNECT_TIMEOUT_S, read_timeout_s),
        read_timeout=read_timeout_s,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="storyreel",
    )
    try:
        session = boto3.session.Session(region_name=region)
        alone = not is_aws(endpoint_url) and not is_aws(s3_endpoint_url)
        signed = session.get_credentials() is not None
        if alone and (session.region_name is None or not signed):
            keys = {} if signed else {"aws_access_key_id": PLACEHOLDER, "aws_secret_access_key": PLACEHOLDER}
            session = boto3.session.Session(region_name=session.region_name or PLACEHOLDER, **keys)
        mediaconvert = session.client("mediaconvert", endpoint_url=endpoint_url, config=config)
        s3 = session.client("s3", endpoint_url=s3_endpoint_url, config=_s3_config(config, s3_endpoint_url))
        answering = str(mediaconvert.meta.endpoint_url).rstrip("/")
        iam = Boto3Service(session.client("iam", config=config)) if is_aws(answering) else None
    except NoRegionError:
        raise UsageError("no region is known: pass --region, or set AWS_DEFAULT_REGION") from None
    except (BotoCoreError, ValueError) as error:
        raise UsageError(f"can't connect: {redact(str(error))}") from None
    scope = f"aws:{session.region_name}" if is_aws(answering) else answering
    services = Boto3Service(mediaconvert), Boto3Service(s3), iam
    return Services(*services, scope, str(session.region_name), signed=signed or alone)


def is_aws(endpoint_url: str | None) -> bool:
    """Whether AWS itself answers: no endpoint given, or one of its own host names."""
    host = urlsplit(endpoint_url or "").hostname or ""
    return not endpoint_url or host.endswith((".amazonaws.com", ".amazonaws.com.cn", ".api.aws"))


def _s3_config(config: object, endpoint_url: str | None) -> object:
    """Stand-ins for S3 rarely answer under a host name for each bucket."""
    from botocore.config import Config

    return Config(s3={"addressing_style": "path"}).merge(config) if endpoint_url else config
