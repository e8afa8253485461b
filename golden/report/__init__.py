"""x"""

from pathlib import Path

from golden.model import Comparison


def write_report(found: Comparison, target: Path) -> None:
    """x"""
