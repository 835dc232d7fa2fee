"""Prices tried out by a run: proposed within the budget, told of, published, and their cost compared afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from tests.cli.terminal import Verb
from tests.pricing.houses import MONDAY, House
from tests.wiring.pricing.priced_shops import AT, priced_shop

from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import NotEnoughData
from shopkeeper.people.person import shell_user
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.pricing.runs.run_rows import RowsWanted
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring.price_runs.acts import approve_run, publish_run
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.ordering import RunOrder
from shopkeeper.wiring.price_runs.tried import tried_cost
from shopkeeper.wiring.settings import Settings

VERB = Verb("price")
POLICY = """version: 1
objective: profit
rules:
  days_between_changes: 0
  daily_move: 0.3
  exploration: {budget: 0.02, share: 0.5, move: 0.05, weeks: 520, enough: 0.01, wide: 0.02}
runs: {sales_hours: 8760, good_hours: 8760, mean_move: 1, large_move: 1}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Settings, State]]:
    house, settings = priced_shop(tmp_path_factory.mktemp("shop"), POLICY)
    state = open_state(settings.state_url)
    yield house, settings, state
    state.close()
    house.close()


@pytest.fixture(scope="module")
def run(shop: tuple[House, Settings, State], tmp_path_factory: pytest.TempPathFactory) -> PriceRun:
    _, settings, state = shop
    order = RunOrder(stores=("de",), at=AT, who=shell_user("anna").who)
    done = price_run_work(settings)(StepsInMemory(tmp_path_factory.mktemp("run")), "de", msgspec.to_builtins(order))
    return state.price_runs.get(str(done["run"]))


def test_a_run_keeps_what_it_tries_and_what_that_may_cost(
    shop: tuple[House, Settings, State], run: PriceRun
) -> None:  # fmt: skip
    prices = shop[2].price_runs.prices(run.id)
    tried = [one.proposal.tried for one in prices if one.proposal.tried is not None]
    told = run.explored["EUR"]
    assert run.status == "waiting"
    assert 0 < told.tried == len(tried) <= len(prices) / 2
    assert told.cost <= told.budget
    assert sum(one.risk for one in tried) <= told.budget
    assert {one.seed for one in tried} == {told.seed}
    wobbled = shop[2].price_runs.largest(run.id, RowsWanted(moving=False, mark="tried:wobble"))
    assert wobbled.of == told.tried


def test_people_are_told_of_tries_at_the_terminal(shop: tuple[House, Settings, State], run: PriceRun) -> None:
    folder = Path(shop[1].workspace)
    page = VERB.said(folder, "show", run.id)
    assert f"{run.explored['EUR'].tried} prices are tried out to learn how demand answers" in page
    assert "explore" in page
    one = next(row.proposal for row in shop[2].price_runs.prices(run.id) if row.proposal.tried is not None)
    assert one.tried is not None
    said = VERB.said(folder, "explain", one.product, "--store", "de", "--at", AT.isoformat())
    assert "It is tried out: a small move by design" in said
    assert f"Else it would be {one.tried.instead:.2f}" in said


def test_what_tries_cost_is_compared_after_the_run_is_published(
    shop: tuple[House, Settings, State], run: PriceRun
) -> None:  # fmt: skip
    house, settings, state = shop
    ben = shell_user("ben")
    with pytest.raises(NotEnoughData, match="never published"):
        tried_cost(settings, state, run.id)
    approve_run(settings, state, run.id, ben, "fine")
    publish_run(settings, state, run.id, ben, "now")
    with pytest.raises(NotEnoughData, match="less than a whole day"):
        tried_cost(settings, state, run.id)
    start = datetime.now(UTC)
    for row in state.price_runs.prices(run.id):
        assert row.proposal.at_proposed is not None
        units = row.proposal.at_proposed.units.expected / 7
        factor = 0.8 if row.proposal.tried else 0.9  # trade is slow, and the tried prices are worse than believed
        for day in range(1, 4):
            house.sale(
                row.proposal.product, (start - MONDAY).days + day + 0.5, round(1_000 * units * factor), row.price
            )
    house.warehouse()
    [found] = tried_cost(settings, state, run.id, start + timedelta(days=20))
    assert (found.tried, found.beside, found.days) == (run.explored["EUR"].tried, 8 - found.tried, 7)
    assert found.low <= found.cost <= found.high
    rows = [(row.proposal.at_proposed, row.proposal.tried) for row in state.price_runs.prices(run.id)]
    at_set = sum(own.revenue.expected for own, tried in rows if own is not None and tried is not None)
    instead = sum(tried.at_instead.revenue.expected for _, tried in rows if tried is not None)
    beside = sum(own.revenue.expected for own, tried in rows if own is not None and tried is None)
    assert found.expected == pytest.approx(instead - at_set)
    assert found.share == pytest.approx((0.9 * instead - 0.8 * at_set) / (0.9 * (instead + beside)), rel=0.01)
