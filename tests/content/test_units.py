"""Units of measure."""

from __future__ import annotations

import pytest

from shopkeeper.content.units import SPELLINGS, scale, to_base, unit_of


@pytest.mark.parametrize(
    ("written", "symbol"),
    [("Litre", "L"), ("KG", "kg"), ("Zoll", "in"), ("pouces", "in"), ("tr/min", "rpm"), ("Std.", "h")],
)
def test_units_are_known_by_their_spellings(written: str, symbol: str) -> None:
    assert unit_of(written) == symbol


def test_case_counts_where_it_changes_the_unit() -> None:
    assert (unit_of("mW"), unit_of("MW"), unit_of("MB"), unit_of("mb")) == ("mW", None, "MB", None)


@pytest.mark.parametrize("symbol", SPELLINGS)
def test_each_unit_has_a_definition(symbol: str) -> None:
    assert scale(symbol).factor > 0


def test_measures_compare_in_base_units() -> None:
    assert to_base(2200, "W") == to_base(2.2, "kW")
    assert to_base(25.4, "mm") == to_base(1, "in")
    assert to_base(1, "kg") != to_base(1, "L")
