"""A test of prices drawn from its plan: clusters, pairs, coins, and how long it must run."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final

import numpy as np

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import ContractNotMet, InputError, UnknownStore
from shopkeeper.experiments.currency_rates import FILE, CurrencyRates, load_rates
from shopkeeper.experiments.foreseen_record import Foreseen
from shopkeeper.experiments.plan import ExperimentPlan, SwitchedPrices
from shopkeeper.experiments.ports import KeepingWarehouse
from shopkeeper.experiments.switchback import drawn
from shopkeeper.experiments.switchback_power import SwitchbackPower
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.price_tests.clusters import Placed, clusters_of, paired, seed_of
from shopkeeper.pricing.price_tests.price_test import Member, PriceTest
from shopkeeper.pricing.price_tests.sizing import HISTORY_WEEKS, foreseen_prices
from shopkeeper.pricing.price_tests.takings import Takings, read_takings
from shopkeeper.pricing.price_tests.turns import END, Turn
from shopkeeper.pricing.runs.price_run import RunPrice
from shopkeeper.quality.local_days import zone_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of

_LONGEST_ID: Final = 100


@dataclass(frozen=True, slots=True)
class DrawnTest:
    """A test as its plan draws it today.

    Attributes:
        test: With its coins.
        members: Goods of its clusters, tested or only measured.
        foreseen: Days it needs, and its chance.
        power: What it can see.
        prices: Prices that differ between its arms.
        waiting: Clusters of the run that take no part: another share, or no pair.
    """

    test: PriceTest
    members: tuple[Member, ...]
    foreseen: Foreseen
    power: SwitchbackPower
    prices: int
    waiting: tuple[str, ...]


def drawn_test(settings: Settings, state: State, plan: ExperimentPlan, now: datetime) -> DrawnTest:
    """Draw a test; the same plan on the same run and sales gives the same coins.

    Raises:
        InputError: the plan names no prices, a price may not switch so often, or goods belong to no known store.
        ContractNotMet: the stores do not fit into one test.
        NotEnoughData: too few clusters or sales to say how long it takes.
    """
    tested = tested_prices(state, prices_of(plan).run)
    keys = [(one.proposal.store, one.proposal.product) for one in tested if one.moves]
    return _drawn(settings, state, plan, tested, keys, now)


def foreseen_test(settings: Settings, state: State, plan: ExperimentPlan, now: datetime) -> DrawnTest:
    """Draw a test as if its run, which is to come, moved every price in the catalogue. Raises: as `drawn_test`."""
    return _drawn(settings, state, plan, (), None, now)


def _drawn(
    settings: Settings,
    state: State,
    plan: ExperimentPlan,
    tested: Sequence[RunPrice],
    moves: Sequence[tuple[str, str]] | None,
    now: datetime,
) -> DrawnTest:
    """Draw a test.

    Args:
        tested: Every price of its run.
        moves: Store and product of those that change; None = all there are.
    """
    prices, stores = prices_of(plan), stores_of_test(state, plan, tested)
    policy = load_policy(settings.workspace)
    _refuse_pace(plan, prices, policy, stores, now)
    clusters = _clusters(state, prices, tested, stores)
    keys = list(clusters) if moves is None else moves
    moved = {clusters[key] for key in keys if key in clusters}
    if len(moved) < 2:
        raise InputError(
            f"The moves of run {prices.run} lie in {len(moved)} cluster(s); a test takes two or more.",
            "Test a run of more categories or stores, or make clusters smaller by a larger `depth`.",
        )
    names = tuple(sorted(moved))
    number = {name: place for place, name in enumerate(names)}
    places = {key: number[name] for key, name in clusters.items() if name in moved}
    history = _history(settings, stores, places, len(names), plan, now)
    metric = history.of(plan.primary.metric)
    levels = dict(zip(names, metric.sum(axis=1).tolist(), strict=True))
    seed = seed_of(plan.digest)
    chosen = paired(levels, prices.share, seed)
    design = drawn(
        chosen, plan.period.days, seed, period_days=prices.period_days, washout_days=prices.washout_days,
        apart=prices.apart,
    )  # fmt: skip
    test = PriceTest(
        name=plan.name, run=prices.run, stores=tuple(one.store for one in stores), start=plan.period.start,
        design=design,
    )  # fmt: skip
    _refuse_long_names(test)
    foreseen, power = foreseen_prices(plan, design, metric[[number[name] for name in chosen]])
    taken = set(chosen)
    members = tuple(Member(*key, name) for key, name in sorted(clusters.items()) if name in taken)
    differ = sum(clusters.get(key) in taken for key in keys)
    waiting = tuple(sorted(set(clusters.values()) - taken))
    return DrawnTest(test, members, foreseen, power, differ, waiting)


def prices_of(plan: ExperimentPlan) -> SwitchedPrices:
    """Return what a plan says of its prices. Raises InputError where it is no test of prices."""
    if plan.prices is None:
        raise InputError(f"{plan.name} is no test of prices.", "Name a run in its plan: `prices: {run: ID}`.")
    return plan.prices


def tested_prices(state: State, run: str) -> Sequence[RunPrice]:
    """Return every price of a run. Raises UnknownPriceRun."""
    state.price_runs.get(run)
    return state.price_runs.prices(run, limit=None)


def stores_of_test(state: State, plan: ExperimentPlan, tested: Sequence[RunPrice]) -> tuple[Store, ...]:
    """Return the stores of a test: those of its plan, or all of the run; of a run to come, all there are.

    Raises:
        UnknownStore: there is no such store.
        InputError: the run has no price of one that the plan names.
    """
    declared = {row.row.store: row.row for row in state.tables.scan(STORES) if isinstance(row.row, Store)}
    priced = {one.proposal.store for one in tested}
    for name in plan.stores:
        if name not in declared:
            raise UnknownStore(name, tuple(sorted(declared)))
        if tested and name not in priced:
            raise InputError(f"The run has no price of {name}.", f"It has prices of {', '.join(sorted(priced))}.")
    return tuple(declared[name] for name in sorted(plan.stores or priced or declared))


def rates_of(settings: Settings, plan: ExperimentPlan, stores: Sequence[Store]) -> CurrencyRates | None:
    """Return the rates that bring the money of a test's stores into one currency; None where they have one.

    Raises:
        ContractNotMet: they have several and `rates.yaml` does not cover them all.
        ConfigError: it has mistakes.
    """
    currencies = sorted({one.currency for one in stores})
    if len(currencies) < 2:
        return None
    rates = load_rates(settings.workspace.resolve())
    if rates is None or not rates.cover(currencies, plan.period.start):
        raise ContractNotMet(
            f"The stores of {plan.name} have {', '.join(currencies)}: money of several currencies is not added up.",
            f"Write what each is worth into {FILE} (docs/guides/experiments.md); a plan of your own may also name the"
            " `stores` of one currency.",
        )
    return rates


def midnight_of(store: Store, test: PriceTest, day: int) -> datetime:
    """Return the first moment of a day of a test by the clock of a store."""
    local = datetime.combine(test.start + timedelta(days=day), time(), zone_of(store.time_zone))
    return local.astimezone(UTC)


def reading(settings: Settings) -> AbstractContextManager[KeepingWarehouse]:
    """Return what reads everything that was recorded until now."""
    lake = lake_of(settings)
    lake.compact()
    return Analytics(settings, lake).reading()


def _history(
    settings: Settings,
    stores: Sequence[Store],
    places: dict[tuple[str, str], int],
    clusters: int,
    plan: ExperimentPlan,
    now: datetime,
) -> Takings:
    """Return what clusters took in the weeks before, from the first day on which anything was sold."""
    days = 7 * HISTORY_WEEKS
    until = min(plan.period.start, now.date())
    first = until - timedelta(days=days)
    with reading(settings) as warehouse:
        found = read_takings(
            warehouse, stores, settings.pricing.retail_price_lists, places, clusters, first, days, now,
            rates=rates_of(settings, plan, stores),
        )  # fmt: skip
    sold = np.flatnonzero(found.units.any(axis=0))
    skip = int(sold[0]) if sold.size else days
    return found.between(first + timedelta(days=skip), days - skip)


def _clusters(
    state: State, prices: SwitchedPrices, tested: Sequence[RunPrice], stores: Sequence[Store]
) -> dict[tuple[str, str], str]:
    """Return the cluster of each product of the stores: of the run's prices, and of goods that only are measured."""
    named = {one.store: one for one in stores}
    placed = {
        (one.proposal.store, one.proposal.product): Placed(
            one.proposal.store, one.proposal.product, one.proposal.category, one.proposal.block
        )
        for one in tested
        if one.proposal.store in named
    }
    for row in state.tables.scan(PRODUCTS):
        if not isinstance(row.row, Product):
            continue
        for store in named if row.row.store == ALL_STORES else {row.row.store} & set(named):
            category = row.row.categories[0] if row.row.categories else ""
            placed.setdefault((store, row.row.product), Placed(store, row.row.product, category))
    groups = {name: store.group for name, store in named.items()}
    return clusters_of(list(placed.values()), groups, prices.clusters, prices.depth)


def _refuse_pace(
    plan: ExperimentPlan, prices: SwitchedPrices, policy: PricePolicy, stores: Sequence[Store], now: datetime
) -> None:
    rules = [policy.rules, *(scope.rules for scope in policy.scopes)]
    waits = [float(one.days_between_changes) for one in rules if isinstance(one.days_between_changes, int | float)]
    if prices.period_days < max(waits, default=0.0):
        raise InputError(
            f"{plan.name} switches every {prices.period_days} days; the policy has {max(waits):g} between two changes.",
            "Give `prices` a longer `period_days`.",
        )
    if 24 * prices.washout_days < policy.runs.cart_hours:
        raise InputError(
            f"Carts keep prices for {policy.runs.cart_hours:g} hours; the washout of {plan.name} has"
            f" {24 * prices.washout_days}.",
            "Give `prices` a longer `washout_days`.",
        )
    for store in stores:
        if plan.period.start <= now.astimezone(zone_of(store.time_zone)).date():
            raise InputError(
                f"{plan.name} starts on {plan.period.start}, which has begun in {store.store}.",
                "Let it start tomorrow or later, so that its first day is a whole one.",
            )


def _refuse_long_names(test: PriceTest) -> None:
    for store in test.stores:
        longest = max(len(Turn(test.name, store, number, frozenset()).run) for number in (END, str(test.design.days)))
        if longest > _LONGEST_ID:
            raise InputError(
                f"{test.name} and {store} are too long together: a turn's run has {longest} letters.",
                f"Give the plan a shorter name; {_LONGEST_ID} letters are the most.",
            )
