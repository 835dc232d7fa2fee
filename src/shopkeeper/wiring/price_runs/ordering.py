"""What is asked of a price run, and how it is left to the workers; light enough for a serving process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, cast

import msgspec
from msgspec import Meta

from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State
from shopkeeper.errors import InputError, UnknownStore
from shopkeeper.pricing.policy.policy_file import load_policy
from shopkeeper.wiring.pricing.version import PRICING
from shopkeeper.wiring.settings import Settings

PRICE_RUN: Final = "price_run"
EVERY_STORE: Final = "every-store"
"""Subject of a run of several stores."""


class AskedPrice(msgspec.Struct, frozen=True, kw_only=True):
    """One price a person wrote.

    Attributes:
        price: As shown, with the store's tax rule.
    """

    store: Annotated[str, Meta(min_length=1, max_length=200)]
    product: Annotated[str, Meta(min_length=1, max_length=200)]
    price: Annotated[float, Meta(gt=0, le=1e9)]
    price_list: Annotated[str, Meta(max_length=200)] = ""


class RunOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a price run.

    Attributes:
        stores: None named = all.
        at: Nothing from this moment on is looked at.
        who: Who began it.
        asked: Prices a person wrote; without them they are computed.
        version: Of the pricing model; None = the one that serves.
        products: Only these may move; none named = all.
    """

    stores: tuple[str, ...]
    at: datetime
    who: str
    asked: tuple[AskedPrice, ...] = ()
    version: str | None = None
    products: tuple[str, ...] = ()


def order_of(
    state: State, stores: Sequence[str], at: datetime, who: str, asked: Sequence[AskedPrice] = (),
    version: str | None = None,
) -> RunOrder:  # fmt: skip
    """Return the order of a run.

    Raises:
        UnknownStore: there is no such store.
        UnknownModel: there is no such version.
        InputError: there is no store at all, or a version is named beside prices that a person wrote.
    """
    if version is not None:
        state.registry.get(PRICING, version)
        if asked:
            raise InputError("Prices a person wrote come from no version.", "Leave out `--version`, or the file.")
    declared = {row.store for row in (cast("Store", one.row) for one in state.tables.scan(STORES))}
    for name in (*stores, *(one.store for one in asked)):
        if name not in declared:
            raise UnknownStore(name, tuple(sorted(declared)))
    if not declared:
        raise InputError("There is no store to price.", "Declare one with `shopkeeper import PATH --store NAME`.")
    named = tuple(sorted({one.store for one in asked})) if asked else tuple(stores)
    return RunOrder(stores=named, at=at, who=who, asked=tuple(asked), version=version)


def enqueue_run(settings: Settings, order: RunOrder) -> str:
    """Leave a run to the workers and return its id. Raises ConfigError where the policy is wrong; Unavailable."""
    # Only a server that is asked to begin a run loads the engine of jobs.
    from shopkeeper.wiring.jobs import opened_jobs  # noqa: PLC0415

    load_policy(settings.workspace)  # a mistake in it is told before anything is begun
    with opened_jobs(settings) as opened:
        subject = order.stores[0] if len(order.stores) == 1 else EVERY_STORE
        return opened.jobs.enqueue(PRICE_RUN, subject, msgspec.to_builtins(order), order.who)
