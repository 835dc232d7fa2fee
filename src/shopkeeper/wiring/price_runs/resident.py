"""The last whole price run of a worker, kept in its memory: what jumps between runs is priced by it, or a whole run is.

It ends with the process, and is not used once the version that serves, the policy, a store or the week is another one.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import cast

import structlog

from shopkeeper.commerce.store import ALL_STORES, Store
from shopkeeper.commerce.tables import COMPETITOR_PRICES, INVENTORY, PRICES, PRODUCTS, STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import NeedsWholeRun
from shopkeeper.pricing.choose import Chosen
from shopkeeper.pricing.house.kept_records import kept
from shopkeeper.pricing.house.told_since import Told
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.priced_again import priced_again
from shopkeeper.pricing.proposal import Beside, PriceKey, Proposal, ProposedPrices
from shopkeeper.pricing.residence import KeptStore, Residence, Weight, covering
from shopkeeper.pricing.runs.gates import has_no_cost, weight
from shopkeeper.wiring.pricing.propose import PriceBook, digest_of, open_book, proposed_of, reach_of
from shopkeeper.wiring.pricing.version import version_of
from shopkeeper.wiring.settings import Settings

_log = structlog.get_logger(__name__)


class ResidentRun:
    """What a worker keeps of its last whole run; used from any thread."""

    def __init__(self) -> None:
        self._held: tuple[Residence, ...] = ()
        self._lock = threading.Lock()

    def proposed(
        self, settings: Settings, state: State, products: Collection[str], stores: Sequence[str], at: datetime
    ) -> ProposedPrices:
        """Return proposals for products that jumped: by what is kept, else by a whole run of their stores."""
        try:
            found = self._again(settings, state, products, stores, at)
        except NeedsWholeRun as error:
            _log.info("whole_price_run_for_jumps", products=len(products), reason=error.reason)
            whole = self.whole(settings, stores, at)
            return replace(whole, notes=(f"a whole run of its stores was needed: {error.reason}", *whole.notes))
        _log.info("prices_of_jumps", products=len(products), prices=len(found.rows))
        return found

    def whole(
        self, settings: Settings, stores: Sequence[str], at: datetime, version: str | None = None
    ) -> ProposedPrices:
        """Return the proposals of a whole run; one of the serving version is kept where the policy looks at jumps."""
        book = open_book(settings, stores, at, version)
        chosen = book.chosen()
        found = proposed_of(book, chosen)
        if version is None and load_policy(settings.workspace).runs.on_jump is not None:
            self._keep(residences_of(book, chosen, found.rows))
        return found

    def _keep(self, held: tuple[Residence, ...]) -> None:
        with self._lock:
            stores = {one.store.store for kept_run in held for one in kept_run.stores}
            others = (one for one in self._held if not stores >= {each.store.store for each in one.stores})
            self._held = (*held, *others)

    def _again(
        self, settings: Settings, state: State, products: Collection[str], stores: Sequence[str], at: datetime
    ) -> ProposedPrices:
        with self._lock:
            held = self._held
        residences = covering(held, stores)
        _refuse_changed(settings, state, [one for one, _ in residences])
        parts = [
            priced_again(one, products, own, lambda store, some: told_of(state, store, some), at)
            for one, own in residences
        ]
        return _joined(parts)


def residences_of(
    book: PriceBook, chosen_prices: Iterable[tuple[str, Chosen]], rows: Iterable[Proposal]
) -> tuple[Residence, ...]:
    """Return what is kept of a run, by currency; nothing of one in which no price could be chosen."""
    by_currency: dict[str, list[Proposal]] = {}
    for row in rows:
        by_currency.setdefault(row.currency, []).append(row)
    pairs = book.history.pairs()
    return tuple(
        Residence(
            at=book.at, version=book.version, policy_digest=book.policy_digest, consumer_prices=book.consumer_prices,
            reach=reach_of(book.policy), stores=_stores(book, currency), chosen=chosen, weekly=chosen.weekly,
            panel=book.history.panel().of_pairs(chosen.standing.pair[chosen.rows]), slopes=book.slopes, pairs=pairs,
            paid=book.history.paid, weights=_weights(by_currency[currency]), whole=_wholes(by_currency[currency]),
            doubted=_doubted(book, currency),
        )
        for currency, chosen in chosen_prices
        if chosen.weekly is not None
    )  # fmt: skip


def told_of(state: State, store: str, products: Collection[str]) -> Told:
    """Return what a store, and where a product is concerned all stores, was told last of some products."""
    tables = state.tables
    goods = chain(tables.about(PRODUCTS, store, products), tables.about(PRODUCTS, ALL_STORES, products))
    return Told(
        products=tuple(goods), prices=tables.about(PRICES, store, products),
        stock=tables.about(INVENTORY, store, products), rivals=tables.about(COMPETITOR_PRICES, store, products),
    )  # fmt: skip


def _refuse_changed(settings: Settings, state: State, residences: Iterable[Residence]) -> None:
    """Raise NeedsWholeRun where the version that serves, the policy or a store is not that of the run any more."""
    digest, serving = digest_of(load_policy(settings.workspace)), version_of(state.registry, None)
    declared = {row.store: row for row in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    for one in residences:
        if one.version != serving:
            raise NeedsWholeRun(f"{serving} serves, and the last whole run was of {one.version}")
        if one.policy_digest != digest:
            raise NeedsWholeRun("the policy changed after the last whole run")
        for known in one.stores:
            if declared.get(known.store.store) != known.store:
                raise NeedsWholeRun(f"{known.store.store} was declared anew after the last whole run")


def _joined(parts: Sequence[ProposedPrices]) -> ProposedPrices:
    """Return the proposals of several currencies as one."""
    if len(parts) == 1:
        return parts[0]
    return replace(
        parts[0], stores=tuple(name for one in parts for name in one.stores),
        rows=tuple(sorted((row for one in parts for row in one.rows), key=lambda row: row.key)),
        targets=tuple(target for one in parts for target in one.targets),
        feeds=tuple(feed for one in parts for feed in one.feeds),
        notes=tuple(dict.fromkeys(note for one in parts for note in one.notes)),
        beside=tuple(other for one in parts for other in one.beside),
    )  # fmt: skip


def _stores(book: PriceBook, currency: str) -> tuple[KeptStore, ...]:
    return tuple(
        KeptStore(
            state.store, state.retail, kept(records),
            tuple(feed for feed in book.feeds if feed.store == state.store.store),
        )
        for state, records in zip(book.states, book.records, strict=True)
        if state.store.currency == currency
    )  # fmt: skip


def _weights(rows: Iterable[Proposal]) -> dict[PriceKey, Weight]:
    return {row.key: Weight(weight(row), has_no_cost(row)) for row in rows}


def _wholes(rows: Iterable[Proposal]) -> dict[str, Beside]:
    found: dict[str, Beside] = {}
    for row in rows:
        one = found.get(row.store) or Beside(store=row.store, prices=0, money=0.0, unknown=0)
        found[row.store] = Beside(
            store=row.store, prices=one.prices + 1, money=one.money + weight(row),
            unknown=one.unknown + has_no_cost(row),
        )  # fmt: skip
    return found


def _doubted(book: PriceBook, currency: str) -> dict[PriceKey, tuple[bool, bool]]:
    return {
        (state.store.store, one.price_list, one.goods.names[row]): (late, absurd)
        for state in book.states
        if state.store.currency == currency
        for one in state.standings
        for row, late, absurd in zip(one.row.tolist(), one.late.tolist(), one.absurd.tolist(), strict=True)
        if late or absurd
    }
