"""Fonts of burnt-in captions: found by their own names, drawn, or said to be of no use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from local_jobs import exact_h264, output_of, settings_of, simple_job

import assets
from backends.mediaconvert.service.translate.fonts import font_name

OWN = (Path(assets.__file__).parent / "fonts" / "SourceSans3-Semibold.otf").read_bytes()


def renamed(old, new):
    """The program's font under another name of the same length."""
    return OWN.replace(old.encode("utf-16-be"), new.encode("utf-16-be"))


def test_a_font_is_known_by_its_full_name():
    assert font_name(OWN) == "Source Sans 3 Semibold"
    assert font_name(renamed("Source Sans 3", "Kettle Sans 9")) == "Kettle Sans 9 Semibold"


@pytest.mark.parametrize(
    "content", [b"", b"OTTO", b"hello" * 100, OWN[:200], OWN[:12] + b"\xff" * 500, b"ttcf" + OWN[4:]]
)
def test_what_is_no_font_has_no_name(content):
    assert font_name(content) is None


@pytest.mark.parametrize("name", ["Source,Sans,3", "Source{\\b1}3 ", "Source\nSans 3"])
def test_a_name_can_not_add_fields_to_a_script(name):
    assert font_name(renamed("Source Sans 3", name)) in (None, "Source Sans 3 Semibold")


def test_a_jobs_font_is_drawn_and_a_broken_one_warned_about(run, tmp_path):
    """The job's font is the program's under another name: the same pixels come only if that name is asked for."""
    job = simple_job(video=exact_h264(), audio=None)
    settings_of(job)["Inputs"][0] |= {
        "InputClippings": [{"StartTimecode": "00:00:00:06", "EndTimecode": "00:00:00:09"}],
        "CaptionSelectors": {"c": {"SourceSettings": {
            "SourceType": "SRT", "FileSourceSettings": {"SourceFile": "s3://in/captions.srt"}}}},
    }  # fmt: skip
    burn = {"FontSize": 16}
    destination = {"DestinationType": "BURN_IN", "BurninDestinationSettings": burn}
    output_of(job)["CaptionDescriptions"] = [{"CaptionSelectorName": "c", "DestinationSettings": destination}]
    plain = run(job).frames()
    (tmp_path / "s3" / "in" / "good.ttf").write_bytes(renamed("Source Sans 3", "Kettle Sans 9"))
    (tmp_path / "s3" / "in" / "broken.ttf").write_bytes(OWN[:2000])
    burn["FontFileRegular"] = "s3://in/good.ttf"
    good = run(job)
    assert good.outcome.warnings == {}
    assert all(np.array_equal(a, b) for a, b in zip(good.frames(), plain, strict=True))
    burn["FontFileRegular"] = "s3://in/broken.ttf"
    broken = run(job)
    assert broken.outcome.warnings == {250_001: 1}
    assert any("font" in warning and "/outputGroups/0/outputs/0" in warning for warning in broken.warnings)
