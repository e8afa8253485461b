"""Presets as data: output formats, camera moves and brands, one YAML file each, and the one loader for all of them.

The files are read, never interpreted, here: the spec's own models check brands and moves, `renderer.output` the
outputs. A preset's name is its file's stem.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal, cast

PresetKind = Literal["outputs", "motion", "brands"]
PresetValue = None | bool | int | float | str | list["PresetValue"] | dict[str, "PresetValue"]
KINDS: tuple[PresetKind, ...] = ("outputs", "motion", "brands")

_FOLDER = Path(__file__).parent


@functools.cache
def preset_names(kind: PresetKind) -> tuple[str, ...]:
    """Every preset of a kind, sorted."""
    return tuple(sorted(path.stem for path in (_FOLDER / kind).glob("*.yaml")))


@functools.cache
def load_preset(kind: PresetKind, name: str) -> dict[str, PresetValue]:
    """The content of one preset; `description` says in a sentence what it is for.

    Raises: KeyError for a name that `preset_names` does not list.
    """
    if name not in preset_names(kind):
        raise KeyError(name)
    from ruamel.yaml import YAML

    content = YAML(typ="safe", pure=True).load(_FOLDER / kind / f"{name}.yaml")
    return cast("dict[str, PresetValue]", content)
