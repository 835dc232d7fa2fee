"""A price run seen through to its end."""

from __future__ import annotations

from collections.abc import Callable

from shopkeeper.jobs.ports import JobStatus
from shopkeeper.pricing.runs.price_run import PriceRun
from shopkeeper.wiring.jobs import ended_well, opened_jobs
from shopkeeper.wiring.price_runs.job import price_run_work
from shopkeeper.wiring.price_runs.ordering import PRICE_RUN, RunOrder, enqueue_run
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


def run_prices(
    settings: Settings,
    order: RunOrder,
    say: Callable[[str], None] = lambda _: None,
    watch: Callable[[JobStatus], None] = lambda _: None,
) -> PriceRun:
    """See a run through, here where no worker lives, and return it as it was kept.

    A run of the same store that was begun and not ended is ended first: two never work at once.

    Raises:
        InputError, ContractNotMet: as proposing prices.
        JobCancelled: somebody cancelled it.
    """
    run = enqueue_run(settings, order)
    with opened_jobs(settings) as opened:
        status = opened.see_through(run, {PRICE_RUN: price_run_work(settings, say)}, watch)
    ended_well(status)
    with open_workspace_state(settings) as state:
        return state.price_runs.get(run)
