"""Caches on file systems without hard links, folders whose names are no text."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

import cli


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("STORYREEL_CACHE_DIR", str(tmp_path / "cache"))


@pytest.mark.usefixtures("own_cache")
def test_a_cache_without_hard_links_serves_as_well(story_folder, run_story, tmp_path, monkeypatch):
    spec = story_folder(images=[{"file": "a.png", "motion": "none"}], narration_s=5)
    make = story_folder(images=1, narration_s=None)
    shutil.copy(make.parent / "image1.png", spec.parent / "a.png")
    real = os.link

    def refuse(source, target, **how):
        if how:  # the finished video gets its name by a link from /proc, on another file system
            return real(source, target, **how)
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    result = run_story(spec, tmp_path / "out.mp4", use_cache=True)
    assert result.segments["total"] > 1
    assert run_story(spec, tmp_path / "out.mp4", use_cache=True).segments["rendered"] == 0


@pytest.mark.usefixtures("own_cache")
def test_a_folder_whose_name_is_no_text_holds_story_and_video(story_folder, run_story, tmp_path):
    spec = story_folder(images=1, narration_s=1)
    strange = Path(os.fsdecode(os.fsencode(tmp_path) + b"/n\xff"))
    shutil.copytree(spec.parent, strange)
    result = run_story(strange / spec.name, strange / "out.mp4", use_cache=True)
    assert result.frames == 30
    renamed = (strange / spec.name).rename(Path(os.fsdecode(os.fsencode(strange) + b"/\xfe.yaml")))
    assert run_story(renamed, strange / "out.mp4", use_cache=True).frames == 30
    planned = CliRunner().invoke(cli.main, ["plan", str(renamed)])
    assert planned.exit_code == 0, planned.stderr
