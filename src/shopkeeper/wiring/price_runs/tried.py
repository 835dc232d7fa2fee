"""What the tries of a published run cost in fact, from the purchases since it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, cast

import numpy as np

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import NotEnoughData
from shopkeeper.pricing.exploration.realised import RealisedCost, Sold, realised
from shopkeeper.pricing.price_tests.takings import read_takings
from shopkeeper.pricing.proposal import Outcome
from shopkeeper.pricing.runs.price_run import PriceRun, RunPrice
from shopkeeper.quality.local_days import zone_of
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of

MOST_DAYS: Final = 7
"""Days that are looked at: what a run expects is of a week."""


def tried_cost(settings: Settings, state: State, run: str, at: datetime | None = None) -> tuple[RealisedCost, ...]:
    """Return what the tries of a run cost, by currency, in whole days from the one after it was published.

    Prices that changed again within these days are left out, as are those of other price lists and of products of whose
    demand nothing is known.

    Args:
        at: Up to when is looked; now by default.
    Raises:
        UnknownPriceRun: there is no such run.
        NotEnoughData: it was not published, tried nothing, holds for less than a day, or too few prices were tried.
    """
    found, now = state.price_runs.get(run), at or datetime.now(UTC)
    published = next((step.at for step in found.steps if step.status == "published"), None)
    if published is None or not found.explored:
        raise NotEnoughData(f"Run {run} {'tried nothing' if published else 'was never published'}.", "Name another.")
    changed = {
        one.key
        for one in state.prices.changed_since(published)
        if one.run != run and one.at < published + timedelta(days=MOST_DAYS + 1)
    }
    held = [one for one in state.price_runs.prices(run, limit=None) if _counts(one) and one.key not in changed]
    stores = {one.store: one for one in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    lake = lake_of(settings)
    lake.compact()
    with Analytics(settings, lake).reading() as warehouse:
        parts = []
        for currency in sorted(found.explored):
            rows = [one for one in held if one.proposal.currency == currency]
            named = [stores[name] for name in sorted({one.proposal.store for one in rows}) if name in stores]
            if not named:
                raise NotEnoughData(f"No price of run {run} in {currency} still holds.", "Look at a newer run.")
            first, days = _days(found, published, now, named)
            places = {(one.proposal.store, one.proposal.product): place for place, one in enumerate(rows)}
            took = read_takings(
                warehouse, named, settings.pricing.retail_price_lists, places, len(rows), first, days, now
            )
            parts.append(realised(_sold(rows, took.revenue.sum(axis=1), days), currency, days))
    return tuple(parts)


def _counts(price: RunPrice) -> bool:
    return price.proposal.at_proposed is not None and not price.held_back


def _days(run: PriceRun, published: datetime, now: datetime, stores: Sequence[Store]) -> tuple[date, int]:
    """Return the first whole day all stores had the run's prices, and how many there are."""
    zones = [zone_of(one.time_zone) for one in stores]
    first = max(published.astimezone(zone).date() for zone in zones) + timedelta(days=1)
    last = min(now.astimezone(zone).date() for zone in zones)
    days = min((last - first).days, MOST_DAYS)
    if days < 1:
        raise NotEnoughData(f"Run {run.id} holds for less than a whole day.", "Look again tomorrow.")
    return first, days


def _sold(rows: Iterable[RunPrice], took: np.ndarray[tuple[int], np.dtype[np.float64]], days: int) -> Sold:
    pairs = [(one.proposal.at_proposed, one.proposal.tried) for one in rows]
    expected = np.array([0.0 if own is None else _revenue(own) for own, _ in pairs]) * days / MOST_DAYS
    instead = np.array([0.0 if tried is None else _revenue(tried.at_instead) for _, tried in pairs]) * days / MOST_DAYS
    tried = np.array([one is not None for _, one in pairs], np.bool_)
    return Sold(tried, took, expected, np.where(tried, instead, expected))


def _revenue(outcome: Outcome) -> float:
    return outcome.revenue.expected
