"""Proposed prices of a workspace: its records, the registered model and `price-policy.yaml` put together."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import cast

import msgspec

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import UnknownStore
from shopkeeper.pricing.choose import Chosen, choose
from shopkeeper.pricing.demand.elasticity import Elasticities
from shopkeeper.pricing.house.history import History, history_of
from shopkeeper.pricing.house.records import Records
from shopkeeper.pricing.house.standing import Reach
from shopkeeper.pricing.learn import NoWarehouse, PriceLearning
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.policy.price_policy import CompetitorBand, PricePolicy
from shopkeeper.pricing.price_model import slopes_for
from shopkeeper.pricing.proposal import ExplorationSum, Feed, MarginTarget, Proposal, ProposedPrices, Span
from shopkeeper.pricing.propose import explored_of, left_out, lift_of, margin_change_of, margin_targets, proposals_of
from shopkeeper.pricing.standing_shelf import StandingShelf, StoreState, shelf_of, with_freezes
from shopkeeper.quality.local_days import zone_of
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.wiring.pricing.store_reading import read_stores, sold
from shopkeeper.wiring.pricing.version import version_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Everything prices of some stores are chosen from, as it stands at a moment.

    Attributes:
        version: Of the model.
        slopes: In the order of the history's pairs.
        states: Of the stores, by currency.
        records: Of each of them, what its standing prices were told by.
        tested: Stores and products whose prices a running test holds.
    """

    at: datetime
    version: str
    policy: PricePolicy
    policy_digest: str
    history: History
    slopes: Elasticities
    states: tuple[StoreState, ...]
    records: tuple[Records, ...]
    feeds: tuple[Feed, ...]
    consumer_prices: float
    seed: int
    tested: frozenset[tuple[str, str]]

    def chosen(self) -> list[tuple[str, Chosen]]:
        """Choose the prices of each currency together."""
        found, pairs = [], self.history.pairs()
        for currency, group in groupby(self.states, key=lambda one: one.store.currency):
            states = list(group)
            standing = shelf_of(states, pairs, self.slopes, self.consumer_prices)
            if standing is not None:
                day = self.at.astimezone(zone_of(states[0].store.time_zone)).date()
                found.append((currency, self._choose(standing, day)))
        return found

    def _choose(self, standing: StandingShelf, day: date) -> Chosen:
        return choose(self.policy, standing, self.history, self.slopes, day, self.seed, self.tested)


def propose_prices(
    settings: Settings, stores: Sequence[str] = (), at: datetime | None = None, version: str | None = None
) -> ProposedPrices:
    """Return a price for every product on sale, with what it rests on; nothing is kept, approved or published.

    Args:
        stores: Names of stores; all where none is given.
        at: Nothing from this moment on is looked at; now by default.
        version: Of the pricing model; the one that serves by default.

    Raises:
        UnknownStore: there is no such store.
        InputError: no model of prices serves.
        UnknownModel: there is no such version, or it knows no answer to price.
        NotEnoughData: the stores have no whole week of sales.
        ConfigError: `price-policy.yaml` breaks its rules.
        BundleDamaged: the model cannot be read.
        ShardFailed, Unavailable: as `read_stores`.
    """
    book = open_book(settings, stores, at, version)
    return proposed_of(book, book.chosen())


def proposed_of(book: PriceBook, chosen_prices: Sequence[tuple[str, Chosen]]) -> ProposedPrices:
    """Return the proposals of prices that were chosen from a book, by currency."""
    rows: list[Proposal] = []
    targets: list[MarginTarget] = []
    lifts: dict[str, Span] = {}
    margins: dict[str, Span] = {}
    explored: dict[str, ExplorationSum] = {}
    notes = [f"{what}: {many}" for what, many in book.history.notes.items()]
    for currency, chosen in chosen_prices:
        rows += proposals_of(chosen, book.history.paid)
        targets += margin_targets(chosen, currency)
        if (lift := lift_of(chosen)) is not None:
            lifts[currency] = lift
        if (change := margin_change_of(chosen)) is not None:
            margins[currency] = change
        if (tried := explored_of(chosen)) is not None:
            explored[currency] = tried
        notes += left_out(chosen)
    return ProposedPrices(
        at=book.at, model=book.version, policy=book.policy_digest, objective=book.policy.objective,
        stores=tuple(one.store.store for one in book.states),
        rows=tuple(sorted(rows, key=lambda one: one.key)), targets=tuple(targets),
        lifts=lifts, margin_changes=margins, explored=explored, feeds=book.feeds, notes=tuple(notes),
    )  # fmt: skip


def open_book(
    settings: Settings, stores: Sequence[str] = (), at: datetime | None = None, version: str | None = None
) -> PriceBook:
    """Read what prices of some stores are chosen from. Raises: as `propose_prices`."""
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    policy = load_policy(settings.workspace)
    lake = lake_of(settings)
    lake.compact()
    with open_workspace_state(settings) as state:
        chosen, tested = _stores(state, stores), frozenset(state.price_tests.held())
        serving = version_of(state.registry, version)
        folder = settings.folder(settings.engines.models) / state.registry.get(PriceLearning.name, serving).folder
        prices = state.tables.count(PRODUCTS) * len(chosen)
    read = read_stores(settings, lake, chosen, reach_of(policy), moment, prices)
    history = history_of(sold(read))
    slopes = slopes_for(PriceLearning(NoWarehouse()).open(open_bundle(folder)), history)
    return PriceBook(
        at=moment, version=serving, policy=with_freezes(policy, chosen), policy_digest=digest_of(policy),
        history=history, slopes=slopes, states=tuple(one.state for one in read),
        records=tuple(one.records for one in read), feeds=tuple(feed for one in read for feed in one.feeds),
        consumer_prices=settings.pricing.consumer_prices, seed=settings.training.seed, tested=tested,
    )  # fmt: skip


def digest_of(policy: PricePolicy) -> str:
    """Return what a policy is known by."""
    return hashlib.sha256(msgspec.json.encode(policy)).hexdigest()


def reach_of(policy: PricePolicy) -> Reach:
    """Return how far back is looked so that every scope of the policy has what it asks for."""
    rules = [policy.rules, *(scope.rules for scope in policy.scopes)]
    bands = [one.competitor.fresh_days for one in rules if isinstance(one.competitor, CompetitorBand)]
    days = [float(one.prior_price_days) for one in rules if isinstance(one.prior_price_days, int | float)]
    return Reach(max(bands, default=0.0), max(days, default=30.0))


def _stores(state: State, names: Sequence[str]) -> list[Store]:
    """Return the stores asked for, those of one currency beside each other."""
    declared = {row.store: row for row in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    for name in names:
        if name not in declared:
            raise UnknownStore(name, tuple(sorted(declared)))
    chosen = [declared[name] for name in dict.fromkeys(names or sorted(declared))]
    return sorted(chosen, key=lambda one: (one.currency, one.store))
