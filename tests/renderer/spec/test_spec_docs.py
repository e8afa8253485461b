"""docs/spec.md describes every field, and its examples are true."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest

from renderer.errors import SpecError
from renderer.spec import SpecModel, parse_document, parse_spec
from renderer.spec.values import LOUDNESS_TARGETS

TEXT = (Path(__file__).parents[3] / "docs" / "spec.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
ERRORS = re.findall(r"```yaml wrong\n(.*?)```\n+```text\n(.*?)```", TEXT, re.DOTALL)
FIELDS = sorted(
    (model.__name__, field.alias or name)
    for model in SpecModel.__subclasses__()
    for name, field in model.model_fields.items()
)
PRESETS = {"output_presets": ["story-1080p"], "motion_presets": ["push-in"], "brand_presets": ["stories-of-you"]}


@pytest.mark.parametrize(("model", "field"), FIELDS, ids=[f"{model}.{field}" for model, field in FIELDS])
def test_every_field_has_a_row_in_the_reference(model, field):
    assert re.search(rf"^\| `{field}` \|", TEXT, re.MULTILINE), f"{model}.{field} is missing in docs/spec.md"


@pytest.mark.parametrize("name", LOUDNESS_TARGETS)
def test_every_loudness_target_is_named(name):
    assert f"`{name}` (−{-LOUDNESS_TARGETS[name]})" in TEXT


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_every_example_is_a_valid_spec(block):
    assert parse_spec(parse_document(block), **PRESETS).problems == ()


@pytest.mark.parametrize(("block", "messages"), ERRORS, ids=range(len(ERRORS)))
def test_every_error_example_is_what_an_author_sees(block, messages):
    rates = {"story-1080p": Fraction(30)}
    problems = parse_spec(parse_document(block), **PRESETS, output_rates=rates).problems
    assert str(SpecError("story.yaml", list(problems))) == messages.rstrip("\n")


def test_there_are_examples_of_both_kinds():
    assert (len(BLOCKS) >= 3, len(ERRORS) >= 2) == (True, True)
