"""Bad input to the endpoint: broken bodies, wrong types, path tricks, foreign hosts, files that are not what they say.

Nothing outside the root is read or written, and nobody else is called.
"""

from __future__ import annotations

import http.client
import json
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from local_jobs import image, output_of, settings_of, simple_job

from backends.mediaconvert.service.faults import JobFailure
from backends.mediaconvert.service.storage.folder import FolderStorage
from backends.mediaconvert.service.storage.locations import LocationError, parse_location
from renderer.errors import UsageError

JOBS = "/2017-08-29/jobs"


def ask(endpoint, method="POST", path=JOBS, body=b"", **headers):
    """Status, error type and message of one raw request."""
    host = endpoint.endpoint_url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=20)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Content-Type": "application/json"} | names)
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    return answer.status, answer.headers.get("x-amzn-ErrorType"), document.get("message", "")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b'{"role": 1, "role": 2}', "duplicate keys"),
        (b"[]", "expected one JSON object"),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "nested too deep"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"role": NaN}', "NaN"),
        (b"", "role is a required property"),
        (b'{"settings": null, "role": "x"}', "/: Should be an object"),
    ],
    ids=["cut off", "duplicate keys", "a list", "deep", "no UTF-8", "NaN", "empty", "null settings"],
)
def test_a_broken_body_is_a_bad_request(shared, body, says):
    status, kind, message = ask(shared, body=body)
    assert (status, kind) == (400, "BadRequestException")
    assert says in message


def test_a_wrong_content_type_is_refused(shared):
    assert ask(shared, body=b"<x/>", Content_Type="application/xml")[:2] == (400, "BadRequestException")


def test_a_huge_body_is_refused_before_it_is_read(shared):
    assert ask(shared, body=b"", Content_Length="99999999999")[:2] == (413, "BadRequestException")


@pytest.mark.parametrize("length", ["-1", "x", "1" * 40])
def test_a_senseless_length_is_refused(shared, length):
    assert ask(shared, body=b"", Content_Length=length)[0] in (400, 413)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/2017-08-29/nothing", 404), ("DELETE", "/2017-08-29/jobs", 404),
     ("GET", "/2017-08-29/jobs/..%2f..%2fetc%2fpasswd", 404), ("GET", "/2017-08-29/queues/%00", 404)],
)  # fmt: skip
def test_unknown_paths_are_not_found_in_the_services_shape(shared, method, path, status):
    assert ask(shared, method, path)[:2] == (status, "NotFoundException")


@pytest.mark.parametrize(("method", "status"), [("PATCH", 501), ("OPTIONS", 501), ("BREW", 501)])
def test_unknown_methods_are_answered_in_the_services_shape(shared, method, status):
    assert ask(shared, method)[:2] == (status, "NotFoundException")


@pytest.mark.parametrize(
    ("raw", "status"),
    [(b"garbage\r\n\r\n", b"Bad request syntax"), (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
     (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 300 + b"\r\n", b"431")],
    ids=["no request line", "a long one", "many headers"],
)  # fmt: skip
def test_what_is_no_request_is_answered_in_the_services_shape(shared, raw, status):
    with socket.create_connection(shared.endpoint_url.removeprefix("http://").split(":"), timeout=20) as connection:
        connection.sendall(raw)
        answer = b""
        while part := connection.recv(65_536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    assert status in head.splitlines()[0]
    assert json.loads(body or head)["message"]


def test_a_foreign_host_header_is_forbidden(shared):
    """A page in a browser could otherwise reach the endpoint by a name that resolves to loopback."""
    assert ask(shared, "GET", Host="evil.example")[:2] == (403, "ForbiddenException")


TRICKS = ["s3://in/../../secret", "s3://in/a/../../../secret", "s3://../secret", "s3://in//secret", "s3://in/./x",
          "s3://in/a\\b", "s3://in/x\ny", "s3://in/" + "k" * 1100, "s3://in/" + "p" * 240, "file:///etc/passwd",
          "http://127.0.0.1:1/a.mp4", "s3://.hidden/x", "s3://in/"]  # fmt: skip


@pytest.mark.parametrize("url", TRICKS, ids=range(len(TRICKS)))
def test_no_trick_becomes_a_location(url):
    with pytest.raises(LocationError):
        parse_location(url)


@pytest.fixture
def canary(tmp_path):
    """A file beside the root that nobody may read or replace."""
    path = tmp_path / "secret.mp4"
    path.write_bytes(b"canary")
    return path


@pytest.mark.parametrize("url", ["s3://in/../../secret.mp4", "s3://in/link.mp4", "s3://in/folder/secret.mp4"])
def test_nothing_outside_the_root_is_read(run, tmp_path, canary, url):
    job = simple_job()
    settings_of(job)["Inputs"][0]["FileInput"] = url
    (tmp_path / "s3" / "in" / "link.mp4").symlink_to(canary)
    (tmp_path / "s3" / "in" / "folder").symlink_to(tmp_path)
    with pytest.raises(JobFailure) as failure:
        run(job)
    assert failure.value.code in (1010, 1404, 3457)
    assert not (tmp_path / "s3" / "out").exists()


def files_beside(root):
    return sorted(path.name for path in root.rglob("*") if path.is_file() and "s3" not in path.relative_to(root).parts)


@pytest.mark.parametrize("destination", ["s3://out/../../", "s3://linked/x/", "s3://in/clip.mp4/x", "s3://../x"])
def test_nothing_outside_the_root_is_written(run, tmp_path, canary, destination):
    (tmp_path / "s3" / "linked").symlink_to(tmp_path)
    before = files_beside(tmp_path)
    job = simple_job(f"{destination}secret", NameModifier="x")
    with pytest.raises((JobFailure, UsageError)):
        run(job)
    assert files_beside(tmp_path) == sorted([*before, "job.json"])
    assert canary.read_bytes() == b"canary"


@pytest.mark.parametrize("modifier", ["/../../../x", "/../x", "\u202e\u0007"])
def test_a_name_modifier_can_not_leave_the_folder(run, tmp_path, modifier):
    with pytest.raises((JobFailure, UsageError)):
        run(simple_job(NameModifier=modifier))
    assert files_beside(tmp_path) == ["job.json"]


class _Listener(BaseHTTPRequestHandler):
    hits = 0

    def do_GET(self):
        type(self).hits += 1
        self.send_response(404)
        self.end_headers()

    do_HEAD = do_GET  # noqa: N815  (the library's name)

    def log_message(self, *_):
        pass


@pytest.fixture
def listener():
    """An HTTP server that counts who calls."""
    _Listener.hits = 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Listener)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_hosts_other_than_the_s3_endpoint_are_refused_and_never_called(run, listener):
    job = simple_job()
    settings_of(job)["Inputs"][0]["FileInput"] = f"http://127.0.0.1:{listener.server_port}/clip.mp4"
    with pytest.raises(JobFailure, match="no other host") as failure:
        run(job)
    assert (failure.value.code, _Listener.hits) == (3457, 0)


@pytest.mark.parametrize("kind", ["playlist", "concat", "dash", "svg", "text", "cut", "empty"])
def test_files_that_are_not_what_they_say_are_refused(run, tmp_path, listener, kind):
    """The attack fixtures of the renderer, at the endpoint's door: no sibling read, no connection made."""
    sibling = tmp_path / "s3" / "in" / "clip.mp4"
    contents = {
        "playlist": f"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{listener.server_port}/a.ts\n".encode(),
        "concat": b"ffconcat version 1.0\nfile clip.mp4\n",
        "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>',
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"></svg>',
        "text": b"hello" * 100,
        "cut": sibling.read_bytes()[:3000],
        "empty": b"",
    }
    (tmp_path / "s3" / "in" / "fake.mp4").write_bytes(contents[kind])
    job = simple_job()
    settings_of(job)["Inputs"][0]["FileInput"] = "s3://in/fake.mp4"
    with pytest.raises(JobFailure):
        run(job)
    assert _Listener.hits == 0
    assert not (tmp_path / "s3" / "out").exists()


def test_a_picture_that_is_none_is_refused(run, tmp_path):
    (tmp_path / "s3" / "in" / "fake.png").write_bytes(b"<svg/>")
    job = simple_job()
    inserter = {"ImageInserter": {"InsertableImages": [image("fake", 0)]}}
    output_of(job)["VideoDescription"]["VideoPreprocessors"] = inserter
    with pytest.raises(JobFailure) as failure:
        run(job)
    assert failure.value.code == 1010


def test_captions_are_text_and_never_commands(run, tmp_path):
    """A cue with what ASS and filters would take for commands is drawn, and reads no file."""
    text = "1\n00:00:00,000 --> 00:00:02,000\n{\\an8}a:b'c\\,[x];movie=/etc/passwd %{eif} <b>bold</b>\n"
    (tmp_path / "s3" / "in" / "captions.srt").write_text(text)
    job = simple_job()
    source = {"SourceType": "SRT", "FileSourceSettings": {"SourceFile": "s3://in/captions.srt"}}
    settings_of(job)["Inputs"][0]["CaptionSelectors"] = {"c": {"SourceSettings": source}}
    destinations = [{"DestinationType": "BURN_IN", "BurninDestinationSettings": {}}, {"DestinationType": "SRT"}]
    output_of(job)["CaptionDescriptions"] = [
        {"CaptionSelectorName": "c", "DestinationSettings": destination} for destination in destinations
    ]
    made = run(job)
    assert "a:b'c\\,[x];movie=/etc/passwd %{eif} bold" in made.path("made.srt").read_text()


def test_strict_refuses_what_is_only_warned_about(run):
    job = simple_job()
    output_of(job)["VideoDescription"]["AfdSignaling"] = "AUTO"
    with pytest.raises(UsageError, match="afdSignaling"):
        run(job, strict=True)


def test_a_setting_that_finds_no_use_is_said(run):
    job = simple_job()
    output_of(job)["VideoDescription"]["CodecSettings"]["H264Settings"]["ParNumerator"] = 4
    assert [warning for warning in run(job).warnings if "parNumerator" in warning] == [
        "/outputGroups/0/outputs/0/videoDescription/codecSettings/h264Settings/parNumerator: has no effect in this job"
    ]


def test_a_missing_root_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="is no folder"):
        FolderStorage(tmp_path / "nowhere")
