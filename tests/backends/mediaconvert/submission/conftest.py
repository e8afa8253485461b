"""S3 by moto over HTTP, an endpoint with faults, sessions whose clock the test holds, and a place to fork and kill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from submit_endpoint import Endpoint

from backends.mediaconvert.submission.journal import SqliteJournal
from backends.mediaconvert.submission.patience import Patience
from backends.mediaconvert.submission.services import connect
from backends.mediaconvert.submission.session import Session
from backends.mediaconvert.submission.submission import Submission, Upload

PROJECT = Path(__file__).resolve().parents[4]
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "us-east-1",
               "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull,
               "AWS_SHARED_CREDENTIALS_FILE": os.devnull}  # fmt: skip
ROLE = "arn:aws:iam::111122223333:role/storyreel"


class HeldClock:
    """Time passes only by sleeping."""

    def __init__(self):
        self.time, self.slept, self.wakes = time.time(), [], []

    def now(self):
        return self.time

    def elapsed(self):
        return self.time

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.time += seconds
        if self.wakes:
            self.wakes.pop(0)()


@pytest.fixture(scope="session", autouse=True)
def _credentials():
    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        yield


@pytest.fixture(scope="session")
def s3_url(_credentials):
    """A moto server of this session on the loopback; parts may be small."""
    import moto.s3.models
    from moto.server import ThreadedMotoServer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moto.s3.models, "S3_UPLOAD_PART_MIN_SIZE", 1)
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()


@pytest.fixture(scope="session")
def s3_client(s3_url):
    import boto3
    from botocore.config import Config

    client = boto3.client("s3", endpoint_url=s3_url, config=Config(s3={"addressing_style": "path"}))
    yield client
    client.close()


@pytest.fixture
def bucket(s3_client):
    name = f"stories-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=name)
    return name


@pytest.fixture(scope="session")
def _running_endpoint():
    with Endpoint().running() as running:
        yield running


@pytest.fixture
def endpoint(_running_endpoint):
    """The endpoint, without jobs and without faults."""
    _running_endpoint.reset()
    return _running_endpoint


@pytest.fixture(scope="session")
def services(_running_endpoint, s3_url):
    """Made once: a client of this service takes a quarter of a second."""
    made = connect(region="us-east-1", endpoint_url=_running_endpoint.url, s3_endpoint_url=s3_url, read_timeout_s=20)
    yield made
    for service in (made.mediaconvert, made.s3):
        service.client.close()


@pytest.fixture(scope="session")
def hasty(_running_endpoint, s3_url):
    """The same, with a time-out that a test can wait for."""
    made = connect(region="us-east-1", endpoint_url=_running_endpoint.url, s3_endpoint_url=s3_url, read_timeout_s=0.4)
    yield made
    for service in (made.mediaconvert, made.s3):
        service.client.close()


@pytest.fixture
def clock():
    return HeldClock()


@pytest.fixture
def journal(tmp_path):
    return SqliteJournal(tmp_path / "submissions.sqlite")


@pytest.fixture
def session(endpoint, services, journal, clock):
    """Everything real but the clock; what it says to people is in `session.said`."""
    said = []
    made = Told(services, journal, Patience(clock, jitter=lambda: 1.0), said.append)
    object.__setattr__(made, "said", said)
    return made


class Told(Session):
    """A session that remembers what it said."""


@pytest.fixture
def make_submission(bucket, tmp_path):
    """`make_submission(files={"a.mp4": b"…"}, key=None, **job)`: a submission of files that it writes."""

    def make(files=None, key=None, private=(), story="story-1", **job):
        uploads = []
        for name, content in (files or {}).items():
            (tmp_path / name).write_bytes(content)
            uploads.append(Upload(f"storyreel/sources/{name}", lambda name=name: tmp_path / name, "video/mp4"))
        sources = [{"FileInput": f"s3://{bucket}/{upload.key}"} for upload in uploads]
        group = {"OutputGroupSettings": {"FileGroupSettings": {"Destination": f"s3://{bucket}/videos/{story}"}}}
        request = {"Role": ROLE, "Queue": "Default", "Settings": {"Inputs": sources, "OutputGroups": [group]}}
        return Submission(request | job, bucket, tuple(uploads), story, "5" * 64, key, private)

    return make


class Forks:
    """`start(run, …)` returns the process ids, `finish()` the results in the same order."""

    def __init__(self, process):
        self._process = process

    def start(self, *runs):
        self._process.stdin.write(json.dumps(runs) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def finish(self):
        return json.loads(self._process.stdout.readline())

    def run(self, *runs):
        self.start(*runs)
        return self.finish()


@pytest.fixture(scope="session")
def forks(_credentials):
    """A process with everything imported, that forks one child for each run."""
    command = [sys.executable, str(Path(__file__).with_name("submit_child.py"))]
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    yield Forks(process)
    process.stdin.close()
    process.wait(timeout=30)
    process.stdout.close()


@pytest.fixture
def make_run(tmp_path, bucket, endpoint, s3_url):
    """`make_run(story)`: what a forked child needs to submit one story of two files, the second in three parts."""
    (tmp_path / "small.bin").write_bytes(b"s" * 1000)
    (tmp_path / "large.bin").write_bytes(os.urandom(25_000))

    def make(story, **more):
        state = tmp_path / f"state-{story}"
        state.mkdir(exist_ok=True)
        common = {"endpoint": endpoint.url, "s3": s3_url, "bucket": bucket}
        return {**common, "state": str(state), "folder": str(tmp_path), "story": story, **more}

    return make


@pytest.fixture
def remote(monkeypatch, tmp_path, endpoint, s3_url):
    """Where the commands find their services, their records and their cache."""
    variables = {
        "MEDIACONVERT_ENDPOINT": endpoint.url,
        "AWS_ENDPOINT_URL_S3": s3_url,
        "MEDIACONVERT_ROLE": ROLE,
        "STORYREEL_STATE_DIR": str(tmp_path / "state"),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return endpoint


@pytest.fixture
def run(remote):
    """`run("submit", spec, …)`: the command in this process."""

    from click.testing import CliRunner

    import cli

    def command(*arguments):
        return CliRunner().invoke(cli.main, [str(argument) for argument in arguments])

    return command
