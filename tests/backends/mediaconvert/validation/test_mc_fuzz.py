"""Any JSON gives findings, never another exception; no field of a good job can be lost or garbled unnoticed."""

from __future__ import annotations

import functools
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_mc_jobs import GONE, JOBS, changed, production

from backends.mediaconvert.validation import validate_job, validate_text
from backends.mediaconvert.validation.model import service_model, wire_name
from renderer.errors import UsageError

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
KEYS = st.text(max_size=8)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner), max_leaves=20)
TIMECODES = st.sampled_from(["", "00:00:00:00", "23:59:59:29", "00:00:10:00@30", "24:00:00;99"])
URLS = st.sampled_from(["", "s3://b/k.png", "s3://b/k.mov", "https://[x/k.mp3", "s3://b/", "s3://b/k.wav?a=b"])


@functools.cache
def values_of(name, depth):
    """Values for a shape of the model: mostly right, sometimes anything, with few members each."""
    shape = service_model().shape(name)
    if depth == 0 and shape.kind in {"structure", "list", "map"}:
        return st.just([] if shape.kind == "list" else {})
    match shape.kind:
        case "structure":
            members = {m: st.deferred(lambda m=m: values_of(shape.members[m], depth - 1)) for m in shape.members}
            right = st.fixed_dictionaries({}, optional=members)
        case "list" | "map":
            item = st.deferred(lambda: values_of(shape.item, depth - 1))
            right = st.lists(item, max_size=3) if shape.kind == "list" else st.dictionaries(KEYS, item, max_size=3)
        case "string":
            right = st.sampled_from(sorted(shape.enum)) if shape.enum else st.text(max_size=5) | TIMECODES | URLS
        case "integer" | "long" | "double":
            right = st.integers(shape.minimum, shape.maximum)
        case _:
            right = LEAVES
    return right if depth % 4 else right | LEAVES


ROOTS = ("CreateJobRequest", "JobSettings", "CreateJobTemplateRequest", "CreatePresetRequest", "PresetSettings", "Job")


def pointers_of(value, pointer=""):
    """Every place of a document."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in entries:
        place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
        yield place
        yield from pointers_of(item, place)


def checked(document):
    """The validation of a document, its text forms made as well; None where it is no document at all."""
    try:
        validation = validate_job(document)
    except UsageError:
        return None
    assert json.loads(json.dumps(validation.to_json()))["passed"] == validation.passed
    assert validation.report("job.json").isprintable() or "\n" in validation.report("job.json")
    assert all(finding.service_text for finding in validation.findings)
    return validation


def refusal(text):
    """Why a text is no document."""
    try:
        validate_text(text, "job.json")
    except UsageError as refused:
        return str(refused)
    return "job.json: is one"


@given(JSON)
def test_any_json_is_validated_or_refused(document):
    assert refusal(json.dumps(document)).startswith("job.json: ")


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_any_text_is_validated_or_refused(text):
    assert refusal(text).startswith("job.json: ")


@pytest.mark.parametrize("root", ROOTS)
@settings(max_examples=60)
@given(data=st.data())
def test_anything_in_the_shape_of_a_document_is_validated(root, data):
    document = data.draw(values_of(root, 9))
    if isinstance(document, dict):
        checked(document)


@settings(max_examples=150)
@given(data=st.data())
def test_anything_anywhere_in_a_good_job_is_validated(data):
    job = JOBS[data.draw(st.sampled_from(sorted(JOBS)))]()
    places = data.draw(st.lists(st.sampled_from(sorted(pointers_of(job))), min_size=1, max_size=3))
    for place in sorted(places, reverse=True):
        job = changed(job, {place: data.draw(JSON)})
    assert checked(job) is not None


@settings(max_examples=150)
@given(data=st.data())
def test_every_finding_points_into_the_document(data):
    job = production()
    place = data.draw(st.sampled_from(sorted(pointers_of(job))))
    job = changed(job, {place: data.draw(LEAVES)})
    assert {finding.pointer for finding in checked(job).findings} <= {"", *pointers_of(job)}


WRONG = (5.5, "wrong", ["wrong"], {"Wrong": 5})


@pytest.mark.parametrize("name", JOBS)
def test_no_field_takes_every_type(name):
    """Each field is of one type: of four values of different types at most two (text, number) can be right."""
    job = JOBS[name]()
    for place in pointers_of(job):
        refused = [value for value in WRONG if not validate_job(changed(job, {place: value})).passed]
        assert len(refused) >= 3, place


OPTIONAL = """
/Queue
/Settings/TimecodeConfig
/Settings/TimecodeConfig/Source
/Settings/Inputs/*/FileInput
/Settings/Inputs/*/TimecodeSource
/Settings/Inputs/*/AudioSelectors/*/*
/Settings/Inputs/*/AudioSelectors/*/Tracks/*
/Settings/Inputs/*/AudioSelectorGroups/*/AudioSelectorNames
/Settings/Inputs/*/AudioSelectorGroups/*/AudioSelectorNames/*
/Settings/OutputGroups/*/Name
{output}
{output}/NameModifier
{output}/ContainerSettings/Mp4Settings
{output}/ContainerSettings/Mp4Settings/*
{output}/AudioDescriptions
{output}/AudioDescriptions/*
{output}/AudioDescriptions/*/AudioTypeControl
{output}/AudioDescriptions/*/AudioSourceName
{output}/AudioDescriptions/*/CodecSettings/AacSettings/*
{output}/AudioDescriptions/*/RemixSettings
{output}/AudioDescriptions/*/RemixSettings/*
{output}/AudioDescriptions/*/RemixSettings/ChannelMapping/OutputChannels
{video}
{video}/Width
{video}/Height
{video}/ScalingBehavior
{video}/TimecodeInsertion
{video}/ColorMetadata
{video}/VideoPreprocessors
{video}/VideoPreprocessors/ImageInserter
{video}/VideoPreprocessors/ImageInserter/InsertableImages
{images}
{images}/Layer
{images}/StartTime
{images}/Duration
{images}/Width
{images}/Height
{images}/Opacity
{images}/FadeIn
{images}/FadeOut
{codec}/InterlaceMode
{codec}/RateControlMode
{codec}/CodecProfile
{codec}/CodecLevel
{codec}/QualityTuningLevel
{codec}/FramerateControl
"""
"""What a job may do without: the service has a default for it, or means something else without it."""

PARTS = {"output": "/Settings/OutputGroups/*/Outputs/*"}
PARTS["video"] = f"{PARTS['output']}/VideoDescription"
PARTS["images"] = f"{PARTS['video']}/VideoPreprocessors/ImageInserter/InsertableImages/*"
PARTS["codec"] = f"{PARTS['video']}/CodecSettings/H264Settings"
MAY_BE_LEFT_OUT = [
    re.compile(re.escape(line).replace(r"\*", "[^/]+")) for line in OPTIONAL.format(**PARTS).split() if line
]


@pytest.mark.parametrize("name", JOBS)
def test_what_is_left_out_is_found_or_optional(name):
    job = JOBS[name]()
    unnoticed = [place for place in pointers_of(job) if not validate_job(changed(job, {place: GONE})).findings]
    assert [place for place in unnoticed if not any(line.fullmatch(place) for line in MAY_BE_LEFT_OUT)] == []


@pytest.mark.parametrize("name", JOBS)
def test_a_misspelt_key_is_always_found(name):
    """Names of selectors and groups are free; everything else is the service's own."""
    job = JOBS[name]()
    members = {m for shape in service_model()._raw for m in service_model().shape(shape).members}
    for place in pointers_of(job):
        parent, _, key = place.rpartition("/")
        if key in members:
            misspelt = changed(job, {place: GONE, f"{parent}/{key}x": 1})
            assert f"{parent}/{key}x" in {finding.pointer for finding in validate_job(misspelt).findings}
            assert wire_name(key) != key
