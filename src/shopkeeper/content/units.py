"""Units of measure: how records spell them, and what makes two measures equal (1.7 L = 1,7 l, 2200 W = 2.2 kW).

Pint holds the definitions; each unit is asked of it once, so a comparison costs a multiplication.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from shopkeeper.content.spoken_numbers import unit_words
from shopkeeper.content.tables import table

if TYPE_CHECKING:
    import pint

SPELLINGS: dict[str, tuple[str, ...]] = {symbol: (*row, *unit_words(symbol)) for symbol, row in table("units").items()}
"""Symbol -> (definition for pint, other spellings)."""

EXACT_CASE = frozenset(
    {"B", "bit", "mW", "MB", "Mbit/s", "MB/s", "K", "PS", "N", "Pa", "A", "h", "t", "m", "s", "g", "W", "V"}
)
"""Symbols whose other case means something else (mW is no MW, Mbit is no MB), or is a letter of a model name."""

_APART = {"°": "angle", "%": "share", "Nm": "torque"}
"""Measures that share base units with others they are never equal to."""

_EXACT = {symbol: symbol for symbol in SPELLINGS}
_FOLDED = {
    spelling.casefold(): symbol
    for symbol, (_, *others) in SPELLINGS.items()
    for spelling in (*others, *(() if symbol in EXACT_CASE else (symbol,)))
}


def unit_of(spelling: str) -> str | None:
    """The symbol of a unit as a record spells it (`Litre` -> `L`), None where it is no unit we know."""
    text = " ".join(spelling.split())
    return _EXACT.get(text) or _FOLDED.get(text.casefold()) or _FOLDED.get(text.casefold().rstrip("."))


def spellings() -> tuple[str, ...]:
    """All spellings, longest first, for an alternation in a pattern."""
    return tuple(sorted({*_EXACT, *_FOLDED}, key=lambda spelling: (-len(spelling), spelling)))


@dataclass(frozen=True, slots=True)
class Scale:
    """How a unit relates to the base unit of its dimension: `base = factor * value + offset`.

    Attributes:
        dimension: What it measures, as pint writes it; measures of different dimensions are never equal.
        factor: Base units in one unit.
        offset: Where zero of the unit lies, in base units; 0 for all but temperatures.
    """

    dimension: str
    factor: float
    offset: float


@cache
def _registry() -> pint.UnitRegistry[float]:
    import pint  # noqa: PLC0415 - takes a fifth of a second, and only who writes texts has units to compare

    registry: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    registry.define("megapixel = 1e6 * pixel")
    registry.define("workday = [working_days]")  # a business day is no day: nothing but itself equals it
    return registry


@cache
def scale(unit: str) -> Scale:
    """The scale of a unit by its symbol; `""` is a bare number."""
    if not unit:
        return Scale("", 1.0, 0.0)
    definition = SPELLINGS[unit][0]
    if unit == "dB":  # a level, not a linear quantity: equal only to itself
        return Scale("level", 1.0, 0.0)
    registry = _registry()
    zero = registry.Quantity(0.0, definition).to_base_units()
    one = registry.Quantity(1.0, definition).to_base_units()
    factor = float(one.magnitude) - float(zero.magnitude)
    return Scale(_APART.get(unit) or str(one.units), factor, float(zero.magnitude))


def to_base(value: float, unit: str) -> tuple[str, float]:
    """The dimension of a measure and its value in base units, to nine significant digits (2200 W and 2.2 kW agree)."""
    by = scale(unit)
    base = by.factor * value + by.offset
    return by.dimension, float(f"{base:.9g}")
