"""`storyreel studio` as it is typed: an address that answers, an end that leaves nothing, and what it refuses."""

from __future__ import annotations

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli


def children(pid):
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def test_the_address_answers_at_once_and_ctrl_c_leaves_nothing(story):
    before = sorted(path.name for path in story.folder.iterdir())
    command = [sys.executable, "-m", "cli", "studio", str(story.path), "--no-open"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as studio:
        address = studio.stdout.readline().strip()
        with urllib.request.urlopen(address) as answer:
            assert b"<title>Storyreel studio</title>" in answer.read()
        started = children(studio.pid)
        studio.send_signal(signal.SIGINT)
        assert studio.wait(60) == 130
    assert [pid for pid in started if Path(f"/proc/{pid}").exists()] == []
    assert sorted(path.name for path in story.folder.iterdir()) == before


def test_a_missing_extra_is_named_with_the_way_out(story, monkeypatch):
    monkeypatch.delitem(sys.modules, "studio.server")
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    result = CliRunner().invoke(cli.main, ["studio", str(story.path), "--no-open"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert 'extra `studio` (uvicorn is missing): pip install "storyreel[studio]"' in result.stderr


def test_a_port_in_use_is_named(studio, story):
    port = str(studio.address.port)
    result = CliRunner().invoke(cli.main, ["studio", str(story.path), "--no-open", "--port", port])
    assert (result.exit_code, f"port {port} can't be used: Address already in use" in result.stderr) == (2, True)


@pytest.mark.parametrize("name", ["nothing.yaml", "folder"])
def test_a_spec_that_is_not_there_is_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    assert CliRunner().invoke(cli.main, ["studio", str(tmp_path / name), "--no-open"]).exit_code == 2
