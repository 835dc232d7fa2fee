"""Money of stores with several currencies is brought to one by the rate of its day, and mistakes are told by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace as changed
from tests.experiments.shop_lake import lake_of
from tests.experiments.shop_log import START, STORES, TEST, ShopLog

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.event import Event
from shopkeeper.engines.lake_measuring import LakeMeasuring
from shopkeeper.errors import ConfigError
from shopkeeper.experiments.currency_rates import FILE, CurrencyRates, Rate, load_rates
from shopkeeper.experiments.measuring import Asked, measured_of, rows_of_test
from shopkeeper.experiments.metric_file import shipped_metrics

AT = datetime(2026, 4, 6, tzinfo=UTC)
UK, OTHER = STORES[0], changed(STORES[1], currency="EUR")
RATES = CurrencyRates(
    version=1,
    reporting_currency="EUR",
    rates=(
        Rate(currency="GBP", since=date(2026, 3, 22), rate=1.5),
        Rate(currency="GBP", since=date(2025, 1, 1), rate=1.2),
        Rate(currency="SEK", since=date(2025, 1, 1), rate=0.09),
    ),
)


def asked(rates: CurrencyRates | None) -> Asked:
    known = shipped_metrics()
    return Asked(
        test=TEST, at=AT, known=known, metrics=known.of_units(["revenue_per_user", "margin_per_user", "conversion"]),
        attribution_days=5, maturation_days=5, slow_ms=60.0, stores=(UK, OTHER), rates=rates,
    )  # fmt: skip


def log() -> ShopLog:
    """Return one shopper in each store, who buys a lamp on the first day and on the third."""
    decisions, events = [], []
    for store in (UK, OTHER):
        decisions.append(
            DecisionRecord(decision_id=f"d-{store.store}", ts=START, store=store.store, system="recommendations",
                           unit="ann", test=TEST, epoch=0, variant="control")
        )  # fmt: skip
        for day in (20, 22):
            ts = datetime(2026, 3, day, 12, tzinfo=UTC)
            name = f"{store.store}-{day}"
            events.append(
                Event(event_id=name, ts=ts, store=store.store, type="purchase", visitor="ann", product="lamp",
                      quantity=2.0, price=12.0, order_id=name)
            )  # fmt: skip
    return ShopLog(tuple(events), tuple(decisions), ())


def test_each_amount_is_worth_the_rate_of_its_day_by_either_engine(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, log())
    warehouse = lake.warehouse()
    with rows_of_test(warehouse, asked(RATES)) as rows:
        found = [measured_of(rows), LakeMeasuring(tmp_path / "lake").measure(asked(RATES))]
    warehouse.close()
    for sums in (one.sums for one in found):
        assert sums is not None
        assert sums.currencies == {UK.store: "EUR", OTHER.store: "EUR"}
        for store, paid, cost, rates in (
            (UK.store, 2 * 12.0 / 1.05, 2 * 5.0, (1.2, 1.5)),  # food tax inside the price, the store's own cost
            (OTHER.store, 2 * 12.0, 2 * 4.0, (1.0, 1.0)),
        ):
            cells = sums.chosen(store=store)
            for metric, worth in (("revenue_per_user", paid), ("margin_per_user", paid - cost)):
                np.testing.assert_allclose(sums.sums(metric, cells).totals[0], worth * sum(rates))
            assert sums.sums("conversion", cells).totals[0] == 1.0


def test_without_rates_from_before_the_test_on_and_for_stores_of_one_currency_nothing_is_converted() -> None:
    late = changed(RATES, rates=RATES.rates[:1])
    assert asked(late).question(START.date(), {}).rates is None
    assert asked(None).question(START.date(), {}).rates is None
    assert replace(asked(RATES), stores=(UK,)).question(START.date(), {}).rates is None
    assert asked(RATES).question(START.date(), {}).rates is RATES


def test_a_table_is_read_and_its_mistakes_are_told_by_line(tmp_path: Path) -> None:
    assert load_rates(tmp_path) is None
    head = "version: 1\nreporting_currency: EUR\nrates:\n"
    line = "  - {currency: GBP, since: 2026-01-01, rate: 1.17}\n"
    (tmp_path / FILE).write_text(head + line, "utf-8")
    rates = load_rates(tmp_path)
    assert rates is not None
    assert rates.of("GBP") == (Rate(currency="GBP", since=date(2026, 1, 1), rate=1.17),)
    for wrong, words in (
        (line + line, "line 5: is a second rate of GBP from 2026-01-01."),
        (line.replace("GBP", "EUR"), "line 4: is EUR, the reporting currency."),
        (line.replace("1.17", "-1"), "line 4: is -1."),
        (line.replace("GBP", "pounds"), "line 4: is 'pounds'."),
    ):
        (tmp_path / FILE).write_text(head + wrong, "utf-8")
        with pytest.raises(ConfigError) as told:
            load_rates(tmp_path)
        (problem,) = told.value.problems
        assert problem.reason == words
