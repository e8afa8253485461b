"""A comparison → one HTML file that opens offline: everything in it, nothing fetched, every text escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from golden.report.page import report_html
from renderer.publish import written_file

if TYPE_CHECKING:
    from pathlib import Path

    from golden.model import Comparison

__all__ = ["report_html", "write_report"]


def write_report(found: Comparison, target: Path) -> None:
    """Write the report; the file appears whole. Raises: OutputError."""
    content = report_html(found).encode()
    with written_file(target) as stream:
        stream.write(content)
