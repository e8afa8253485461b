"""Runs submissions in forked processes and kills them at a chosen boundary: before or after a journal write or a call.

Started as a program: one JSON line in names the runs of one round; out come a line of process ids and a line of
results. Forking from a process that has everything imported makes a run cost a tenth of a new interpreter's start.
"""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from backends.mediaconvert.submission.congestion import Congestion
from backends.mediaconvert.submission.journal import SqliteJournal
from backends.mediaconvert.submission.patience import Patience
from backends.mediaconvert.submission.services import Services, connect
from backends.mediaconvert.submission.session import Session
from backends.mediaconvert.submission.submission import Submission, Upload
from backends.mediaconvert.submission.submit import SubmitSettings, submit
from backends.mediaconvert.submission.upload import UploadSettings


class Fuse:
    """Counts boundaries, and kills this process at number `blow`, from 1, or at the first of that name."""

    def __init__(self, blow):
        self.blow, self.passed, self.names, self._lock = blow, 0, [], threading.Lock()

    def boundary(self, name):
        with self._lock:
            self.passed += 1
            self.names.append(name)
            if self.blow in (self.passed, name):
                os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Watched:
    """A service or a journal with a boundary on both sides of each effect."""

    inner: object
    fuse: Fuse

    def ask(self, operation, /, **parameters):
        self.fuse.boundary(f"before {operation}")
        answer = self.inner.ask(operation, **parameters)
        self.fuse.boundary(f"after {operation}")
        return answer

    def update(self, submission_id, change):
        self.fuse.boundary("before a journal write")
        record = self.inner.update(submission_id, change)
        self.fuse.boundary("after a journal write")
        return record

    def __getattr__(self, name):
        return getattr(self.inner, name)


def submission_of(run):
    """Two objects, one of them in parts, and a job that names them."""
    folder, story = Path(run["folder"]), run["story"]
    uploads = tuple(
        Upload(f"storyreel/sources/{story}-{name}", lambda name=name: folder / name, "video/mp4")
        for name in ("small.bin", "large.bin")
    )
    source = f"s3://{run['bucket']}/{uploads[1].key}"
    job = {"Role": "arn:aws:iam::111122223333:role/storyreel", "Queue": "Default", "Settings": {
        "Inputs": [{"FileInput": source}], "OutputGroups": []}}  # fmt: skip
    return Submission(job, run["bucket"], uploads, story, "0" * 64)


@functools.cache
def services_of(endpoint, s3):
    """Made before the fork: a client takes a quarter of a second, and opens no connection before its first call."""
    return connect(region="us-east-1", endpoint_url=endpoint, s3_endpoint_url=s3, read_timeout_s=10)


def session_of(run, fuse):
    services = services_of(run["endpoint"], run["s3"])
    watched = Services(Watched(services.mediaconvert, fuse), Watched(services.s3, fuse), None, services.scope)
    journal = SqliteJournal(Path(run["state"]) / "submissions.sqlite")
    return Session(watched, Watched(journal, fuse), Patience(first_wait_s=0.02))


def perform(run):
    """Submit, and say what came of it."""
    fuse = Fuse(run.get("blow", 0))
    settings = SubmitSettings(uploads=UploadSettings(threshold=10_000, part=10_000), congestion=Congestion(checks=0))
    done = submit(session_of(run, fuse), submission_of(run), settings)
    return {"job": done.record.job_id, "state": done.record.state, "new": done.new, "boundaries": fuse.names}


def forked(run):
    services_of(run["endpoint"], run["s3"])
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid:
        os.close(write_end)
        return pid, read_end
    os.close(read_end)
    code = 1
    try:
        os.write(write_end, json.dumps(perform(run)).encode())
        code = 0
    except BaseException as error:  # noqa: BLE001  (told to the parent, whatever it is)
        os.write(write_end, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
    finally:
        os._exit(code)


def result_of(pid, read_end, kill_after_s):
    """Killed before it is reaped: the process id is still its own then."""
    if kill_after_s is not None:
        end = time.monotonic() + kill_after_s
        while time.monotonic() < end and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            time.sleep(0.001)
        os.kill(pid, signal.SIGKILL)
    with os.fdopen(read_end, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(pid, 0)
    return {"code": os.waitstatus_to_exitcode(status), **json.loads(text or b"{}")}


def tell(what):
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main():
    for line in sys.stdin:
        runs = json.loads(line)
        children = [(*forked(run), run.get("kill_after_s")) for run in runs]
        tell([pid for pid, *_ in children])
        tell([result_of(*child) for child in children])


if __name__ == "__main__":
    main()
