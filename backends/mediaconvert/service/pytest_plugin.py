"""The pytest fixture `mediaconvert_local`: an endpoint that executes jobs, for tests of code that submits them.

    def test_my_job(mediaconvert_local):
        mediaconvert_local.put("s3://in/clip.mp4", pathlib.Path("clip.mp4"))
        job = mediaconvert_local.client().create_job(Role=..., Settings=...)["Job"]
        done = mediaconvert_local.wait(job["Id"])
        assert mediaconvert_local.path("s3://out/clip.mp4").stat().st_size > 0

Loaded by pytest itself, as storyreel is installed. Imports nothing heavy before the fixture is used.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient

    from backends.mediaconvert.job import Job

FINISHED = ("COMPLETE", "ERROR", "CANCELED")


class LocalMediaConvert:
    """One endpoint of a test. `root` stands for S3: `s3://bucket/key` is `root/bucket/key`."""

    def __init__(self, endpoint_url: str, root: Path, events_file: Path) -> None:
        self.endpoint_url, self.root, self._events_file = endpoint_url, root, events_file
        self._client: BaseClient | None = None

    def client(self) -> BaseClient:
        """A boto3 client of this endpoint, always the same; any credentials will do."""
        if self._client is None:
            import boto3

            self._client = boto3.client(
                "mediaconvert",
                endpoint_url=self.endpoint_url,
                region_name="us-east-1",
                aws_access_key_id="local",
                aws_secret_access_key="local",  # noqa: S106  (nobody checks it)
            )
        return self._client

    def path(self, url: str) -> Path:
        """The file behind an `s3://` address, there or not."""
        return self.root / url.removeprefix("s3://")

    def put(self, url: str, content: Path | bytes) -> None:
        """Store a file or bytes under an `s3://` address."""
        target = self.path(url)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, target)
        else:
            target.write_bytes(content)

    def wait(self, job_id: str, *, timeout_s: float = 120) -> Job:
        """The job once it is COMPLETE, ERROR or CANCELED.

        Raises: TimeoutError with how far it was.
        """
        client, end_s = self.client(), time.monotonic() + timeout_s
        while True:
            job: Job = client.get_job(Id=job_id)["Job"]
            if job["Status"] in FINISHED:
                return job
            if time.monotonic() > end_s:
                raise TimeoutError(f"job {job_id} is {job['Status']} after {timeout_s:g} s")
            time.sleep(0.05)

    def events(self) -> list[Job]:
        """Every event so far, in order."""
        return [json.loads(line) for line in self._events_file.read_text(encoding="utf-8").splitlines()]


@contextlib.contextmanager
def running_local(home: Path) -> Iterator[LocalMediaConvert]:
    """An endpoint that lives in the folder `home`: for a fixture of your own scope, shared by several tests."""
    from backends.mediaconvert.service.endpoint import EndpointOptions
    from backends.mediaconvert.service.events.sinks import FileSink
    from backends.mediaconvert.service.http.running import running_server
    from backends.mediaconvert.service.storage.folder import FolderStorage

    root = home / "s3"
    root.mkdir(parents=True)
    events = home / "events.jsonl"
    options = EndpointOptions(home / "state.sqlite", FolderStorage(root), sink=FileSink(events))
    with running_server(options) as server:
        yield LocalMediaConvert(server.endpoint.url, root, events)


@pytest.fixture
def mediaconvert_local(tmp_path: Path) -> Iterator[LocalMediaConvert]:
    """A MediaConvert endpoint of this test's own, with a folder for S3 and its events in a file."""
    with running_local(tmp_path / "mediaconvert-local") as endpoint:
        yield endpoint
