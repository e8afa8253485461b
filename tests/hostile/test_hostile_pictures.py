"""Pictures that must be refused: each by name and reason, all in one run, soon, without a connection.

Rows F1 to F10 are those of SAFETY.
"""

from __future__ import annotations

import json
import re
import time

import corpus
import pytest

from renderer.picture import intake


@pytest.fixture(scope="module")
def report(tmp_path_factory, storyreel_process, write_spec):
    """One real `storyreel validate` of a story that names every hostile picture and path: message by file name."""
    folder = tmp_path_factory.mktemp("hostile") / "story"
    corpus.build_pictures(folder)
    files = [file for file, _, _ in corpus.PICTURES.values()] + [path for path, _ in corpus.WRITTEN_PATHS.values()]
    spec = write_spec(folder, length="200s", images=files)
    started = time.monotonic()
    process = storyreel_process("validate", spec)
    out, err = process.communicate(timeout=60)
    places = dict(re.findall(r"^  \$\.images\[(\d+)\]\S* +\(line \d+\) +(.*)$", err, re.MULTILINE))
    messages = {file: places.get(str(index), "") for index, file in enumerate(files)}
    return {"code": process.returncode, "out": out, "err": err, "messages": messages, "s": time.monotonic() - started}


@pytest.mark.parametrize(("file", "reason"), [row[::2] for row in corpus.PICTURES.values()], ids=corpus.PICTURES)
def test_hostile_picture_is_refused_by_name_and_reason(report, file, reason):
    message = report["messages"][file]
    assert message.startswith(f"{file}: ")
    assert re.search(reason, message)


@pytest.mark.parametrize(("path", "reason"), corpus.WRITTEN_PATHS.values(), ids=corpus.WRITTEN_PATHS)
def test_hostile_path_is_refused_with_its_reason(report, path, reason):
    assert re.search(reason, report["messages"][path])


def test_all_hostile_pictures_end_in_one_report_with_exit_2(report):
    assert report["code"] == 2
    assert report["out"] == ""
    assert "Traceback" not in report["err"]
    assert report["err"].count("\n  $.images[") >= 70
    assert report["s"] < 30


def test_messages_show_nothing_of_the_program_inside(report):
    inside = re.compile(r"object at 0x|python3? exited|Error\(|<_io")
    shown = {file: text for file, text in report["messages"].items() if inside.search(text)}
    lines = [line for line in report["err"].splitlines()[1:] if not line.startswith("  $.")]
    assert (shown, lines) == ({}, [])


@pytest.mark.parametrize("text", ["good.png\0.jpg", "\x1b[2Jgood.png"], ids=["zero character", "escape character"])
def test_control_characters_in_a_path_are_refused_and_not_echoed(tmp_path, write_spec, storyreel, text):
    result = storyreel("validate", write_spec(tmp_path, images=[text], length="1s"))
    assert result.exit_code == 2
    assert "expected printable text" in result.stderr
    assert not set(result.stderr) & {"\0", "\x1b"}


def test_playlist_named_jpg_makes_no_connection(tmp_path, write_spec, storyreel, listener):
    for kind, text in {"jpg": corpus.hls, "png": corpus.dash, "svg": corpus.svg}.items():
        (tmp_path / f"x.{kind}").write_bytes(text(f"http://127.0.0.1:{listener.port}/x"))
    result = storyreel("validate", write_spec(tmp_path, images=["x.jpg", "x.png", "x.svg"], length="9s"))
    assert result.exit_code == 2
    assert listener.connections == 0


def test_many_scans_end_within_the_time_for_one_picture(monkeypatch):
    monkeypatch.setattr(intake, "_SECONDS_PER_PICTURE", 2)
    started = time.monotonic()
    with intake.Intake() as door, pytest.raises(intake.MediaError, match=r"one picture: it took too long$"):
        door.facts("scans.jpg", corpus.many_scans())
    assert time.monotonic() - started < 6


@pytest.mark.parametrize(
    "number",
    ["²", "9" * 5000, "-1", "0", "many", ""],
    ids=["raised two", "5,000 digits", "below zero", "zero", "word", "nothing"],
)
def test_limit_that_is_no_number_is_named(tmp_path, write_spec, storyreel, monkeypatch, number):
    monkeypatch.setenv("STORYREEL_MAX_IMAGES", number)
    result = storyreel("validate", write_spec(tmp_path, images=["a.png"], length="1s"))
    assert (result.exit_code, "STORYREEL_MAX_IMAGES" in result.stderr) == (2, True)


@pytest.mark.parametrize("kind", ["fifo", "folder", "socket", "device", "missing"])
def test_spec_that_is_no_file_is_refused_without_waiting(tmp_path, storyreel, kind):
    spec = tmp_path / "story.yaml"
    corpus.SPECIAL[kind](spec)
    result = storyreel("validate", spec)
    assert result.exit_code == 2
    assert "story.yaml" in result.stderr
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize("name", ["-i.png", "real%03d.png", "a b.png", "ä漢.png", "photo.png.exe", "[1]*?.png"])
def test_strange_but_honest_name_is_a_good_picture(tmp_path, write_spec, storyreel, name):
    corpus.quarters().save(tmp_path / name, "PNG")
    result = storyreel("validate", write_spec(tmp_path, images=[name], length="1s"))
    assert (result.exit_code, result.stderr) == (0, "")


def test_link_inside_the_folder_is_a_good_picture(tmp_path, write_spec, storyreel):
    corpus.quarters().save(tmp_path / "real.png")
    (tmp_path / "link.png").symlink_to("real.png")
    (tmp_path / "sub").mkdir()
    (tmp_path / "folder").symlink_to("sub")
    (tmp_path / "sub" / "up.png").symlink_to("../real.png")
    spec = write_spec(tmp_path, images=["link.png", "folder/up.png", "folder/../real.png"], length="3s")
    assert storyreel("validate", spec).exit_code == 0


@pytest.mark.parametrize("path", ["../secret.png", "link.png"], ids=["dots", "link"])
def test_file_outside_is_good_only_when_allowed(tmp_path, write_spec, storyreel, path):
    corpus.quarters().save(tmp_path / "secret.png")
    spec = write_spec(tmp_path / "story", images=[path], length="1s")
    (spec.parent / "link.png").symlink_to("../secret.png")
    assert storyreel("validate", spec).exit_code == 2
    assert storyreel("validate", spec, "--allow-outside").exit_code == 0


def test_device_is_refused_even_where_outside_is_allowed(tmp_path, write_spec, storyreel):
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    spec = write_spec(tmp_path, images=["zero.png", "/dev/zero"], narration="zero.png", length="1s")
    result = storyreel("validate", spec, "--allow-outside")
    assert result.exit_code == 2
    assert result.stderr.count("found a device") == 3


@pytest.mark.parametrize("size", [(60_000, 1), (1, 60_000), (1, 1), (3, 65_000)], ids=str)
def test_extreme_shape_renders_or_is_refused(tmp_path, write_spec, storyreel, make_image, size):
    make_image(tmp_path / "thin.png", size)
    spec = write_spec(tmp_path, images=["thin.png"], length="1s", output={"width": 64, "height": 36})
    result = storyreel("frames", spec, "-o", tmp_path / "out.y4m")
    assert result.exit_code in {0, 2}
    assert isinstance(result.exception, SystemExit | None)
    assert json.dumps(result.stderr).count("thin.png") == (result.exit_code == 2)
