"""What kind of document it is, and what can't be read at all."""

from __future__ import annotations

import json

import pytest
from test_mc_jobs import GROUP, changed, package, production
from test_mc_shapes import as_wire

from backends.mediaconvert.validation import validate_job, validate_text
from backends.mediaconvert.validation.documents import MAX_BYTES, MAX_DEPTH
from renderer.errors import UsageError

JOB = package("Hls")
SETTINGS = JOB["Settings"]
OUTPUT = SETTINGS["OutputGroups"][0]["Outputs"][0]
PRESET = {key: value for key, value in OUTPUT.items() if key != "NameModifier"}
LADDER = {"OutputGroups": SETTINGS["OutputGroups"]}
STORED = {"Arn": "arn:aws:mediaconvert:us-east-1:111122223333:x/y", "CreatedAt": 1767607200, "Type": "CUSTOM"}
DONE = {"Id": "1767607200000-a1b2c3", "Status": "COMPLETE", "JobPercentComplete": None}

KINDS = {
    "a request": (JOB, "CreateJob request"),
    "bare settings": (SETTINGS, "job settings"),
    "wrapped settings": ({"Settings": SETTINGS}, "job settings in a wrapper"),
    "a template": ({"Name": "Ladder", "Settings": LADDER}, "job template"),
    "a template of an answer": ({"Name": "Ladder", "Settings": LADDER} | STORED, "job template"),
    "a preset": ({"Name": "720p", "Settings": PRESET}, "preset"),
    "a preset of an answer": ({"Name": "720p", "Settings": PRESET} | STORED, "preset"),
    "bare preset settings": (PRESET, "preset settings"),
    "a job of an answer": (JOB | DONE, "job"),
    "an answer of GetJob": ({"Job": JOB | DONE, "ResponseMetadata": {}}, "GetJob answer"),
    "an answer of ListJobs": ({"Jobs": [JOB | DONE, production() | DONE], "NextToken": "x"}, "ListJobs answer"),
    "an answer of GetJobTemplate": (
        {"JobTemplate": {"Name": "Ladder", "Settings": LADDER} | STORED},
        "GetJobTemplate answer",
    ),
    "an answer of ListPresets": ({"Presets": [{"Name": "720p", "Settings": PRESET} | STORED]}, "ListPresets answer"),
}


def errors(validation):
    return [finding for finding in validation.findings if finding.severity == "error"]


@pytest.mark.parametrize("name", KINDS)
def test_recognises(name):
    document, kind = KINDS[name]
    validation = validate_text(json.dumps(document), "job.json")
    assert validation.kind == kind
    assert errors(validation) == []


@pytest.mark.parametrize("name", KINDS)
def test_recognises_camel_case(name):
    document, kind = KINDS[name]
    if "ResponseMetadata" in document:
        document = {"Job": document["Job"]}
    assert validate_job(as_wire(document)).kind == kind


def test_settings_alone_need_a_role_later():
    (found,) = validate_job({"Settings": SETTINGS}).findings
    assert (found.rule, found.severity, found.message) == ("model:required", "warning", "role is a required property")


@pytest.mark.parametrize("key", ["Queue", "UserMetadata", "Tags"])
def test_a_request_without_a_role_is_wrong(key):
    value = "Default" if key == "Queue" else {}
    assert not validate_job({"Settings": SETTINGS, key: value}).passed


def test_rules_reach_into_every_answer():
    broken = changed(JOB, {f"{GROUP}/Outputs/1/NameModifier": "_720"})
    for document, prefix in (({"Job": broken}, "/Job"), ({"Jobs": [JOB, broken]}, "/Jobs/1")):
        (found,) = validate_job(document).findings
        assert (found.rule, found.pointer) == ("V72", f"{prefix}{GROUP}/Outputs/1/NameModifier")


def test_rules_reach_into_presets():
    (found,) = validate_job(changed(PRESET, {"/ContainerSettings/Container": "WEBM"})).findings
    assert (found.rule, found.pointer) == ("V65", "/VideoDescription/CodecSettings/Codec")


def test_settings_of_the_wrong_type_are_a_finding():
    (found,) = validate_job({"Role": "role", "Settings": []}).findings
    assert (found.pointer, found.rule) == ("/Settings", "model:type")


def test_a_byte_order_mark_is_no_matter():
    assert validate_text(b"\xef\xbb\xbf" + json.dumps(JOB).encode(), "job.json").findings == ()


UNREADABLE = {
    "nothing": ("", "not JSON: line 1 column 1"),
    "no JSON": ("{\n  'Role': 1}", "not JSON: line 2 column 3"),
    "a trailing comma": ('{"Role": "x",}', "not JSON"),
    "two documents": ("{} {}", "not JSON"),
    "NaN": ('{"Settings": NaN}', "NaN is not a JSON number"),
    "infinity": ('{"Settings": -Infinity}', "-Infinity is not a JSON number"),
    "no UTF-8": (b'{"Role": "\xff"}', "not JSON"),
    "half a character": (r'{"Role": "\ud800"}', "not JSON"),
    "a number of 5,000 digits": (f'{{"Settings": {"9" * 5000}}}', "not JSON"),
    "a list": ("[]", "expected one JSON object, found a list"),
    "a text": ('"Role"', "expected one JSON object, found a str"),
    "null": ("null", "expected one JSON object, found null"),
    "a key twice": ('{"Settings": {"Inputs": [], "Inputs": []}}', "duplicate keys: 'Inputs'"),
    "too deep": ('{"Settings":' + '{"a":' * MAX_DEPTH + "1" + "}" * (MAX_DEPTH + 1), "nested too deep"),
    "far too deep": ("[" * 200_000 + "]" * 200_000, "nested too deep"),
    "too large": (" " * (MAX_BYTES + 1), "too large: 5000001 bytes, at most 5000000"),
    "a long key": ('{"Settings": {"' + "a" * 2049 + '": 1}}', "a key of 2049 characters, at most 2048"),
    "an empty object": ("{}", "found the keys: none"),
    "something else": ('{"version": "0", "detail": {}}', "not a MediaConvert document"),
    "a misspelt key": ('{"Setings": {}}', "did you mean 'Settings'?"),
    "a line break in a key": (r'{"a\n\u001b": 1}', "'a\\n\\x1b'"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_refuses(name):
    text, message = UNREADABLE[name]
    with pytest.raises(UsageError) as raised:
        validate_text(text, "job.json")
    assert str(raised.value).startswith("job.json: ")
    assert message in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert raised.value.exit_code == 2


def test_the_largest_size_counts_bytes():
    text = json.dumps(JOB)
    assert validate_text(text + " " * (MAX_BYTES - len(text)), "job.json").passed
    with pytest.raises(UsageError, match="too large"):
        validate_text('{"a": "' + "é" * (MAX_BYTES // 2) + '"}', "job.json")
