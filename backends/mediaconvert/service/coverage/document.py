"""The coverage table and the list of unknowns as Markdown, for `docs/mediaconvert-local.md`; a test keeps them current.

To write them anew: `python -m backends.mediaconvert.service.coverage.document docs/mediaconvert-local.md`.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from backends.mediaconvert.service import unknowns
from backends.mediaconvert.service.coverage.table import cover_of
from backends.mediaconvert.validation.model import service_model

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backends.mediaconvert.service.coverage.table import Cover
    from backends.mediaconvert.validation.model import Shape

ROOT_SHAPE = "JobSettings"


def coverage_table() -> str:
    """One row for each structure of the service model that a job can reach without meeting a refused member first."""
    lines = ["| settings | honoured | accepted with a warning | refused |", "|---|---|---|---|"]
    for shape in _reachable(ROOT_SHAPE):
        cells: dict[str, list[str]] = {"honoured": [], "warned": [], "refused": []}
        for member in shape.members:
            cover = cover_of(shape.name, member)
            cells[cover.verdict].append(f"`{member}`{_values(cover)}")
        lines.append(f"| `{shape.name}` | {' | '.join(', '.join(cell) or '–' for cell in cells.values())} |")
    return "\n".join(lines) + "\n"


def _values(cover: Cover) -> str:
    """What a member's verdict leaves out: values that alone are honoured, or that ask for nothing."""
    if cover.only is not None:
        return f" (only {_list(cover.only)})"
    if cover.verdict != "honoured" and cover.neutral:
        return f" (but {_list(cover.neutral)})"
    return ""


def _list(values: tuple[object, ...]) -> str:
    return " ".join(str(value) if value != "" else "blank" for value in values)


def _reachable(root: str) -> Iterator[Shape]:
    """Structures below `root`, breadth first, each once."""
    model, waiting, seen = service_model(), [root], {root}
    while waiting:
        shape = model.shape(waiting.pop(0))
        if shape.kind == "structure":
            yield shape
            targets = [shape.members[member] for member in shape.members if _looked_into(shape, member)]
        else:
            targets = [shape.item] if shape.kind in ("list", "map") else []
        for target in targets:
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def _looked_into(shape: Shape, member: str) -> bool:
    return cover_of(shape.name, member).verdict == "honoured"


def unknowns_table() -> str:
    """Every constant of `unknowns.py` with its value and its reason."""
    tree = ast.parse(Path(unknowns.__file__).read_text(encoding="utf-8"))
    lines = ["| constant | choice | reason |", "|---|---|---|"]
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        if isinstance(node, ast.Assign) and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            name = ast.unparse(node.targets[0])
            reason = " ".join(str(after.value.value).split())
            lines.append(f"| `{name}` | {_shown(getattr(unknowns, name))} | {reason} |")
    return "\n".join(lines) + "\n"


def _shown(value: object) -> str:
    return f"`{value}`".replace("|", "\\|")


def renewed(text: str) -> str:
    """The page with both tables made anew between `<!-- NAME -->` and `<!-- end of NAME -->`."""
    for name, table in (("coverage", coverage_table()), ("unknowns", unknowns_table())):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text = pattern.sub(lambda match, table=table: f"{match[1]}\n{table}\n{match[2]}", text)  # type: ignore[misc]
    return text


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
