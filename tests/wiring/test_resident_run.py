"""What jumps is priced by the last whole run that a worker kept: as a whole run would, or by a whole run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checks
from hypothesis import strategies as st
from tests.pricing.houses import MONDAY, STORE, House
from tests.wiring.pricing.priced_shops import AT, priced_shop

from shopkeeper.commerce.product import CompetitorPrice, Inventory, Price, Product
from shopkeeper.commerce.tables import COMPETITOR_PRICES, INVENTORY, PRICES, PRODUCTS, STORES, TableSchema
from shopkeeper.engines.state import State, open_state
from shopkeeper.errors import NeedsWholeRun
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.pricing.choose import open_shelf
from shopkeeper.pricing.coming_demand import demand_at, outlook
from shopkeeper.pricing.demand.elasticity import of_pairs
from shopkeeper.pricing.optimizer.targets import targets_of
from shopkeeper.pricing.policy.policy_file import read_policy
from shopkeeper.pricing.priced_again import priced_again
from shopkeeper.pricing.proposal import ProposedPrices
from shopkeeper.pricing.reprice import reprice
from shopkeeper.pricing.residence import Residence, covering
from shopkeeper.pricing.runs.jumps import moving_only
from shopkeeper.pricing.runs.price_run import begun
from shopkeeper.pricing.runs.run_limits import limited
from shopkeeper.pricing.runs.run_steps import gated
from shopkeeper.pricing.standing_shelf import shelf_of
from shopkeeper.pricing.weekly_prices import narrowed, silent_of
from shopkeeper.testing.steps_in_memory import Died, StepsInMemory
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.ordering import RunOrder
from shopkeeper.wiring.price_runs.resident import ResidentRun, residences_of, told_of
from shopkeeper.wiring.pricing.propose import PriceBook, open_book, proposed_of
from shopkeeper.wiring.settings import Settings

POLICY = (
    "version: 1\nrules: {days_between_changes: 0, competitor: {lowest: 0.7, highest: 1.4}}\n"
    "portfolio_margin: 0.48\nruns: {on_jump: {}}\n"
    "together: {one_price: [{name: pair, products: [p6, p7]}]}\n"
)
LATER = AT + timedelta(hours=2)
NOON = AT + timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Shop:
    """A workspace and what its last whole run left."""

    house: House
    settings: Settings
    state: State
    book: PriceBook
    whole: ProposedPrices
    kept: Residence

    def again(self, *products: str, at: datetime = LATER) -> ProposedPrices:
        """Return some products priced again by what is kept."""
        return priced_again(self.kept, products, ["de"], lambda store, some: told_of(self.state, store, some), at)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A shop whose lake nobody writes to; what is told lies in its state alone."""
    yield from opened(tmp_path_factory.mktemp("quiet"))


def opened(folder: Path, policy: str = POLICY) -> Iterator[Shop]:
    house, settings = priced_shop(folder, policy)
    for number in range(8):
        for days, price in ((1, 9.8), (139.5, 10.1)):
            house.rival(f"p{number}", days, price)
    house.warehouse()
    book = open_book(settings, ["de"], AT)
    chosen = book.chosen()
    whole = proposed_of(book, chosen)
    state = open_state(settings.state_url)
    (kept,) = residences_of(book, chosen, whole.rows)
    yield Shop(house, settings, state, book, whole, kept)
    state.close()
    house.close()


def tell(shop: Shop, table: TableSchema, row: msgspec.Struct, moment: datetime = NOON, *, lake: bool = False) -> None:
    """Tell the state of a shop, and where asked its lake, of a row."""
    shop.state.tables.upsert(table, [SourcedRow(row, moment)])
    if lake:
        shop.house.put(table, **{**msgspec.to_builtins(row), "source_ts": moment})


def cost(name: str, value: float, **more: object) -> Product:
    return Product(product=name, store="de", cost=value, categories=("Garden",), **more)  # type: ignore[arg-type]


def test_where_nothing_was_told_the_choice_of_the_run_stands(tmp_path: Path) -> None:
    """Of those that the last round of the run was about, half of all; a target's shadow price is of that half alone."""
    for shop in opened(tmp_path, POLICY.replace("portfolio_margin: 0.48\n", "")):
        before = {one.product: one for one in shop.whole.rows}
        found = shop.again("p1", "p3", "p5", at=AT)
        assert any(one.moves for one in found.rows)
        assert found.rows == tuple(before[one.product] for one in found.rows)


def test_what_belongs_together_is_priced_together(shop: Shop) -> None:
    tell(shop, PRODUCTS, cost("p6", 4.4))
    found = shop.again("p6")
    assert [one.product for one in found.rows] == ["p6", "p7"]
    assert found.rows[0].proposed == found.rows[1].proposed


def test_it_is_what_a_whole_run_at_the_same_shadow_prices_chooses(shop: Shop) -> None:
    tell(shop, PRODUCTS, cost("p1", 4.6), lake=True)
    tell(
        shop,
        COMPETITOR_PRICES,
        CompetitorPrice(product="p2", store="de", competitor="rival", ts=NOON, price=8.1),
        lake=True,
    )
    tell(shop, INVENTORY, Inventory(product="p3", store="de", ts=NOON, on_hand=9), lake=True)
    tell(shop, PRICES, Price(product="p4", store="de", ts=NOON, price=8.2), lake=True)
    shop.house.warehouse()
    names = ("p1", "p2", "p3", "p4")
    found = shop.again(*names)
    wanted = by_whole_run(shop)
    assert {one.product: one.proposed for one in found.rows} == {name: wanted[name] for name in names}
    assert found.rows[3].current == 8.2
    assert found.rows[0].cost == 4.6
    first, third = found.rows[0].at_current, found.rows[2].at_current
    assert first is not None
    assert third is not None
    assert third.units.expected == 9, "no more is sold than there is"


def by_whole_run(shop: Shop) -> dict[str, float]:
    """Return every price that all records, read anew, and the demand of all pairs give at the run's shadow prices."""
    book, kept = open_book(shop.settings, ["de"], LATER), shop.kept
    standing = shelf_of(book.states, book.history.pairs(), book.slopes, 0.0)
    assert standing is not None
    whole = open_shelf(book.policy, standing, LATER.date())
    rows = whole.rows
    its = of_pairs(book.slopes, standing.pair[rows])
    known = outlook(book.history.panel().of_pairs(standing.pair[rows]), its, whole.coming)
    coming = narrowed(whole.coming, silent_of(known), whole.part.coupling)
    targets, _ = targets_of(book.policy, whole.offer.limits, standing.shelf)
    demand = demand_at(known, coming, kept.weekly.demand.reference)
    place = reprice(
        coming.choices, demand, replace(targets, group=targets.group[rows]), kept.weekly.plan.prices,
        book.policy.objective, whole.part.coupling,
    )  # fmt: skip
    shown = coming.choices.price[np.arange(len(place)), place]
    return {
        standing.shelf.products[standing.shelf.product[row]]: float(price)
        for row, price in zip(rows, shown, strict=True)
    }


def test_gates_and_approval_see_the_whole_store(shop: Shop) -> None:
    tell(shop, PRODUCTS, cost("p1", 4.6))
    few = shop.again("p1")
    (moved,) = few.rows
    every = tuple(moved if one.product == "p1" else one for one in shop.whole.rows)
    whole = moving_only(replace(shop.whole, rows=every, feeds=few.feeds), ["p1"])
    policy = read_policy(POLICY)
    runs = [
        gated(begun("r", "de", "anna", one), limited(policy, one.rows), policy.runs, LATER, one.beside)[0]
        for one in (few, whole)
    ]
    told = [(one.status, one.risk, one.moved, one.held, round(one.share, 9), one.largest, one.findings) for one in runs]
    assert told[0] == told[1]
    assert runs[0].moved == 1
    assert runs[0].share < 0.5


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.floats(0.3, 3.0), st.floats(0.2, 4.0), st.integers(0, 60)), min_size=1,
        max_size=4, unique_by=lambda one: one[0],
    ),
    st.integers(0, 10_000),
)  # fmt: skip
@checks(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_jump_leads_past_a_hard_rule(quiet: Shop, jumps: list[tuple[int, float, float, int]], turn: int) -> None:
    """Costs, rivals and stock that jump however far: below cost, past the day's move and off the endings is nothing."""
    for number, of_cost, of_rival, units in jumps:
        name, at = f"p{number}", NOON + timedelta(milliseconds=turn)
        tell(quiet, PRODUCTS, cost(name, round(4 * of_cost, 2)), at)
        rival = CompetitorPrice(product=name, store="de", competitor="rival", ts=at, price=round(10 * of_rival, 2))
        tell(quiet, COMPETITOR_PRICES, rival, at)
        tell(quiet, INVENTORY, Inventory(product=name, store="de", ts=at, on_hand=units), at)
    found = quiet.again(*(f"p{one[0]}" for one in jumps))
    before = {one.product: one for one in quiet.whole.rows}
    policy = read_policy(POLICY)
    for price in limited(policy, found.rows):
        row = price.proposal
        assert row.current == before[row.product].current
        if row.moves:
            assert abs(price.move) <= price.daily_move + 1e-9
            assert row.proposed >= row.current or row.proposed >= price.floor * (1 - 1e-9)
    shared = {row.product: row.proposed for row in found.rows if row.product in {"p6", "p7"}}
    if len(shared) == 2 and all(row.moves for row in found.rows if row.product in shared):
        assert len(set(shared.values())) == 1


def test_what_the_run_does_not_tell_needs_a_whole_run(shop: Shop) -> None:
    with pytest.raises(NeedsWholeRun, match="last whole run is of"):
        shop.again("p1", at=AT + timedelta(hours=25))
    with pytest.raises(NeedsWholeRun, match="strange was not there"):
        shop.again("strange")
    tell(shop, PRICES, Price(product="p1", store="de", ts=NOON, price=7.0, list_price=9.0))
    with pytest.raises(NeedsWholeRun, match="p1 is shown otherwise in de since"):
        shop.again("p1")
    tell(shop, PRODUCTS, cost("p2", 4.0, brand="new"))
    with pytest.raises(NeedsWholeRun, match="the catalogue says something else of p2"):
        shop.again("p2")
    sunday = MONDAY + timedelta(weeks=20, hours=-3)
    late = replace(shop.kept, at=sunday)
    with pytest.raises(NeedsWholeRun, match="a new week began in de"):
        priced_again(late, ["p3"], ["de"], lambda store, some: told_of(shop.state, store, some), AT)


def test_a_price_that_is_only_shown_again_changes_nothing(shop: Shop) -> None:
    before = shop.again("p1").rows
    tell(shop, PRICES, Price(product="p1", store="de", ts=NOON, price=before[0].current))
    assert shop.again("p1").rows == before


def test_of_several_kept_runs_a_store_is_told_by_the_newest(quiet: Shop) -> None:
    (de,) = quiet.kept.stores
    fr = replace(de, store=msgspec.structs.replace(de.store, store="fr"))
    newer, older = quiet.kept, replace(quiet.kept, stores=(de, fr))
    both = covering([newer, older], ["de", "fr"])
    assert [(kept is newer, stores) for kept, stores in both] == [(True, ["de"]), (False, ["fr"])]
    assert len(covering([newer, older], ["de"])) == 1
    with pytest.raises(NeedsWholeRun, match="no whole run of uk"):
        covering([newer, older], ["de", "uk"])


def test_a_worker_keeps_its_whole_run_and_drops_it_when_what_it_rests_on_changes(shop: Shop) -> None:
    resident = ResidentRun()

    def asked() -> str:
        return resident.proposed(shop.settings, shop.state, ["p1"], ["de"], LATER).notes[0]

    fallback, kept = "a whole run of its stores was needed: ", "at the shadow prices of the run of "
    assert asked().startswith(f"{fallback}no whole run of de is in the memory")
    assert asked().startswith(kept), "the run that was needed is kept"
    policy = shop.settings.workspace / "price-policy.yaml"
    policy.write_text(POLICY.replace("0.48", "0.47"))
    assert asked() == f"{fallback}the policy changed after the last whole run"
    assert asked().startswith(kept)
    serving = shop.state.registry.pointer("pricing", "champion")
    assert serving is not None
    shop.state.tables.upsert(STORES, [SourcedRow(msgspec.structs.replace(STORE, country="AT"), NOON)])
    assert asked() == f"{fallback}de was declared anew after the last whole run"
    versions = [one.version for one in shop.state.registry.versions("pricing")]
    other = replace(shop.state.registry.get("pricing", serving), version="copy")
    assert "copy" not in versions
    shop.state.registry.register(other)
    shop.state.registry.point("pricing", "champion", "copy", "test", "again")
    assert asked() == f"{fallback}copy serves, and the last whole run was of {serving}"
    assert asked().startswith(kept)


def test_a_job_of_jumps_is_one_run_of_few_rows_and_ends_as_any(shop: Shop, tmp_path: Path) -> None:
    work = price_run_work(shop.settings)

    def ran(name: str, *products: str) -> str:
        steps = StepsInMemory(tmp_path / name)
        steps.run = name
        order = RunOrder(stores=("de",), at=LATER, who="rule", products=products)
        return str(work(steps, "de", msgspec.to_builtins(order))["run"])

    tell(shop, PRODUCTS, cost("p1", 4.6), lake=True)
    shop.house.warehouse()
    first, second = (shop.state.price_runs.get(ran(name, "p1")) for name in ("first", "second"))
    assert (first.prices, second.prices) == (8, 1)
    assert (first.moved, round(first.share, 9)) == (second.moved, round(second.share, 9))
    prices = [
        next(one for one in shop.state.price_runs.prices(run) if one.proposal.product == "p1").price
        for run in ("first", "second")
    ]
    assert prices[0] == prices[1]
    assert second.status == first.status == "blocked", "sales of months ago are too old"


@pytest.mark.parametrize(("dies", "rows"), [("propose", 8), ("gates", 1)])
def test_a_run_of_jumps_goes_on_after_its_process_died_by_what_is_recorded_or_a_whole_run(
    shop: Shop, tmp_path: Path, dies: str, rows: int
) -> None:
    """A worker that starts anew keeps no run: what it must propose again takes a whole one."""
    tell(shop, PRODUCTS, cost("p1", 4.6))
    order = msgspec.to_builtins(RunOrder(stores=("de",), at=LATER, who="rule", products=("p1",)))
    recorded: dict[str, bytes] = {}

    def steps(name: str, *, die: bool = False) -> StepsInMemory:
        found = StepsInMemory(tmp_path / name, recorded if name == "jump" else None, (dies, "after") if die else None)
        found.run = name
        return found

    worker = price_run_work(shop.settings)
    whole = RunOrder(stores=("de",), at=AT, who="rule")
    worker(steps("whole"), "de", msgspec.to_builtins(whole))
    with pytest.raises(Died):
        worker(steps("jump", die=True), "de", order)
    price_run_work(shop.settings)(steps("jump"), "de", order)
    runs = {one.id: one.prices for one in shop.state.price_runs.newest()}
    assert runs == {"whole": 8, "jump": rows}
