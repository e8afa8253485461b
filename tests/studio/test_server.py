"""What the studio answers, and to whom: a real server on a real socket."""

from __future__ import annotations

import json
import socket

import pytest

from studio.guard import MAX_BODY_BYTES
from studio.server import listen


def test_it_listens_on_the_loopback_interface_only(studio):
    assert studio.address.listener.getsockname()[0] == "127.0.0.1"


def test_the_address_can_be_opened_before_the_server_runs():
    address = listen(0)
    socket.create_connection(("127.0.0.1", address.port), timeout=5).close()
    address.listener.close()


def test_a_port_in_use_is_no_surprise(studio):
    with pytest.raises(OSError, match="in use"):
        listen(studio.address.port)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example:80"}, 403),
        ({"host": "127.0.0.1:1"}, 403),
        ({"host": None}, 400),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://localhost:3000"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({}, 200),
    ],
    ids=lambda value: " ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value),
)
def test_only_our_own_page_is_answered(studio, headers, status):
    assert studio.ask("", **headers)[0] == status


def test_localhost_by_name_is_answered(studio):
    assert studio.ask("", host=f"localhost:{studio.address.port}")[0] == 200


@pytest.mark.parametrize("path", ["http:/", "http:/wrong-token/", "http:/state", "http://../etc/passwd"])
def test_nothing_is_there_without_the_token(studio, path):
    assert studio.ask(path)[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "../story.yaml",
        "%2e%2e/story.yaml",
        "video/..%2f..%2fx.mp4",
        "page/",
        "guard.py",
        "video/nothing.mp4",
        "final.mp4",
    ],
)
def test_no_request_reaches_a_file_of_its_choice(studio, path):
    assert studio.ask(path)[0] == 404


def test_every_answer_carries_the_security_headers(studio):
    for path in ("", "nothing", "main.js"):
        headers = studio.ask(path)[1]
        assert headers["x-content-type-options"] == "nosniff"
        policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
        assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
        assert {word for words in policy.values() for word in words.split()} <= {"'none'", "'self'", "blob:"}
        assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"origin": None}, {}, 403),
        ({"content_type": "text/plain"}, {}, 415),
        ({}, b"[]", 400),
        ({}, b"{", 400),
        ({}, b"[" * 20_000, 400),
        ({"content_length": str(MAX_BODY_BYTES + 1)}, None, 413),
        ({"transfer_encoding": "chunked"}, b"0\r\n\r\n", 411),
    ],
    ids=["no origin", "form", "list", "half", "deep", "large", "no length"],
)
def test_a_malformed_change_is_refused(studio, headers, body, status):
    assert studio.ask("edit", method="POST", body=body, **headers)[0] == status


@pytest.mark.parametrize(
    ("wanted", "part"),
    [("bytes=0-99", slice(0, 100)), ("bytes=-10", slice(-10, None)), ("bytes=100-", slice(100, None))],
    ids=["first", "last", "rest"],
)
def test_the_video_is_served_by_byte_ranges(studio, wanted, part):
    path = f"video/{studio.settled()['video']['name']}.mp4"
    whole = studio.ask(path)[2]
    status, headers, content = studio.ask(path, range=wanted)
    assert (status, content) == (206, whole[part])
    start, end, _ = part.indices(len(whole))
    assert headers["content-range"] == f"bytes {start}-{end - 1}/{len(whole)}"


def test_a_range_beyond_the_video_is_refused(studio):
    path = f"video/{studio.settled()['video']['name']}.mp4"
    size = len(studio.ask(path)[2])
    status, headers, _ = studio.ask(path, range="bytes=99999999-")
    assert (status, headers["content-range"]) == (416, f"bytes */{size}")


def test_a_story_tells_its_shots_and_boxes(studio):
    sha = studio.settled()["story"]
    story = json.loads(studio.ask(f"story/{sha}.json")[2])
    assert [shot["file"] for shot in story["shots"]] == ["image1.png", "image2.png", "image3.png"]
    assert [shot["to"]["zoom"] for shot in story["shots"]] == [1.12, 1.0, 1.12]
    sound = json.loads(studio.ask(f"sound/{sha}.json")[2])
    assert [(track["name"], max(track["gain_db"])) for track in sound["tracks"]] == [
        ("narration", 0.0),
        ("music", -25.0),
    ]


def test_frames_originals_and_sheets_are_pictures(studio):
    sha = studio.settled()["story"]
    for path in (f"frame/{sha}/3.jpg", f"picture/{sha}/1/320.jpg", f"sheet/{sha}.jpg", f"poster/{sha}/0.jpg"):
        assert studio.ask(path)[2].startswith(b"\xff\xd8"), path
    assert studio.ask(f"poster/{sha}/0.png")[2].startswith(b"\x89PNG")
    for path in (
        f"frame/{sha}/999999.jpg",
        f"frame/{'0' * 64}/0.jpg",
        f"picture/{sha}/9/320.jpg",
        f"picture/{sha}/0/9.jpg",
    ):
        assert studio.ask(path)[0] == 404, path


def test_a_frame_shows_its_shot(studio):
    import io

    from PIL import Image

    sha = studio.settled()["story"]
    picture = Image.open(io.BytesIO(studio.ask(f"frame/{sha}/3.jpg")[2]))
    assert all(abs(a - b) < 6 for a, b in zip(picture.getpixel((90, 90)), (200, 40, 40), strict=True))


def test_every_mediaconvert_strategy_reports(studio):
    sha = studio.settled()["story"]
    report = json.loads(studio.ask(f"cloud/{sha}.json")[2])
    names = {
        each["name"]: {item["verdict"] for item in each["conformance"] if item["feature"] == "motion"}
        for each in report["strategies"]
    }
    assert set(names) == {"mezzanine", "overlays", "stills", "classic"}
    assert names["mezzanine"] == {"exact"}
    assert "refused" in names["stills"]
    assert "Settings" in json.loads(report["strategies"][0]["job"])
