"""A price run ordered and seen through, or left to a worker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast

import msgspec

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import InputError, UnknownStore
from shopkeeper.jobs.ports import JobStatus
from shopkeeper.pricing.policy_file import load_policy
from shopkeeper.pricing.price_run import PriceRun
from shopkeeper.wiring.jobs import opened_jobs
from shopkeeper.wiring.price_runs.asked import AskedPrice
from shopkeeper.wiring.price_runs.job import EVERY_STORE, PRICE_RUN, RunOrder, price_run_work
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import ended_well
from shopkeeper.wiring.workspace_state import open_workspace_state


def order_of(state: State, stores: Sequence[str], at: datetime, who: str, asked: Sequence[AskedPrice] = ()) -> RunOrder:
    """Return the order of a run. Raises UnknownStore; InputError where there is no store at all."""
    declared = {row.store for row in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    for name in (*stores, *(one.store for one in asked)):
        if name not in declared:
            raise UnknownStore(name, tuple(sorted(declared)))
    if not declared:
        raise InputError("There is no store to price.", "Declare one with `shopkeeper import PATH --store NAME`.")
    named = tuple(sorted({one.store for one in asked})) if asked else tuple(stores)
    return RunOrder(stores=named, at=at, who=who, asked=tuple(asked))


def enqueue_run(settings: Settings, order: RunOrder) -> str:
    """Leave a run to the workers and return its id."""
    with opened_jobs(settings) as opened:
        subject = order.stores[0] if len(order.stores) == 1 else EVERY_STORE
        return opened.jobs.enqueue(PRICE_RUN, subject, msgspec.to_builtins(order), order.who)


def run_prices(
    settings: Settings,
    order: RunOrder,
    say: Callable[[str], None] = lambda _: None,
    watch: Callable[[JobStatus], None] = lambda _: None,
) -> PriceRun:
    """See a run through, here where no worker lives, and return it as it was kept.

    A run that was begun and not ended is ended first: two runs of one store never work at once.

    Raises:
        InputError, ContractNotMet: as proposing prices.
        JobCancelled: somebody cancelled it.
    """
    load_policy(settings.workspace)  # a mistake in it is told before anything is begun
    run = enqueue_run(settings, order)
    with opened_jobs(settings) as opened:
        status = opened.see_through(run, {PRICE_RUN: price_run_work(settings, say)}, watch)
    ended_well(status)
    with open_workspace_state(settings) as state:
        return state.price_runs.get(run)
