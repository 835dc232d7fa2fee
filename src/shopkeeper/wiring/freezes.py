"""Why nothing may move now: the peak weeks and freezes of the stores' calendars, and standing stop orders."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shopkeeper.commerce.calendar import read_calendar
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.wiring.settings import Settings


def frozen(settings: Settings, state: State, system: str, at: datetime) -> str:
    """Return why no step of a system may be taken now, in words; empty where it may.

    Ramp steps, the start of a rollout by itself and the exploration of prices stop then; harm is watched and taken back
    all the same. A store's day is its own, by its time zone.
    """
    stores = [cast("Store", found.row) for found in state.tables.scan(STORES)]
    calendars = (f"{store.store}: {name}" for store in stores if (name := _calendar(store, at)))
    return "; ".join((*_stopped(standing_orders(settings, state), system), *calendars))


def standing_orders(settings: Settings, state: State) -> tuple[StopOrder, ...]:
    """Return every stop order, from the file beside the workspace and from the state database, each once."""
    found = {(one.system, one.store): one for one in (*state.stops.orders(), *StopFile(settings.workspace).orders())}
    return tuple(found[key] for key in sorted(found))


def _calendar(store: Store, at: datetime) -> str:
    try:
        zone = ZoneInfo(store.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = ZoneInfo("UTC")
    return read_calendar(store.calendar).frozen(at.astimezone(zone).date())


def _stopped(orders: Iterable[StopOrder], system: str) -> Iterable[str]:
    for one in orders:
        if one.system in ("", system):
            yield f"{one.system or 'everything'} is stopped in {one.store or 'all stores'} by {one.person}"
