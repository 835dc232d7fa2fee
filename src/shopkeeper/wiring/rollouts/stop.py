"""Stopping: fallback, last good prices and published texts on every process, whatever else is dead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from shopkeeper.engines.state import State
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import ConfigError, ShopkeeperError
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.wiring.freezes import standing_orders
from shopkeeper.wiring.objectives import known_system
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.workspace_state import open_workspace_state


@dataclass(frozen=True, slots=True)
class Stopped:
    """What became of an order.

    Attributes:
        orders: Every order that holds now, as far as could be read.
        not_in_state: Why the state database did not take it too; None when it did.
    """

    orders: tuple[StopOrder, ...]
    not_in_state: str | None


def stop(settings: Settings, system: str, store: str, person: str, reason: str) -> Stopped:
    """Stop a system (empty = every one) in a store (empty = every one).

    The file beside the workspace comes first and is enough for every process that sees this folder; the state database
    tells those on other machines, and keeps who gave the order.

    Raises:
        InputError: there is no such system.
        Unavailable: the file cannot be written.
    """
    if system:
        known_system(system)
    order = StopOrder(system=system, store=store, person=person, reason=reason, at=_now())
    StopFile(settings.workspace).give(order)
    return _told(settings, lambda state: state.stops.give(order))


def lift_stop(settings: Settings, system: str, store: str, person: str, reason: str) -> Stopped:
    """End the order for exactly this system and store.

    Raises:
        ConfigError: there is no such order.
        Unavailable: the file cannot be written, or the state database does not answer, whose order would come back.
    """
    with open_workspace_state(settings) as state:
        lifted = [StopFile(settings.workspace).lift(system, store), state.stops.lift(system, store)]
        if not any(lifted):
            raise ConfigError(
                f"Nothing is stopped for {system or 'every system'} in {store or 'every store'}.",
                "`shopkeeper rollout status` lists the orders that hold; lift one as it was given.",
            )
        state.audit.write(person, "stop.lift", {"system": system, "store": store, "reason": reason})
        return Stopped(standing_orders(settings, state), None)


def _told(settings: Settings, tell: Callable[[State], None]) -> Stopped:
    try:
        with open_workspace_state(settings) as state:
            tell(state)
            return Stopped(standing_orders(settings, state), None)
    except ShopkeeperError as error:
        return Stopped(StopFile(settings.workspace).orders(), error.reason)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
