"""Where events go: a file of JSON lines, an HTTP address, or an EventBridge endpoint (`eventbridge+http://…`)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from renderer.errors import StoryreelError, UsageError

if TYPE_CHECKING:
    from backends.mediaconvert.job import Job

BRIDGE = "eventbridge+"
PATIENCE_S = 5


class DeliveryError(StoryreelError):
    """An event could not be delivered now; it is tried again."""


class Sink(Protocol):
    """One destination."""

    def deliver(self, event: Job) -> None:
        """Raises: DeliveryError."""
        ...


class FileSink:
    """Appends each event as one line."""

    def __init__(self, path: Path) -> None:
        """Raises: UsageError where the file can't be written."""
        self._path = path
        try:
            with path.open("ab"):
                pass
        except OSError as error:
            raise UsageError(f"--events {path}: can't be written: {error.strerror}") from error

    def deliver(self, event: Job) -> None:
        line = (json.dumps(event) + "\n").encode()
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise DeliveryError(f"{self._path}: {error.strerror}") from error


class HttpSink:
    """Posts each event as JSON."""

    def __init__(self, url: str) -> None:
        self._url = url

    def deliver(self, event: Job) -> None:
        import urllib.error
        import urllib.request

        body, headers = json.dumps(event).encode(), {"Content-Type": "application/json"}
        request = urllib.request.Request(self._url, body, headers)  # noqa: S310  (http or https: see `open_sink`)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310
                response.read(1 << 16)
        except (urllib.error.URLError, OSError) as error:
            raise DeliveryError(f"{self._url}: {error}") from error


class BridgeSink:
    """Puts each event on the default bus of an EventBridge endpoint."""

    def __init__(self, url: str, region: str) -> None:
        import boto3
        from botocore.config import Config

        config = Config(connect_timeout=PATIENCE_S, read_timeout=PATIENCE_S, retries={"total_max_attempts": 1})
        self._client = boto3.client("events", endpoint_url=url, region_name=region, config=config)

    def deliver(self, event: Job) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": json.dumps(event["detail"]),
            "Resources": event["resources"],
        }
        try:
            answer = self._client.put_events(Entries=[entry])
        except (BotoCoreError, ClientError) as error:
            raise DeliveryError(str(error)) from error
        if answer.get("FailedEntryCount"):
            raise DeliveryError(f"the bus refused the event: {answer['Entries'][0].get('ErrorMessage')}")


def open_sink(target: str, region: str) -> Sink:
    """The sink that `--events` names. Raises: UsageError."""
    if target.startswith(BRIDGE):
        return BridgeSink(target.removeprefix(BRIDGE), region)
    if target.startswith(("http://", "https://")):
        return HttpSink(target)
    if "://" in target:
        raise UsageError(f"--events {target}: expected a file, http(s)://... or {BRIDGE}http(s)://...")
    return FileSink(Path(target))
