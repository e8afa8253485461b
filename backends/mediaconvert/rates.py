"""The dated price list that estimates are made from: `rates.toml`, or the file that `STORYREEL_RATES` names."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

from renderer.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

RATES_FILE = Path(__file__).with_name("rates.toml")
RATES_VARIABLE = "STORYREEL_RATES"


@dataclass(frozen=True, slots=True)
class Rates:
    """A dated price list. Multipliers by size and speed are pairs of an upper limit and a factor, ascending."""

    as_of: str
    currency: str
    verified: bool
    production_step: Decimal
    per_minute: Decimal
    per_image: Decimal
    billing_step: Decimal
    least_minutes: Decimal
    tiers: Mapping[str, Decimal]
    lines: tuple[tuple[int, Decimal], ...]
    frames_per_second: tuple[tuple[int, Decimal], ...]
    codecs: Mapping[str, Decimal]
    free: frozenset[str]


def load_rates(path: Path | None = None) -> Rates:
    """The price list at `path`, else the one that `STORYREEL_RATES` names, else the one that comes with this program.

    Raises: UsageError naming the file, where it is no price list.
    """
    path = path or Path(os.environ.get(RATES_VARIABLE) or RATES_FILE)
    try:
        return _rates(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        what = f"{type(error).__name__}: {error}"
        raise UsageError(f"{path} is no price list ({what}): compare it with {RATES_FILE}") from error


def _rates(content: Mapping[str, object]) -> Rates:
    production, billing = (cast("dict[str, str]", content[name]) for name in ("production", "billing"))
    multipliers = cast("dict[str, dict[str, str]]", content["multipliers"])
    return Rates(
        as_of=date.fromisoformat(str(content["as_of"])).isoformat(),
        currency=str(content["currency"]),
        verified=bool(content["verified"]),
        production_step=_positive(production["step_minutes"]),
        per_minute=Decimal(production["per_minute"]),
        per_image=Decimal(production["per_image"]),
        billing_step=_positive(billing["step_minutes"]),
        least_minutes=Decimal(billing["least_minutes"]),
        tiers=_decimals(cast("dict[str, str]", content["tiers"])),
        lines=_limits(multipliers["lines"]),
        frames_per_second=_limits(multipliers["frames_per_second"]),
        codecs=_decimals(multipliers["codec"]),
        free=frozenset(multipliers["free"]["codecs"]),
    )


def _limits(content: Mapping[str, str]) -> tuple[tuple[int, Decimal], ...]:
    return tuple(sorted((int(limit), Decimal(factor)) for limit, factor in content.items()))


def _decimals(content: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(value) for name, value in content.items()}


def _positive(text: str) -> Decimal:
    """Raises: ValueError for a step that no number of steps fills."""
    step = Decimal(text)
    if not step > 0:
        raise ValueError(f"a step has to be more than 0, found {text}")
    return step
