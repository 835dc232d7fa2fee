"""A test of prices over a workspace: drawn, started, switched by workers, ended, analysed, and spoilt."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from tests.wiring.price_test_shops import (
    ANNA,
    BEN,
    CATEGORIES,
    DAYS,
    LIFT,
    PERIOD,
    PRODUCTS_OF,
    approved,
    begun,
    noon,
    now_shown,
    opened_shop,
    planned,
    ran,
    sell,
)

from shopkeeper.commerce.product import Price
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRICES
from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, InputError, NotEnoughData
from shopkeeper.experiments.plan import SwitchedPrices
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.experiments import checked
from shopkeeper.wiring.price_runs.acts import publish_run
from shopkeeper.wiring.price_runs.confirming import confirm_prices
from shopkeeper.wiring.price_runs.ordering import AskedPrice, RunOrder
from shopkeeper.wiring.price_tests.drawing import drawn_test, rates_of
from shopkeeper.wiring.price_tests.running import (
    analyze_price_test,
    price_test_validity,
    start_price_test,
    stop_price_test,
)
from shopkeeper.wiring.price_tests.turning import take_turns
from shopkeeper.wiring.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "shopkeeper.toml").touch()
    (tmp_path / "price-policy.yaml").write_text("version: 1\n")
    return Settings(workspace=tmp_path)


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def start(now: datetime) -> date:
    return now.date() + timedelta(days=1)


@pytest.fixture
def state(settings: Settings, start: date) -> Iterator[State]:
    opened = opened_shop(settings, start)
    yield opened
    opened.close()


def test_a_plan_is_drawn_from_the_sales_before_and_refused_where_they_say_it_is_too_short(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    run = approved(settings, state, tmp_path)
    found = drawn_test(settings, state, planned(run.id, start), now)
    assert found.test.design.tiles == len(CATEGORIES) // 2 * DAYS // (2 * PERIOD)
    assert (found.prices, len(found.members), found.waiting) == (12, 12, ())
    assert found.foreseen.enough
    assert found.power.smallest < 0.02, "sales swing by 1% / sqrt(2) a day and cluster"
    assert drawn_test(settings, state, planned(run.id, start), now) == found, "nobody chooses the coins"
    small = planned(run.id, start, primary=msgspec.structs.replace(planned(run.id, start).primary, minimum_uplift=1e-4))
    with pytest.raises(NotEnoughData, match="Run about"):
        start_price_test(settings, state, small, "anna", now)
    assert state.price_tests.running() == []


def test_stores_of_several_currencies_need_rates(settings: Settings, start: date) -> None:
    plan = planned("r1", start)
    stores = [Store(store=name, currency=currency) for name, currency in (("uk", "GBP"), ("de", "EUR"))]
    assert rates_of(settings, plan, stores[:1]) is None
    with pytest.raises(ContractNotMet, match=r"have EUR, GBP: money of several"):
        rates_of(settings, plan, stores)
    rate = f"{{currency: GBP, since: {start - timedelta(days=60)}, rate: 1.2}}"
    (settings.workspace / "rates.yaml").write_text(f"version: 1\nreporting_currency: EUR\nrates: [{rate}]\n")
    found = rates_of(settings, plan, stores)
    assert found is not None
    assert found.reporting_currency == "EUR"


def test_workers_switch_prices_on_schedule_and_bring_them_back_at_the_end(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    begun(settings, state, tmp_path, now, start)
    test = state.price_tests.get("autumn")
    assert state.price_runs.get(test.run).status == "in_test"
    assert take_turns(settings, state, now) == [], "it starts tomorrow"
    for day in range(DAYS):
        took = take_turns(settings, state, noon(start, day))
        assert took == ([f"autumn.uk.{day // PERIOD}"] if day % PERIOD == 0 else [])
        wanted = {
            name: 10.4 if f"uk: {category}" in test.treated_on(day) else 10.0 for name, category in PRODUCTS_OF.items()
        }
        assert {**dict.fromkeys(PRODUCTS_OF, 10.0), **now_shown(state)} == wanted
    first = state.price_runs.get("autumn.uk.0")
    assert (first.status, first.moved, first.steps[-1].who) == ("published", 6, "rule")
    assert "ben approved run" in next(one.why for one in first.steps if one.status == "approved")
    assert take_turns(settings, state, noon(start, DAYS)) == ["autumn.uk.end"]
    assert set(now_shown(state).values()) == {10.0}
    assert state.experiments.get("autumn").stop_reason == "its last day is over"
    assert state.price_runs.get(test.run).status == "reverted"
    assert take_turns(settings, state, noon(start, DAYS)) == []


def test_a_name_is_used_once_and_no_other_run_moves_the_prices_of_a_test(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    early = approved(settings, state, tmp_path, home0=9.8, toys0=9.9)
    plan = begun(settings, state, tmp_path, now, start)
    with pytest.raises(InputError, match="called 'autumn' before"):
        start_price_test(settings, state, replace(plan, title="Another test"), "anna", now)
    with pytest.raises(InputError, match="tests prices: its goods switch over time"):
        checked(state, plan)
    with pytest.raises(ContractNotMet, match="moves prices that autumn tests now"):
        publish_run(settings, state, early.id, BEN, "now")
    later = RunOrder(stores=("uk",), at=now, who=ANNA.who, asked=(AskedPrice(store="uk", product="home0", price=9.8),))
    found = state.price_runs.get(ran(settings, tmp_path, later))
    assert (found.moved, [one.code for one in found.findings]) == (0, ["in_price_test"])
    with pytest.raises(InputError, match="is in_test and cannot be published"):
        publish_run(settings, state, state.price_tests.get("autumn").run, BEN, "now")


def test_a_test_that_ran_as_drawn_is_judged_by_the_rails_and_finds_its_effect(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    begun(settings, state, tmp_path, now, start)
    test = state.price_tests.get("autumn")
    for day in range(DAYS + 1):
        take_turns(settings, state, noon(start, day))
    treated = frozenset((name.partition(": ")[2], day) for day in range(DAYS) for name in test.treated_on(day))
    sell(settings, start, range(DAYS), "during", treated)
    running = analyze_price_test(settings, state, "autumn", noon(start, DAYS // 2 + 2))
    assert running.analysis.verdict is not None
    assert (running.analysis.verdict.outcome, running.analysis.matured["treatment"]) == ("running", 2 * 3 * 2)
    kept = analyze_price_test(settings, state, "autumn", noon(start, DAYS + 2))
    revenue, margin, rate, _ = kept.analysis.effects
    assert revenue.best.relative == pytest.approx(LIFT * 10.4 / 10 - 1, abs=0.01)
    net = 10 / 1.2
    assert margin.best.relative == pytest.approx(LIFT * (net * 1.04 - 4) / (net - 4) - 1, abs=0.01)
    assert rate.best.relative == pytest.approx((1 - 4 / (net * 1.04)) / (1 - 4 / net) - 1, abs=0.001)
    assert kept.analysis.verdict is not None
    assert (kept.analysis.verdict.outcome, kept.analysis.soundness.valid) == ("wins", True)
    assert kept.analysis.money == "GBP"


def test_a_price_the_shop_does_not_show_makes_the_test_invalid(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    begun(settings, state, tmp_path, now, start)
    take_turns(settings, state, noon(start, 0))
    moved = state.prices.published()[0]
    seen = noon(start, 0) + timedelta(hours=1)
    state.prices.handed([moved.number], "webhook", seen)
    row = Price(product=moved.product, store="uk", ts=seen, price=7.77)
    state.tables.upsert(PRICES, [SourcedRow(row, seen)])
    assert confirm_prices(settings, state, seen).mismatch == 1
    found = price_test_validity(state, "autumn", noon(start, PERIOD))
    assert (found.mismatched, found.otherwise) == (1, 0), "one counted day a period"
    kept = analyze_price_test(settings, state, "autumn", noon(start, PERIOD))
    assert kept.analysis.verdict is not None
    assert kept.analysis.verdict.outcome == "invalid"
    assert f"({moved.product} in uk)" in kept.analysis.verdict.words


def test_a_stopped_test_brings_its_prices_back_at_once_and_frees_its_goods(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    begun(settings, state, tmp_path, now, start)
    take_turns(settings, state, noon(start, 0))
    assert 10.4 in now_shown(state).values()
    record = stop_price_test(settings, state, "autumn", "ben", "complaints", noon(start, 1))
    assert (record.state, record.stopped_by, set(now_shown(state).values())) == ("stopped", "ben", {10.0})
    assert dict(state.price_tests.held()) == {}


def test_a_test_that_switches_faster_than_the_policy_or_a_cart_allows_is_refused(
    settings: Settings, state: State, tmp_path: Path, now: datetime, start: date
) -> None:
    run = approved(settings, state, tmp_path)
    hasty = planned(run.id, start, prices=SwitchedPrices(run=run.id, period_days=2, washout_days=0))
    with pytest.raises(InputError, match="Carts keep prices for 24 hours"):
        drawn_test(settings, state, hasty, now)
    with pytest.raises(InputError, match="which has begun in uk"):
        drawn_test(settings, state, planned(run.id, now.date()), now)
    (settings.workspace / "price-policy.yaml").write_text("version: 1\nrules: {days_between_changes: 7}\n")
    with pytest.raises(InputError, match="the policy has 7 between two changes"):
        drawn_test(settings, state, planned(run.id, start), now)
