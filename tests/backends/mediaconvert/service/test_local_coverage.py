"""The coverage table: complete, consistent with the service model, current in the documentation, and true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from backends.mediaconvert.service import unknowns
from backends.mediaconvert.service.coverage.document import coverage_table, renewed, unknowns_table
from backends.mediaconvert.service.coverage.judge import judge
from backends.mediaconvert.service.coverage.table import coverage
from backends.mediaconvert.validation.model import service_model

ROOT = Path(__file__).resolve().parents[4]
PAGE = ROOT / "docs" / "mediaconvert-local.md"
SERVICE = ROOT / "backends" / "mediaconvert" / "service"


def test_the_table_names_only_what_the_model_has():
    model = service_model()
    wrong = [key for key in coverage() if key[1] not in model.shape(key[0]).members]
    assert wrong == []


def test_values_of_the_table_are_values_of_the_model():
    model, wrong = service_model(), []
    for (shape, member), cover in coverage().items():
        enum = model.shape(model.shape(shape).members[member]).enum
        values = [*(cover.only or ()), *cover.neutral]
        wrong += [(shape, member, value) for value in values if enum and value not in enum]
    assert wrong == []


def test_warnings_and_refusals_say_why():
    silent = [key for key, cover in coverage().items() if cover.verdict != "honoured" and not cover.reason]
    assert silent == []


def test_the_page_is_current():
    text = PAGE.read_text(encoding="utf-8")
    assert renewed(text) == text, (
        "run: python -m backends.mediaconvert.service.coverage.document docs/mediaconvert-local.md"
    )
    assert coverage_table() in text
    assert unknowns_table() in text


def test_every_unknown_has_its_reason_on_the_page():
    names = [name for name in vars(unknowns) if name.isupper()]
    assert names
    assert [name for name in names if f"| `{name}` |" not in unknowns_table()] == []


def honoured_leaves():
    """Members that are read by somebody: all honoured ones that are no structure, list of structures or map."""
    model = service_model()
    for (shape, member), cover in sorted(coverage().items()):
        target = model.shape(model.shape(shape).members[member])
        item = model.shape(target.item) if target.kind in ("list", "map") else target
        asks_nothing = cover.only is not None and set(cover.only) <= set(cover.neutral)
        if cover.verdict == "honoured" and item.kind != "structure" and not asks_nothing:
            yield shape, member


SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in SERVICE.rglob("*.py"))


@pytest.mark.parametrize(("shape", "member"), list(honoured_leaves()))
def test_what_is_called_honoured_is_read_by_the_translator(shape, member):
    assert re.search(rf'"{member}"', SOURCE), shape


def test_an_unknown_to_the_table_is_refused_and_a_neutral_value_says_nothing():
    settings = {
        "KantarWatermark": {"ChannelName": "x"},
        "AdAvailOffset": 0,
        "Inputs": [{"FilterEnable": "AUTO", "PsiControl": "USE_PSI"}],
    }
    assert [(item.pointer, item.verdict) for item in judge(settings)] == [("/kantarWatermark", "refused")]
