"""The pytest fixture, used as its users do: in a pytest of its own, also under xdist."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

TEST = """
def test_small(storyreel_golden):
    storyreel_golden.check("story.yaml", "golden")
"""


@pytest.fixture
def run_pytest(studio):
    (studio.folder / "test_story.py").write_text(TEST)
    (studio.folder / "pytest.ini").write_text("[pytest]\n")

    def run(*words):
        argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words]
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return subprocess.run(argv, cwd=studio.folder, capture_output=True, text=True, check=False, env=env)

    return run


def test_the_same_video_passes(run_pytest):
    result = run_pytest()
    assert result.returncode == 0, result.stdout


def test_another_video_fails_with_words_and_a_report(run_pytest, studio):
    studio.write(music={"file": "music.wav", "gain_db": -22})
    result = run_pytest("-n", "2")
    assert result.returncode == 1
    assert "music (music.wav): gain -22 dB instead of -25 dB" in result.stdout
    [report] = (studio.folder / "storyreel-reports").iterdir()
    assert str(report) in result.stdout
    assert report.read_text().startswith("<!doctype html>")


def test_update_accepts_the_new_state(run_pytest, studio):
    studio.write(music={"file": "music.wav", "gain_db": -22})
    assert run_pytest("--storyreel-golden-update").returncode == 0
    assert run_pytest().returncode == 0


def test_a_missing_golden_is_asked_for(run_pytest, studio):
    (studio.golden / "golden.json").unlink()
    result = run_pytest()
    assert result.returncode == 1
    assert "--storyreel-golden-update" in result.stdout


def test_the_workflow_of_the_documentation_finds_the_change(studio):
    """The step's own lines, with `storyreel` from this environment."""
    import re
    import textwrap
    from pathlib import Path

    docs = Path(__file__).parents[2] / "docs" / "golden.md"
    step = re.search(r"name: check goldens\n +run: \|\n((?: {10}.*\n)+)", docs.read_text())
    script = textwrap.dedent(step[1])
    studio.folder.rename(studio.folder.parent / "stories")
    folder = studio.folder.parent / "stories"
    (folder / "golden").rename(folder / "small.golden")
    spec = folder / "story.yaml"
    spec.write_text(spec.read_text().replace("-25", "-22"))
    env = os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    argv = ["bash", "-c", script]
    result = subprocess.run(argv, cwd=folder.parent, capture_output=True, text=True, env=env, check=False)
    assert result.returncode == 1, result.stderr
    assert (folder.parent / "reports" / "small.golden.html").exists()
