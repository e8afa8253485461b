"""The rules as a whole: every one has a case, templates and partial jobs are spared, nothing is reported twice."""

from __future__ import annotations

import pytest
import test_mc_rules_audio
import test_mc_rules_inputs
import test_mc_rules_outputs
import test_mc_rules_overlays
import test_mc_rules_packaging
import test_mc_rules_video
from test_mc_cases import CONTAINER, HLS, SETTINGS, STORY
from test_mc_jobs import AUDIO, GONE, H264, IN, VIDEO, changed, image

from backends.mediaconvert.validation import validate_job
from backends.mediaconvert.validation.registry import RULES

TOPICS = (
    test_mc_rules_audio,
    test_mc_rules_inputs,
    test_mc_rules_outputs,
    test_mc_rules_overlays,
    test_mc_rules_packaging,
    test_mc_rules_video,
)
FURTHER = {name: case for topic in TOPICS for name, case in topic.FURTHER.items()}


def test_every_rule_has_a_case():
    assert sorted(rule for topic in TOPICS for rule in topic.CASES) == sorted(RULES)


DOUBTFUL = {name: case for name, case in FURTHER.items() if name.endswith("doubtful")}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_only_doubtful_passes(name):
    _, document, changes, _ = DOUBTFUL[name]
    assert validate_job(changed(document, changes)).passed


def test_a_template_needs_no_inputs_and_no_destination():
    job = changed(HLS, {"/Settings/Inputs": GONE, f"{SETTINGS}/HlsGroupSettings/Destination": GONE, "/Role": GONE})
    assert validate_job(job | {"Name": "Ladder"}).findings == ()


def test_a_job_from_a_template_may_leave_anything_to_it():
    job = {"Role": "role", "JobTemplate": "Ladder", "Settings": {"Inputs": HLS["Settings"]["Inputs"]}}
    assert validate_job(job).findings == ()


def test_a_wrong_value_is_not_reported_as_missing():
    job = changed(HLS, {CONTAINER: [], f"{H264}/RateControlMode": "FAST", f"{H264}/Bitrate": "much"})
    assert {finding.rule for finding in validate_job(job).findings} == {"model:type", "model:enum"}


def test_layers_of_two_inserters_are_apart():
    images = {"InsertableImages": [image(50), image(60)]}
    assert validate_job(changed(STORY, {f"{IN}/ImageInserter": images})).passed


UNCHOSEN = {
    "V56": (f"{VIDEO}/CodecSettings/H265Settings", {"SlowPal": "ENABLED"}, "/SlowPal"),
    "V45": (f"{AUDIO}/CodecSettings/AacSettings", {"RateControlMode": "VBR"}, ""),
}


@pytest.mark.parametrize("rule", UNCHOSEN)
def test_settings_of_a_codec_that_is_not_chosen_are_checked_as_well(rule):
    place, settings, where = UNCHOSEN[rule]
    opus = {f"{AUDIO}/CodecSettings": {"Codec": "OPUS", "OpusSettings": {"Bitrate": 96000}}} if rule == "V45" else {}
    findings = validate_job(changed(STORY, opus | {place: settings})).findings
    assert [finding.pointer for finding in findings if finding.rule == rule] == [place + where]


def test_a_codec_that_is_not_chosen_is_not_held_against_the_container():
    vp9 = {f"{VIDEO}/CodecSettings/Vp9Settings": {"RateControlMode": "VBR", "Bitrate": 2500000}}
    validation = validate_job(changed(STORY, vp9))
    assert validation.passed
    assert {finding.rule for finding in validation.findings} == {"V05"}
