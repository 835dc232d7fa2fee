"""A cost, a rival's price or a stock that jumps leads to a price run by itself, through gates and approvals of any."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import structlog

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import COMPETITOR_PRICES, INVENTORY, PRODUCTS, STORES
from shopkeeper.engines.state import State
from shopkeeper.pricing.house.records import query
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.pricing.runs.jumps import Jump, jumps_of
from shopkeeper.pricing.runs.price_run import RULE
from shopkeeper.wiring.price_runs.ordering import RunOrder, enqueue_run
from shopkeeper.wiring.pricing.version import PRICING
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.warehouse import Analytics
from shopkeeper.wiring.workspace_lake import lake_of

REPORT: Final = "price_jumps"
REACH: Final = timedelta(days=1)
"""How late a row may come, by its own source time, and still count; what was seen in this time is not seen again."""
EVERY: Final = 5
"""Minutes after which is looked though nothing came."""
_FEEDS: Final = frozenset(table.name for table in (PRODUCTS, COMPETITOR_PRICES, INVENTORY))
_LOOKS: Final = 500
_log = structlog.get_logger(__name__)


def order_jumps(
    settings: Settings, state: State, at: datetime, order: Callable[[Settings, RunOrder], str] = enqueue_run
) -> list[str]:
    """Order a run of each store in which something jumped and return their ids; none where the policy asks for none.

    Args:
        order: Leaves a run to the workers and returns its id.
    """
    limits = load_policy(settings.workspace).runs.on_jump
    if limits is None or state.registry.pointer(PRICING, "champion") is None:
        return []
    runs = []
    lake = lake_of(settings)
    lake.compact()
    stores = [row.row.store for row in state.tables.scan(STORES) if isinstance(row.row, Store)]
    with Analytics(settings, lake).reading() as warehouse:
        for store in stores:
            rows = warehouse.fetch(query("jumps"), store=store, since=at - REACH, until=at)
            fresh = _unseen(state, store, list(jumps_of(rows, limits)), at)
            if fresh:
                products = tuple(sorted({one.product for one in fresh}))
                run = order(settings, RunOrder(stores=(store,), at=at, who=RULE, products=products))
                said = [[one.what, one.product, one.who, one.now] for one in fresh]
                state.reports.save(REPORT, {"run": run, "at": at.isoformat(), "jumps": said}, store)
                _log.info("price_jumps", store=store, run=run, products=len(products), first=fresh[0].words)
                runs.append(run)
    return runs


class JumpLooks:
    """Looks for jumps every minute: by one process, which knows what its last look had read.

    Where no row of a feed has come into the lake since, nothing is read; every fifth minute it is all the same, for
    rows whose own time has come meanwhile.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._read: frozenset[str] | None = None

    def look(self, state: State, due: datetime) -> list[str]:
        """Order runs of what jumped and return their ids."""
        if load_policy(self._settings.workspace).runs.on_jump is None:
            return []
        lake = lake_of(self._settings)
        lake.compact()
        there = frozenset(part.path for part in lake.manifest().parts if part.table in _FEEDS)
        if there == self._read and due.minute % EVERY:
            return []
        runs = order_jumps(self._settings, state, due)
        self._read = there
        return runs


def _unseen(state: State, store: str, jumps: list[Jump], at: datetime) -> list[Jump]:
    if not jumps:
        return []
    seen = {
        tuple(one)
        for report in state.reports.latest(REPORT, _LOOKS, store)
        if at - datetime.fromisoformat(report.body["at"]) <= 2 * REACH
        for one in report.body["jumps"]
    }
    return [one for one in jumps if (one.what, one.product, one.who, one.now) not in seen]
