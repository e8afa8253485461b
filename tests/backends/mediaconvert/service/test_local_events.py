"""Where events go: an HTTP address and an EventBridge endpoint, both real servers, in order and past refusals."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backends.mediaconvert.service.events import outbox as outgoing
from backends.mediaconvert.service.events.envelope import job_event
from backends.mediaconvert.service.events.outbox import Outbox
from backends.mediaconvert.service.events.sinks import FileSink, open_sink
from backends.mediaconvert.service.identity import Identity
from backends.mediaconvert.service.store.database import Database
from backends.mediaconvert.service.store.records import JobRecord
from renderer.errors import UsageError

JOB = JobRecord(1, "1-abc", "Default", 0, "PROGRESSING", 1, 1, False, {"UserMetadata": {"a": "b"}}, {}, {})


class Receiver:
    """An HTTP server that keeps what it is sent and answers as told: `answers` first, then `answer`."""

    def __init__(self, answer):
        self.got, self.answers, self.answer = [], [], answer
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = receiver.answers.pop(0) if receiver.answers else (200, receiver.answer)
                if status == 200:
                    receiver.got.append((self.headers, json.loads(body)))
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def wait_for(self, count):
        end_s = time.monotonic() + 30
        while len(self.got) < count:
            assert time.monotonic() < end_s
            time.sleep(0.01)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


ACCEPTED = b'{"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}'
THROTTLED = b'{"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}'


@pytest.fixture
def receiver(monkeypatch):
    monkeypatch.setattr(outgoing, "FIRST_WAIT_S", 0.01)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    made = Receiver(ACCEPTED)
    yield made
    made.close()


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "state.sqlite")
    yield made
    made.close()


def events():
    return [job_event(status, JOB, Identity(), 5_000) for status in ("PROGRESSING", "INPUT_INFORMATION", "COMPLETE")]


def test_an_http_address_gets_each_event_in_order_past_its_refusals(receiver, database):
    receiver.answers = [(503, b"later"), (500, b"broken")]
    outbox, sent = Outbox(database, open_sink(f"{receiver.url}/hook", "us-east-1")), events()
    for event in sent:
        outbox.put(event)
    outbox.start()
    receiver.wait_for(3)
    outbox.stop()
    assert [body for _, body in receiver.got] == sent
    assert receiver.got[0][0]["Content-Type"] == "application/json"
    assert database.rows("SELECT number FROM outbox") == []


def test_an_eventbridge_endpoint_is_put_entries_of_its_own_shape(receiver, database):
    """As `PutEvents` of the public API documents it: an answer of 200 can still refuse an entry."""
    receiver.answers = [(200, THROTTLED)]
    outbox, sent = Outbox(database, open_sink(f"eventbridge+{receiver.url}", "eu-west-1")), events()[:2]
    for event in sent:
        outbox.put(event)
    outbox.start()
    receiver.wait_for(3)
    outbox.stop()
    headers, document = receiver.got[1]
    assert headers["X-Amz-Target"] == "AWSEvents.PutEvents"
    (entry,) = document["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("aws.mediaconvert", "MediaConvert Job State Change")
    assert json.loads(entry["Detail"])["userMetadata"] == {"a": "b"}
    assert entry["Resources"] == ["arn:aws:mediaconvert:us-east-1:111122223333:jobs/1-abc"]
    told = [json.loads(body["Entries"][0]["Detail"])["status"] for _, body in receiver.got]
    assert told == ["PROGRESSING", "PROGRESSING", "INPUT_INFORMATION"]


def test_what_is_undelivered_when_the_endpoint_stops_is_delivered_by_the_next(receiver, database, monkeypatch):
    monkeypatch.setattr(outgoing, "FIRST_WAIT_S", 5)
    receiver.answers = [(503, b"down")] * 2
    first = Outbox(database, open_sink(receiver.url, "us-east-1"))
    for event in events():
        first.put(event)
    first.start()
    while len(receiver.answers) == 2:
        time.sleep(0.01)
    first.stop()
    receiver.answers = []
    second = Outbox(database, open_sink(receiver.url, "us-east-1"))
    second.start()
    receiver.wait_for(3)
    second.stop()
    assert [body["detail"]["status"] for _, body in receiver.got] == ["PROGRESSING", "INPUT_INFORMATION", "COMPLETE"]


def test_an_event_that_nobody_takes_is_given_up_and_the_next_goes_out(receiver, database, monkeypatch):
    monkeypatch.setattr(outgoing, "LONGEST_WAIT_S", 0.01)
    receiver.answers = [(500, b"no")] * outgoing.ATTEMPTS
    outbox = Outbox(database, open_sink(receiver.url, "us-east-1"))
    for event in events()[:2]:
        outbox.put(event)
    outbox.start()
    receiver.wait_for(1)
    outbox.stop()
    assert receiver.got[0][1]["detail"]["status"] == "INPUT_INFORMATION"


@pytest.mark.parametrize("target", ["ftp://host/x", "kafka://host"])
def test_other_addresses_are_refused(target):
    with pytest.raises(UsageError, match="expected a file"):
        open_sink(target, "us-east-1")


def test_a_file_that_can_not_be_written_is_refused_at_the_start(tmp_path):
    with pytest.raises(UsageError, match="can't be written"):
        FileSink(tmp_path / "missing" / "events.jsonl")
