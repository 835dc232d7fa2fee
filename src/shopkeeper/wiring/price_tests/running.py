"""A test of prices from its start to its analysis, kept, judged and shown as any experiment is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.experiments.log_record import ExperimentRecord, KeptAnalysis
from shopkeeper.experiments.plan import ExperimentPlan
from shopkeeper.experiments.switchback_power import refuse_underpowered
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.price_tests.measured import analysed_prices, cells_of, matured_blocks
from shopkeeper.pricing.price_tests.price_test import PriceTest
from shopkeeper.pricing.price_tests.takings import Takings, read_takings
from shopkeeper.pricing.price_tests.turns import refuse_held
from shopkeeper.pricing.price_tests.validity import Validity, validity_of
from shopkeeper.pricing.runs import run_steps
from shopkeeper.wiring.experiment_run import keep_judged
from shopkeeper.wiring.experiments import aa_words
from shopkeeper.wiring.price_tests.drawing import (
    DrawnTest,
    drawn_test,
    midnight_of,
    prices_of,
    rates_of,
    reading,
    tested_prices,
)
from shopkeeper.wiring.price_tests.turning import take_turns
from shopkeeper.wiring.settings import Settings

BEFORE_DAYS: Final = 56
"""Days before a test by which pairs are brought to one level."""


def start_price_test(
    settings: Settings, state: State, plan: ExperimentPlan, person: str, now: datetime
) -> tuple[ExperimentRecord, DrawnTest]:
    """Freeze a plan and its coins; `shopkeeper work` takes the turns. A start that broke off is made good.

    Raises:
        InputError: as `drawn_test`; the run is not approved or too old; the name was used before.
        ContractNotMet: another test holds some of the goods, or the days do not suffice.
        NotEnoughData: it would find what it is made for too seldom.
    """
    drawn = drawn_test(settings, state, plan, now)
    refuse_underpowered(drawn.power, plan.primary.minimum_uplift, alpha=plan.stopping.alpha, power=plan.stopping.power)
    return begin_drawn(settings, state, plan, drawn, person, now), drawn


def begin_drawn(
    settings: Settings, state: State, plan: ExperimentPlan, drawn: DrawnTest, person: str, now: datetime
) -> ExperimentRecord:
    """Freeze a test as it was drawn, however little it can see. Raises: as `start_price_test`."""
    kept = next((one for one in state.experiments.all() if one.name == plan.name), None)
    if kept is not None and (kept.digest != plan.digest or kept.state != "running"):
        raise InputError(
            f"There was an experiment called {plan.name!r} before.", "Give the plan another `name`; none is used again."
        )
    run, policy = state.price_runs.get(drawn.test.run), load_policy(settings.workspace).runs
    if run.status != "in_test":
        starts = datetime.combine(plan.period.start, time(), UTC)
        tested = run_steps.into_test(run, person, f"{plan.name} tests it", starts, policy, now)
    refuse_held(drawn.members, state.price_tests.held(), plan.name)
    record = kept or ExperimentRecord(
        plan=plan, digest=plan.digest, units_per_arm=cells_of(drawn.test.design), foreseen=drawn.foreseen,
        aa=aa_words(plan, state.experiments.all(), state), simulated=_simulated(state, drawn.test), started_at=now,
        started_by=person,
    )  # fmt: skip
    if kept is None:
        state.experiments.begin(record)
    state.price_tests.begin(drawn.test, drawn.members)
    if run.status != "in_test":
        state.price_runs.step(run, tested)
    return record


def stop_price_test(
    settings: Settings, state: State, name: str, person: str, why: str, now: datetime
) -> ExperimentRecord:  # fmt: skip
    """End a test: the prices from before it hold again at once, in all of its stores."""
    record = state.experiments.stop(name, now, person, why)
    take_turns(settings, state, now)
    if any(one.name == name for one in state.price_tests.running()):
        raise ContractNotMet(
            f"{name} is stopped, but not every price came back.",
            "`shopkeeper work` tries again each minute; see `shopkeeper price runs` for what is in its way.",
        )
    return record


@dataclass(frozen=True, slots=True)
class HowLong:
    """How far a test is.

    Attributes:
        days_over: Of its days, those that are over in every store, none after it was stopped.
        blocks_over: Blocks of tiles in them.
        blocks_matured: Of these, those whose returns are in.
    """

    days_over: int
    blocks_over: int
    blocks_matured: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What was read for one look at a test.

    Attributes:
        during, before: What its clusters took in it, and in the weeks before.
        validity: Whether shoppers saw the prices the coins drew.
        currency: Of its stores, or that of reports where they have several.
    """

    during: Takings
    before: Takings
    validity: Validity
    currency: str


def how_long(state: State, name: str, now: datetime) -> HowLong:
    """Return how far a test is; reads no sales."""
    record, test = state.experiments.get(name), state.price_tests.get(name)
    until = min(now, record.stopped_at or now)
    over = min(len(_days_over(store, test, until)) - 1 for store in _stores(state, test))
    blocks = min(over // (2 * test.design.apart * test.design.period_days), len(test.design.coins[0]))
    return HowLong(over, blocks, matured_blocks(test, record.plan, now, over))


def look_at(settings: Settings, state: State, name: str, now: datetime) -> Looked:
    """Read what the clusters took, and hold what was shown against the design."""
    test, stores = state.price_tests.get(name), _stores(state, state.price_tests.get(name))
    number = {cluster: place for place, cluster in enumerate(test.design.clusters)}
    places = {(one.store, one.product): number[one.cluster] for one in state.price_tests.members(name)}
    rates = rates_of(settings, state.experiments.get(name).plan, stores)
    first, days = test.start - timedelta(days=BEFORE_DAYS), test.design.days
    with reading(settings) as warehouse:
        every = read_takings(
            warehouse, stores, settings.pricing.retail_price_lists, places, len(test.design.clusters), first,
            BEFORE_DAYS + days, now, rates=rates,
        )  # fmt: skip
    return Looked(
        every.between(test.start, days), every.between(first, BEFORE_DAYS), price_test_validity(state, name, now),
        stores[0].currency if rates is None else rates.reporting_currency,
    )  # fmt: skip


def analyze_price_test(settings: Settings, state: State, name: str, now: datetime) -> KeptAnalysis:
    """Read what the clusters took, hold what was shown against the design, judge by the frozen plan, keep it."""
    record, seen = state.experiments.get(name), look_at(settings, state, name, now)
    found = analysed_prices(
        record.plan, state.price_tests.get(name), seen.during, seen.before, seen.validity,
        how_long(state, name, now).blocks_matured, now, simulated=record.simulated, currency=seen.currency,
    )  # fmt: skip
    return keep_judged(state, record, found, now)


def price_test_validity(state: State, name: str, now: datetime) -> Validity:
    """Return whether a test was what it was drawn to be until now; raises InputError for an unknown name.

    For whoever alarms while it runs, and for its analysis. Days after an early stop are not looked at.
    """
    record, test = state.experiments.get(name), state.price_tests.get(name)
    until = min(now, record.stopped_at or now)
    midnights = {store.store: _days_over(store, test, until) for store in _stores(state, test)}
    clusters = {(one.store, one.product): one.cluster for one in state.price_tests.members(name)}
    changes = [one for one in state.prices.changed_since(state.price_runs.get(test.run).at) if one.store in test.stores]
    tolerated = prices_of(record.plan).mismatch_share
    return validity_of(test, tested_prices(state, test.run), clusters, changes, midnights, tolerated)


def _days_over(store: Store, test: PriceTest, until: datetime) -> list[datetime]:
    """Return the first moments of the test's days that are over, and of the day after them."""
    moments = [midnight_of(store, test, day) for day in range(test.design.days + 1)]
    return [moments[0], *(one for one in moments[1:] if one <= until)]


def _stores(state: State, test: PriceTest) -> list[Store]:
    stores = {row.row.store: row.row for row in state.tables.scan(STORES) if isinstance(row.row, Store)}
    return [stores[name] for name in test.stores]


def _simulated(state: State, test: PriceTest) -> bool:
    return all(store.simulated for store in _stores(state, test))
