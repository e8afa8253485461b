"""Jobs that other people published, as they are: each gets the verdict in its manifest, and every place is named.

`valid` passes; `placeholder` fails only where something is meant to be filled in first; `invalid` breaks a rule.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from backends.mediaconvert.validation import validate_text

FOLDER = Path(__file__).parents[1] / "public_jobs"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
ENTRIES = {entry["file"].removesuffix(".json"): entry for entry in MANIFEST}
KINDS = {
    "CreateJobRequest": "CreateJob request",
    "JobSettings": "job settings",
    "{Settings} wrapper": "job settings in a wrapper",
    "JobTemplate/{Settings}": "job template",
    "PresetSettings": "preset settings",
}
TEMPLATE = "xzy0223__encoding2mediaconvert__mc_config_validator_mc_template"


def checked(entry):
    return validate_text((FOLDER / entry["file"]).read_bytes(), entry["file"])


def errors(validation):
    return [f"{finding.rule} {finding.pointer}" for finding in validation.findings if finding.severity == "error"]


def test_the_manifest_lists_every_file_with_its_licence():
    assert {entry["file"] for entry in MANIFEST} == {path.name for path in FOLDER.glob("*__*.json")}
    licences = (FOLDER / "LICENCES.md").read_text(encoding="utf-8")
    for entry in MANIFEST:
        assert entry["sha256"] == hashlib.sha256((FOLDER / entry["file"]).read_bytes()).hexdigest()
        assert entry["licence"] in ("MIT", "MIT-0", "Apache-2.0")
        assert "/".join(entry["source"].split("/")[3:5]) in licences


def test_there_are_jobs_of_every_verdict():
    counts = {verdict: sum(entry["verdict"] == verdict for entry in MANIFEST) for verdict in ("valid", "placeholder")}
    assert counts == {"valid": 11, "placeholder": 13}
    assert len(MANIFEST) == 26


@pytest.mark.parametrize("name", ENTRIES)
def test_a_public_job_gets_its_verdict(name):
    entry = ENTRIES[name]
    validation = checked(entry)
    assert validation.passed == (entry["verdict"] == "valid"), validation.report(name)
    assert validation.exit_code == (0 if validation.passed else 2)
    assert validation.kind.startswith(KINDS[entry["kind"]])


@pytest.mark.parametrize("name", [name for name in ENTRIES if name != TEMPLATE])
def test_every_error_of_a_public_job_is_the_recorded_one(name):
    assert errors(checked(ENTRIES[name])) == ENTRIES[name]["errors"]


def test_a_template_of_zeros_breaks_the_recorded_rules():
    found = errors(checked(ENTRIES[TEMPLATE]))
    assert set(ENTRIES[TEMPLATE]["errors"]) <= set(found)
    assert set(ENTRIES[TEMPLATE]["rules"]) <= {line.partition(" ")[0] for line in found}
