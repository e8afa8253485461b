"""The table of rules in the documentation is the one in the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends.mediaconvert.validation.registry import RULES
from backends.mediaconvert.validation.rules import rules_table

PAGE = Path(__file__).resolve().parents[4] / "docs" / "mediaconvert-validation.md"
LABELS = ("doc: ", "model: ", "thread: ", "job: ", "lint", "inferred")


def test_the_table_in_the_documentation_is_the_rules_own():
    text = PAGE.read_text(encoding="utf-8")
    (table,) = re.findall(r"<!-- rules -->\n(.*?)<!-- end of rules -->", text, flags=re.DOTALL)
    assert table.strip() == rules_table().strip(), "write rules_table() between the two markers"


@pytest.mark.parametrize("name", RULES)
def test_every_rule_names_its_evidence(name):
    labels = re.findall(r"\[([^\]]+)\]", RULES[name].evidence)
    assert labels
    assert all(label.startswith(LABELS) for label in labels)
    assert 20 < len(RULES[name].sentence) < 320


def test_rules_are_numbered_without_gaps():
    assert sorted(RULES) == [f"V{number:02}" for number in range(2, 87)]
