"""The service's own model: every kind of fault, where it is found, how it is said, and both spellings."""

from __future__ import annotations

import datetime as dt
import json
import math

import pytest
from test_mc_jobs import AAC, GONE, GROUP, H264, IMAGES, IN, JOBS, OUT, REMIX, VIDEO, changed, production

from backends.mediaconvert.validation import validate_job
from backends.mediaconvert.validation.findings import MAX_FINDINGS
from backends.mediaconvert.validation.model import service_model, wire_name
from backends.mediaconvert.validation.shapes import LONGEST_MATCHED, MOST_ENTRIES

TRACK = f"{IN}/AudioSelectors/Audio Selector 1/Tracks/0"
DESTINATION = f"{GROUP}/OutputGroupSettings/FileGroupSettings/Destination"
GAIN = f"{REMIX}/ChannelMapping/OutputChannels/0/InputChannelsFineTune/0"

# name: (pointer, value, rule, part of the message, part of the hint)
FAULTS = {
    "an unknown key": (f"{H264}/Bitrat", 1, "model:unknown", "Unknown property", "did you mean 'Bitrate'?"),
    "an unknown key in the wrong case": (f"{H264}/BITRATE", 1, "model:unknown", "Unknown property", "'Bitrate'"),
    "an unknown key among few": (f"{REMIX}/ChannelMapping/Gain", 1, "model:unknown", "Unknown", "OutputChannels"),
    "a text for a number": (f"{H264}/Bitrate", "3M", "model:type", "Should be an integer", 'found "3M"'),
    "a fraction for an integer": (f"{H264}/Bitrate", 1.5, "model:type", "Should be an integer", "found 1.5"),
    "a truth value for a number": (f"{H264}/Bitrate", True, "model:type", "Should be an integer", "found true"),
    "a number beyond 32 bits": (f"{H264}/Bitrate", 2**31, "model:type", "Should be an integer", ""),
    "a huge number": (f"{H264}/Bitrate", 10**5000, "model:type", "Should be an integer", "found an integer of"),
    "no number": (GAIN, math.nan, "model:type", "Should be a number", "found NaN"),
    "null": (f"{H264}/Bitrate", None, "model:type", "Should be an integer", "found null; leave the key out"),
    "an object for a list": (f"{OUT}/AudioDescriptions", {}, "model:type", "Should be a list", "found an object"),
    "a list for an object": (f"{OUT}/VideoDescription", [], "model:type", "Should be an object", "found a list"),
    "a list for a map": (f"{IN}/AudioSelectors", [], "model:type", "Should be an object", "found a list"),
    "a number for a text": (DESTINATION, 5, "model:type", "Should be a string", "found 5"),
    "an unknown choice": (
        f"{OUT}/ContainerSettings/Container",
        "MP44",
        "model:enum",
        "CMFC, F4V, GIF, ISMV, M2TS, M3U8, MOV, MP4, MPD, MXF, OGG, RAW, WEBM, Y4M",
        "found \"MP44\"; did you mean 'MP4'?",
    ),
    "a choice in lower case": (f"{H264}/CodecProfile", "high", "model:enum", "HIGH", "did you mean 'HIGH'?"),
    "too little": (TRACK, 0, "model:minimum", "Should be greater than or equal to 1", "found 0"),
    "too much": (f"{IMAGES}/0/Layer", 100, "model:maximum", "Should be less than or equal to 99", "found 100"),
    "too short": (f"{OUT}/NameModifier", "", "model:min-length", "at least 1 characters", "placeholder"),
    "too long": (f"{OUT}/NameModifier", "x" * 257, "model:max-length", "at most 256 characters long", "found 257"),
    "a picture of the wrong kind": (
        f"{IMAGES}/0/ImageInserterInput",
        "s3://example-stories/image.jpg",
        "model:pattern",
        "Should match pattern",
        "",
    ),
    "a picture in mixed case": (
        f"{IMAGES}/0/ImageInserterInput",
        "s3://example-stories/image.Png",
        "model:pattern",
        "Should match pattern",
        "",
    ),
    "a timecode of 60 frames": (f"{IMAGES}/0/StartTime", "00:00:00:60", "model:pattern", "Should match", ""),
    "a timecode and a line break": (f"{IMAGES}/0/StartTime", "00:00:00:00\n", "model:pattern", "Should match", ""),
    "a timecode in other digits": (f"{IMAGES}/0/StartTime", "0٠:00:00:00", "model:pattern", "Should match", ""),
    "a token to be filled in": (DESTINATION, "{DEST_S3_URL}", "model:pattern", "Should match", "a placeholder"),
    "a blank to be filled in": (DESTINATION, "", "model:pattern", "Should match", "a placeholder"),
    "a limit in the name of a shape": (
        GAIN,
        -60.5,
        "V41",
        "Should be greater than or equal to -60",
        "found -60.5",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_finds(name):
    pointer, value, rule, message, hint = FAULTS[name]
    validation = validate_job(changed(production(), {pointer: value}))
    (found,) = [finding for finding in validation.findings if finding.rule == rule]
    assert (found.pointer, found.severity) == (pointer, "error")
    assert message in found.message
    assert hint in (found.hint or "")


@pytest.mark.parametrize("name", ["Role", "Settings"])
def test_finds_what_is_required(name):
    (found,) = validate_job(changed(production(), {f"/{name}": GONE})).findings
    assert (found.pointer, found.rule) == ("", "model:required")
    assert found.message == f"{wire_name(name)} is a required property"


def test_finds_everything_at_once_in_document_order():
    changes = {f"{IMAGES}/0/Layer": 100, DESTINATION: "", TRACK: 0, f"{AAC}/Bitrate": 5, "/Queue": 1, f"{H264}/X": 1}
    pointers = [finding.pointer for finding in validate_job(changed(production(), changes)).findings]
    assert pointers == ["/Queue", TRACK, DESTINATION, f"{H264}/X", f"{IMAGES}/0/Layer", f"{AAC}/Bitrate"]


SERVICE_TEXTS = {
    "items": ({f"{GROUP}/Outputs": []}, "/outputGroups/0/outputs: Should have at least 1 items"),
    "required": (
        {f"{OUT}/ContainerSettings": GONE},
        "/outputGroups/0/outputs/0: containerSettings is a required property",
    ),
    "properties": (
        {H264: GONE},
        "/outputGroups/0/outputs/0/videoDescription/codecSettings: Should have at least 2 properties",
    ),
    "minimum": (
        {TRACK: 0},
        "/inputs/0/audioSelectors/Audio Selector 1/tracks/0: Should be greater than or equal to 1",
    ),
}


@pytest.mark.parametrize("name", SERVICE_TEXTS)
def test_texts_of_the_service(name):
    changes, text = SERVICE_TEXTS[name]
    (found,) = validate_job(changed(production(), changes)).findings
    assert found.service_text == text


def test_pointers_escape_names():
    odd = {"a/b~c d": {"Tracks": [0]}}
    (found,) = validate_job(changed(production(), {f"{IN}/AudioSelectors/a~1b~0c d": odd["a/b~c d"]})).findings
    assert found.pointer == f"{IN}/AudioSelectors/a~1b~0c d/Tracks/0"


def as_wire(value, *, named=True):
    """The document in the service's own spelling; the keys of maps stay."""
    maps = {"AudioSelectors", "AudioSelectorGroups", "CaptionSelectors", "UserMetadata", "Tags"}
    if isinstance(value, dict):
        return {
            (wire_name(key) if named else key): as_wire(item, named=not (named and key in maps))
            for key, item in value.items()
        }
    return [as_wire(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", JOBS)
def test_camel_case_passes_as_well(name):
    assert validate_job(as_wire(JOBS[name]())).findings == ()


@pytest.mark.parametrize("name", FAULTS)
def test_camel_case_has_the_same_findings(name):
    job = changed(production(), {FAULTS[name][0]: FAULTS[name][1]})
    found, same = validate_job(job).findings, validate_job(as_wire(job)).findings
    facts = [(f.rule, f.severity, f.message, f.service_pointer) for f in found]
    assert facts == [(f.rule, f.severity, f.message, f.service_pointer) for f in same]
    assert all(finding.pointer.startswith("/settings/") for finding in same)


def test_a_mixed_document_is_wrong_where_it_differs():
    job = production()
    job["settings"] = as_wire(job.pop("Settings"))
    validation = validate_job(job)
    assert [finding.pointer for finding in validation.findings] == ["/Role", "/Queue"]
    assert {finding.rule for finding in validation.findings} == {"model:case"}


def test_a_member_in_both_spellings_is_wrong():
    job = changed(production(), {f"{AAC}/bitrate": 128000})
    assert {(f.pointer, f.rule) for f in validate_job(job).findings} == {(AAC, "model:case")}


def test_long_texts_are_not_matched():
    url = f"s3://example-stories/{'a' * LONGEST_MATCHED}.png"
    (found,) = validate_job(changed(production(), {f"{IMAGES}/0/ImageInserterInput": url})).findings
    assert (found.rule, found.severity) == ("model:pattern", "warning")


def test_the_findings_are_limited_and_the_rest_counted():
    unknown = {f"Key {number}": number for number in range(MAX_FINDINGS + 7)}
    validation = validate_job(production() | unknown)
    assert (len(validation.findings), validation.left_out, validation.errors) == (MAX_FINDINGS, 7, MAX_FINDINGS + 7)
    assert not validation.passed
    assert "... and 7 more" in validation.report("job.json")


def test_the_report_counts_and_escapes():
    job = changed(production(), {f"{H264}/\x1b[31m": 1, f"{H264}/GopSize": 2})
    report = validate_job(job).report("job.json")
    assert report.splitlines()[0] == "job.json: CreateJob request: 1 error, 1 warning"
    assert "\x1b" not in report
    assert "\\x1b[31m" in report


def test_the_json_holds_every_finding():
    validation = validate_job(changed(production(), {f"{H264}/Bitrate": "3M", f"{VIDEO}/Width": 10}))
    document = json.loads(json.dumps(validation.to_json()))
    assert {key: document[key] for key in ("passed", "errors", "warnings", "left_out")} == {
        "passed": False,
        "errors": 2,
        "warnings": 0,
        "left_out": 0,
    }
    assert [finding["pointer"] for finding in document["findings"]] == [f"{VIDEO}/Width", f"{H264}/Bitrate"]


def test_exit_codes():
    assert validate_job(production()).exit_code == 0
    assert validate_job(changed(production(), {f"{H264}/GopSize": 2})).exit_code == 0
    assert validate_job(changed(production(), {f"{VIDEO}/Width": 10})).exit_code == 2


@pytest.mark.parametrize(
    "time", [1767607200, 1767607200.5, "2026-01-05T10:00:00+00:00", dt.datetime(2026, 1, 5, tzinfo=dt.UTC)]
)
def test_times_of_answers(time):
    answer = {"Job": production() | {"CreatedAt": time, "JobPercentComplete": None}}
    assert validate_job(answer).findings == ()


def test_a_document_of_endless_lists_is_refused_without_reading_them_all():
    """400,000 empty inputs are 1.2 MB, and would take two minutes."""
    job = production() | {"UserMetadata": {str(number): "x" for number in range(MOST_ENTRIES)}}
    validation = validate_job(job)
    (found,) = [finding for finding in validation.findings if finding.rule == "model:size"]
    assert found.pointer == "/UserMetadata"
    assert f"more than {MOST_ENTRIES} entries" in found.message
    assert validation.errors == 1


def test_the_model_limits_the_length_of_no_list():
    """The checker relies on it."""
    names = [name for name in service_model()._raw if service_model().shape(name).kind in {"list", "map"}]
    assert {(service_model().shape(name).minimum, service_model().shape(name).maximum) for name in names} == {
        (None, None)
    }
    assert len(names) > 60


def test_every_pattern_of_the_model_compiles():
    assert sum(service_model().shape(name).pattern is not None for name in service_model()._raw) > 40
