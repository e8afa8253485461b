"""A pytest fixture that checks stories against their goldens: `storyreel_golden.check("stories/lighthouse.yaml")`.

pytest loads this module wherever storyreel is installed, so it imports nothing heavy until a test asks. Tests may run
under pytest-xdist: reports carry the test's name, goldens are read without a lock and updated under one.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from golden.model import Comparison

_REPORTS = "storyreel-reports"


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--storyreel-golden-update` and `--storyreel-golden-reports`."""
    group = parser.getgroup("storyreel", "golden checks of stories")
    group.addoption(
        "--storyreel-golden-update",
        action="store_true",
        help="record goldens that are missing or no longer match, instead of failing",
    )
    group.addoption(
        "--storyreel-golden-reports",
        metavar="DIR",
        default=None,
        help=f"where reports of failed checks go; default: {_REPORTS} in the root folder",
    )


@pytest.fixture
def storyreel_golden(request: pytest.FixtureRequest) -> StoryreelGolden:
    """Checks stories: `storyreel_golden.check(SPEC)` fails the test where the video is another one."""
    config = request.config
    reports = config.getoption("--storyreel-golden-reports") or config.rootpath / _REPORTS
    return StoryreelGolden(
        base=request.path.parent,
        root=config.rootpath,
        reports=Path(reports),
        name=request.node.nodeid,
        update=bool(config.getoption("--storyreel-golden-update")),
    )


class StoryreelGolden:
    """What a test uses. Paths are relative to the test's file, or to pytest's root folder."""

    def __init__(self, *, base: Path, root: Path, reports: Path, name: str, update: bool) -> None:
        self._base, self._root, self._reports, self._name, self._update = base, root, reports, name, update

    def check(
        self,
        spec: str | os.PathLike[str],
        golden: str | os.PathLike[str] | None = None,
        *,
        output: str | None = None,
        preview: bool = False,
    ) -> Comparison | None:
        """Compare the story with its golden, by default `NAME.golden` beside `NAME.yaml`.

        `output` and `preview` count when the golden is recorded. Returns the comparison; None where it was recorded.
        """
        __tracebackhide__ = True
        path = self._found(Path(spec))
        folder = self._placed(Path(golden)) if golden is not None else path.with_suffix(".golden")
        from golden.store import is_golden

        if not self._update:
            if not is_golden(folder):
                pytest.fail(f"{folder}: no golden yet; record it with: pytest --storyreel-golden-update", pytrace=False)
            return self._compared(path, folder)
        with _locked(folder):
            if is_golden(folder):
                return self._compared(path, folder)
            self._record(path, folder, output, preview=preview)
            return None

    def _compared(self, path: Path, folder: Path) -> Comparison:
        __tracebackhide__ = True
        from golden.check import CheckSettings, accept, check
        from golden.report import write_report
        from renderer.machine import usable_cores

        jobs = 1 if "PYTEST_XDIST_WORKER" in os.environ else usable_cores()
        found = check(folder, CheckSettings(path, jobs, evidence=not self._update))
        if found.passed:
            return found
        if self._update:
            accept(folder, spec=path, jobs=jobs)
            return found
        self._reports.mkdir(parents=True, exist_ok=True)
        target = self._reports / f"{_file_name(self._name)}-{folder.stem}.html"
        write_report(found, target)
        lines = [f"{path} is another video than its golden {folder}:"]
        lines += [f"  {item.sentence(found.rate)}" for item in found.failures]
        lines += [f"report: {target}", "if this is meant: pytest --storyreel-golden-update"]
        pytest.fail("\n".join(lines), pytrace=False)

    @staticmethod
    def _record(path: Path, folder: Path, output: str | None, *, preview: bool) -> None:
        from golden.record import record
        from golden.store import RecordOptions

        record(path, folder, RecordOptions(output=output, preview=preview))

    def _found(self, path: Path) -> Path:
        for candidate in (self._base / path, self._root / path):
            if candidate.is_file():
                return candidate
        __tracebackhide__ = True
        pytest.fail(f"{path}: no such story, neither in {self._base} nor in {self._root}", pytrace=False)

    def _placed(self, path: Path) -> Path:
        beside, below = self._base / path, self._root / path
        return below if below.is_dir() and not beside.is_dir() else beside


def _file_name(name: str) -> str:
    """A test's id as a file name that no other test has."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-")[-80:]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one process updates a golden at a time; the lock lies in the cache, not beside the golden."""
    from renderer.cache import cache_root

    name = hashlib.sha256(str(folder.absolute()).encode()).hexdigest()[:16]
    locks = cache_root() / "locks"
    locks.mkdir(mode=0o700, exist_ok=True)
    with (locks / f"golden-{name}.lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
