"""Any S3 endpoint through boto3: objects are downloaded to the job's scratch folder, outputs uploaded."""

from __future__ import annotations

import contextlib
import os
import tempfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from backends.mediaconvert.service.faults import (
    ACCESS_DENIED,
    CANNOT_OPEN_FILE,
    CANNOT_OPEN_INPUT,
    NOT_FOUND,
    JobFailure,
)
from backends.mediaconvert.service.storage.base import OpenObject
from backends.mediaconvert.service.storage.locations import parse_location

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})
_DENIED = frozenset({"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"})
MAX_OBJECT_BYTES = 20_000_000_000


class RemoteStorage:
    """Objects of one S3 endpoint. Credentials are found as every program that uses boto3 finds them."""

    def __init__(self, endpoint_url: str, region: str) -> None:
        import boto3
        from botocore.config import Config

        config = Config(retries={"mode": "standard", "total_max_attempts": 3}, s3={"addressing_style": "path"})
        self._client = boto3.client("s3", endpoint_url=endpoint_url, region_name=region, config=config)
        self._host = urlsplit(endpoint_url).netloc

    def check(self, url: str) -> None:
        parse_location(url, s3_host=self._host)

    @contextlib.contextmanager
    def open(self, url: str, scratch: Path) -> Iterator[OpenObject]:
        from botocore.exceptions import BotoCoreError, ClientError

        location = parse_location(url, s3_host=self._host)
        with tempfile.TemporaryFile(dir=scratch) as stream:
            try:
                head = self._client.head_object(Bucket=location.bucket, Key=location.key)
                if head["ContentLength"] > MAX_OBJECT_BYTES:
                    raise JobFailure(CANNOT_OPEN_INPUT, f"Unable to open input file [{url}]: [larger than 20 GB]")
                self._client.download_fileobj(location.bucket, location.key, stream)
            except ClientError as error:
                raise _failure(url, str(error.response["Error"]["Code"]), error, CANNOT_OPEN_INPUT) from error
            except BotoCoreError as error:
                raise JobFailure(CANNOT_OPEN_INPUT, f"Unable to open input file [{url}]: [{error}]") from error
            stream.flush()
            modified = int(head["LastModified"].timestamp())
            yield OpenObject(url, stream.fileno(), os.fstat(stream.fileno()).st_size, modified)

    def publish(self, url: str, file: Path) -> None:
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        location = parse_location(url, s3_host=self._host)
        try:
            self._client.upload_file(str(file), location.bucket, location.key)
        except ClientError as error:
            raise _failure(url, str(error.response["Error"]["Code"]), error, CANNOT_OPEN_FILE) from error
        except (BotoCoreError, Boto3Error) as error:
            raise JobFailure(CANNOT_OPEN_FILE, f"Unable to write output [{url}]: [{error}]") from error


def _failure(url: str, code: str, error: Exception, otherwise: int) -> JobFailure:
    number = NOT_FOUND if code in _MISSING else ACCESS_DENIED if code in _DENIED else otherwise
    return JobFailure(number, f"S3 refused [{url}]: [{error}]")
