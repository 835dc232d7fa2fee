"""What clusters took is added up over stores, each store's money by what it is worth on the day."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import pytest

from shopkeeper.commerce.store import Store
from shopkeeper.errors import ConfigError
from shopkeeper.experiments.currency_rates import CurrencyRates, Rate
from shopkeeper.pricing.price_tests.takings import read_takings
from shopkeeper.quality.ports import NamedQuery

FIRST, AT = date(2026, 11, 2), datetime(2026, 11, 20, tzinfo=UTC)
UK, DE = (
    Store(store=name, currency=currency, tax_rates={"standard": 0.25}, price_includes_tax=True)
    for name, currency in (("uk", "GBP"), ("de", "EUR"))
)
RATES = CurrencyRates(
    version=1, reporting_currency="EUR",
    rates=(
        Rate(currency="GBP", since=date(2026, 1, 1), rate=1.2), Rate(currency="GBP", since=date(2026, 11, 3), rate=1.5),
    ),
)  # fmt: skip


class OneLamp:
    """Implements `quality.ports.Warehouse`: a lamp is sold at 12.50 on each of two days, and 2.50 of it goes back."""

    def fetch(self, query: NamedQuery, **parameters: object) -> dict[str, npt.NDArray[np.generic]]:  # noqa: ARG002
        days = np.array(["2026-11-02", "2026-11-03"], "datetime64[D]")
        two = np.ones(2)
        return {
            "product": np.array(["lamp", "lamp"], object), "day": days, "cost": 4 * two, "units": two,
            "tax_class": np.array(["standard", "standard"], object), "paid": 12.5 * two, "returned": 2.5 * two,
            "foreign_lines": 0 * two,
        }  # fmt: skip


def test_money_of_two_currencies_is_brought_to_one_by_the_rate_of_each_day() -> None:
    places = {("uk", "lamp"): 0, ("de", "lamp"): 0}
    found = read_takings(OneLamp(), (UK, DE), ("",), places, 1, FIRST, 2, AT, rates=RATES)
    assert found.revenue.tolist() == [[10 * (1.2 + 1), 10 * (1.5 + 1)]], "12.50 hold 2.50 of tax"
    assert found.margin.tolist() == [[pytest.approx((10 - 4) * (1.2 + 1)), (10 - 4) * (1.5 + 1)]]
    assert found.returned.tolist() == [[2 * (1.2 + 1), 2 * (1.5 + 1)]]
    assert found.units.tolist() == [[2, 2]], "pieces have no currency"


def test_a_currency_without_a_rate_is_named() -> None:
    assert RATES.worth("GBP", [date(2025, 1, 1)]) == [1.2], "before its first rate as on that day"
    assert RATES.worth("EUR", [FIRST]) == [1.0]
    with pytest.raises(ConfigError, match="no rate of SEK"):
        RATES.worth("SEK", [FIRST])
