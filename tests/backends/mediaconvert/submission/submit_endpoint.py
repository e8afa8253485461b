"""A MediaConvert endpoint of the tests' own: the real paths and camelCase wire format over HTTP, and faults on order.

It runs no job. `token_window_s` is how long it knows a token again; `hidden_s` how long a new job is missing in lists.
"""

from __future__ import annotations

import contextlib
import json
import random
import socket
import string
import struct
import threading
import time
import urllib.parse
from collections import defaultdict, deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROOT = "/2017-08-29/"
TYPES = {400: "BadRequestException", 403: "ForbiddenException", 404: "NotFoundException", 409: "ConflictException",
         429: "TooManyRequestsException", 500: "InternalServerErrorException"}  # fmt: skip


def nothing():
    pass


@dataclass
class Fault:
    """`kind`: "status" answers with it, "reset" cuts the connection, "hang" is silent for `seconds`.

    With `accepted` the request is carried out first; `then` is called before the answer.
    """

    kind: str = "status"
    status: int = 500
    accepted: bool = False
    headers: dict = field(default_factory=dict)
    seconds: float = 5.0
    then: object = nothing


class Endpoint:
    """`jobs` in order of creation, `calls` as (operation, name or query) in order of arrival."""

    def __init__(self):
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.endpoint = self
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.reset()

    def reset(self):
        """As new, for the next test; what hangs goes on."""
        self._released.set()
        self._released = threading.Event()
        self.jobs, self.calls, self.faults = [], [], defaultdict(deque)
        self.token_window_s, self.hidden_s, self.page_limit = 60.0, 0.0, 20
        self.queue = {"name": "Default", "arn": "arn:aws:mediaconvert:us-east-1:1:queues/Default", "status": "ACTIVE",
                      "type": "SYSTEM", "submittedJobsCount": 0, "progressingJobsCount": 0}  # fmt: skip
        self.waiting = deque()
        self.steps = defaultdict(deque)

    @contextlib.contextmanager
    def running(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        try:
            yield self
        finally:
            self._released.set()
            self._server.shutdown()
            self._server.server_close()

    def fail(self, operation, *faults):
        self.faults[operation].extend(faults)

    def called(self, operation):
        return [what for name, what in self.calls if name == operation]

    def jobs_of(self, story_id):
        return [job for job in self.jobs if job["userMetadata"].get("storyId") == story_id]

    def pause(self, seconds):
        self._released.wait(seconds)

    def note(self, operation, what):
        """Remember a call, and return the fault ordered for it."""
        with self._lock:
            self.calls.append((operation, what))
            return self.faults[operation].popleft() if self.faults[operation] else None

    def answer(self, operation, name, query, body):
        with self._lock:
            return ANSWERS[operation](self, name, query, body)

    def _create_job(self, _, __, body):
        known = [job for job in self.jobs if job["clientRequestToken"] == body["clientRequestToken"]
                 and time.time() - job["createdAt"] < self.token_window_s]  # fmt: skip
        if known:
            return 201, {"job": known[0]}
        tail = "".join(random.choices(string.ascii_lowercase + string.digits, k=6))
        job_id = f"{int(time.time() * 1000)}-{tail}"
        job = body | {"id": job_id, "status": "SUBMITTED", "createdAt": time.time()}
        job["arn"] = f"arn:aws:mediaconvert:us-east-1:1:jobs/{job_id}"
        self.jobs.append(job)
        return 201, {"job": job}

    def _list_jobs(self, _, query, __):
        seen = [job for job in self.jobs if not self.hidden_s or time.time() - job["createdAt"] >= self.hidden_s]
        ordered = seen[::-1] if query.get("order") == "DESCENDING" else seen
        start, size = int(query.get("nextToken", 0)), min(int(query.get("maxResults", 20)), self.page_limit)
        page = {"jobs": ordered[start : start + size]}
        return 200, page | ({"nextToken": str(start + size)} if start + size < len(ordered) else {})

    def _get_job(self, name, _, __):
        job = self._job(name)
        if job and self.steps[name]:
            job |= self.steps[name].popleft()
        return (200, {"job": job}) if job else (404, {"message": f"job {name} not found"})

    def _cancel_job(self, name, _, __):
        job = self._job(name)
        if not job or job["status"] in ("COMPLETE", "ERROR"):
            return 404, {"message": "no such job, or it has ended"}
        job["status"] = "CANCELED"
        return 202, {}

    def _get_queue(self, name, _, __):
        if name != self.queue["name"]:
            return 404, {"message": f"queue {name} not found"}
        if self.waiting:
            self.queue["submittedJobsCount"] = self.waiting.popleft()
        return 200, {"queue": self.queue}

    def _job(self, name):
        return next((job for job in self.jobs if job["id"] == name), None)


def operation_of(method, path):
    match method, path.removeprefix(ROOT).split("/"):
        case "POST", ["jobs"]:
            return "CreateJob", ""
        case "GET", ["jobs"]:
            return "ListJobs", ""
        case "GET", ["jobs", name]:
            return "GetJob", name
        case "DELETE", ["jobs", name]:
            return "CancelJob", name
        case "GET", ["queues", name]:
            return "GetQueue", name
    raise AssertionError(f"{method} {path} is not part of the interface")


ANSWERS = {"CreateJob": Endpoint._create_job, "ListJobs": Endpoint._list_jobs, "GetJob": Endpoint._get_job,
           "CancelJob": Endpoint._cancel_job, "GetQueue": Endpoint._get_queue}  # fmt: skip


class Handler(BaseHTTPRequestHandler):
    """One request: carried out, spoiled as ordered, or both. A client that is killed meanwhile is no news."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two cost 40 ms of delayed acknowledgement

    def do(self):
        endpoint, url = self.server.endpoint, urllib.parse.urlsplit(self.path)
        operation, name = operation_of(self.command, url.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(urllib.parse.parse_qsl(url.query))
        fault = endpoint.note(operation, name or query)
        status, answer = 0, {}
        if fault is None or fault.accepted:
            status, answer = endpoint.answer(operation, name, query, json.loads(body or b"{}"))
        if fault is None:
            self._reply(status, answer)
        else:
            self._spoil(fault)

    def _spoil(self, fault):
        fault.then()
        if fault.kind == "hang":
            self.server.endpoint.pause(fault.seconds)
        if fault.kind in ("hang", "reset"):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return
        self._reply(fault.status, {"message": f"fault {fault.status}"}, fault.headers)

    def _reply(self, status, answer, headers=None):
        content = json.dumps(answer).encode()
        told = {"Content-Type": "application/json", "Content-Length": len(content), **(headers or {})}
        if status >= 400:
            told["x-amzn-ErrorType"] = TYPES.get(status, "UnknownException")
        self.send_response(status)
        for name, value in told.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_):
        pass

    do_GET = do_POST = do_DELETE = do  # noqa: N815  (names that the base class looks for)
