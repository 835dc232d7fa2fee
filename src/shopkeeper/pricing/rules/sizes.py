"""How much is in a pack: `500 g`, `1.5 l`, `6 x 330 ml`, `12 pcs`, or a plain number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_UNITS: Final[dict[str, tuple[str, float]]] = {
    **dict.fromkeys(("mg",), ("mass", 1e-6)), **dict.fromkeys(("g", "gr", "gram", "grams"), ("mass", 1e-3)),
    **dict.fromkeys(("kg", "kilo", "kilogram", "kilograms"), ("mass", 1.0)), "oz": ("mass", 0.028349523125),
    **dict.fromkeys(("lb", "lbs"), ("mass", 0.45359237)),
    "ml": ("volume", 1e-3), "cl": ("volume", 1e-2), "dl": ("volume", 0.1),
    **dict.fromkeys(("l", "lt", "litre", "liter", "litres", "liters"), ("volume", 1.0)),
    "fl oz": ("volume", 0.0295735295625), "mm": ("length", 1e-3), "cm": ("length", 1e-2),
    **dict.fromkeys(("m", "metre", "meter", "metres", "meters"), ("length", 1.0)),
    **dict.fromkeys(("pc", "pcs", "piece", "pieces", "ct", "count", "pack", "x", ""), ("pieces", 1.0)),
}  # fmt: skip
UNITS: Final = tuple(name for name in _UNITS if name)
_NUMBER: Final = r"(\d+(?:[.,]\d+)?)"
_SIZE: Final = re.compile(rf"\s*(?:{_NUMBER}\s*[x×*]\s*)?{_NUMBER}\s*([a-z]*(?: oz)?)\.?\s*", re.IGNORECASE)  # noqa: RUF001 - people write it


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is.

    Attributes:
        amount: In kilograms, litres, metres or pieces, above 0.
        kind: Which of them: sizes of two kinds cannot be compared.
    """

    amount: float
    kind: str


def size_of(said: object) -> Size | None:
    """Return the size a text or number says; None where it says none."""
    if isinstance(said, bool) or said is None:
        return None
    found = _SIZE.fullmatch(f"{said}")
    if found is None:
        return None
    times, amount, unit = found.groups()
    known = _UNITS.get(unit.lower())
    total = float(amount.replace(",", ".")) * float((times or "1").replace(",", "."))
    if known is None or not total > 0:
        return None
    return Size(total * known[1], known[0])
