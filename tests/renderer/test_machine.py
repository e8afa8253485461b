"""How many cores are used: those of the process, within what its container may use, within what makes sense."""

from __future__ import annotations

import os

import pytest

from renderer import machine


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("max 100000\n", 8),
        ("150000 100000\n", 2),
        ("100000 100000\n", 1),
        ("1000 100000\n", 1),
        ("9900000 100000\n", 8),
        ("", 8),
    ],
)
def test_a_containers_share_of_the_cores_counts(tmp_path, monkeypatch, limit, expected):
    (tmp_path / "cpu.max").write_text(limit)
    monkeypatch.setattr(machine, "_CPU_LIMIT", tmp_path / "cpu.max")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert machine.usable_cores() == expected


def test_no_more_cores_are_used_than_jobs_may_run(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_CPU_LIMIT", tmp_path / "absent")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(96)), raising=False)
    assert machine.usable_cores() == machine.MOST_JOBS


def test_a_package_that_is_not_installed_has_no_version():
    assert machine.package_version("no-such-package") is None
    assert machine.package_version("numpy")
