"""Whatever feeds of costs and rivals do, no price moves beyond its daily cap or below cost: from records to gates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from tests.pricing.houses import MONDAY, STORE, House, trade

from shopkeeper.pricing.choose import choose
from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.house.history import History, history_of
from shopkeeper.pricing.house.records import Columns, Records
from shopkeeper.pricing.house.standing import Reach, feeds_of, standing_prices
from shopkeeper.pricing.house.weeks import weeks_of
from shopkeeper.pricing.policy.policy_file import default_policy, read_policy
from shopkeeper.pricing.price_model import ELASTIC, fit_model, slopes_for
from shopkeeper.pricing.proposal import ProposedPrices
from shopkeeper.pricing.propose import proposals_of
from shopkeeper.pricing.runs import run_steps
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice, begun
from shopkeeper.pricing.runs.run_limits import limited
from shopkeeper.pricing.standing_shelf import StoreState, shelf_of

WEEKS, PRODUCTS, COST, TAX = 20, 6, 4.0, 0.25
END = MONDAY + timedelta(weeks=WEEKS)
POLICY = read_policy(
    default_policy().replace("days_between_changes: 3", "days_between_changes: 0")
    + "\nruns: {mean_move: 1.0, sales_hours: 168}\n"
)
Fault = Callable[[Columns], Columns]


@dataclass(frozen=True)
class Shop:
    records: Records
    history: History
    slopes: Elasticities

    def run(self, costs: Columns | None = None, rivals: Columns | None = None) -> tuple[PriceRun, list[RunPrice]]:
        """Propose and judge with some feeds broken; what was learnt before the fault stands."""
        known = self.records
        records = replace(known, costs=costs or known.costs, rivals=rivals or known.rivals)
        standings = standing_prices(records, "", Reach(rival_days=3, prior_days=30), Counter())
        standing = shelf_of([StoreState(STORE, "", standings)], self.history.pairs(), self.slopes, 0.0)
        assert standing is not None
        rows = tuple(
            proposals_of(choose(POLICY, standing, self.history, self.slopes, date(2026, 7, 20)), self.history.paid)
        )
        proposed = ProposedPrices(
            at=END, model="m", policy="p", objective="revenue", stores=("de",), rows=rows,
            feeds=feeds_of(records, standings, Counter()),
        )  # fmt: skip
        return run_steps.gated(begun("r", "de", "anna", proposed), limited(POLICY, rows), POLICY.runs, END)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Six products of six months, whose costs and rivals' prices came yesterday."""
    house = House(tmp_path_factory.mktemp("house"))
    trade(house, WEEKS, PRODUCTS)
    for number in range(PRODUCTS):
        lately = END - timedelta(days=1)
        house.product(f"p{number}", cost=COST, categories=["Garden" if number % 2 else "Kitchen"], source_ts=lately)
        house.rival(f"p{number}", 7 * WEEKS - 1, 10.0)
    records = house.records(7 * WEEKS)
    house.close()
    weeks = weeks_of(records, "")
    assert weeks is not None
    history = history_of([("de", weeks)])
    return Shop(records, history, slopes_for(fit_model(ELASTIC, history, {}), history))


def newest(column: str, factor: float) -> Fault:
    """Multiply the newest row of each product; the rows before it stay."""

    def broken(rows: Columns) -> Columns:
        values = rows[column].astype(np.float64)
        late = rows["ts"] == rows["ts"].max()
        return {**rows, column: np.where(late, values * factor, values)}

    return broken


def late(days: int) -> Fault:
    return lambda rows: {**rows, "ts": rows["ts"].astype("datetime64[us]") - np.timedelta64(days, "D")}


def missing(rows: Columns) -> Columns:
    return {name: values[:0] for name, values in rows.items()}


FAULTS: dict[str, Callable[[str], Fault]] = {
    "missing": lambda _: missing,
    "stale": lambda _: late(120),
    "a hundredth": lambda column: newest(column, 0.01),
    "hundredfold": lambda column: newest(column, 100.0),
    "nought": lambda column: newest(column, 0.0),
    "negative": lambda column: newest(column, -1.0),
    "not a number": lambda column: newest(column, np.nan),
}


def check_safe(prices: list[RunPrice]) -> None:
    assert len(prices) == PRODUCTS
    for one in prices:
        assert abs(one.move) <= 0.10 + 1e-9
        assert one.price >= min(COST * (1 + TAX), one.current) - 1e-9


def test_with_sound_feeds_prices_move(shop: Shop) -> None:
    run, prices = shop.run()
    assert (run.status, run.held) == ("waiting", 0)
    assert any(one.moves for one in prices)
    check_safe(prices)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_feed_of_costs_moves_no_price_and_blocks_the_run(shop: Shop, fault: str) -> None:
    run, prices = shop.run(costs=FAULTS[fault]("cost")(shop.records.costs))
    check_safe(prices)
    assert not any(one.moves for one in prices)
    assert (run.status, {one.code for one in run.findings if one.blocks}) == ("blocked", {"costs"})


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_feed_of_rivals_moves_no_price_beyond_its_cap_or_below_cost(shop: Shop, fault: str) -> None:
    _, prices = shop.run(rivals=FAULTS[fault]("price")(shop.records.rivals))
    check_safe(prices)


def test_the_times_of_the_shop_are_those_the_faults_are_about() -> None:
    assert datetime(2026, 7, 20, tzinfo=UTC) == END
